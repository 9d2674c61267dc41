"""Walks the records of a pcap file, compiled: where each packet stands, how long it was and when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flagstate.read.capture.compiled import Array, part

Numbers = npt.NDArray[np.int64]

AT, BIG, NANO, HEAD, LINK, SNAP, LAST_SEC, TORN, DAMAGED, LOST, FIRST_DAMAGE, RECORDS, ENDED = range(13)
"""State of a walk that the next call goes on with: position; byte order, nanoseconds and size of a record's header;
link type; longest packet; whole seconds of the last record; whether the last record is cut; damaged places, bytes lost
to them and where the first one is; records so far; whether the end was reached."""
BASE, FACES, DROPPED, SECTIONS, BLOCKS = range(13, 18)
"""Of pcapng: first interface of the section, interfaces, packets that blocks say were dropped, sections, blocks."""
STATE = 18

BATCH = 1 << 16
LONGEST = 1 << 18
"""Bytes that a packet of a capture may have, unless the file itself says more."""
APART_S = 10 * 86400
"""Behind damage, a record goes on where its time is at most so far from the last one."""


class Packets(NamedTuple):
    """A batch of packets."""

    at: Numbers
    """Where the first byte stands."""
    cap: Numbers
    """Bytes that are there."""
    wire: Numbers
    """Bytes that it had."""
    us: Numbers
    """Time in microseconds since 1970."""
    link: Numbers
    """Link type."""


def packets() -> Packets:
    """Return room for a batch."""
    return Packets(*(np.zeros(BATCH, np.int64) for _ in range(5)))


@part
def u16(buf: Array, at: Array, big: Array) -> Array:
    """Two bytes as a number."""
    first, second = np.int64(buf[at]), np.int64(buf[at + 1])
    return (first << 8) | second if big else (second << 8) | first


@part
def u32(buf: Array, at: Array, big: Array) -> Array:
    """Four bytes as a number."""
    return (u16(buf, at, 1) << 16) | u16(buf, at + 2, 1) if big else (u16(buf, at + 2, 0) << 16) | u16(buf, at, 0)


@part
def sound(buf: Array, at: Array, state: Array) -> Array:
    """Whether a header of a record may stand here."""
    big = state[BIG]
    cap, wire = u32(buf, at + 8, big), u32(buf, at + 12, big)
    if cap > state[SNAP] or wire > (1 << 28) or u32(buf, at + 4, big) >= 1_000_000_000:
        return False
    return cap > 0 or wire > 0 or u32(buf, at, big) > 0


@part
def chained(buf: Array, at: Array, state: Array) -> Array:
    """Whether a record stands here and two more, or the end, behind it."""
    size, head = len(buf), state[HEAD]
    for hop in range(3):
        if at == size and hop:
            return True
        if at + head > size or not sound(buf, at, state):
            return False
        if state[RECORDS] and abs(u32(buf, at, state[BIG]) - state[LAST_SEC]) > APART_S:
            return False
        at += head + u32(buf, at + 8, state[BIG])
    return at <= size


@part
def found(buf: Array, at: Array, state: Array) -> Array:
    """Return where the next record stands behind damage, or the end."""
    size = len(buf)
    state[DAMAGED] += 1
    if state[FIRST_DAMAGE] < 0:
        state[FIRST_DAMAGE] = at
    start = at
    at += 1
    while at + state[HEAD] <= size and not chained(buf, at, state):
        at += 1
    if at + state[HEAD] > size:
        at = size
    state[LOST] += at - start
    return at


@part
def records(buf: Array, state: Array, out: Packets) -> Array:
    """Fill a batch with records of a pcap file; returns how many."""
    at, head, big, size, count = state[AT], state[HEAD], state[BIG], len(buf), 0
    while count < BATCH:
        if at + head > size:
            state[TORN] += at < size
            at, state[ENDED] = size, 1
            break
        if not sound(buf, at, state):
            at = found(buf, at, state)
            continue
        cap, wire, sec = u32(buf, at + 8, big), u32(buf, at + 12, big), u32(buf, at, big)
        behind = at + head + cap
        if behind > size or (behind + head <= size and not sound(buf, behind, state)):
            # Either this length is wrong, or what follows is: a record with a chain behind its header tells which.
            after = found(buf, at, state)
            if after < size and after < behind:
                at = after
                continue
            state[DAMAGED] -= 1
            state[LOST] -= after - at
            if state[FIRST_DAMAGE] == at:
                state[FIRST_DAMAGE] = -1
            if behind > size:
                state[TORN] += 1
                cap = size - at - head
        parts = u32(buf, at + 4, big)
        out.at[count], out.cap[count], out.wire[count] = at + head, cap, max(wire, cap)
        out.us[count] = sec * 1_000_000 + (parts // 1000 if state[NANO] else parts)
        out.link[count] = state[LINK]
        state[LAST_SEC] = sec
        state[RECORDS] += 1
        count += 1
        at = min(behind, size)
    state[AT] = at
    return count
