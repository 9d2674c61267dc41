"""Zeek logs as Parquet, as log stores keep them: the same fields, under Zeek's names or with `_` for `.`."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from flagstate.errors import EvidenceError
from flagstate.read import footer
from flagstate.read.part import Context, Head, Opened, Part, Stream, Tally
from flagstate.read.zeek_fields import TS_US, Shape, shape, tell

_SHORT = {f"id.{end}": (f"id_{end}", end) for end in ("orig_h", "orig_p", "resp_h", "resp_p")}
"""Other names under which the ends are kept."""


def recognise(head: Head) -> str | None:
    """Return the path of the log by the schema in the footer; null: not Zeek's, or the footer is too large."""
    names = footer.columns(head)
    if names is None:
        return None
    path = tell([field for field, _ in _fields(names)])
    known = shape(path) if path is not None else None
    return path if known is not None and TS_US in known.sql else None


def _fields(names: list[str]) -> list[tuple[str, str]]:
    """Return (field of Zeek, column of the file) for every column; the first of two with one name counts."""
    field_of = {short: field for field, shorts in _SHORT.items() for short in shorts}
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(field_of.get(name, name), name)
    return list(found.items())


def read(opened: Opened, path: str, context: Context) -> Iterator[Part]:
    """Yield the stream of the log; rows without a time are rejected.

    Raises:
        EvidenceError: The file is damaged.
    """
    known = shape(path)
    if known is None:
        return
    source = "read_parquet('" + opened.path.replace("'", "''") + "')"
    try:
        kinds = {row[0]: row[1] for row in context.con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        ts, rows = _select(known, kinds, source)
        if context.max_rows is not None:
            rows += f" LIMIT {int(context.max_rows)}"
        lost = context.con.execute(f"SELECT count(*) FROM {source} WHERE {ts} IS NULL").fetchall()[0][0]
        yield Stream(known.noun, context.con.sql(f"SELECT {known.sql.replace(TS_US, 'ts')} FROM ({rows})"))
        yield Tally(rows_rejected=int(lost))
    except duckdb.Error as problem:
        raise EvidenceError("The Parquet file cannot be read to its end", todo="Copy or export it again.") from problem


def _select(known: Shape, kinds: dict[str, str], source: str) -> tuple[str, str]:
    """Return the expression of the time in microseconds, and the rows with the names of the shape."""
    columns = dict(_fields(list(kinds)))
    at = columns["ts"]
    ts = _quoted(at)
    seconds = f"round(TRY_CAST({ts} AS DOUBLE) * 1000000)::BIGINT"
    ts = f"epoch_us({ts})" if kinds[at].startswith("TIMESTAMP") else seconds
    wanted = [f"make_timestamptz({ts}) AS ts"]
    for name, field, kind in known.fields:
        column = columns.get(field)
        wanted.append(f"{_cast(column, kinds[column], kind) if column else f'NULL::{kind}'} AS {name}")
    return ts, f"SELECT {', '.join(wanted)} FROM {source} WHERE {ts} IS NOT NULL"


def _cast(column: str, found: str, kind: str) -> str:
    value = _quoted(column)
    if found == kind:
        return value
    if kind == "VARCHAR[]":
        return f"string_split({value}::VARCHAR, ',')"
    if found == "INTERVAL":
        return f"(epoch_us({value}) / 1000000.0)"
    return f"TRY_CAST({value} AS {kind})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
