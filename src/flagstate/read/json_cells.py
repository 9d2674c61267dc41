"""Cells of JSON as columns of text, compiled: escapes are undone while the bytes are copied."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

JIT: Any = numba.njit
"""It knows `_nrt=False`: nothing is allocated, and counting references would take most of the time."""

Array = Any
"""Arrays and numbers of types that the compiler finds out."""


def column(buf: npt.NDArray[np.uint8], cells: npt.NDArray[np.int64]) -> pa.Array:
    """Return the cells of one column as text; -1 is null.

    Args:
        buf: The block in which the cells stand.
        cells: Place, size and form of each, as the walk notes them.
    """
    filled = cells >= 0
    sizes = np.where(filled, (cells & 0xFFFFFFFF) >> 2, 0)
    out = np.empty(int(sizes.sum()), np.uint8)
    offsets = np.zeros(len(cells) + 1, np.int32)
    used = copied(buf, cells, out, offsets)
    bits = None if filled.all() else pa.py_buffer(np.packbits(filled, bitorder="little"))
    return pa.StringArray.from_buffers(len(cells), pa.py_buffer(offsets), pa.py_buffer(out[:used]), bits)


def _compiled(function: Array) -> Array:
    return JIT(cache=True, nogil=True, boundscheck=False, error_model="numpy", _nrt=False)(function)


def _hex_(buf: Array, at: int, end: int) -> Array:
    """The number that four hexadecimal digits at a place say, or -1."""
    if at + 4 > end:
        return -1
    made = 0
    for place in range(at, at + 4):
        byte = buf[place]
        if 48 <= byte <= 57:
            digit = byte - 48
        elif 65 <= byte <= 70:
            digit = byte - 55
        elif 97 <= byte <= 102:
            digit = byte - 87
        else:
            return -1
        made = made * 16 + digit
    return made


def _letter_(out: Array, to: int, code: int) -> Array:
    """Write a character as UTF-8; returns the place behind it."""
    if code < 0x80:
        out[to] = code
        return to + 1
    if code < 0x800:
        out[to], out[to + 1] = 0xC0 | (code >> 6), 0x80 | (code & 63)
        return to + 2
    if code < 0x10000:
        out[to], out[to + 1], out[to + 2] = 0xE0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)
        return to + 3
    out[to], out[to + 1] = 0xF0 | (code >> 18), 0x80 | ((code >> 12) & 63)
    out[to + 2], out[to + 3] = 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)
    return to + 4


four = _compiled(_hex_)
letter = _compiled(_letter_)


def _escape_(buf: Array, at: int, end: int, out: Array, to: int, raw: bool) -> tuple[Array, Array]:
    """Undo the escape at a place; returns the places behind it here and there. JSON text keeps what it needs."""
    sign = buf[at + 1] if at + 1 < end else 92
    code = four(buf, at + 2, end) if sign == 117 else -1
    if code >= 0:
        size = 6
        if 0xD800 <= code < 0xDC00 and at + 7 < end and buf[at + 6] == 92 and buf[at + 7] == 117:
            low = four(buf, at + 8, end)
            if 0xDC00 <= low < 0xE000:
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                size = 12
        if 0xD800 <= code < 0xE000:
            code = 0xFFFD
        if raw and (code < 32 or code == 34 or code == 92):
            for place in range(size):
                out[to + place] = buf[at + place]
            return at + size, to + size
        return at + size, letter(out, to, code) if code else to
    if raw and sign != 47:
        out[to], out[to + 1] = 92, sign
        return at + 2, to + 2
    plain = sign
    if sign == 110:
        plain = 10
    elif sign == 116:
        plain = 9
    elif sign == 114:
        plain = 13
    elif sign == 98:
        plain = 8
    elif sign == 102:
        plain = 12
    out[to] = plain
    return at + 2, to + 1


escape = _compiled(_escape_)


def _copied_(buf: Array, cells: Array, out: Array, offsets: Array) -> Array:
    """Copy all cells of a column one after the other; returns how many bytes there are."""
    to = 0
    for row in range(len(cells)):
        offsets[row] = to
        cell = cells[row]
        if cell < 0:
            continue
        at = cell >> 32
        form = cell & 3
        end = at + ((cell & 0xFFFFFFFF) >> 2)
        if form == 0:
            for place in range(at, end):
                out[to] = buf[place]
                to += 1
            continue
        while at < end:
            if buf[at] == 92:
                at, to = escape(buf, at, end, out, to, form == 2)
            else:
                out[to] = buf[at]
                at, to = at + 1, to + 1
    offsets[len(cells)] = to
    return to


copied = _compiled(_copied_)
