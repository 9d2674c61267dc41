"""JSON documents inside text columns: their leaves become columns of their own, named by their path.

What it cannot see: documents above LARGEST bytes, levels below DEPTH, and the names of more than PATHS leaves (those
are looked at together, as `path.*`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog.mask import mask
from flagstate.enrich.classify.columns import Cells, Places, buffers, plain

LARGEST = 1 << 20
"""Bytes of one document."""
TOTAL = 64 << 20
"""Bytes of documents of one column in one batch."""
DEPTH = 12
PATHS = 200
"""Paths of one column."""

_OPENERS = np.zeros(256, np.uint8)
_OPENERS[list(b"{[")] = 1
_DECODER = msgspec.json.Decoder()


@dataclass
class _Leaf:
    texts: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def heads(values: pa.Array) -> tuple[int, int]:
    """Return the bytes of the longest value, and how many values may be documents by their first character.

    Args:
        values: Strings, or a dictionary of strings.
    """
    from flagstate.enrich.classify import sample

    offsets, data = buffers(values.dictionary if pa.types.is_dictionary(values.type) else values)
    return (0, 0) if data is None else sample.heads(offsets, data, _OPENERS)


def begun(values: pa.Array) -> Places:
    """Return the places of the values that may be documents: they begin with a bracket or a brace."""
    ends, data = buffers(values)
    if data is None:
        return np.empty(0, np.int64)
    first = data[np.minimum(ends[:-1], data.size - 1)]
    return np.flatnonzero((_OPENERS[first] > 0) & (ends[1:] - ends[:-1] > 2))


def unfold(cells: Cells, known: set[str], opening: int) -> list[Cells]:
    """Return a column without its documents, and then the leaves of these.

    Args:
        cells: A column; any but text is returned as it is.
        known: Paths of this column that were seen before; new ones are added, up to PATHS.
        opening: How many of its values may be documents, or of its entries; from `heads`.
    """
    if cells.kind != "text" or not opening:
        return [cells]
    cells = replace(cells, values=plain(cells.values))
    places = begun(cells.values)
    if not len(places):
        return [cells]
    leaves: dict[str, _Leaf] = {}
    left = TOTAL
    parsed = np.zeros(len(cells.values), np.bool_)
    documents = cells.values.take(pa.array(places)).cast(pa.large_binary())
    for place, document in zip(places.tolist(), documents, strict=True):
        raw = document.as_buffer()
        if raw is None or raw.size > LARGEST or raw.size > left:
            continue
        left -= raw.size
        try:
            made = _DECODER.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            continue
        if isinstance(made, dict | list):
            row = place if cells.rows is None else int(cells.rows[place])
            _walk(made, cells.name, row, 0, leaves=leaves, known=known)
            parsed[place] = True
    if not parsed.any():
        return [cells]
    rest = pc.if_else(pa.array(parsed), pa.scalar(None, cells.values.type), cells.values)
    found = [Cells(cells.name, cells.place, "text", rest, cells.rows)]
    for name, leaf in leaves.items():
        rows = np.asarray(leaf.rows, np.int64)
        found.append(Cells(name, cells.place, "text", pa.array(leaf.texts, pa.string()), rows))
    return found


def _walk(value: object, path: str, row: int, depth: int, *, leaves: dict[str, _Leaf], known: set[str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if depth < DEPTH:
                _walk(inner, _path(path, str(key), known), row, depth + 1, leaves=leaves, known=known)
    elif isinstance(value, list):
        for inner in value:
            if depth < DEPTH:
                _walk(inner, path, row, depth + 1, leaves=leaves, known=known)
    elif value is not None:
        leaf = leaves.setdefault(path, _Leaf())
        leaf.texts.append(value if isinstance(value, str) else str(value))
        leaf.rows.append(row)


def _path(path: str, key: str, known: set[str]) -> str:
    """The path of a member; keys are masked, since some documents use values as keys."""
    made = f"{path}.{mask(key)}" if len(key) <= 60 else f"{path}.*"
    if made in known:
        return made
    if len(known) >= PATHS:
        return path if path.endswith(".*") else f"{path}.*"
    known.add(made)
    return made
