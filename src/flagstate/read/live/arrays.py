"""Values as stores send them, as Arrow text."""

from __future__ import annotations

import pyarrow as pa


def texts(array: pa.Array, *, replace: bool) -> pa.Array:
    """Return binary values as text; what is no text becomes null, or keeps what is readable of it.

    Args:
        array: Binary values.
        replace: Whether they are texts in a doubtful encoding, not bytes that may be anything.
    """
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([_decoded(value, replace) for value in array.to_pylist()], pa.string())


def _decoded(value: bytes | None, replace: bool) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8", "replace" if replace else "strict")
    except UnicodeDecodeError:
        return None
