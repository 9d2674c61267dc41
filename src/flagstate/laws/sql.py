"""Splits a `rules.sql` into its blocks: each one query under a line `-- view: NAME` or `-- rule: ID`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flagstate.catalog.strict import printable
from flagstate.errors import LawError

_HEAD = re.compile(r"-- *(view|rule|lookup): *(\S+) *")
_QUIET = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAM = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Block:
    """One named query."""

    kind: str
    """view, rule or (in our own ground only) lookup."""
    name: str
    sql: str = field(repr=False)
    file: str
    line: int
    """Line of its first line of SQL."""
    doc: str
    """The comment under its head."""
    params: frozenset[str]
    """Parameters that it names."""


def split(data: bytes, *, file: str) -> dict[str, Block]:
    """Return the blocks of a file by name, in its order.

    Args:
        data: UTF-8 text, at most 1 MB.
        file: Its name, for errors.

    Raises:
        LawError: With file and line: no text, SQL before the first head, a name that stands twice.
    """
    if len(data) > MAX_BYTES:
        raise LawError("The file is larger than 1 MB", where=file, todo="A rule is a query of some lines")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise LawError("The file is not UTF-8 text", where=f"{file}:{at}", todo="Save it as UTF-8") from None
    blocks: dict[str, Block] = {}
    head: tuple[str, str, int] | None = None
    body: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        found = _HEAD.fullmatch(line.rstrip("\r"))
        if found:
            _add(blocks, head, body, file)
            head, body = (found[1], found[2], number), []
        elif head is None and line.strip() and not line.lstrip().startswith("--"):
            raise LawError(
                "SQL stands before the first block", where=f"{file}:{number}", todo="Head it with `-- view: NAME`"
            )
        else:
            body.append(line)
    _add(blocks, head, body, file)
    return blocks


def _add(blocks: dict[str, Block], head: tuple[str, str, int] | None, body: list[str], file: str) -> None:
    if head is None:
        return
    kind, name, at = head
    skip = 0
    while skip < len(body) and (not body[skip].strip() or body[skip].startswith("--")):
        skip += 1
    doc = " ".join(line[3:].strip() for line in body[:skip] if line.startswith("-- "))
    where = f"{file}:{at}"
    if name in blocks:
        raise LawError(f"{printable(name)} stands twice", where=where, todo="Give one of them another name")
    sql = "\n".join(body[skip:]).strip().removesuffix(";")
    if not sql:
        raise LawError(f"{printable(name)} has no query", where=where, todo="Write one SELECT under its head")
    bare = _QUIET.sub(" ", sql)
    blocks[name] = Block(kind, name, sql, file, at + 1 + skip, doc, frozenset(_PARAM.findall(bare)))
