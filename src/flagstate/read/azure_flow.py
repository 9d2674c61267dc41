"""Flow logs of Azure: of network security groups (versions 1 and 2) and of virtual networks, as JSON.

Both write a flow as tuples: its beginning, what went both ways since the last tuple, its end; tuples of one flow become
one connection, see `one_way`. Who opened it is told. A denied flow is an attempt, and carried nothing. Ids of
resources, names of rules and addresses of network cards are not kept.

What it cannot see: bytes of version 1, which has none; flows shorter than the log's minute end when they began. Whether
bytes count the header of Ethernet is not documented: it is taken off, so that bytes stay a lower bound.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from flagstate.read import flow_records
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.flow_records import Met, Way, address, whole
from flagstate.read.json_events import prefixed
from flagstate.read.json_short import Short
from flagstate.read.one_way import PROTOCOLS
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader

QUIET_US = 660_000_000
"""A flow that goes on is told every five minutes; twice that, and a minute."""
LINK = 14
LONGEST = 4096
_CATEGORIES = ('"NetworkSecurityGroupFlowEvent"', '"FlowLogFlowEvent"')
_LETTERS = {"T": "tcp", "U": "udp"}


def recognise(head: Head) -> Kind | None:
    """A JSON object whose records are of one of the two categories, with tuples."""
    if b"FlowEvent" not in head.data and b"flowTuples" not in head.data:
        return None
    text = text_head(head.data)
    if text is None or not text.lstrip("\ufeff \t\r\n").startswith("{") or '"flowTuples"' not in text:
        return None
    if _CATEGORIES[0] in text:
        return Kind("azure_flow nsg")
    return Kind("azure_flow vnet") if _CATEGORIES[1] in text or '"flowGroups"' in text else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections, tuples that could not be read (by their number in the file), and what versions lack."""
    met = Met()
    counted: list[bool] = []
    ways = _ways(opened, met, counted)
    yield from flow_records.stream(ways, met, opened, context, quiet_us=QUIET_US, link=LINK)
    if not counted and "nsg" in kind.name:
        yield Note("Its version tells no bytes", "Raise the version of the flow log to 2", lost=False)


def _ways(opened: Opened, met: Met, counted: list[bool]) -> Iterator[Way]:
    number = 0
    for text, scope, grouped in _tuples(opened, met):
        number += 1
        try:
            made = _parsed(text, scope, grouped)
        except ValueError:
            met.reject(number, "it is no tuple of a flow: a field is missing, or is no number")
            continue
        if text.count(",") >= 12 and not counted:
            counted.append(True)
        yield from made


def _tuples(opened: Opened, met: Met) -> Iterator[tuple[str, str, bool]]:
    """Yield each tuple, the network card that saw it, and whether it is of a virtual network."""
    import ijson

    scope = ""
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        try:
            for prefix, event, value in prefixed(io.BufferedReader(Short(stream, LONGEST))):
                if event != "string":
                    continue
                if prefix.endswith("flowTuples.item"):
                    yield value, scope, "flowGroups" in prefix
                elif prefix.endswith(("macAddress", ".mac")):
                    scope = value[:64].encode("ascii", "replace").decode()
        except (ijson.JSONError, UnicodeError, ValueError, RecursionError):
            met.cut = True


def _parsed(text: str, scope: str, grouped: bool) -> list[Way]:
    """Return both directions of a tuple.

    Raises:
        ValueError: It is not one.
    """
    fields = text.split(",")
    if len(fields) < 8:
        raise ValueError("too few fields")
    ts = whole(fields[0], 10**13)
    if not ts:
        raise ValueError("no time")
    # Milliseconds in logs of virtual networks, seconds in those of groups.
    us = ts * 1000 if ts >= 10**11 else ts * 10**6
    if grouped:
        state, proto = fields[7], PROTOCOLS.get(whole(fields[5], 255) or 0, "unknown_transport")
        counts, denied = fields[9:13], fields[7] == "D"
    else:
        state, proto = (fields[8] if len(fields) > 8 else ""), _LETTERS.get(fields[5], "unknown_transport")
        counts, denied = fields[9:13], fields[7] == "D"
    if state not in ("", "B", "C", "E", "D") or (not grouped and fields[7] not in ("A", "D")):
        raise ValueError("no state")
    sent = [whole(count) for count in (*counts, None, None, None, None)[:4]]
    ends = ((address(fields[1]), whole(fields[3], 65535)), (address(fields[2]), whole(fields[4], 65535)))
    forth = Way(us, us, ends[0], ends[1], proto, sent[1], sent[0], denied, scope, True)
    if not sent[2]:
        return [forth]
    return [forth, Way(us, us, ends[1], ends[0], proto, sent[3], sent[2], denied, scope, False)]


READER = Reader(
    "azureflow",
    "Flow logs of Azure: network security groups (versions 1, 2) and virtual networks.",
    recognise,
    read,
    ("connection",),
)
