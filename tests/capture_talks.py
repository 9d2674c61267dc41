"""Talks out of small captures, made by dpkt and the simplest reassembly there is: what tests of protocols need."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dpkt

from flagstate.read.capture.talk import Datagram, Side, Talk

DATA = Path(__file__).parent / "data"


@dataclass
class Ends:
    """Packets of one connection."""

    key: tuple[str, int, str, int, str]
    us: int
    grams: list[Datagram] = field(default_factory=list)
    segments: tuple[list[tuple[int, int, bytes]], list[tuple[int, int, bytes]]] = field(
        default_factory=lambda: ([], [])
    )
    starts: list[int | None] = field(default_factory=lambda: [None, None])


def read(path: Path) -> list[Talk]:
    """Return the connections of a capture, in order of their first packet."""
    found: dict[tuple[str, int, str, int, str], Ends] = {}
    for us, packet in packets(path):
        _take(found, us, packet)
    return [_talk(each, f"C{at}") for at, each in enumerate(found.values())]


def packets(path: Path) -> Iterator[tuple[int, object]]:
    """Yield time and IP packet."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        reader = dpkt.pcapng.Reader(file) if magic == b"\n\r\r\n" else dpkt.pcap.Reader(file)
        link = reader.datalink()
        for ts, raw in reader:
            try:
                packet = _layer(link, raw)
            except (dpkt.UnpackError, IndexError):
                continue
            if packet is not None:
                yield round(ts * 1_000_000), packet


def _layer(link: int, raw: bytes) -> object | None:
    if link == dpkt.pcap.DLT_EN10MB:
        packet = dpkt.ethernet.Ethernet(raw).data
    elif link == dpkt.pcap.DLT_LINUX_SLL:
        packet = dpkt.sll.SLL(raw).data
    elif link in (dpkt.pcap.DLT_NULL, dpkt.pcap.DLT_LOOP):
        packet = dpkt.loopback.Loopback(raw).data
    else:
        packet = dpkt.ip.IP(raw) if raw[0] >> 4 == 4 else dpkt.ip6.IP6(raw)
    if isinstance(packet, bytes) and packet[:1] and packet[0] >> 4 in (4, 6):
        packet = dpkt.ip.IP(packet) if packet[0] >> 4 == 4 else dpkt.ip6.IP6(packet)
    return packet if isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6) else None


def _take(found: dict[tuple[str, int, str, int, str], Ends], us: int, packet: object) -> None:
    family = socket.AF_INET if isinstance(packet, dpkt.ip.IP) else socket.AF_INET6
    src, dst, inner = socket.inet_ntop(family, packet.src), socket.inet_ntop(family, packet.dst), packet.data
    proto = "tcp" if isinstance(inner, dpkt.tcp.TCP) else "udp" if isinstance(inner, dpkt.udp.UDP) else ""
    if not proto:
        return
    key, back = (src, inner.sport, dst, inner.dport, proto), (dst, inner.dport, src, inner.sport, proto)
    if proto == "tcp" and key not in found and inner.flags & 0x12 == 0x12:
        key, back = back, key
        found.setdefault(key, Ends(key, us))
        key, back = back, key
    from_orig = back not in found
    ends = found[back] if not from_orig else found.setdefault(key, Ends(key, us))
    if proto == "udp":
        ends.grams.append(Datagram(us, from_orig, bytes(inner.data)))
        return
    side = 0 if from_orig else 1
    if inner.flags & 2 and ends.starts[side] is None:
        ends.starts[side] = inner.seq + 1 & 0xFFFFFFFF
    if inner.data:
        if ends.starts[side] is None:
            ends.starts[side] = inner.seq
        ends.segments[side].append((inner.seq - ends.starts[side] & 0xFFFFFFFF, us, bytes(inner.data)))


def _side(segments: list[tuple[int, int, bytes]]) -> Side:
    data, marks, gap = bytearray(), [], False
    for at, us, raw in sorted(segments, key=lambda each: each[0]):
        if at > 1 << 30:
            continue
        if at > len(data):
            gap = True
            break
        if at + len(raw) > len(data):
            marks.append((len(data), us))
            data += raw[len(data) - at :]
    return Side(bytes(data), tuple(marks), gap)


def _talk(ends: Ends, uid: str) -> Talk:
    orig_h, orig_p, resp_h, resp_p, proto = ends.key
    return Talk(
        uid=uid, us=ends.us, orig_h=orig_h, orig_p=orig_p, resp_h=resp_h, resp_p=resp_p, proto=proto,
        orig=_side(ends.segments[0]), resp=_side(ends.segments[1]), datagrams=tuple(ends.grams),
    )  # fmt: skip
