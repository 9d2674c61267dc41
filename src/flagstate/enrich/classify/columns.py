"""Columns of a table as arrays of text: numbers, dates, structures, lists and documents are unfolded.

What it cannot see: binary columns, and more than MOST leaves of one table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Places = npt.NDArray[np.int64]

MOST = 10_000
"""Leaves of one table that are looked at."""
DEPTH = 12
"""Levels of structures in structures that are unfolded."""


@dataclass(frozen=True)
class Cells:
    """One leaf of one batch as text."""

    name: str
    """Path from the table down: `a`, or `a.b` inside a structure."""
    place: int
    """Place of its column in the table, from 0."""
    kind: str
    """text, whole, real, day, time, flag or clock."""
    values: pa.Array
    """Strings, or a dictionary of strings."""
    rows: Places | None
    """The row of each value; null: one value a row."""


def unfold(batch: pa.RecordBatch) -> Iterator[Cells]:
    """Yield the leaves of a batch as text, in the order of the table."""
    names: dict[str, int] = {}
    count = 0
    for place, field in enumerate(batch.schema):
        seen = names[field.name] = names.get(field.name, 0) + 1
        name = field.name if seen == 1 else f"{field.name} ({seen})"
        for cells in _leaves(Cells(name, place, "", batch.column(place), None), 0):
            yield cells
            count += 1
            if count >= MOST:
                return


def _leaves(cells: Cells, depth: int) -> Iterator[Cells]:
    values = cells.values
    kind = values.type
    if depth > DEPTH:
        return
    if isinstance(kind, pa.BaseExtensionType):
        yield from _leaves(Cells(cells.name, cells.place, "", values.storage, cells.rows), depth + 1)
    elif pa.types.is_dictionary(kind) and _text(kind.value_type):
        yield Cells(cells.name, cells.place, "text", values, cells.rows)
    elif pa.types.is_dictionary(kind):
        yield from _leaves(Cells(cells.name, cells.place, "", values.dictionary_decode(), cells.rows), depth + 1)
    elif pa.types.is_struct(kind):
        for field, inner in zip(kind, values.flatten(), strict=True):
            yield from _leaves(Cells(f"{cells.name}.{field.name}", cells.place, "", inner, cells.rows), depth + 1)
    elif pa.types.is_map(kind):
        entries = pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))
        yield from _leaves(Cells(cells.name, cells.place, "", values.cast(entries), cells.rows), depth + 1)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        parents = pc.list_parent_indices(values).to_numpy(zero_copy_only=False).astype(np.int64)
        rows = parents if cells.rows is None else cells.rows[parents]
        yield from _leaves(Cells(cells.name, cells.place, "", pc.list_flatten(values), rows), depth + 1)
    else:
        texts, name = _texts(values)
        if texts is not None:
            yield Cells(cells.name, cells.place, name, texts, cells.rows)


def _text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def plain(values: pa.Array) -> pa.Array:
    """Return strings, without a dictionary."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def buffers(values: pa.Array) -> tuple[Any, npt.NDArray[np.uint8] | None]:
    """Return where each string begins and the last ends, and the bytes of all; null: there are none."""
    wide = pa.types.is_large_string(values.type)
    _, offsets, data = values.buffers()
    if data is None or not len(values) or not data.size:
        return None, None
    every = np.frombuffer(offsets, np.int64 if wide else np.int32)
    return every[values.offset : values.offset + len(values) + 1], np.frombuffer(data, np.uint8)


def _texts(values: pa.Array) -> tuple[pa.Array | None, str]:
    """The values as strings, and what they were."""
    kind, types = values.type, pa.types
    if _text(kind):
        return values, "text"
    if types.is_string_view(kind) or types.is_null(kind):
        return values.cast(pa.large_string()), "text"
    if types.is_integer(kind):
        return values.cast(pa.string()), "whole"
    if types.is_float16(kind):
        return values.cast(pa.float32()).cast(pa.string()), "real"
    if types.is_floating(kind) or types.is_decimal(kind):
        return values.cast(pa.string()), "real"
    if types.is_boolean(kind):
        return values.cast(pa.string()), "flag"
    if types.is_date(kind):
        return _few(values.cast(pa.date32())), "day"
    if types.is_timestamp(kind):
        return values.cast(pa.timestamp(kind.unit)).cast(pa.string()), "time"
    if types.is_time(kind) or types.is_duration(kind):
        return values.cast(pa.int64()).cast(pa.string()), "clock"
    return None, ""


def _few(values: pa.Array) -> pa.Array:
    """Days as text; there are few different ones, so each is written once."""
    coded = pc.dictionary_encode(values)
    return pa.DictionaryArray.from_arrays(coded.indices, coded.dictionary.cast(pa.string()))
