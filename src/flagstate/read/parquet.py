"""Parquet files, whatever their name says.

Columns keep their types; nested ones are passed on as they are, and texts of few distinct values as dictionaries.
Damage costs the row groups in which it stands. Batches are as long as some MiB allow, however wide the rows are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from flagstate.errors import EvidenceError
from flagstate.read.header import unique
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records, Tally

if TYPE_CHECKING:
    from pyarrow.parquet import ColumnChunkMetaData, ParquetFile

BATCH = 65_536
BATCH_BYTES = 32 << 20
"""Bytes of a batch when it is decoded, about."""
BUFFER = 1 << 20
"""Bytes of a column that are read ahead; else a whole row group would be."""
FEW = 3.0
"""Bytes per value, up to which a column of texts is taken for a dictionary with short codes."""
REPEATED = 0.6
"""Share of distinct values, up to which a dictionary is worth its while."""
CODE = 2.0
"""Bytes of a code, about."""


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
        file = parquet.ParquetFile(opened.path, memory_map=False, buffer_size=BUFFER, pre_buffer=False)
        if coded := _coded(file):
            file.close()
            file = parquet.ParquetFile(
                opened.path, memory_map=False, buffer_size=BUFFER, pre_buffer=False, read_dictionary=coded
            )
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EvidenceError(
            "The Parquet file cannot be read", why="its footer is damaged or missing", todo="Copy or export it again."
        ) from error
    with file:
        progress = Progress()
        names = unique([context.mask(name) for name in schema.names], len(schema.names))
        texts = set(coded)
        kinds = [kind.type if kind.name in texts else _type(kind.type) for kind in schema]
        renamed = pa.schema([pa.field(name, kind) for name, kind in zip(names, kinds, strict=True)])
        batches = _batches(file, renamed, context.max_rows, progress)
        reader = pa.RecordBatchReader.from_batches(renamed, batches)
        yield Records(reader, opened.name)
        for _ in batches:  # a consumer that stopped early must not make the counts wrong
            pass
        expected = file.metadata.num_rows
    lost = max(0, expected - progress.read) if progress.damaged else 0
    yield Tally(rows_rejected=lost)
    if not progress.damaged and not context.max_rows and progress.read != expected:
        yield Note(
            f"The footer claims {expected:,} rows, and {progress.read:,} are there", "Export it again.", lost=True
        )
    if progress.damaged:
        yield Note(f"The file is damaged: {progress.read:,} of {expected:,} rows were read", "Copy or export it again.")


def _coded(file: ParquetFile) -> list[str]:
    """Columns of texts that every row group holds as codes of a dictionary that is smaller than a batch."""
    meta, schema = file.metadata, file.schema_arrow
    if not 0 < meta.num_row_groups <= 1_000:
        return []
    flat = {kind.name for kind in schema if pa.types.is_string(kind.type)}
    found: list[str] = []
    for at in range(meta.num_columns):
        name = meta.row_group(0).column(at).path_in_schema
        if name not in flat or schema.names.count(name) > 1:
            continue
        chunks = [meta.row_group(group).column(at) for group in range(meta.num_row_groups)]
        if all(map(_repeats, chunks)):
            found.append(name)
    return found


def _repeats(chunk: ColumnChunkMetaData) -> bool:
    """Whether values repeat so much that reading them as a dictionary is less work; a footer that lies costs time."""
    size, count = chunk.total_uncompressed_size, chunk.num_values
    if not chunk.has_dictionary_page or size < 0 or count <= 0:
        return False
    if size <= FEW * count and count <= 2 * BATCH:
        return True
    # An entry is its text and four bytes of length.
    entries = max(0.0, size - CODE * count) / (_length_of(chunk) + 4)
    return bool(entries <= REPEATED * min(count, BATCH))


def _length_of(chunk: ColumnChunkMetaData) -> float:
    """Bytes of a value, as far as statistics tell; without them it is taken for a short one."""
    try:
        known = chunk.statistics
        return (len(known.min) + len(known.max)) / 2 if known is not None and known.has_min_max else 0.0
    except (pa.ArrowException, ValueError, TypeError, NotImplementedError, OSError):
        return 0.0


def _length(file: ParquetFile, group: int) -> int:
    """Rows of a batch, by what the footer says of the size of a row; it may lie, so both ends are bounded."""
    meta = file.metadata.row_group(group)
    row = int(max(1, meta.total_byte_size) // max(1, meta.num_rows))
    return max(64, min(BATCH, BATCH_BYTES // max(1, row)))


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
            for batch in file.iter_batches(_length(file, group), row_groups=[group], use_threads=False):
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
    if pa.types.is_string(to) and _ascii(column):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        if pa.types.is_dictionary(to):
            return pa.DictionaryArray.from_arrays(column.indices, _valid(column.dictionary, pa.string()))
        if not pa.types.is_string(to):
            raise
        repaired = [
            None if raw is None else raw.decode("utf-8", "replace") for raw in column.cast(pa.binary()).to_pylist()
        ]
        return pa.array(repaired, to)
    return column


def _ascii(column: pa.Array) -> bool:
    """Whether all bytes of a column of texts, as the decoder laid them out, are ASCII: then they are valid."""
    data = column.buffers()[2]
    return data is None or not data.size or int(np.frombuffer(data, np.uint8).max()) < 128


READER = Reader("parquet", "Parquet files, whatever their name says.", recognise, read)
