"""What a Zeek log of HTTP says was sent: parameters of addresses, user names, passwords, user agents, referrers.

The log is read a second time for this, line by line; lines that cannot be read were rejected before. Bodies are not in
it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping

from flagstate.read.part import Context, Note, Opened, Part, Tally
from flagstate.read.payload import Message, Payloads
from flagstate.read.sheets import Sheets
from flagstate.read.zeek_fields import Header, learn

MOST = 2_000_000
"""Requests of a log that are searched."""
LONGEST = 2**21
WANTED = ("host", "id.resp_h", "uri", "referrer", "user_agent", "username", "password")


def payloads(opened: Opened, form: str, context: Context) -> Iterator[Part]:
    """Yield the parameters of requests as records of the server that they went to.

    Args:
        opened: The log.
        form: tsv or json.
        context: As readers get it.
    """
    sheets = Sheets(context.mask)
    counts: list[int] = []

    def feed(into: Sheets) -> Iterator[None]:
        found = Payloads(into)
        servers: dict[str, str] = {}
        count = 0
        for row in (_tsv if form == "tsv" else _json)(opened.path):
            count += 1
            if count > min(MOST, context.max_rows or MOST):
                break
            raw = row.get("host") or row.get("id.resp_h") or ""
            shown = servers.get(raw)
            if shown is None:
                if len(servers) > 50_000:
                    servers.clear()
                shown = servers[raw] = _server(raw, row.get("id.resp_h") or "", context)
            _search(row, shown, found)
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


def _search(row: Mapping[str, str], shown: str, found: Payloads) -> None:
    parameters = [("user name", row["username"])] if row.get("username") else []
    if row.get("password"):
        parameters.append(("password", row["password"]))
    headers = [
        (name, row[field]) for name, field in (("user-agent", "user_agent"), ("referer", "referrer")) if row.get(field)
    ]
    uri = row.get("uri") or ""
    url = uri if "://" in uri[:12] else f"http://server{uri}" if uri.startswith("/") else ""
    if uri and not url:
        parameters.append(("uri", uri))
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


def _tsv(path: str) -> Iterator[dict[str, str]]:
    now = Header()
    places: list[tuple[str, int]] = []
    with open(path, "rb") as file:
        while line := file.readline(LONGEST):
            if line.startswith(b"#"):
                now = learn(now, line)
                places = [(name, now.fields.index(name)) for name in WANTED if name in now.fields]
                continue
            texts = line.rstrip(b"\r\n").decode("utf-8", "replace").split(now.separator)
            if len(texts) == len(now.fields) and places:
                yield {name: texts[place] for name, place in places if texts[place] not in (now.unset, now.empty)}


def _json(path: str) -> Iterator[dict[str, str]]:
    with open(path, "rb") as file:
        while line := file.readline(LONGEST):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                yield {name: value for name in WANTED if isinstance(value := row.get(name), str) and value}
