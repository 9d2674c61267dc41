"""Captures of packets, pcap and pcapng: their connections as Zeek counts them, and what they say in clear text.

One compiled pass over the mapped file takes link layers, tunnels, fragments and TCP apart (`capture/layers`); only the
first bytes of connections that are worth a closer look are put in order, and DNS, TLS, QUIC and HTTP are read in them.
Connections within tunnels are rows of their own, and so is the tunnel, with its kind as service; what is neither TCP,
UDP nor ICMP has the protocol `unknown_transport`. Bytes are payload by the headers of IP and the numbers of TCP, so
that repeats count once and a capture cut at a snap length counts in full. States and time-outs are Zeek's defaults.

What it cannot see: what is encrypted; packets that the tap lost, unless numbers or statistics tell; damage that looks
like a packet. Of a connection that was open before, who asked is told by its ports and contents; where the clock runs
back, one that was silent may be two.
"""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.model.counted import counted
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Stream

NG = b"\x0a\x0d\x0d\x0a"
MAGIC = tuple(map(bytes.fromhex, ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "34cdb2a1", "a1b2cd34")))
"""First bytes of pcap: in both orders, with micro- and nanoseconds, and Kuznetzov's."""
ORDER = (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d")


def recognise(head: Head) -> Kind | None:
    """Tell by the first bytes."""
    if head.data[:4] in MAGIC and head.size >= 24:
        return Kind("pcap")
    if head.data[:4] == NG and head.data[8:12] in ORDER:
        return Kind("pcapng")
    return None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections, queries, handshakes and exchanges, then what was not seen."""
    # The compiled passes are loaded only where there is a capture.
    from flagstate.read.capture import certificates, heard, losses, searched, talks, windows

    capture = windows.Capture(opened.path, opened.head.data[:24])
    search = searched.Search(opened, context)
    found, seen, desk = heard.Heard(search), losses.Losses(), talks.Desk()
    left = context.max_rows if context.max_rows is not None else 1 << 62
    for window in capture.windows():
        seen.add(window.rows)
        search.windows += 1
        for noun, table in heard.hear(window, desk, found):
            taken = table if noun != "connection" else table.slice(0, max(left, 0))
            left -= taken.num_rows if noun == "connection" else 0
            yield Stream(noun, context.con.from_arrow(taken))
        if left <= 0:
            break
    for noun, table in heard.rest(found):
        yield Stream(noun, context.con.from_arrow(table))
    yield from certificates.reliances(found.issued, context)
    yield from search.parts()
    yield from losses.coverage(capture, seen)
    yield from losses.notes(capture)
    if found.gapped:
        yield Note(
            f"{counted(found.gapped, 'connection[ was|s were]')} followed only up to bytes that were not captured",
            lost=False,
        )
    if found.cut:
        yield Note(f"{counted(found.cut, 'connection[ is|s are]')} longer than what is searched of each", lost=False)


READER = Reader(
    "pcap",
    "Captures of packets, pcap and pcapng: connections also within tunnels; DNS, TLS, QUIC and HTTP in them.",
    recognise,
    read,
    ("connection", "query", "handshake", "exchange"),
)
