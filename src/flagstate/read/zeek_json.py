"""Zeek's JSON logs: one object a line, as Zeek, its exporters and collectors write them."""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.read import json_lines
from flagstate.read.part import Context, Head, Opened, Part, Stream, Tally
from flagstate.read.zeek_fields import Shape, moment, shape, tell

_NUMBER = "TRY_CAST(ts AS DOUBLE)"
# Seconds, milliseconds (larger than any second we know) or ISO 8601.
_TS = (
    f"CASE WHEN {_NUMBER} IS NULL THEN epoch_us(TRY_CAST(ts AS TIMESTAMPTZ)) "
    f"WHEN {_NUMBER} BETWEEN 0 AND 99999999999 THEN round({_NUMBER} * 1000000)::BIGINT "
    f"WHEN {_NUMBER} BETWEEN 0 AND 9999999999999 THEN round({_NUMBER} * 1000)::BIGINT END"
)


def recognise(head: Head) -> str | None:
    """Return the path of the log, `conn` for one; null: not a Zeek log."""
    for row in json_lines.first(head):
        if "ts" in row:
            named = row.get("_path")
            if isinstance(named, str) and named.isidentifier() and len(named) <= 40:
                return named
            if found := tell(row.keys()):
                return found
    return None


def read(opened: Opened, path: str, context: Context) -> Iterator[Part]:
    """Yield the stream of the log and the lines that could not be read."""
    known = shape(path)
    quoted = "'" + opened.path.replace("'", "''") + "'"
    rows = f"SELECT * REPLACE ({_TS} AS ts) FROM {_source(quoted, known)}"
    if known is not None:
        limit = "" if context.max_rows is None else f" LIMIT {int(context.max_rows)}"
        timed = f"SELECT * REPLACE (ts / 1000000.0 AS ts) FROM ({rows}) WHERE ts IS NOT NULL{limit}"
        yield Stream(known.noun, context.con.sql(f"SELECT {known.sql} FROM ({timed})"))
    found = context.con.execute(
        f"SELECT count(ts), count(*) - count(ts), min(ts), max(ts) "
        f"FROM (SELECT {_TS} AS ts FROM {_source(quoted, None)})"
    ).fetchone()
    if found is None:
        return
    listed = 0
    for reject in json_lines.rejects(opened.path, found[1], _odd):
        listed += 1
        yield reject
    if known is None:
        yield Tally(found[0], found[1] - listed, first_ts=moment(found[2]), last_ts=moment(found[3]))
    elif found[1] > listed:
        yield Tally(rows_rejected=found[1] - listed)


def _source(quoted: str, known: Shape | None) -> str:
    fields = {name: (given, kind) for name, given, kind in (known.fields if known else ())}
    columns = "".join(f", '{given}': '{kind}'" for given, kind in fields.values())
    names = "".join(f', "{given}" AS {name}' for name, (given, _) in fields.items())
    return (
        f"(SELECT ts{names} FROM read_json({quoted}, format='newline_delimited', compression='none', "
        f"ignore_errors=true, columns={{'ts': 'VARCHAR'{columns}}}))"
    )


def _odd(line: bytes) -> str:
    row = json_lines.parsed(line)
    timed = row is not None and isinstance(row.get("ts"), int | float | str)
    return "" if timed else "it is not a JSON object with a time"


def losses(opened: Opened, context: Context) -> tuple[object, object, int, int] | None:
    """Return first and last time, gaps and acknowledgements of a capture_loss log."""
    quoted = "'" + opened.path.replace("'", "''") + "'"
    source = (
        f"read_json({quoted}, format='newline_delimited', compression='none', ignore_errors=true, "
        "columns={'ts': 'VARCHAR', 'ts_delta': 'DOUBLE', 'gaps': 'BIGINT', 'acks': 'BIGINT'})"
    )
    found = context.con.execute(
        f"SELECT min(ts - (coalesce(ts_delta, 0) * 1000000)::BIGINT), max(ts), "
        f"sum(gaps)::BIGINT, sum(acks)::BIGINT FROM (SELECT * REPLACE ({_TS} AS ts) FROM {source}) WHERE acks > 0"
    ).fetchone()
    if found is None or found[3] is None:
        return None
    return moment(found[0]), moment(found[1]), int(found[2] or 0), int(found[3])
