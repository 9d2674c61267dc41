"""What Suricata's HTTP events say was sent: parameters of addresses, user agents, referrers, forwarded-for headers.

The log is read a second time for this, line by line; lines that cannot be read were rejected before. Bodies are not in
it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from flagstate.read.part import Context, Note, Opened, Part, Tally
from flagstate.read.payload import Message, Payloads
from flagstate.read.sheets import Sheets

MOST = 2_000_000
"""Requests of a log that are searched."""
LONGEST = 1 << 20
_KINDS = (b'"event_type":"http"', b'"event_type": "http"')


def payloads(opened: Opened, context: Context) -> Iterator[Part]:
    """Yield the parameters of requests as records of the server that they went to.

    Args:
        opened: The log.
        context: As readers get it.
    """
    sheets = Sheets(context.mask)
    beyond: list[bool] = []

    def feed(into: Sheets) -> Iterator[None]:
        found = Payloads(into)
        for count, event in enumerate(_events(opened.path), 1):
            if count > min(MOST, context.max_rows or MOST):
                beyond.append(True)
                break
            _search(event, context, found)
            yield

    yield from sheets.tell(feed)
    if sheets.rows:
        # These rows are other views of requests that are counted already.
        yield Tally(rows_read=-sheets.rows)
    if beyond and context.max_rows is None:
        yield Note(
            f"Parameters of the first {MOST:,} requests were searched, not those beyond", "Give the log in parts."
        )


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


def _search(event: dict[str, Any], context: Context, found: Payloads) -> None:
    http: dict[str, Any] = event["http"]

    def text(*names: str) -> str:
        return next((value for name in names if isinstance(value := http.get(name), str) and value), "")

    headers = [
        (name, value)
        for name, value in (
            ("user-agent", text("http_user_agent")),
            ("referer", text("http_refer")),
            ("x-forwarded-for", text("xff", "x_forwarded_for")),
        )
        if value
    ]
    uri, parameters = text("url"), []
    url = uri if "://" in uri[:12] else f"http://server{uri}" if uri.startswith("/") else ""
    if uri and not url and text("http_method") != "CONNECT":
        parameters.append(("uri", uri))
    far = event.get("dest_ip")
    shown = _server(text("hostname"), far if isinstance(far, str) else "", context)
    found.message(f"sent to {shown}", f"host:{shown}", Message(url, headers, parameters))


def _server(raw: str, address: str, context: Context) -> str:
    """Return a server as flows name it: its masked name without its port, or its address."""
    name = raw.strip().lower()
    if name.count(":") == 1:
        name = name.partition(":")[0]
    name = name.removeprefix("[").partition("]")[0].rstrip(".")
    for text in (name, address):
        try:
            return str(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            if text and text is name:
                return context.host(text)
    return "servers without a name"
