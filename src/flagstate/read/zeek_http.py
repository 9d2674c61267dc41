"""What a Zeek log of HTTP says was sent: parameters of addresses, user names, passwords, user agents, referrers.

The log is read a second time for this, line by line; lines that cannot be read were rejected before. Bodies are not in
it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from flagstate.read import requested
from flagstate.read.part import Context, Opened, Part
from flagstate.read.requested import Request
from flagstate.read.zeek_fields import Header, learn

LONGEST = 2**21
WANTED = ("host", "id.resp_h", "uri", "referrer", "user_agent", "username", "password")


def payloads(opened: Opened, form: str, context: Context) -> Iterator[Part]:
    """Yield the parameters of requests as records of the server that they went to.

    Args:
        opened: The log.
        form: tsv or json.
        context: As readers get it.
    """
    rows = _tsv if form == "tsv" else _json
    yield from requested.payloads(lambda: map(_request, rows(opened.path)), context)


def _request(row: Mapping[str, str]) -> Request:
    address, headers = row.get("id.resp_h", ""), (("user-agent", "user_agent"), ("referer", "referrer"))
    return Request(
        row.get("host") or address,
        address,
        row.get("uri", ""),
        [(name, row.get(field, "")) for name, field in headers],
        [("user name", row.get("username", "")), ("password", row.get("password", ""))],
    )


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
