"""The names of the columns of a Parquet file, from its beginning and its end: how logs kept as Parquet are told."""

from __future__ import annotations

import pyarrow as pa

from flagstate.read.part import Head

MAGIC = b"PAR1"


def columns(head: Head) -> list[str] | None:
    """Return the names of the columns of a Parquet file; null: it is none, or the footer is damaged or too large.

    Args:
        head: Beginning and end of an artefact; a footer that begins before that end is not seen.
    """
    end = head.data if head.whole else head.tail
    if not head.data.startswith(MAGIC) or not end.endswith(MAGIC):
        return None
    size = int.from_bytes(end[-8:-4], "little") + 8
    if size > len(end):
        return None
    from pyarrow import parquet

    try:
        names: list[str] = parquet.read_schema(pa.BufferReader(MAGIC + end[-size:])).names
    except (pa.ArrowException, OSError, ValueError):
        return None
    return names
