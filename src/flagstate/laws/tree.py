"""The text of one query, and the tree that the database's own parser makes of it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import duckdb

from flagstate.catalog import strict
from flagstate.errors import LawError
from flagstate.laws import cage

MAX_BYTES = 100_000
"""Most bytes of one query."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that do not show, or turn the text around them."""


@dataclass(frozen=True)
class Place:
    """A text and where it stands."""

    sql: str
    file: str
    first: int

    def refuse(self, offset: object, what: str, todo: str, why: str = "") -> NoReturn:
        """Raise the error for a place of the text, counted in bytes."""
        at = offset if isinstance(offset, int) and 0 <= offset <= MAX_BYTES else 0
        line = self.first + self.sql.encode("utf-8", "surrogatepass")[:at].count(b"\n")
        raise LawError(what, where=f"{self.file}:{line}", why=why, todo=todo)


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    con = cage.connect(memory_bytes=512 * 2**20, threads=1)
    cage.lock(con)
    return con


def parse(place: Place) -> Mapping[str, Any]:
    """Return the tree of a text that is exactly one SELECT.

    Args:
        place: The text, at most 100 kB, and where it stands.

    Returns:
        The statement, in the form of `json_serialize_sql`.

    Raises:
        LawError: With the line of the offending word as far as the parser tells it.
    """
    if len(place.sql.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        place.refuse(0, "The query is longer than 100 kB", "Split it into steps")
    for index, char in enumerate(place.sql):
        if char not in "\n\r\t" and unicodedata.category(char) in _UNSEEN:
            at = len(place.sql[:index].encode())
            what = f"The query holds the character U+{ord(char):04X}, which does not show"
            place.refuse(at, what, "Take it out", "what a reader sees must be what runs")
    con = _parser().cursor()
    try:
        answer = con.execute("SELECT json_serialize_sql(?::VARCHAR)", [place.sql]).fetchone()
        found = _single(con, place)
    except duckdb.Error as problem:
        place.refuse(_offset(con, place.sql), "The query cannot be parsed", "Mend it", _first(problem))
    if found != "SELECT":
        # PIVOT is several statements to the database: what it gives hangs on the rows.
        kind = {"MULTI": "PIVOT"}.get(found, found)
        place.refuse(0, f"A rule may not be of the kind {kind}", "Write one SELECT")
    try:
        told = json.loads(answer[0] if answer else "null")
    except (RecursionError, ValueError):
        place.refuse(0, "The query is nested too deeply", "Split it into steps")
    if told["error"] or len(told["statements"]) != 1:
        why = strict.printable(str(told.get("error_message", "")))
        place.refuse(0, "A rule may only be a plain SELECT", "Write one SELECT without PIVOT", why)
    tree: Mapping[str, Any] = told["statements"][0]
    return tree


def _single(con: duckdb.DuckDBPyConnection, place: Place) -> str:
    found = con.extract_statements(place.sql)
    if not found:
        place.refuse(0, "There is no query in this block", "Write one SELECT, or take the block out")
    if len(found) > 1:
        start = len(found[0].query.encode())
        what = f"There are {len(found)} statements in this block, where one SELECT may stand"
        place.refuse(start, what, "Make each a step of its own")
    return str(found[0].type.name)


def _offset(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    answer = con.execute("SELECT json_serialize_sql(?::VARCHAR) ->> 'position'", [sql]).fetchone()
    return int(answer[0]) if answer and answer[0] else 0


def _first(problem: Exception) -> str:
    return strict.printable(str(problem).splitlines()[0].removeprefix("Parser Error: "))
