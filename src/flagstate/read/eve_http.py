"""What Suricata's HTTP events say was sent: parameters of addresses, user agents, referrers, forwarded-for headers.

The log is read a second time for this, line by line; lines that cannot be read were rejected before. Bodies are not in
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstate.read import requested
from flagstate.read.part import Context, Opened, Part
from flagstate.read.requested import Request

LONGEST = 1 << 20
_KINDS = (b'"event_type":"http"', b'"event_type": "http"')


def payloads(opened: Opened, context: Context) -> Iterator[Part]:
    """Yield the parameters of requests as records of the server that they went to.

    Args:
        opened: The log.
        context: As readers get it.
    """
    yield from requested.payloads(lambda: map(_request, _events(opened.path)), context)


def _events(path: str) -> Iterator[dict[str, Any]]:
    import msgspec

    with open(path, "rb") as file:
        while line := file.readline(LONGEST):
            if not any(kind in line for kind in _KINDS):
                continue
            try:
                event = msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError, UnicodeError):
                continue
            if isinstance(event, dict) and event.get("event_type") == "http" and isinstance(event.get("http"), dict):
                yield event


def _request(event: dict[str, Any]) -> Request:
    http: dict[str, Any] = event["http"]

    def text(*names: str) -> str:
        return next((value for name in names if isinstance(value := http.get(name), str) and value), "")

    headers = (
        ("user-agent", text("http_user_agent")),
        ("referer", text("http_refer")),
        ("x-forwarded-for", text("xff", "x_forwarded_for")),
    )
    far = event.get("dest_ip")
    address = far if isinstance(far, str) else ""
    return Request(text("hostname"), address, text("url"), headers, tunnel=text("http_method") == "CONNECT")
