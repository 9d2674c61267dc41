"""HTTP archives (HAR 1.1 and 1.2), as browsers and proxies save them: one exchange per entry.

The file is read twice: for the exchanges, of which only sizes, address and server stay, and for what went in them:
parameters, headers, cookies and bodies are searched for data classes and never kept (`har_bodies`). Bytes sent and
received are what the file says (`headersSize` + `bodySize`, or `_transferSize`); where it says nothing they are a
lower bound from the headers that it lists, and for a response the decoded size of its content. Web-socket messages
count by their length. An entry that a browser answered from its own cache, and a `data:` or `blob:` address, went over
no network: it is counted as read (in the tally) and makes no exchange. Requests that were blocked are attempts: no
answer, 0 bytes.
"""

from __future__ import annotations

import io
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BufferedReader
from urllib.parse import urlsplit

import pyarrow as pa

from flagstate import model
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.forwarded import CLAIMS, claimed, target
from flagstate.read.har_bodies import payloads
from flagstate.read.har_pages import Load, Pages
from flagstate.read.json_events import prefixed
from flagstate.read.json_short import Short
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Reject, Stream, Tally

BEGINS = re.compile(r'\s*\{\s*"log"\s*:\s*\{')
HINTS = re.compile(r'"(?:entries|creator|browser|pages)"\s*:')
BATCH = 8192
LONGEST = 24 << 20
"""Bytes of one text that count; base64 of what is searched of a body fits."""
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
ENTRY = "log.entries.item"
NUMBERS = {
    f"{ENTRY}.request.headersSize": "request_headers",
    f"{ENTRY}.request.bodySize": "request_body",
    f"{ENTRY}.response.headersSize": "response_headers",
    f"{ENTRY}.response.bodySize": "response_body",
    f"{ENTRY}.response._transferSize": "transferred",
    f"{ENTRY}.response.content.size": "content",
    f"{ENTRY}.response.status": "status",
}
TEXTS = {
    f"{ENTRY}.startedDateTime": "started",
    f"{ENTRY}.request.method": "method",
    f"{ENTRY}.request.url": "url",
    f"{ENTRY}.request.httpVersion": "version",
    f"{ENTRY}.serverIPAddress": "server",
    f"{ENTRY}._ip_addr": "server",
    f"{ENTRY}._fromCache": "cache",
    f"{ENTRY}.pageref": "page",
    f"{ENTRY}._resourceType": "type",
    f"{ENTRY}._initiator.type": "initiator",
    f"{ENTRY}._priority": "priority",
    f"{ENTRY}.response.content.mimeType": "media",
    f"{ENTRY}.response.redirectURL": "redirect",
}
LENGTHS = {
    f"{ENTRY}.request.headers.item.name": "request_listed",
    f"{ENTRY}.request.headers.item.value": "request_listed",
    f"{ENTRY}.request.postData.text": "posted",
    f"{ENTRY}.response.headers.item.name": "response_listed",
    f"{ENTRY}.response.headers.item.value": "response_listed",
}
MESSAGE = f"{ENTRY}._webSocketMessages.item"
HEADER = f"{ENTRY}.request.headers.item"


@dataclass
class Entry(Load):
    """What is kept of one entry while it is read."""

    started: str = ""
    method: str = ""
    version: str = ""
    server: str = ""
    cache: str = ""
    request_headers: int = -1
    request_body: int = -1
    response_headers: int = -1
    response_body: int = -1
    transferred: int = -1
    content: int = -1
    request_listed: int = 0
    response_listed: int = 0
    posted: int = 0
    sent: int = 0
    received: int = 0
    claims: list[tuple[str, str]] = field(default_factory=list)
    """Headers that name a client behind the one that was seen."""


@dataclass
class Progress:
    """What was met on the way."""

    pages: Pages
    entries: int = 0
    offline: int = 0
    addressed: int = 0
    first: datetime | None = None
    last: datetime | None = None
    cut: bool = False
    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0


def recognise(head: Head) -> Kind | None:
    """A JSON object whose first key is `log`, with entries or a creator; the suffix does not matter."""
    if b"log" not in head.data[:4096] and b"l\0o\0g" not in head.data[:4096]:
        return None
    text = text_head(head.data)
    if text is None or not BEGINS.match(text) or not HINTS.search(text):
        return None
    return Kind("har")


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the exchanges of an archive; one that is cut off is read up to the cut."""
    progress = Progress(Pages(context))
    batches = _batches(opened, context.max_rows, progress)
    reader = pa.RecordBatchReader.from_batches(model.EXCHANGE.schema, batches)
    yield Stream("exchange", context.con.from_arrow(reader))
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass
    yield from progress.rejects
    yield Tally(progress.offline, progress.unlisted, first_ts=progress.first, last_ts=progress.last)
    if progress.cut:
        yield Note(
            f"The file is cut off or damaged after entry {progress.entries}; the entries before it were read",
            "Save the archive again.",
        )
    online = progress.entries - progress.offline - len(progress.rejects) - progress.unlisted
    if online > 0 and not progress.addressed:
        yield Note(
            "No entry has a server address, so where the servers stand is not in this file",
            "Save it from Chrome or Firefox without sanitising, or give DNS or connection logs of the same hours.",
            lost=False,
        )
    yield from progress.pages.parts()
    yield from payloads(opened, context)


def _batches(opened: Opened, most: int | None, progress: Progress) -> Iterator[pa.RecordBatch]:
    rows: list[dict[str, object]] = []
    for entry in _entries(opened, progress):
        row = _row(entry, progress)
        if row:
            rows.append(row)
        if len(rows) >= BATCH:
            yield _batch(rows)
            rows = []
        if most and progress.entries >= most:
            break
    if rows:
        yield _batch(rows)


def _batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    return model.rows(model.EXCHANGE, rows).combine_chunks().to_batches()[0]


def _entries(opened: Opened, progress: Progress) -> Iterator[Entry]:
    import ijson

    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        try:
            yield from _walk(io.BufferedReader(Short(stream, LONGEST)))
        except (ijson.JSONError, UnicodeError, ValueError, RecursionError):
            progress.cut = True


def _walk(stream: BufferedReader) -> Iterator[Entry]:
    """Collect the keys that matter, and drop everything else as it passes."""
    entry = Entry()
    kind, length = "", 0
    header, said = "", ""
    for prefix, event, value in prefixed(stream):
        if not prefix.startswith(ENTRY):
            continue
        if event == "number":
            if prefix in NUMBERS:
                setattr(entry, NUMBERS[prefix], _whole(value))
        elif event == "string":
            if prefix in TEXTS:
                setattr(entry, TEXTS[prefix], value[:8192] or getattr(entry, TEXTS[prefix]))
            elif prefix in LENGTHS:
                name = LENGTHS[prefix]
                setattr(entry, name, getattr(entry, name) + len(value.encode()) + 2 * (name != "posted"))
                if name == "request_listed":
                    header, said = (value[:40].lower(), said) if prefix == f"{HEADER}.name" else (header, value[:4096])
            elif prefix == f"{MESSAGE}.type":
                kind = value
            elif prefix == f"{MESSAGE}.data":
                length = len(value.encode())
        elif event == "end_map":
            if prefix == MESSAGE:
                entry.sent += length if kind == "send" else 0
                entry.received += length if kind == "receive" else 0
                kind, length = "", 0
            elif prefix == HEADER:
                if header in CLAIMS and len(entry.claims) < 20:
                    entry.claims.append((header, said))
                header, said = "", ""
            elif prefix == ENTRY:
                yield entry
                entry = Entry()


def _whole(value: object) -> int:
    number = float(value) if isinstance(value, (int, float)) else -1.0
    return int(number) if -1 < number < 2**62 else -1


def _row(entry: Entry, progress: Progress) -> dict[str, object] | None:
    """One exchange, or nothing where no network was used or the entry says too little."""
    progress.entries += 1
    try:
        parts = urlsplit(entry.url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        _rejected(progress, "The address of the request is not valid")
        return None
    if not entry.url:
        _rejected(progress, "The entry has no request address")
        return None
    if parts.scheme.lower() not in PORTS or entry.cache in ("memory", "disk"):
        progress.offline += 1
        return None
    started = _time(entry.started)
    if started is None:
        _rejected(progress, "The entry has no valid start time")
        return None
    if parts.hostname:
        progress.pages.add(entry, parts)
    server = _address(entry.server) or _address(host)
    progress.addressed += bool(_address(entry.server))
    progress.first = min(progress.first or started, started)
    progress.last = max(progress.last or started, started)
    sent, received = _bytes(entry, attempted=entry.status == 0 and not server)
    return {
        "ts": started,
        "uid": None,
        "resp_h": server,
        "resp_p": port or PORTS[parts.scheme.lower()],
        "proto": "udp" if entry.version.lower() in ("h3", "http/3", "http/3.0", "quic") else "tcp",
        "host": host or None,
        "connect_to": target(parts.netloc.rpartition("@")[2]) if entry.method == "CONNECT" else None,
        "claimed_orig_h": claimed(entry.claims) if entry.claims else None,
        "method": entry.method[:32] or None,
        "status_code": entry.status if 0 < entry.status < 1000 else None,
        "request_bytes": sent,
        "response_bytes": received,
    }


def _rejected(progress: Progress, reason: str) -> None:
    if len(progress.rejects) < 1000:
        progress.rejects.append(Reject(progress.entries, reason))
    else:
        progress.unlisted += 1


def _bytes(entry: Entry, *, attempted: bool) -> tuple[int, int]:
    if attempted:
        return 0, 0
    sent = entry.request_headers if entry.request_headers >= 0 else entry.request_listed
    sent += entry.request_body if entry.request_body >= 0 else entry.posted
    if entry.status == 0:
        return sent + entry.sent, entry.received
    if entry.transferred > 0:
        return sent + entry.sent, entry.transferred + entry.received
    received = entry.response_headers if entry.response_headers >= 0 else entry.response_listed
    received += entry.response_body if entry.response_body >= 0 else max(entry.content, 0)
    return sent + entry.sent, received + entry.received


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip().strip("[]").split("%")[0]))
    except ValueError:
        return None


READER = Reader(
    "har",
    "HTTP archives (HAR 1.2) as browsers and proxies save them, also cut off; what was sent and received is searched.",
    recognise,
    read,
    ("exchange",),
)
