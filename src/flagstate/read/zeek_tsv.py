"""Zeek's tab-separated logs: the header says the fields; the engine parses, or, where lines are odd, we do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb

from flagstate.read import rejected, zeek_lines
from flagstate.read.part import Context, Head, Note, Opened, Part, Stream, Tally
from flagstate.read.zeek_fields import LOSSES, TIMED, Header, Shape, learn, moment, shape, tell

_REASONS = {**rejected.REASONS, "CAST": "a time, count, port or interval is not a number"}
_SCAN = 2**18
_SPLIT = ("BOOLEAN", "VARCHAR[]")
"""Types that are made out of text after parsing."""


@dataclass
class Layout:
    """What a scan of the whole log found."""

    same: bool = True
    """No second header that differs."""
    plain: bool = True
    """No NUL, no carriage return."""


def header(data: bytes) -> Header | None:
    """Read the header at the beginning of a log; null: there is none with a list of fields."""
    found, count = Header(), 0
    for line in data.split(b"\n"):
        if not line.startswith(b"#"):
            break
        found, count = learn(found, line), count + 1
    return replace(found, path=found.path or tell(found.fields) or "", lines=count) if found.fields else None


def recognise(head: Head) -> str | None:
    """Return the path of the log, `conn` for one; null: not a Zeek log."""
    if not head.data.startswith(b"#"):
        return None
    found = header(head.data)
    if found is None or ("ts" not in found.fields and not head.data.startswith(b"#separator")):
        return None
    return found.path or None


def read(opened: Opened, path: str, context: Context) -> Iterator[Part]:
    """Yield the stream of the log and the lines that could not be read."""
    found = header(opened.head.data)
    if found is None:
        return
    known = shape(path)
    if found.lines and not opened.head.data.split(b"\n")[found.lines :]:
        yield Note("its header is longer than 64 KiB")
        return
    seen = _scan(opened.path, found)
    plain = seen.same and seen.plain and found.separator == "\t" and len(set(found.fields)) == len(found.fields)
    if plain and "ts" in found.fields:
        yield from _by_engine(opened, found, known, context)
    else:
        yield from zeek_lines.read(opened, path, known, context)


def _scan(path: str, found: Header) -> Layout:
    """Look through the whole log for what the engine would misread; a quarter of a second per GB."""
    layout, room, base, before = Layout(), bytearray(_SCAN), 0, b"\n"
    with open(path, "rb", buffering=0) as file:
        while size := file.readinto(room):
            if layout.plain and (room.find(b"\0", 0, size) >= 0 or room.find(b"\r", 0, size) >= 0):
                layout.plain = False
            at = room.find(b"#", 0, size)
            while at >= 0:
                if (room[at - 1 : at] if at else before) == b"\n":
                    layout.same = layout.same and _agrees(path, base + at, found)
                at = room.find(b"#", at + 1, size)
            base, before = base + size, bytes(room[size - 1 : size])
    return layout


def _agrees(path: str, offset: int, found: Header) -> bool:
    with open(path, "rb") as file:
        file.seek(offset)
        line = file.readline(_SCAN)
    return not line.startswith((b"#fields", b"#path")) or learn(found, line) == found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _select(known: Shape | None, found: Header, names: dict[str, str]) -> str:
    """Return the expressions that make the columns of the shape out of the columns of the log."""
    fields, separator, empty = found.fields, found.set_separator, found.empty
    columns = [f"{names['ts']} AS ts"]
    for name, field_name, kind in known.fields if known else ():
        if field_name not in fields:
            columns.append(f"NULL::{kind} AS {name}")
        elif kind == "VARCHAR[]":
            columns.append(f"string_split({_full(names[field_name], empty)}, {_quoted(separator)}) AS {name}")
        elif kind == "BOOLEAN":
            columns.append(f"({names[field_name]} = 'T') AS {name}")
        elif kind == "VARCHAR" and name not in _NEVER_EMPTY:
            columns.append(f"{_full(names[field_name], empty)} AS {name}")
        else:
            columns.append(f"{names[field_name]} AS {name}")
    return ", ".join(columns)


_NEVER_EMPTY = ("uid", "orig_h", "resp_h", "proto")
"""Texts that are never empty, in every row: asking costs."""


def _full(column: str, empty: str) -> str:
    """Return a text, null where it is the log's mark for an empty one; told to the engine, it slows every column."""
    return f"nullif({column}, {_quoted(empty)})"


def _by_engine(opened: Opened, found: Header, known: Shape | None, context: Context) -> Iterator[Part]:
    con = context.con
    kinds = {name: kind for _, name, kind in known.fields if kind not in _SPLIT} if known else {}
    kinds["ts"] = TIMED
    columns = ", ".join(f"'c{at}': '{kinds.get(name, 'VARCHAR')}'" for at, name in enumerate(found.fields))
    names = {name: f"c{at}" for at, name in enumerate(found.fields)}
    tag = f"zeek_{abs(hash(opened.evidence_id)) % 10**9}"
    source = (
        f"read_csv({_quoted(opened.path)}, auto_detect=false, header=false, delim='\t', quote='', escape='', "
        f"columns={{{columns}}}, nullstr={_quoted(found.unset)}, "
        f"force_not_null=['{names['ts']}'], skip={found.lines}, compression='none', "
        f"{rejected.stored(tag)})"
    )
    rows = f"SELECT {_select(known, found, names)} FROM {source}"
    if context.max_rows is not None:
        rows += f" LIMIT {int(context.max_rows)}"
    if known is None:
        yield _count(con, rows)
    else:
        yield Stream(known.noun, con.sql(f"SELECT {known.sql} FROM ({rows})"))
    # `#` lines within the log are no records.
    yield from rejected.rejects(con, tag, opened.path, ignored=(b"#",), reasons=_REASONS)


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> Tally:
    micros = "round({}(ts)::DOUBLE * 1000000)::BIGINT"
    found = con.execute(f"SELECT count(*), {micros.format('min')}, {micros.format('max')} FROM ({rows})").fetchone()
    return Tally(rows_read=found[0], first_ts=moment(found[1]), last_ts=moment(found[2])) if found else Tally()


def losses(opened: Opened, context: Context) -> tuple[object, object, int, int] | None:
    """Return first and last time, gaps and acknowledgements of a capture_loss log."""
    gathered = [part for part in zeek_lines.read(opened, "capture_loss", LOSSES, context) if isinstance(part, Stream)]
    rows = [row for part in gathered for row in part.relation.fetchall()]
    if not rows:
        return None
    first, last = min(row[0] for row in rows), max(row[1] for row in rows)
    return moment(first), moment(last), sum(row[2] for row in rows), sum(row[3] for row in rows)
