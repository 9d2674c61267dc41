"""Walks the blocks of a pcapng file, compiled: sections, interfaces, packets, and what statistics say was dropped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.records import (
    AT,
    BASE,
    BATCH,
    BIG,
    BLOCKS,
    DAMAGED,
    DROPPED,
    ENDED,
    FACES,
    FIRST_DAMAGE,
    LAST_SEC,
    LOST,
    RECORDS,
    SECTIONS,
    TORN,
    Packets,
    u16,
    u32,
)

SECTION, MAGIC = 0x0A0D0D0A, 0x1A2B3C4D
INTERFACE, OLD, SIMPLE, NAMES, STATISTICS, ENHANCED = range(1, 7)
KNOWN = 0x0BAD
"""Blocks of vendors have this in their type."""
MOST_FACES = 4096
"""Interfaces of all sections together that are told apart; more share the last."""
LATEST_US = 253_402_300_799_000_000
"""Last microsecond of the year 9999."""


class Faces(NamedTuple):
    """The interfaces."""

    link: npt.NDArray[np.int64]
    snap: npt.NDArray[np.int64]
    resolution: npt.NDArray[np.int64]
    """Digits behind the second; from 128 on, binary digits."""
    offset: npt.NDArray[np.int64]
    """Seconds that are added to its times."""
    dropped: npt.NDArray[np.int64]
    """Packets that statistics say were dropped."""


def faces() -> Faces:
    """Return room for the interfaces."""
    return Faces(*(np.zeros(MOST_FACES, np.int64) for _ in range(5)))


@part
def long(buf: Array, at: Array, big: Array) -> Array:
    """Eight bytes as a number; what is too large is the largest."""
    first, second = u32(buf, at, big), u32(buf, at + 4, big)
    high, low = (first, second) if big else (second, first)
    return (1 << 62) if high >= (1 << 30) else (high << 32) | low


@part
def fits(buf: Array, at: Array, big: Array) -> Array:
    """Return the size of the block that stands here; 0: none does."""
    size = len(buf)
    if at + 12 > size:
        return 0
    if u32(buf, at, 0) == SECTION:
        big = np.int64(1 if u32(buf, at + 8, 1) == MAGIC else 0)
        if u32(buf, at + 8, big) != MAGIC:
            return 0
    length = u32(buf, at + 4, big)
    if length < 12 or length & 3 or at + length > size or u32(buf, at + length - 4, big) != length:
        return 0
    return length


@part
def moved(buf: Array, at: Array, state: Array) -> Array:
    """Return where the next block stands behind damage, or the end."""
    start, size = at, len(buf)
    state[DAMAGED] += 1
    if state[FIRST_DAMAGE] < 0:
        state[FIRST_DAMAGE] = at
    at += 1
    while at + 12 <= size:
        kind = u32(buf, at, state[BIG])
        if (kind <= 12 or kind == SECTION or kind & 0xFFFF == KNOWN) and kind and fits(buf, at, state[BIG]):
            break
        at += 1
    if at + 12 > size:
        at = size
    state[LOST] += at - start
    return at


@part
def described(buf: Array, at: Array, length: Array, state: Array, made: Faces) -> None:
    """Take a description of an interface."""
    big, face = state[BIG], min(state[FACES], MOST_FACES - 1)
    if length < 20:
        return
    made.link[face], made.snap[face] = u16(buf, at + 8, big), u32(buf, at + 12, big)
    made.resolution[face], made.offset[face], made.dropped[face] = 6, 0, 0
    option, stop = at + 16, at + length - 4
    while option + 4 <= stop:
        code, size = u16(buf, option, big), u16(buf, option + 2, big)
        if code == 0 or option + 4 + size > stop:
            break
        if code == 9 and size >= 1:
            made.resolution[face] = np.int64(buf[option + 4])
        elif code == 14 and size == 8:
            given = long(buf, option + 4, big)
            made.offset[face] = given if given < (1 << 40) else 0
        option += 4 + ((size + 3) & ~3)
    state[FACES] += 1


@part
def counted(buf: Array, at: Array, length: Array, state: Array, made: Faces) -> None:
    """Take statistics of an interface: the largest count of dropped packets is the last."""
    big = state[BIG]
    if length < 24:
        return
    face = min(state[BASE] + u32(buf, at + 8, big), MOST_FACES - 1)
    option, stop, dropped = at + 20, at + length - 4, np.int64(0)
    while option + 4 <= stop:
        code, size = u16(buf, option, big), u16(buf, option + 2, big)
        if code == 0 or option + 4 + size > stop:
            break
        if code in (5, 7) and size == 8:
            given = long(buf, option + 4, big)
            # All bits set: the tool does not know.
            dropped += given if given < (1 << 48) else 0
        option += 4 + ((size + 3) & ~3)
    made.dropped[face] = max(made.dropped[face], dropped)


@part
def timed(high: Array, low: Array, resolution: Array, offset: Array) -> Array:
    """Return a time in microseconds since 1970; -1: it is no time that we know."""
    if high >= (1 << 31):
        return np.int64(-1)
    ticks = (high << 32) | low
    if resolution & 128:
        bits = min(resolution & 127, 62)
        whole, rest = ticks >> bits, ticks & ((1 << bits) - 1)
        if bits > 40:
            rest, bits = rest >> (bits - 40), 40
        if whole > (1 << 38):
            return np.int64(-1)
        us = whole * 1_000_000 + ((rest * 1_000_000) >> bits)
    elif resolution <= 6:
        factor = np.int64(1)
        for _ in range(6 - resolution):
            factor *= 10
        if ticks > LATEST_US // factor:
            return np.int64(-1)
        us = ticks * factor
    else:
        us = ticks
        for _ in range(min(resolution, 24) - 6):
            us //= 10
    us += offset * 1_000_000
    return us if 0 <= us <= LATEST_US else np.int64(-1)


@part
def packed(
    buf: Array, at: Array, length: Array, kind: Array, state: Array, made: Faces, out: Packets, n: Array
) -> Array:
    """Take the packet of a block into place n; returns whether there was one."""
    big = state[BIG]
    if length < (16 if kind == SIMPLE else 32):
        return 0
    if kind == SIMPLE:
        face, data, wire = state[BASE], at + 12, u32(buf, at + 8, big)
        snap = made.snap[min(face, MOST_FACES - 1)]
        cap, us = wire, state[LAST_SEC]
        if snap:
            cap = min(wire, snap)
    else:
        data, cap, wire = at + 28, u32(buf, at + 20, big), u32(buf, at + 24, big)
        face = state[BASE] + (u32(buf, at + 8, big) if kind == ENHANCED else u16(buf, at + 8, big))
        if kind == OLD and u16(buf, at + 10, big) != 0xFFFF:
            state[DROPPED] += u16(buf, at + 10, big)
        place = min(face, MOST_FACES - 1)
        us = timed(u32(buf, at + 12, big), u32(buf, at + 16, big), made.resolution[place], made.offset[place])
    known = face < state[FACES]
    face = min(face, MOST_FACES - 1)
    cap = min(cap, at + length - 4 - data)
    if us >= 0:
        state[LAST_SEC] = us
    out.at[n], out.cap[n], out.wire[n], out.us[n] = data, cap, max(cap, min(wire, 1 << 28)), us
    out.link[n] = made.link[face] if known else -1
    state[RECORDS] += 1
    return 1


@part
def blocks(buf: Array, state: Array, made: Faces, out: Packets) -> Array:
    """Fill a batch with packets of a pcapng file; returns how many."""
    at, size, count = state[AT], len(buf), 0
    while count < BATCH:
        if at >= size:
            state[ENDED] = 1
            break
        length = fits(buf, at, state[BIG])
        if not length:
            kind = u32(buf, at, state[BIG]) if at + 32 <= size else np.int64(0)
            after = moved(buf, at, state)
            if after == size:
                # Nothing follows: the last block is cut, and its beginning may hold a packet.
                state[DAMAGED] -= 1
                state[LOST] -= after - at
                state[TORN] += 1
                if state[FIRST_DAMAGE] == at:
                    state[FIRST_DAMAGE] = -1
                if kind == ENHANCED and u32(buf, at + 4, state[BIG]) > size - at:
                    count += packed(buf, at, size - at + 4, kind, state, made, out, count)
            at = after
            continue
        kind = u32(buf, at, state[BIG])
        if u32(buf, at, 0) == SECTION:
            state[BIG] = 1 if u32(buf, at + 8, 1) == MAGIC else 0
            state[BASE] = min(state[FACES], MOST_FACES - 1)
            state[FACES] = state[BASE]
            state[SECTIONS] += 1
        elif kind == INTERFACE:
            described(buf, at, length, state, made)
        elif kind == STATISTICS:
            counted(buf, at, length, state, made)
        elif kind in (ENHANCED, SIMPLE, OLD):
            count += packed(buf, at, length, kind, state, made, out, count)
        state[BLOCKS] += 1
        at += length
    state[AT] = at
    return count
