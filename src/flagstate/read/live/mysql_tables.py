"""What a MySQL or MariaDB server holds: its tables and columns as its information schema lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flagstate.read.live.sampling import LONGEST_BYTES, LONGEST_TEXT, MOST_COLUMNS, MOST_TABLES

SYSTEM = "('mysql', 'information_schema', 'performance_schema', 'sys')"

TABLES = f"""
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES
WHERE {{where}} ORDER BY TABLE_SCHEMA, TABLE_NAME LIMIT {4 * MOST_TABLES}"""

COLUMNS = """
SELECT COLUMN_NAME, DATA_TYPE, COLUMN_KEY FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION"""

ELSEWHERE = ("federated", "spider", "connect", "s3", "ndbinfo")
"""Engines whose rows lie on another server."""

WHOLE = ("tinyint", "smallint", "mediumint", "int", "bigint")
BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
LONG = ("text", "mediumtext", "longtext", "json")
PLACES = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
          "geometrycollection", "geomcollection")  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One table."""

    space: str
    """Database; raw."""
    name: str
    """Name; raw."""
    rows: int
    """Rows, as the server estimates."""
    size: int
    """Bytes of its rows, as the server estimates."""

    @property
    def path(self) -> str:
        """Return database and name; raw."""
        return f"{self.space}.{self.name}"

    @property
    def source(self) -> str:
        """Return it as it stands behind FROM."""
        return f"{quoted(self.space)}.{quoted(self.name)}"


@dataclass(frozen=True)
class Field:
    """One column, and how it is asked for."""

    name: str
    """Name; raw."""
    sql: str
    """What stands in the statement."""
    binary: bool = False
    """Whether bytes come, which may or may not be text."""


@dataclass(frozen=True)
class Listing:
    """What there is on the server."""

    tables: tuple[Table, ...]
    """To be read."""
    foreign: tuple[str, ...]
    """Paths whose rows lie on another server; raw."""
    views: int
    """Views, which are not run."""
    beyond: int
    """Tables beyond the bound."""


def quoted(name: str) -> str:
    """Return a name as a statement takes it, whatever is in it; `%` is doubled where values are filled in."""
    return "`" + name.replace("`", "``") + "`"


def tables(rows: Iterable[tuple[Any, ...]]) -> Listing:
    """Sort out what the server lists.

    Args:
        rows: As `TABLES` gives them.
    """
    found: list[Table] = []
    foreign: list[str] = []
    views = 0
    for space, name, kind, engine, count, size in rows:
        made = Table(str(space), str(name), _number(count), _number(size))
        if "VIEW" in str(kind):
            views += 1
        elif str(engine or "").lower() in ELSEWHERE:
            foreign.append(made.path)
        elif str(kind) in ("BASE TABLE", "SYSTEM VERSIONED"):
            found.append(made)
    return Listing(tuple(found[:MOST_TABLES]), tuple(foreign), views, max(0, len(found) - MOST_TABLES))


def _number(text: object) -> int:
    return int(str(text)) if text is not None and str(text).isdigit() else 0


def fields(rows: Iterable[tuple[Any, ...]]) -> tuple[list[Field], int, str]:
    """Return the columns, how many are left out, and the quoted column by which ranges can be read; empty: none.

    Args:
        rows: As `COLUMNS` gives them.
    """
    listed = [(str(name), str(kind).lower(), str(key)) for name, kind, key in rows]
    keys = [name for name, kind, key in listed if key == "PRI"]
    numbers = {name for name, kind, _ in listed if kind in WHOLE}
    # The first column of the key is the only one by which the server can jump.
    key = quoted(keys[0]) if keys and keys[0] in numbers else ""
    found = [_field(name, kind) for name, kind, _ in listed[:MOST_COLUMNS]]
    return found, len(listed) - len(found), key


def _field(name: str, kind: str) -> Field:
    column = quoted(name)
    if kind in BINARY:
        return Field(name, f"SUBSTRING({column}, 1, {LONGEST_BYTES})", binary=True)
    if kind in LONG:
        return Field(name, f"LEFT({column}, {LONGEST_TEXT})")
    if kind in PLACES:
        return Field(name, f"LEFT(ST_AsText({column}), {LONGEST_TEXT})")
    if kind == "bit":
        return Field(name, f"CONV({column} + 0, 10, 10)")
    return Field(name, column)
