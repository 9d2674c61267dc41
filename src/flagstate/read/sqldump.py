"""SQL dumps as text: pg_dump (COPY or INSERT), mysqldump and MariaDB, SQLite's .dump, SQL Server scripts.

Statements are read as they stream, one table after the other; columns are called as CREATE TABLE or the INSERT names
them. Nothing is executed. A statement that is damaged is rejected with its line, and reading goes on at the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import pyarrow as pa

from flagstate.model.counted import counted
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.header import unique
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records, Reject, Tally
from flagstate.read.sheets import Sheets, clean
from flagstate.read.sql_text import Damage, Window, fields

BATCH = 4096
BATCH_BYTES = 8 << 20
MOST_COLUMNS = 2000
MOST_TABLES = 20_000
MOST_RUNS = 2000
"""Changes from one table to another after which rows are gathered instead of streamed."""
MOST_REJECTS = 1000
MOST_DAMAGES = 1000
"""Damaged statements after which a file is no dump that one could read on in."""
LEAD = re.compile(r"(?:\s++|--[^\n]*+\n?|/\*(?:[^*]++|\*(?!/))*+\*/;?|\\[a-z]++[^\n]*+\n)*+")
FIRST = re.compile(
    r"(?:CREATE|INSERT|REPLACE|SET|BEGIN|START|PRAGMA|DROP|USE|LOCK|COPY|ALTER|DELIMITER|GO|IF|SELECT\s+pg_catalog)\b",
    re.IGNORECASE,
)
ONE = r'(?:"[^"\n]{1,200}"|`[^`\n]{1,200}`|\[[^\]\n]{1,200}\]|[\w$\-]{1,200})'
NAMED = rf"{ONE}(?:\.{ONE}){{0,3}}"
DATA = re.compile(
    rf"^\s*(?:INSERT\s+(?:IGNORE\s+)?(?:INTO\s+)?{NAMED}\s*(?:\([^)]*\)\s*)?(?:OVERRIDING\s+\w+\s+VALUE\s+)?VALUES?\b|"
    rf"REPLACE\s+INTO\s+{NAMED}|COPY\s+{NAMED}\s*(?:\([^)]*\)\s*)?FROM\s+stdin)",
    re.IGNORECASE | re.MULTILINE,
)
TABLE = re.compile(
    rf"^\s*CREATE\s+(?:\w+\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAMED}\s*\(", re.IGNORECASE | re.MULTILINE
)
MYSQL = re.compile(
    r"MySQL dump|MariaDB dump|phpMyAdmin|/\*!4\d{4}|ENGINE\s*=|^\s*INSERT INTO `", re.IGNORECASE | re.MULTILINE
)
KEYS = frozenset(
    ["PRIMARY", "KEY", "UNIQUE", "CONSTRAINT", "INDEX", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL", "EXCLUDE", "LIKE",
     "PERIOD"]
)  # fmt: skip

Row = list[str | None]


@dataclass(frozen=True)
class Run:
    """Rows that follow one another belong to the same table with the same columns."""

    table: str
    columns: tuple[str, ...]


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0
    lost: str = ""


def recognise(head: Head) -> Kind | None:
    """Statements from the beginning, and rows or a table in the first 64 KiB."""
    text = text_head(head.data)
    if text is None:
        return None
    lead = LEAD.match(text)
    if not FIRST.match(text, lead.end() if lead else 0):
        return None
    if not DATA.search(text) and (head.whole or not TABLE.search(text)):
        return None
    return Kind("sqldump mysql" if MYSQL.search(text) else "sqldump")


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield one table after the other."""
    progress = Progress()
    sheets = Sheets(context.mask)
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        window = Window(stream, mysql=kind.name.endswith("mysql"))
        rows = Dump(window, progress).rows()
        for count, (run, group) in enumerate(groupby(rows, key=lambda pair: pair[0])):
            if count < MOST_RUNS:
                yield from _table(run, (row for _, row in group), context, progress)
            else:
                _gather(run, (row for _, row in group), sheets)
                yield from sheets.full()
            if context.max_rows and progress.read >= context.max_rows:
                break
    yield from sheets.rest()
    yield from progress.rejects
    yield Tally(rows_rejected=progress.unlisted)
    if progress.lost:
        yield Note(progress.lost, "Make the dump again.")


def _table(run: Run, rows: Iterator[Row], context: Context, progress: Progress) -> Iterator[Part]:
    first = next(rows)
    width = min(len(run.columns) or len(first), MOST_COLUMNS)
    names = unique([context.mask(column) for column in run.columns], width)
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    batches = _batches(first, rows, schema, context.max_rows, progress)
    yield Records(pa.RecordBatchReader.from_batches(schema, batches), context.mask(run.table))
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass


def _batches(
    first: Row, rows: Iterator[Row], schema: pa.Schema, most: int | None, progress: Progress
) -> Iterator[pa.RecordBatch]:
    width, size = len(schema), 0
    held: list[Row] = []

    def batch() -> pa.RecordBatch:
        columns = zip(*held, strict=True)
        return pa.RecordBatch.from_arrays(
            [pa.array([None if v is None else clean(v) for v in column], pa.string()) for column in columns],
            schema=schema,
        )

    row: Row | None = first
    while row is not None:
        progress.read += 1
        if len(row) == width or (len(row) > width == MOST_COLUMNS):
            held.append(row[:width])
            size += sum(len(value) for value in row if value) + width
        else:
            _reject(
                progress,
                None,
                f"The row has {counted(len(row), 'value[|s]')} where its table has {counted(width, 'column[|s]')}",
            )
        if len(held) >= BATCH or size >= BATCH_BYTES:
            yield batch()
            held, size = [], 0
        row = None if most and progress.read >= most else next(rows, None)
    if held:
        yield batch()


def _gather(run: Run, rows: Iterator[Row], sheets: Sheets) -> None:
    for row in rows:
        names = unique([sheets.name(column) for column in run.columns], min(len(row), MOST_COLUMNS))
        pairs = [(name, value) for name, value in zip(names, row, strict=False) if value]
        sheets.add(sheets.name(run.table), pairs)


def _reject(progress: Progress, line: int | None, reason: str) -> None:
    if len(progress.rejects) < MOST_REJECTS:
        progress.rejects.append(Reject(line, reason))
    else:
        progress.unlisted += 1


class Dump:
    """Reads statements."""

    def __init__(self, window: Window, progress: Progress) -> None:
        """Begin.

        Args:
            window: The text.
            progress: What is met on the way.
        """
        self._window, self._progress = window, progress
        self._columns: dict[str, tuple[str, ...]] = {}

    def rows(self) -> Iterator[tuple[Run, Row]]:
        """Yield every row of the dump with the table that it belongs to."""
        window, damages = self._window, 0
        while True:
            line = 0
            try:
                window.skip()
                if window.at >= len(window.text):
                    return
                line = window.line
                yield from self._statement()
            except Damage as damage:
                _reject(self._progress, line or None, f"The statement cannot be read: {damage}")
                damages += 1
                if damages > MOST_DAMAGES or not window.resume():
                    self._progress.lost = f"Reading stopped in the statement of line {line:,}: {damage}"
                    return

    def _statement(self) -> Iterator[tuple[Run, Row]]:
        window = self._window
        if window.take("\\"):
            window.row()
            return
        word = window.word()
        if word in ("INSERT", "REPLACE"):
            yield from self._insert()
        elif word == "COPY":
            yield from self._copy()
        elif word == "CREATE":
            self._create()
        elif word == "DELIMITER":
            self._delimited()
        elif word == "GO":
            return
        elif word in ("SET", "USE", "PRINT") and window.batched:
            window.row()
        else:
            window.statement()

    def _insert(self) -> Iterator[tuple[Run, Row]]:
        window = self._window
        while window.peek() in ("INTO", "IGNORE", "LOW_PRIORITY", "DELAYED", "OR", "REPLACE"):
            window.word()
        table = window.name()
        columns = self._columns.get(table.casefold(), ())
        window.skip()
        if window.text.startswith("(", window.at):
            columns = self._listed()
        while (word := window.word()) and word not in ("VALUES", "VALUE"):
            if word in ("SELECT", "DEFAULT", "SET", "WITH"):
                window.statement()
                return
        if not word:
            raise Damage("its values are missing")
        known = self._columns.get(table.casefold(), columns)
        places = _places(columns, known)
        run = Run(table, known if places else columns)
        while window.take("("):
            row = self._row()
            if places and len(row) == len(places):
                wide: Row = [None] * len(known)
                for place, value in zip(places, row, strict=True):
                    wide[place] = value
                row = wide
            yield run, row
            if not window.take(","):
                break
        window.skip()
        if window.text.startswith(";", window.at):
            window.at += 1
        elif window.peek() in ("ON", "RETURNING"):
            window.statement()

    def _row(self) -> Row:
        window = self._window
        row: Row = []
        while True:
            quick = window.quick()
            if quick is not None:
                row.append(quick[0])
                if quick[1] == ")":
                    return row
                continue
            row.append(window.value())
            if window.take(")"):
                return row
            if not window.take(",") or len(row) > 100_000:
                raise Damage("a row has no end")

    def _listed(self) -> tuple[str, ...]:
        window = self._window
        window.take("(")
        names: list[str] = []
        while len(names) < MOST_COLUMNS:
            names.append(window.name())
            if not window.take(","):
                break
        if not window.take(")"):
            raise Damage("the list of columns has no end")
        return tuple(names)

    def _copy(self) -> Iterator[tuple[Run, Row]]:
        window = self._window
        table = window.name()
        columns = self._columns.get(table.casefold(), ())
        window.skip()
        if window.text.startswith("(", window.at):
            columns = self._listed()
        begins = window.word(), window.word()
        window.statement()
        window.row()
        if begins != ("FROM", "STDIN"):
            return
        run = Run(table, columns)
        while (line := window.row()) is not None:
            if line == "\\.":
                return
            yield run, fields(line)
        self._progress.lost = f"The data of the table that line {window.line:,} ends in are cut off"

    def _create(self) -> None:
        window = self._window
        word = window.word()
        for _ in range(4):
            if word in ("TABLE", ""):
                break
            word = window.word()
        if word != "TABLE":
            window.statement()
            return
        while window.peek() in ("IF", "NOT", "EXISTS"):
            window.word()
        table = window.name()
        if window.take("("):
            columns = self._defined()
            if len(self._columns) < MOST_TABLES:
                self._columns[table.casefold()] = columns
        window.statement()

    def _defined(self) -> tuple[str, ...]:
        """Return the names of the columns that a CREATE TABLE defines, and go past its bracket."""
        window = self._window
        names: list[str] = []
        while True:
            window.skip()
            found = window.text[window.at : window.at + 1]
            name = window.name() if found and (found in '"`[' or found.isalpha() or found == "_") else ""
            if name and (name.upper() not in KEYS or found in '"`[') and len(names) < MOST_COLUMNS:
                names.append(name)
            window.value()
            if window.take(")"):
                return tuple(names)
            if not window.take(",") or len(names) > 10 * MOST_COLUMNS:
                raise Damage("its columns have no end")

    def _delimited(self) -> None:
        """Go past procedures and triggers, which stand between two changes of the delimiter."""
        window = self._window
        mark = (window.row() or "").strip()
        while mark != ";" and (line := window.row()) is not None:
            if line[:9].upper() == "DELIMITER":
                mark = line[9:].strip()


def _places(columns: tuple[str, ...], known: tuple[str, ...]) -> list[int]:
    """Return where the listed columns stand among those of the table; empty: as listed."""
    if columns == known:
        return []
    order = {name.casefold(): place for place, name in enumerate(known)}
    places = [order.get(name.casefold(), -1) for name in columns]
    return [] if -1 in places or len(set(places)) < len(places) else places


READER = Reader(
    "sqldump",
    "SQL dumps as text: pg_dump, mysqldump, SQLite's .dump and scripts of INSERT statements; nothing is executed.",
    recognise,
    read,
)
