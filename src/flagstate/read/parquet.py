"""Parquet files, whatever their name says.

Columns keep their types; nested ones are passed on as they are. Damage costs the row groups in which it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from flagstate.errors import EvidenceError
from flagstate.read.header import unique
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records, Tally

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

BATCH = 32_768


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    damaged: bool = False


def recognise(head: Head) -> Kind | None:
    """The magic number PAR1; PARE is encrypted."""
    if head.data.startswith(b"PARE"):
        return Kind(
            "parquet encrypted", "its footer is encrypted", "Export it without encryption, or as another format."
        )
    return Kind("parquet") if head.data.startswith(b"PAR1") and head.size > 8 else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the rows of the file as one table.

    Raises:
        EvidenceError: The footer, which says where everything is, is damaged or missing.
    """
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(opened.path, memory_map=False)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EvidenceError(
            "The Parquet file cannot be read", why="its footer is damaged or missing", todo="Copy or export it again."
        ) from error
    with file:
        progress = Progress()
        names = unique([context.mask(name) for name in schema.names], len(schema.names))
        renamed = pa.schema([pa.field(name, _type(schema.field(at).type)) for at, name in enumerate(names)])
        batches = _batches(file, renamed, context.max_rows, progress)
        reader = pa.RecordBatchReader.from_batches(renamed, batches)
        yield Records(reader, opened.name)
        for _ in batches:  # a consumer that stopped early must not make the counts wrong
            pass
        expected = file.metadata.num_rows
    lost = max(0, expected - progress.read) if progress.damaged else 0
    yield Tally(rows_rejected=lost)
    if progress.damaged:
        yield Note(f"The file is damaged: {progress.read:,} of {expected:,} rows were read", "Copy or export it again.")


def _type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(type_):
        return _type(type_.value_type)
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_):
        return pa.binary()
    if pa.types.is_decimal(type_) or pa.types.is_float16(type_) or pa.types.is_string_view(type_):
        return pa.string()
    return type_


def _batches(file: ParquetFile, schema: pa.Schema, most: int | None, progress: Progress) -> Iterator[pa.RecordBatch]:
    for group in range(file.metadata.num_row_groups):
        try:
            for batch in file.iter_batches(BATCH, row_groups=[group], use_threads=False):
                columns = [_valid(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
                progress.read += batch.num_rows
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
                if most and progress.read >= most:
                    return
        except (pa.ArrowException, OSError, ValueError, NotImplementedError):
            progress.damaged = True


def _valid(column: pa.Array, to: pa.DataType) -> pa.Array:
    """The column in its new type; text is checked, because Parquet does not promise valid UTF-8."""
    column = column if column.type.equals(to) else column.cast(to)
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        if not pa.types.is_string(to):
            raise
        repaired = [
            None if raw is None else raw.decode("utf-8", "replace") for raw in column.cast(pa.binary()).to_pylist()
        ]
        return pa.array(repaired, to)
    return column


READER = Reader("parquet", "Parquet files, whatever their name says.", recognise, read)
