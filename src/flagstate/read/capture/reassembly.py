"""Puts what both ends of a connection sent in order, compiled: out of the file, up to the first gap."""

from __future__ import annotations

from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.fragments import ARENA_AT
from flagstate.read.capture.table import DIRECTION, FOLLOWING, HERE, LENGTH, PLACE, REL, US

MOST_SEGMENTS = 1 << 19
"""Segments of one connection: its bound of bytes, each segment counted as at least 64."""
SIZE, MARKS, GAP, SIDES = range(4)


@part
def sifted(order: Array, segments: Array, root: Array, size: Array) -> None:
    """Let one place of a heap sink to where it belongs."""
    while 2 * root + 1 < size:
        child = 2 * root + 1
        if child + 1 < size and segments[order[child], REL] < segments[order[child + 1], REL]:
            child += 1
        if segments[order[root], REL] >= segments[order[child], REL]:
            return
        order[root], order[child] = order[child], order[root]
        root = child


@part
def sort(order: Array, segments: Array, size: Array) -> None:
    """Sort segments by their place in the stream, in bounded time."""
    ordered = True
    for number in range(1, size):
        ordered = ordered and segments[order[number - 1], REL] <= segments[order[number], REL]
    if ordered:
        return
    for root in range(size // 2 - 1, -1, -1):
        sifted(order, segments, root, size)
    for last in range(size - 1, 0, -1):
        order[0], order[last] = order[last], order[0]
        sifted(order, segments, 0, last)


@part
def listed(segments: Array, head: Array, order: Array, direction: Array) -> Array:
    """List the segments of one side, or of both (-1); returns how many."""
    count = 0
    while head >= 0 and count < len(order):
        if direction < 0 or segments[head, DIRECTION] == direction:
            order[count] = head
            count += 1
        head = segments[head, FOLLOWING]
    return count


@part
def copied(buf: Array, arena: Array, made: Array, skip: Array, out: Array, at: Array) -> Array:
    """Copy the bytes of a segment behind the first `skip`; returns how many."""
    place, size = made[PLACE], min(made[HERE] - skip, len(out) - at)
    if place >= ARENA_AT:
        place -= ARENA_AT
        for byte in range(size):
            out[at + byte] = arena[place + skip + byte]
    else:
        for byte in range(size):
            out[at + byte] = buf[place + skip + byte]
    return size


@part
def assemble(
    buf: Array, arena: Array, segments: Array, head: Array, order: Array, out: Array, marks: Array, told: Array
) -> None:
    """Put both sides in order into rows of `out`; sizes, counts of marks and gaps are told."""
    for side in range(2):
        count = listed(segments, head, order, side)
        sort(order, segments, count)
        size, number, gap, expected = 0, 0, 0, 1
        for place in range(count):
            made = segments[order[place]]
            if place == 0 and made[REL] < 1:
                expected = made[REL]
            if made[REL] > expected:
                gap = 1
                break
            skip = expected - made[REL]
            if skip >= made[HERE]:
                if made[HERE] < made[LENGTH] and skip < made[LENGTH]:
                    gap = 1
                    break
                continue
            marks[side, number, 0], marks[side, number, 1] = size, made[US]
            number += 1
            taken = copied(buf, arena, made, skip, out[side], size)
            size += taken
            expected += taken
            if made[HERE] < made[LENGTH]:
                gap = 1
                break
        told[side, SIZE], told[side, MARKS], told[side, GAP] = size, number, gap
