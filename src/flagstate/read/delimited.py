"""Delimited texts (CSV and its kin): any usual delimiter, encoding and line end, with or without a header.

The text becomes valid UTF-8 as it streams, so no encoding needs a second file. Rows of another width are rejected with
their number; characters that cannot be decoded are replaced and counted. A text that is only perhaps a table is not
taken for one: prose, code and log lines are left to the reader of texts. Values are never kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.model.counted import counted
from flagstate.read.charset import Utf8, sniff, text_head
from flagstate.read.charset import opened as utf8
from flagstate.read.dialect import Dialect, detect, rows
from flagstate.read.header import Layout, lay_out
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records, Reject, Tally

BLOCK = 4 << 20
MOST_REJECTS = 1000
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    spanning: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0
    stopped: bool = False
    replaced: int = 0
    zeros: int = 0


def recognise(head: Head) -> Kind | None:
    """Rows that one delimiter divides into the same number of values; an empty file is nothing."""
    found = _detected(head)
    if found is None:
        return None
    dialect, encoding = found
    return Kind(f"table {NAMES.get(dialect.delimiter, 'other')}-separated {encoding.removesuffix('-sig')}")


def _detected(head: Head) -> tuple[Dialect, str] | None:
    encoding = sniff(head.data)
    text = text_head(head.data)
    if encoding is None or not text or not text.strip():
        return None
    dialect = detect(text, head.suffix, whole=head.whole)
    return (dialect, encoding) if dialect else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the rows of a delimited text as one table."""
    found = _detected(opened.head)
    if found is None:
        return
    dialect, encoding = found
    first = rows(_beginning(opened, encoding).replace("\r\n", "\n").replace("\r", "\n"), dialect)
    layout = lay_out(first, dialect.width, context.mask)
    progress = Progress()
    schema = pa.schema([pa.field(name, pa.string()) for name in layout.names])
    batches = _batches(opened, dialect, encoding, layout, first, context.max_rows, progress)
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    yield Records(reader, opened.name)
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass
    yield from progress.rejects
    yield Tally(rows_rejected=progress.unlisted)
    yield from _notes(progress, encoding)


def _beginning(opened: Opened, encoding: str) -> str:
    """The first rows as text; more than the head where a row is very long."""
    text = text_head(opened.head.data) or ""
    if opened.head.whole or text.count("\n") + text.count("\r") > 20:
        return text
    with utf8(opened.path, encoding) as stream:
        return stream.read(BLOCK).decode("utf-8", "ignore")


def _notes(progress: Progress, encoding: str) -> Iterator[Note]:
    if progress.stopped:
        yield Note(
            f"Reading stopped after row {progress.read:,}: a row is over {BLOCK >> 20} MiB, or a quote stays open",
            "Export the table again with every quote closed.",
        )
    if progress.spanning:
        yield Note(
            f"{counted(progress.spanning, 'value[ holds|s hold]')} line ends: a quote may be missing, and with it rows",
            "Export the table again with every quote closed.",
        )
    if progress.replaced:
        yield Note(
            counted(progress.replaced, f"character[ is|s are] not valid {encoding} and [was|were] replaced"),
            "Export it as UTF-8.",
        )
    if progress.zeros:
        yield Note(f"{progress.zeros:,} zero characters were left out", "Export the table again.")


def _batches(
    opened: Opened,
    dialect: Dialect,
    encoding: str,
    layout: Layout,
    first: list[list[str]],
    most: int | None,
    progress: Progress,
) -> Iterator[pa.RecordBatch]:
    with utf8(opened.path, encoding) as stream:
        raw = stream.raw
        assert isinstance(raw, Utf8)  # noqa: S101
        raw.carriage = dialect.carriage
        try:
            for batch in _parsed(stream, dialect, layout, first, progress):
                progress.read += batch.num_rows
                yield batch
                if most and progress.read >= most:
                    break
        except pa.ArrowInvalid:
            progress.stopped = True
        progress.replaced, progress.zeros = raw.replaced, raw.zeros


def _parsed(
    stream: BufferedReader, dialect: Dialect, layout: Layout, first: list[list[str]], progress: Progress
) -> Iterator[pa.RecordBatch]:
    """Parse block by block; rows before the data are dropped, rows of another width become rejects."""
    from pyarrow import csv

    def refuse(row: csv.InvalidRow) -> str:
        if row.number is None or row.number > layout.skip or row.actual_columns > 1:
            lines = 1 + (row.text or "").rstrip("\n").count("\n")
            if len(progress.rejects) < MOST_REJECTS:
                reason = (
                    f"The row has {counted(row.actual_columns, 'value[|s]')} where the table has {row.expected_columns}"
                )
                progress.rejects.append(Reject(row.number, reason))
                lines -= 1
            progress.unlisted += lines
        return "skip"

    before = sum(len(row) == dialect.width for row in first[: layout.skip])
    reader = csv.open_csv(
        stream,
        read_options=csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=list(layout.names)),
        parse_options=csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote if dialect.quoted else False,
            newlines_in_values=dialect.quoted,
            invalid_row_handler=refuse,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=False, null_values=[]
        ),
    )
    for batch in reader:
        dropped = min(before, batch.num_rows)
        before -= dropped
        kept = batch.slice(dropped)
        if dialect.quoted and not dialect.multiline:
            progress.spanning += sum(pc.sum(pc.match_substring(column, "\n")).as_py() or 0 for column in kept.columns)
        if kept.num_rows:
            yield kept


READER = Reader(
    "delimited",
    "Tables as text: CSV with any delimiter, encoding and line end, with or without a header.",
    recognise,
    read,
)
