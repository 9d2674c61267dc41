"""TCP as Zeek sees it, compiled: states of both ends, bytes by sequence numbers, and what is missing of them."""

from __future__ import annotations

import numpy as np

from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.table import (
    A0,
    ACKED,
    B0,
    CLOSED,
    ESTABLISHED,
    FIN,
    INACTIVE,
    LOOKED,
    MISSED,
    NEXT,
    PARTIAL,
    RESET,
    SIDE,
    START,
    STATE,
    SYN_ACK_SENT,
    SYN_SENT,
    TOP,
    WIDTH,
)

F_FIN, F_SYN, F_RST, F_ACK = 1, 2, 4, 16
FAR = 1 << 30
"""Bytes that a window may span at most (RFC 7323); what is further away belongs to no stream."""
STRETCHES = 3


@part
def apart(number: Array, other: Array) -> Array:
    """How far a sequence number is ahead of another, around the end of 32 bits."""
    gap = (number - other) & 0xFFFFFFFF
    return gap - (1 << 32) if gap & 0x80000000 else gap


@part
def updated(row: Array, side: Array, seq: Array, ack: Array, flags: Array, size: Array) -> Array:
    """Take a segment; returns its place in the stream, from 1 on, or -1 where it belongs to none.

    Args:
        row: The connection.
        side: Column at which the side of the sender begins.
        seq: Its sequence number.
        ack: What it acknowledges.
        flags: Its flags.
        size: Bytes of payload.
    """
    other = SIDE + WIDTH if side == SIDE else SIDE
    if row[side + TOP] == 0:
        row[side + START] = seq if flags & F_SYN else seq - 1
        row[side + TOP] = row[side + NEXT] = 1
    stated(row, side, other, flags)
    if flags & F_SYN:
        row[side + LOOKED] |= 2
    if flags & F_ACK and not flags & F_RST:
        acknowledged(row, other, ack)
    if flags & F_RST:
        return -1
    begin = seq + 1 if flags & F_SYN else seq
    rel = row[side + TOP] + apart(begin, row[side + START] + row[side + TOP])
    if abs(rel - row[side + TOP]) > FAR:
        return -1
    if size:
        covered(row, side, max(rel, 1), rel + size)
    if flags & F_FIN and not row[side + FIN]:
        row[side + FIN] = rel + size
        row[side + TOP] = max(row[side + TOP], rel + size + 1)
    return rel


@part
def stated(row: Array, side: Array, other: Array, flags: Array) -> None:
    """Change the states of both ends as Zeek does."""
    mine, theirs = row[side + STATE], row[other + STATE]
    if mine == CLOSED and theirs == CLOSED:
        return
    if flags & F_RST:
        row[side + STATE] = RESET
    elif flags & F_FIN:
        if mine != RESET:
            row[side + STATE] = CLOSED
    elif flags & F_SYN:
        if flags & F_ACK:
            if theirs in (SYN_SENT, ESTABLISHED) and mine in (INACTIVE, SYN_ACK_SENT):
                row[side + STATE] = row[other + STATE] = ESTABLISHED
            elif mine == INACTIVE:
                row[side + STATE] = SYN_ACK_SENT
        elif mine == INACTIVE:
            row[side + STATE] = SYN_SENT
    elif mine == INACTIVE:
        row[side + STATE] = PARTIAL
    elif mine in (SYN_SENT, SYN_ACK_SENT):
        row[side + STATE] = ESTABLISHED


@part
def acknowledged(row: Array, other: Array, ack: Array) -> None:
    """Take what one end says it got from the other."""
    if row[other + TOP] == 0:
        # The other end was never seen: what was acknowledged before is not ours to count.
        row[other + START] = ack - 1
        row[other + TOP] = row[other + NEXT] = row[other + ACKED] = 1
        return
    known = max(row[other + TOP], row[other + ACKED])
    rel = known + apart(ack, row[other + START] + known)
    if row[other + ACKED] < rel <= known + FAR:
        row[other + ACKED] = rel


@part
def covered(row: Array, side: Array, begin: Array, end: Array) -> None:
    """Note that bytes were seen; what came early waits as a stretch, and with too many of them a gap is given up."""
    row[side + TOP] = max(row[side + TOP], end)
    if begin > row[side + NEXT]:
        begin, end = widened(row, side, begin, end)
        free: Array = np.int64(-1)
        for number in range(STRETCHES):
            if row[side + A0 + 2 * number] == 0:
                free = number
        if free < 0:
            given_up(row, side)
            if begin > row[side + NEXT]:
                for number in range(STRETCHES):
                    if row[side + A0 + 2 * number] == 0:
                        free = number
        if begin > row[side + NEXT]:
            row[side + A0 + 2 * free], row[side + B0 + 2 * free] = begin, end
            return
    row[side + NEXT] = max(row[side + NEXT], end)
    followed(row, side)


@part
def widened(row: Array, side: Array, begin: Array, end: Array) -> Array:
    """Join a stretch with those that it touches; they are taken away."""
    for _ in range(STRETCHES):
        for number in range(STRETCHES):
            start, stop = side + A0 + 2 * number, side + B0 + 2 * number
            if row[start] and row[start] <= end and begin <= row[stop]:
                begin, end = min(begin, row[start]), max(end, row[stop])
                row[start] = row[stop] = 0
    return begin, end


@part
def followed(row: Array, side: Array) -> None:
    """Go on over stretches that now follow without a gap."""
    for _ in range(STRETCHES):
        for number in range(STRETCHES):
            start, stop = side + A0 + 2 * number, side + B0 + 2 * number
            if row[start] and row[start] <= row[side + NEXT]:
                row[side + NEXT] = max(row[side + NEXT], row[stop])
                row[start] = row[stop] = 0


@part
def given_up(row: Array, side: Array) -> None:
    """Count the gap before the lowest stretch as missed, and go on behind it."""
    lowest = np.int64(1 << 62)
    for number in range(STRETCHES):
        if row[side + A0 + 2 * number]:
            lowest = min(lowest, row[side + A0 + 2 * number])
    if lowest < np.int64(1 << 62):
        row[side + MISSED] += lowest - row[side + NEXT]
        row[side + NEXT] = lowest
        followed(row, side)


@part
def settled(row: Array, side: Array) -> None:
    """Count what is missing when the connection is over: gaps, and what was acknowledged but never seen."""
    for _ in range(STRETCHES + 1):
        given_up(row, side)
    last = size_of(row, side) + 1
    if row[side + TOP] and last > row[side + NEXT]:
        row[side + MISSED] += last - row[side + NEXT]
        row[side + NEXT] = last


@part
def size_of(row: Array, side: Array) -> Array:
    """Return the bytes of payload of one side, as its sequence numbers and acknowledgements say."""
    top, acked = row[side + TOP], row[side + ACKED]
    # One more than was ever sent is the end, which was not seen.
    size = max(top, acked if acked != top + 1 else top) - 1
    if size > 0 and row[side + FIN]:
        size -= 1
    return max(size, 0)
