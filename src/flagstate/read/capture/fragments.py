"""Puts fragments of IP together, compiled, within bounds: what comes first wins where they overlap."""

from __future__ import annotations

import numpy as np

from flagstate.read.capture.carriers import AT, BASE, D_HI, D_LO, DONE_AT, END, FULL, NOW, S_HI, S_LO
from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.table import ARENA, DATAGRAMS, FRAGMENTS, INCOMPLETE

ENTRIES, PIECES = 1024, 64
"""Datagrams that wait for fragments at once, and fragments of each."""
IDENT, SRC_HI, SRC_LO, DST_HI, DST_LO, TOTAL, GOT, COUNT, SINCE, ENTRY = range(10)
OFFSET, SIZE, SPOT, PIECE = range(4)
"""Of a piece: offset in the datagram, bytes, and where they stand."""
TIMEOUT_US = 60_000_000
LARGEST = 65_535
ARENA_AT = 1 << 56
"""What is added to a position in the arena, to tell it from one in the file."""


@part
def gathered(buf: Array, cur: Array, room: Array, ident: Array, offset: Array, more: Array) -> Array:
    """Take a fragment; returns whether its datagram is whole and stands in the arena, its size in the cursor.

    Args:
        buf: Where the fragment stands.
        cur: At its first byte behind the header of IP.
        room: All tables.
        ident: Protocol and identification.
        offset: Bytes before it in the datagram.
        more: Whether more follow.
    """
    room.counts[FRAGMENTS] += 1
    at, size = cur[AT], min(cur[END], cur[FULL]) - cur[AT]
    if cur[FULL] > cur[END] or size <= 0 or offset + size > LARGEST or cur[BASE] >= ARENA_AT:
        # Without all of its bytes, or within another datagram that was put together, it cannot be whole.
        return False
    mixed = (ident * np.int64(0x9E3779B97F4A7C1)) ^ (cur[S_LO] * np.int64(-4658895280553007687)) ^ cur[D_LO]
    place = ((mixed >> 23) ^ mixed) & (ENTRIES - 1)
    entry = room.entries[place]
    same = entry[COUNT] > 0 and entry[IDENT] == ident and entry[SRC_HI] == cur[S_HI] and entry[SRC_LO] == cur[S_LO]
    same = same and entry[DST_HI] == cur[D_HI] and entry[DST_LO] == cur[D_LO]
    if not same or abs(cur[NOW] - entry[SINCE]) > TIMEOUT_US:
        room.counts[INCOMPLETE] += entry[COUNT] > 0
        entry[IDENT], entry[SRC_HI], entry[SRC_LO], entry[DST_HI] = ident, cur[S_HI], cur[S_LO], cur[D_HI]
        entry[DST_LO], entry[TOTAL], entry[GOT], entry[COUNT], entry[SINCE] = cur[D_LO], -1, 0, 0, cur[NOW]
    if entry[COUNT] >= PIECES:
        return False
    piece = room.pieces[place, entry[COUNT]]
    piece[OFFSET], piece[SIZE], piece[SPOT] = offset, size, at
    entry[COUNT] += 1
    entry[GOT] += size
    if not more:
        entry[TOTAL] = offset + size
    if entry[TOTAL] < 0 or entry[GOT] < entry[TOTAL]:
        return False
    if not joined(buf, cur, room, place, entry):
        return False
    entry[COUNT] = 0
    room.counts[DATAGRAMS] += 1
    return True


@part
def joined(buf: Array, cur: Array, room: Array, place: Array, entry: Array) -> Array:
    """Copy the pieces of a datagram in order; returns whether none is missing and there was room."""
    base, done, total = room.used[ARENA], np.int64(0), entry[TOTAL]
    if base + total > len(room.arena):
        return False
    for _ in range(PIECES):
        moved = False
        for number in range(entry[COUNT]):
            piece = room.pieces[place, number]
            stop = min(piece[OFFSET] + piece[SIZE], total)
            if piece[OFFSET] <= done < stop:
                spot = piece[SPOT] - piece[OFFSET]
                for byte in range(done, stop):
                    room.arena[base + byte] = buf[spot + byte]
                done = stop
                moved = True
        if done >= total:
            cur[DONE_AT] = base + total
            return True
        if not moved:
            return False
    return False
