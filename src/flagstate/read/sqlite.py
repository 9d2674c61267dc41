"""SQLite databases, read-only and without their journal: one table after the other.

Only the main file is read. What a write-ahead log beside it holds is not seen, and that is said. Views are not run,
functions that a hostile schema names are not trusted, and binary values are left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from flagstate.errors import EvidenceError
from flagstate.read.header import unique
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records

BATCH = 8192
MOST_TABLES = 2000
LONGEST_VALUE = 16 << 20


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    damaged: bool = False


def recognise(head: Head) -> Kind | None:
    """The magic text of SQLite 3."""
    return Kind("sqlite") if head.data.startswith(b"SQLite format 3\x00") and head.size >= 100 else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield every table of the database.

    Raises:
        EvidenceError: The list of tables is damaged.
    """
    if 2 in opened.head.data[18:20]:
        yield Note(
            "The database uses a write-ahead log; what its -wal file holds is not in what was read",
            "Run `PRAGMA wal_checkpoint(TRUNCATE)` on a copy, or give a copy made with `.backup`.",
        )
    con = sqlite3.connect(
        f"file:{opened.path}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        con.text_factory = lambda raw: raw.decode("utf-8", "replace")
        con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        try:
            tables = _tables(con)
        except sqlite3.Error as error:
            raise EvidenceError(
                "The database cannot be read", why="its list of tables is damaged or encrypted", todo="Copy it again."
            ) from error
        for name in tables[:MOST_TABLES]:
            yield from _table(con, name, context)
        if len(tables) > MOST_TABLES:
            yield Note(f"Only the first {MOST_TABLES:,} of {len(tables):,} tables were read", "Split the database.")
    finally:
        con.close()


def _tables(con: sqlite3.Connection) -> list[str]:
    con.execute("PRAGMA trusted_schema=OFF")
    con.execute("PRAGMA cell_size_check=ON")
    con.execute("PRAGMA query_only=ON")
    con.execute("PRAGMA mmap_size=0")
    rows = con.execute("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return sorted(str(row[0]) for row in rows)


def _table(con: sqlite3.Connection, name: str, context: Context) -> Iterator[Part]:
    shown = context.mask(name)
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        cursor = con.execute(f"SELECT * FROM {quoted}")
    except sqlite3.Error:
        yield Note(f"The table {shown} cannot be read: it is damaged or needs an extension", "Export it as CSV.")
        return
    columns = [str(described[0]) for described in cursor.description]
    names = unique([context.mask(column) for column in columns], len(columns))
    schema = pa.schema([pa.field(column, pa.string()) for column in names])
    progress = Progress()
    batches = _batches(cursor, schema, context.max_rows, progress)
    yield Records(pa.RecordBatchReader.from_batches(schema, batches), shown)
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass
    if progress.damaged:
        yield Note(f"The table {shown} is damaged after row {progress.read:,}", "Run `.recover` on a copy.")


def _batches(
    cursor: sqlite3.Cursor, schema: pa.Schema, most: int | None, progress: Progress
) -> Iterator[pa.RecordBatch]:
    while not (most and progress.read >= most):
        rows: list[tuple[object, ...]] = []
        try:
            while len(rows) < BATCH and (row := cursor.fetchone()) is not None:
                rows.append(row)
        except (sqlite3.Error, OverflowError):
            progress.damaged = True
        if rows:
            progress.read += len(rows)
            columns = zip(*rows, strict=True)
            yield pa.RecordBatch.from_arrays([pa.array(map(_text, c), pa.string()) for c in columns], schema=schema)
        if len(rows) < BATCH:
            return


def _text(value: object) -> str | None:
    if value is None or isinstance(value, bytes):
        return None
    return value if isinstance(value, str) else repr(value)


READER = Reader(
    "sqlite",
    "SQLite databases, read-only, without what a write-ahead log beside them holds.",
    recognise,
    read,
)
