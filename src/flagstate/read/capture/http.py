"""HTTP/1 as a capture shows it: requests with their responses, and what was in them in clear text.

Pipelining, chunks, 1xx answers, upgrades and CONNECT are followed. Line ends may be bare; junk between messages is
stepped over. What it cannot see: HTTP/2 without TLS is recognised and not read; a body beyond the bound of a side
counts with the length that it declares. Source: RFC 9110, RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flagstate.read.capture.row import ends
from flagstate.read.capture.talk import Side, Talk
from flagstate.read.forwarded import claimed, target

LONGEST_HEAD = 1 << 16
MOST_HEADERS = 200
MOST_MESSAGES = 20_000
"""Messages of one end that are read."""
H2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
METHODS = (
    b"GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|TRACE|PATCH|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|SEARCH|REPORT|"
    b"SUBSCRIBE|UNSUBSCRIBE|NOTIFY|M-SEARCH|RPC_IN_DATA|RPC_OUT_DATA|BITS_POST|BPROPPATCH|MERGE|CHECKOUT|MKACTIVITY|POLL"
)
_REQUEST = re.compile(rb"([A-Z][A-Z_\-]{1,19})[ \t]+([^ \t\r\n]{1,60000})([ \t][^\r\n]{0,2000})?\r?\n")
_KNOWN = re.compile(rb"(?:%b) [^ \t\r\n]" % METHODS)
_OLD = (b"GET", b"HEAD", b"POST", b"OPTIONS")
_RESPONSE = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)[^\r\n]{0,8000}\r?\n")
_END = re.compile(rb"\n\r?\n")
_NEXT_REQUEST = re.compile(rb"(?:%b) [^ \t\r\n]{1,4000} HTTP/1\.[01]\r?\n" % METHODS)
_NEXT_RESPONSE = re.compile(rb"HTTP/1\.[01] \d{3}[ \r]")
_BLANK = re.compile(rb"[\r\n]{0,64}")
_CHUNK = re.compile(rb"[ \t]{0,8}([0-9A-Fa-f]{1,8})[ \t]{0,16}(?:;[^\r\n]{0,4000})?\r?\n")
_LENGTH = re.compile(rb"\s*(\d{1,15})\s*")


@dataclass(frozen=True)
class Head:
    """The first lines of a request or response."""

    at: int
    """Offset of the message."""
    body: int
    """Offset behind the head."""
    method: str = ""
    target: str = ""
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, and values."""

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return next((value for each, value in self.headers if each == name), "")


@dataclass(frozen=True)
class Message:
    """A request or response with its body."""

    head: Head
    size: int
    """Bytes of the body without chunk lines; where it is cut off by our bound or a gap, as declared."""
    pieces: tuple[tuple[int, int], ...] = ()
    """From and to in the side's data."""
    end: int = 0
    """Offset behind it."""

    def content(self, side: Side) -> bytes:
        """Return the body, as far as it was captured."""
        return b"".join([side.data[start:stop] for start, stop in self.pieces])


@dataclass(frozen=True)
class Exchange:
    """A request and what was answered; one of them may be missing."""

    request: Message | None
    response: Message | None


def begins(data: bytes) -> str:
    """Return `request`, `response` or `h2` where HTTP begins here, else an empty text."""
    if data.startswith(H2[:14]):
        return "h2"
    at = _blank(data, 0)
    if _KNOWN.match(data, at):
        found = _REQUEST.match(data, at)
        if found is None:
            return "request" if len(data) - at > 1000 and b"\n" not in data[at : at + 1000] else ""
        return "request" if _is_request(found) else ""
    return "response" if _RESPONSE.match(data, at) else ""


def _is_request(found: re.Match[bytes]) -> bool:
    """Whether a line names HTTP, or is of the oldest kind, which names no version."""
    rest = (found[3] or b"").strip()
    return b"HTTP/" in rest or (not rest and (found[1] in _OLD or found[2].startswith(b"HTTP/")))


def _blank(data: bytes, at: int) -> int:
    found = _BLANK.match(data, at)
    return found.end() if found else at


def _head(data: bytes, at: int, *, request: bool) -> Head | None:
    """Return the head that begins at an offset; null: none does."""
    found = (_REQUEST if request else _RESPONSE).match(data, at)
    if found is None or data.startswith(b"PRI *", at) or (request and not _is_request(found)):
        return None
    # The line end of the first line may be the first of the two that end the head.
    stop = _END.search(data, found.end() - 1, at + LONGEST_HEAD)
    last = stop.start() if stop else min(len(data), at + LONGEST_HEAD)
    headers: list[tuple[str, str]] = []
    for line in data[found.end() : last].split(b"\n", MOST_HEADERS)[:MOST_HEADERS]:
        if line[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {_text(line.strip())}"[:LONGEST_HEAD])
            continue
        raw, colon, rest = line.partition(b":")
        if colon and len(raw) <= 200:
            headers.append((_text(raw.strip()).lower(), _text(rest.strip())))
    after = stop.end() if stop else last
    if request:
        return Head(at, after, found[1].decode("ascii"), _text(found[2]), headers=tuple(headers))
    return Head(at, after, status=int(found[1]), headers=tuple(headers))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _body(side: Side, head: Head, *, asked: Head | None, request: bool) -> Message:
    """Return a message with its body, by the rules of RFC 9112, 6.3."""
    lost = side.cut or side.gap
    if not request:
        bare = head.status < 200 or head.status in (204, 304) or (asked is not None and asked.method == "HEAD")
        if bare or (asked is not None and asked.method == "CONNECT" and head.status < 300):
            return Message(head, 0, end=head.body)
    if "chunked" in head.header("transfer-encoding").lower():
        return _chunked(side, head)
    length = _LENGTH.fullmatch(head.header("content-length").encode("utf-8", "replace"))
    if length is None and request:
        return Message(head, 0, end=head.body)
    until = head.body + int(length[1]) if length else len(side.data)
    end = min(until, len(side.data))
    size = until - head.body if lost and length else max(end - head.body, 0)
    return Message(head, size, ((head.body, end),) if end > head.body else (), max(end, head.body))


def _chunked(side: Side, head: Head) -> Message:
    data, at, size = side.data, head.body, 0
    pieces: list[tuple[int, int]] = []
    while found := _CHUNK.match(data, at):
        length = int(found[1], 16)
        at = found.end()
        if not length:
            # Trailers, up to the empty line.
            if data[at : at + 1] in (b"\r", b"\n"):
                at += 2 if data.startswith(b"\r\n", at) else 1
            else:
                stop = _END.search(data, at, at + LONGEST_HEAD)
                at = stop.end() if stop else min(len(data), at + LONGEST_HEAD)
            break
        stop_at = min(at + length, len(data))
        if stop_at > at:
            pieces.append((at, stop_at))
        size += stop_at - at
        at = stop_at
        at += 2 if data.startswith(b"\r\n", at) else 1 if data.startswith(b"\n", at) else 0
    return Message(head, size, tuple(pieces), at)


def requests(side: Side) -> Iterator[Message]:
    """Yield the requests that one end sent; what follows CONNECT or an upgrade is not told apart here."""
    at = _blank(side.data, 0)
    for _ in range(MOST_MESSAGES):
        head = _head(side.data, at, request=True)
        if head is None:
            found = _NEXT_REQUEST.search(side.data, at)
            if found is None:
                return
            at = found.start()
            continue
        made = _body(side, head, asked=None, request=True)
        yield made
        if head.method == "CONNECT":
            return
        at = _blank(side.data, made.end)


def responses(side: Side, asked: list[Message]) -> Iterator[Message]:
    """Yield the responses of one end, also those that only say that another will come.

    Args:
        side: Its bytes.
        asked: The requests, for what they say of the body of the response.
    """
    at, count = _blank(side.data, 0), 0
    for _ in range(MOST_MESSAGES):
        head = _head(side.data, at, request=False)
        if head is None:
            found = _NEXT_RESPONSE.search(side.data, at)
            if found is None or _head(side.data, found.start(), request=False) is None:
                return
            at = found.start()
            continue
        request = asked[count].head if count < len(asked) else None
        made = _body(side, head, asked=request, request=False)
        yield made
        if head.status >= 200:
            count += 1
        if head.status == 101 or (request is not None and request.method == "CONNECT" and 200 <= head.status < 300):
            return
        at = _blank(side.data, made.end)


def pairs(talk: Talk) -> list[Exchange]:
    """Return requests with their responses, in order; either may be missing."""
    asked = list(requests(talk.orig))
    answered = [each for each in responses(talk.resp, asked) if each.head.status >= 200 or each.head.status == 101]
    made = [Exchange(each, answered[at] if at < len(answered) else None) for at, each in enumerate(asked)]
    return made + [Exchange(None, each) for each in answered[len(asked) :]]


def exchanges(talk: Talk, found: Sequence[Exchange] | None = None) -> list[dict[str, object]]:
    """Return a row of `exchange` for each request, and for each response without one.

    Args:
        talk: A connection that may carry HTTP.
        found: Its `pairs`, where they are at hand.
    """
    return [_row(talk, each) for each in (pairs(talk) if found is None else found)]


def _row(talk: Talk, exchange: Exchange) -> dict[str, object]:
    request, response = exchange.request, exchange.response
    us = talk.orig.at(request.head.at) if request else talk.resp.at(response.head.at) if response else 0
    head = request.head if request else None
    return ends(talk, us) | {
        "host": host(head) if head else None,
        "connect_to": target(head.target) if head and head.method == "CONNECT" else None,
        "claimed_orig_h": claimed(head.headers) if head else None,
        "method": head.method if head else None,
        "status_code": response.head.status if response else None,
        "request_bytes": request.size if request else 0,
        "response_bytes": response.size if response else 0,
    }


def host(head: Head) -> str | None:
    """Return the host that a request names: its header, or else that of its address; without port, in lower case."""
    raw = head.header("host")
    if not raw:
        raw = head.target.partition("://")[2].partition("/")[0].rpartition("@")[2]
        if head.method == "CONNECT":
            raw = head.target
    name = raw.strip().lower()[:300]
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    name = name.rstrip(".")
    return name if name and name.isprintable() else None


def tunnel(talk: Talk, found: Sequence[Exchange] | None = None) -> tuple[int, int] | None:
    """Return where a tunnel that CONNECT opened begins, in what both ends sent; null: there is none.

    Args:
        talk: A connection that may carry HTTP.
        found: Its `pairs`, where they are at hand.
    """
    found = pairs(talk) if found is None else found
    last = next((each for each in reversed(found) if each.request is not None), None)
    if last is None or last.request is None or last.request.head.method != "CONNECT":
        return None
    if last.response is None:
        return (last.request.end, 0) if not talk.resp.data else None
    return (last.request.end, last.response.end) if 200 <= last.response.head.status < 300 else None
