"""What a log of HTTP says was sent, request by request, as records of the servers that it went to."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flagstate.read.part import Context, Note, Part, Tally
from flagstate.read.payload import Message, Pairs, Payloads
from flagstate.read.sheets import Sheets

MOST = 2_000_000
"""Requests of a log that are searched."""
KNOWN = 50_000
"""Servers whose shown names are remembered."""


@dataclass(frozen=True)
class Request:
    """One request of a log."""

    host: str
    """Server as the log names it, with a port or not; may be empty."""
    address: str
    """Its address; may be empty."""
    uri: str
    """Path with parameters, or a whole address."""
    headers: Pairs = ()
    """Names and values; empty values are left out."""
    parameters: Pairs = ()
    """Other names and values that the log has; empty ones are left out."""
    tunnel: bool = False
    """Whether it asks a proxy for a tunnel: a `uri` that is only its end is told with the connection."""


def payloads(requests: Callable[[], Iterator[Request]], context: Context) -> Iterator[Part]:
    """Yield the parameters of requests as records of the server that they went to.

    Args:
        requests: Reads the log from its beginning, each time that it is called.
        context: As readers get it.
    """
    sheets = Sheets(context.mask)
    counts: list[int] = []

    def feed(into: Sheets) -> Iterator[None]:
        found = Payloads(into)
        servers: dict[tuple[str, str], str] = {}
        count = 0
        for request in requests():
            count += 1
            if count > min(MOST, context.max_rows or MOST):
                break
            key = (request.host, request.address)
            if key not in servers:
                if len(servers) > KNOWN:
                    servers.clear()
                servers[key] = _server(*key, context)
            found.message(f"sent to {servers[key]}", f"host:{servers[key]}", _message(request))
            yield
        counts.append(count)

    yield from sheets.tell(feed)
    if sheets.rows:
        # These rows are other views of requests that are counted already.
        yield Tally(rows_read=-sheets.rows)
    if counts[0] > MOST:
        yield Note(
            f"Parameters of the first {MOST:,} requests were searched, not those beyond", "Give the log in parts."
        )


def _message(request: Request) -> Message:
    uri = request.uri
    url = uri if "://" in uri[:12] else f"http://server{uri}" if uri.startswith("/") else ""
    parameters = [pair for pair in request.parameters if pair[1]]
    if uri and not url and not request.tunnel:
        parameters.append(("uri", uri))
    return Message(url, [pair for pair in request.headers if pair[1]], parameters)


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
