"""VPC flow logs of Google Cloud, as Cloud Logging exports them: one entry a line, or an array of entries.

An entry is one direction, as the sender's or the receiver's side reported it; both directions become one connection,
and what both sides reported counts once, see `one_way`.

What it cannot see: most packets. Google samples packets and then entries, and makes up for packets by its own estimate;
the rates are not in the log. So bytes are estimates, silence is no sign of a failed attempt, and short connections may
be missing; that is said in coverage. Denied ingress is never logged.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flagstate import model
from flagstate.read import flow_records
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.flow_records import Met, Way, address, whole
from flagstate.read.json_events import items
from flagstate.read.json_short import Short
from flagstate.read.one_way import PROTOCOLS
from flagstate.read.part import Context, Facts, Head, Kind, Opened, Part, Reader
from flagstate.read.zeek_fields import moment

QUIET_US = 900_000_000
"""The longest interval that entries are summed up over."""
LONGEST = 8192
_LINE = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def recognise(head: Head) -> Kind | None:
    """Entries of a log whose payload has a connection, its bytes and a reporter."""
    if b'"jsonPayload"' not in head.data or b'"dest_ip"' not in head.data:
        return None
    text = text_head(head.data)
    wanted = ('"connection"', '"src_ip"', '"bytes_sent"', '"reporter"')
    if text is None or not all(each in text for each in wanted):
        return None
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("["):
        return Kind("gcp_flow json")
    line = start.partition("\n")[0].rstrip()
    return Kind("gcp_flow lines") if line.startswith("{") and '"jsonPayload"' in line else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections, entries that could not be read (by line or number), and that the log is a sample."""
    met, span = Met(), [0, 0]
    entries = _lines(opened, met) if kind.name.endswith("lines") else _array(opened, met)
    ways = _ways(entries, met, span)
    yield from flow_records.stream(ways, met, opened, context, quiet_us=QUIET_US, link=0, sampled=True)
    if span[1]:
        row = {
            "noun": "flow",
            "scope": "virtual networks of Google Cloud",
            "from_ts": moment(span[0]),
            "to_ts": moment(span[1]),
            "complete": "no",
            "said_by": "the flow log",
            "remark": "the service logs a sample of packets, at rates that the log does not tell; bytes are estimates",
            "todo": "Log all entries (sampling 1.0), or capture at the gateway",
        }
        yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")


def _lines(opened: Opened, met: Met) -> Iterator[tuple[int, object]]:
    import msgspec

    with open(opened.path, "rb") as file:
        number = 0
        while line := file.readline(_LINE):
            number += 1
            text = line.removeprefix(b"\xef\xbb\xbf").strip()
            while not line.endswith(b"\n") and (line := file.readline(_LINE)):
                text = b"{"
            if not text:
                continue
            try:
                yield number, msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError, UnicodeError):
                met.reject(number, "it is not a JSON object")


def _array(opened: Opened, met: Met) -> Iterator[tuple[int, object]]:
    import ijson

    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        try:
            yield from enumerate(items(io.BufferedReader(Short(stream, LONGEST)), "item"), 1)
        except (ijson.JSONError, UnicodeError, ValueError, RecursionError):
            met.cut = True


def _ways(entries: Iterator[tuple[int, object]], met: Met, span: list[int]) -> Iterator[Way]:
    for number, entry in entries:
        payload = entry.get("jsonPayload") if isinstance(entry, dict) else None
        if not isinstance(payload, dict) or not isinstance(payload.get("connection"), dict):
            if isinstance(entry, dict) and entry.get("logName"):
                met.others += 1
            else:
                met.reject(number, "it is no entry of a flow log")
            continue
        try:
            way = _way(payload, payload["connection"])
        except ValueError:
            met.reject(number, "it lacks an address or a time, or one of its fields has another type")
            continue
        span[:] = [min(span[0] or way.first_us, way.first_us), max(span[1], way.last_us)]
        yield way


def _way(payload: dict[str, Any], ends: dict[str, Any]) -> Way:
    """Return the direction that an entry is.

    Raises:
        ValueError: It is none.
    """
    first, last = _us(payload.get("start_time")), _us(payload.get("end_time"))
    if last < first:
        raise ValueError("it ends before it begins")
    number = whole(ends.get("protocol"), 255)
    proto = PROTOCOLS.get(number or 0, "unknown_transport")
    ported = proto != "icmp"
    src, dst = (
        (address(ends.get(f"{side}_ip")), whole(ends.get(f"{side}_port"), 65535) if ported else None)
        for side in ("src", "dest")
    )
    scope = payload.get("reporter")
    return Way(
        first, last, src, dst, proto, whole(payload.get("bytes_sent")), whole(payload.get("packets_sent")), False,
        scope if scope in ("SRC", "DEST", "SRC_GATEWAY", "DEST_GATEWAY") else "", None,
    )  # fmt: skip


def _us(value: object) -> int:
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("no time")
    # Google writes nanoseconds; Python reads six digits.
    main, dot, rest = value.partition(".")
    digits = rest.rstrip("Zz")
    text = f"{main}.{digits[:6]}" if dot and digits.isdigit() else main.rstrip("Zz") if not dot else value
    at = datetime.fromisoformat(text)
    gone = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH
    us = (gone.days * 86_400 + gone.seconds) * 10**6 + gone.microseconds
    if us < 0:
        raise ValueError("before 1970")
    return us


READER = Reader(
    "gcpflow",
    "VPC flow logs of Google Cloud, as lines or an array of log entries; that they are samples is coverage.",
    recognise,
    read,
    ("connection",),
)
