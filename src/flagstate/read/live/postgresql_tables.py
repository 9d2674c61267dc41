"""What a PostgreSQL database holds: its tables and columns as the catalog of the server lists them.

Every name is data: it is quoted where it stands in a statement and masked where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flagstate.read.live.sampling import LONGEST_BYTES, LONGEST_TEXT, MOST_COLUMNS, MOST_TABLES

RELATIONS = f"""
SELECT c.oid::bigint AS oid, n.nspname::text AS space, c.relname::text AS name, c.relkind::text AS kind,
  c.reltuples::float8 AS tuples, c.relpages::bigint AS pages, c.relispartition AS part, c.relispopulated AS filled,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS allowed,
  CASE WHEN c.relkind IN ('r', 'p') THEN pg_catalog.row_security_active(c.oid) ELSE false END AS hidden,
  i.inhparent::bigint AS parent
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_inherits i ON c.relispartition AND i.inhrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname LIMIT {20 * MOST_TABLES}"""

COLUMNS = """
SELECT a.attname::text AS name, t.typname::text AS type,
  t.typtype = 'b' AND s.nspname = 'pg_catalog' AS plain,
  pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS allowed
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
WHERE a.attrelid = {oid}::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""

TEXTS = ("text", "varchar", "bpchar", "name")
TYPED = ("bool", "int2", "int4", "int8", "float4", "float8")
TIMES = ("date", "timestamp", "timestamptz")
LISTS = tuple(f"_{name}" for name in (*TEXTS, *TYPED, *TIMES, "numeric", "uuid", "json", "jsonb"))


@dataclass(frozen=True)
class Table:
    """One table, with the parts that it is made of."""

    oid: int
    """Its number."""
    space: str
    """Schema; raw."""
    name: str
    """Name; raw."""
    kind: str
    """r: table, p: partitioned, m: materialised view, f: on another server, v: view."""
    tuples: float
    """Rows that the server last estimated; below 0: never."""
    pages: int
    """Blocks at that time."""
    parts: tuple[int, ...]
    """Numbers of the tables that hold its rows; itself, unless it is partitioned."""
    allowed: bool
    """Whether our role may read any of it."""
    hidden: bool
    """Whether rows are hidden from our role."""
    filled: bool
    """Whether a materialised view was ever filled."""

    @property
    def path(self) -> str:
        """Return schema and name; raw."""
        return f"{self.space}.{self.name}"

    @property
    def source(self) -> str:
        """Return it as it stands behind FROM: without the rows of tables that inherit from it."""
        only = "" if self.kind in "pm" else "ONLY "
        return f"{only}{quoted(self.space)}.{quoted(self.name)}"


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
    """What there is in the database."""

    tables: tuple[Table, ...]
    """To be read."""
    forbidden: tuple[str, ...]
    """Paths that our role may not read; raw."""
    foreign: tuple[str, ...]
    """Paths whose rows lie on another server; raw."""
    views: int
    """Views, which are not run."""
    empty_views: int
    """Materialised views that were never filled."""
    beyond: int
    """Tables beyond the bound."""


def quoted(name: str) -> str:
    """Return a name as a statement takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def listing(rows: Iterable[Mapping[str, object]], schema: str) -> Listing:
    """Sort out what the catalog lists: a partitioned table is read as one, views are not run.

    Args:
        rows: As `RELATIONS` gives them.
        schema: Only this schema; empty: all.
    """
    children: dict[int, list[Table]] = {}
    roots: list[Table] = []
    for row in rows:
        made = _table(row)
        if schema and made.space != schema:
            continue
        parent = row["parent"]
        if row["part"] and parent is not None:
            children.setdefault(_whole(parent), []).append(made)
        else:
            roots.append(made)
    found: list[Table] = []
    for root in roots:
        found += _gathered(root, children) if root.kind == "p" else [root]
    readable = [t for t in found if t.kind in "rpm" and t.allowed and t.filled]
    return Listing(
        tuple(readable[:MOST_TABLES]),
        tuple(t.path for t in found if t.kind in "rpm" and not t.allowed),
        tuple(t.path for t in found if t.kind == "f"),
        sum(t.kind == "v" for t in found),
        sum(t.kind == "m" and t.allowed and not t.filled for t in found),
        max(0, len(readable) - MOST_TABLES),
    )


def _gathered(root: Table, children: Mapping[int, list[Table]]) -> list[Table]:
    """Return a partitioned table as one, or its parts where some lie on another server."""
    leaves: list[Table] = []
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop().oid, ()):
            (waiting if child.kind == "p" else leaves).append(child)
    if any(leaf.kind == "f" for leaf in leaves):
        return leaves
    known = all(leaf.tuples >= 0 for leaf in leaves)
    tuples = sum(leaf.tuples for leaf in leaves) if known else -1.0
    pages = sum(leaf.pages for leaf in leaves)
    return [replace(root, tuples=tuples, pages=pages, parts=tuple(leaf.oid for leaf in leaves))]


def _table(row: Mapping[str, object]) -> Table:
    oid = _whole(row["oid"])
    tuples = row["tuples"]
    return Table(
        oid, str(row["space"]), str(row["name"]), str(row["kind"]), tuples if isinstance(tuples, float) else -1.0,
        _whole(row["pages"]), (oid,), bool(row["allowed"]), bool(row["hidden"]), bool(row["filled"]),
    )  # fmt: skip


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def fields(rows: Iterable[Mapping[str, object]], *, raw: bool) -> tuple[list[Field], int]:
    """Return the columns that our role may read, and how many it may not.

    Args:
        rows: As `COLUMNS` gives them.
        raw: The database promises nothing about the encoding of its texts.
    """
    listed = list(rows)
    found = [
        _field(str(row["name"]), str(row["type"]) if row["plain"] else "", raw) for row in listed if row["allowed"]
    ]
    return found[:MOST_COLUMNS], len(listed) - len(found[:MOST_COLUMNS])


def _field(name: str, kind: str, raw: bool) -> Field:
    column = quoted(name)
    if kind in TYPED:
        return Field(name, column)
    if kind in TIMES:
        # Infinity and years that no calendar of ours has would end the reading.
        first, last = f"'0001-01-01'::pg_catalog.{kind}", f"'9999-12-31'::pg_catalog.{kind}"
        return Field(name, f"CASE WHEN {column} BETWEEN {first} AND {last} THEN {column} END")
    if kind == "bytea":
        return Field(name, f"pg_catalog.substr({column}, 1, {LONGEST_BYTES})", binary=True)
    if kind in TEXTS:
        text = f"pg_catalog.left({column}::pg_catalog.text, {LONGEST_TEXT})"
    elif kind in LISTS:
        text = f"pg_catalog.left(pg_catalog.to_json({column})::pg_catalog.text, {LONGEST_TEXT})"
    else:
        # Never a cast: the owner of a type may have written it, and it would run as us. `concat` asks the type itself.
        text = f"NULLIF(pg_catalog.left(pg_catalog.concat({column}), {LONGEST_TEXT}), '')"
    return Field(name, f"pg_catalog.textsend({text})", binary=True) if raw else Field(name, text)
