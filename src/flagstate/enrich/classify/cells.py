"""Bytes of one value as compiled code reads them, and what stands for compiled functions until they are made."""

from __future__ import annotations

from typing import Any

import numpy as np

Pointer = Any
"""An address with a type; Python knows none."""
Word = Any
"""A number of 64 bits, unsigned where it is not said."""

LONGEST = np.uint64(64)
"""Bytes of a value that a check reads, without separators; a longer value passes none."""
SEPARATOR = np.array([chr(b) in " -./_" for b in range(256)], np.uint8)
UPPERED = np.array([b - 32 if 97 <= b < 123 else b for b in range(256)], np.uint8)
RAW = np.zeros(1, np.uint8)
N0, N1, N2, N3, N4, N6, N7, N8, N15, N31, N32, N56, N63, N64, N128, N192, N255, N256 = (
    np.uint64(n) for n in (0, 1, 2, 3, 4, 6, 7, 8, 15, 31, 32, 56, 63, 64, 128, 192, 255, 256)
)


def passes(number: Word, text: Pointer, size: Word) -> bool:
    """Whether a text passes a check; the compiled function of `digits` stands here."""
    raise NotImplementedError


def u8(address: Word) -> Pointer:
    """Bytes at an address; the functions of `pointers` stand here and below."""
    raise NotImplementedError


u32 = u64 = i32 = i64 = u8


def copied(text: Pointer, start: Word, stop: Word, buffer: Pointer) -> Word:
    """Copy a value as it stands, special blanks as spaces; return its size, 0 when it is too long or not ASCII."""
    size = N0
    place = start
    while place < stop:
        code = np.uint64(text[place])
        width = N1
        if code >= N128:
            width = blank(text, place, stop)
            code = N32
        if width == N0 or size == LONGEST:
            return np.int64(0)
        place += width
        buffer[size] = code
        size += N1
    return np.int64(size)


def compacted(text: Pointer, start: Word, stop: Word, buffer: Pointer) -> Word:
    """Copy a value without separators, upper case; return its size, 0 when it is too long or not ASCII."""
    size = N0
    place = start
    while place < stop:
        code = np.uint64(text[place])
        if code >= N128:
            width = blank(text, place, stop)
            if width == N0:
                return np.int64(0)
            place += width
            continue
        place += N1
        if SEPARATOR[code]:
            continue
        if size == LONGEST:
            return np.int64(0)
        buffer[size] = UPPERED[code]
        size += N1
    return np.int64(size)


def blank(text: Pointer, place: Word, stop: Word) -> Word:
    """Return the bytes of a no-break space (U+00A0, U+202F) at a place, 0 when there is none."""
    if text[place] == 0xC2 and place + N1 < stop and text[place + N1] == 0xA0:
        return N2
    if text[place] == 0xE2 and place + N2 < stop and text[place + N1] == 0x80 and text[place + N2] == 0xAF:
        return N3
    return N0


def spaced(text: Pointer, place: Word, stop: Word) -> bool:
    """Whether a blank beyond ASCII stands at a place."""
    if place + N1 >= stop:
        return False
    word = np.uint64(text[place]) << N8 | np.uint64(text[place + N1])
    if word == 0xC285 or word == 0xC2A0:
        return True
    if place + N2 >= stop:
        return False
    word = word << N8 | np.uint64(text[place + N2])
    if word == 0xE19A80 or word == 0xE2819F or word == 0xE38080:
        return True
    # U+2000 to U+200A, and four more beside them.
    return bool(0xE28080 <= word <= 0xE2808A or word == 0xE280A8 or word == 0xE280A9 or word == 0xE280AF)
