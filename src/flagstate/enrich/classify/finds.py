"""The loops of the kernel that look for classes inside longer values: plain Python that is only ever run compiled.

Every index and word is an unsigned 64-bit number; all arrays come as addresses in a frame, as in `loops`.
"""

from __future__ import annotations

import numpy as np

from flagstate.enrich.classify.cells import (
    N0,
    N1,
    N2,
    N3,
    N4,
    N6,
    N63,
    RAW,
    Pointer,
    Word,
    compacted,
    copied,
    i64,
    passes,
    u8,
    u32,
    u64,
)
from flagstate.enrich.classify.frame import (  # fmt: skip
    ANSWERS,
    BUFFER,
    CHECK,
    ENDS,
    FIND_CLASSES,
    FIND_COLUMN,
    FIND_DIRECT,
    FIND_FIRST,
    FIND_KINDS,
    FIND_NEXT,
    FIND_STARTS,
    GATE,
    GATE_AROUND,
    GATE_END,
    GATE_FRESH,
    GATE_LOCAL,
    GATE_TOP,
    TOUCHED,
    WORDS,
)
from flagstate.enrich.classify.tables import ALNUM as _ALNUM
from flagstate.enrich.classify.tables import BUCKETS, PLACES

REACH = np.uint64(320)
"""Bytes of one find."""
LOCAL = np.uint64(64)
"""Bytes before the @ of a find around one."""
ALNUM = _ALNUM.astype(np.uint8)
BACK, BUCKET, TWICE = np.uint64(PLACES - 1), np.uint64(BUCKETS), np.uint64(2 * BUCKETS)


def scan(frame: Pointer, text: Pointer, start: Word, stop: Word, here: Word) -> None:
    """Set the bits of the classes that are found inside a value.

    A zero in `roll` is a group of classes that is still possible; two bytes are taken in one step, as each step waits
    for the one before.
    """
    bad, top, end = u64(frame[GATE]), frame[GATE_TOP], frame[GATE_END]
    roll, place = ~frame[GATE_FRESH], start
    while place + N4 <= stop:
        b0, b1 = bad[text[place]], bad[text[place + N1]]
        b2, b3 = bad[text[place + N2]], bad[text[place + N3]]
        one, two = roll << BUCKET | b0, roll << TWICE | (b0 << BUCKET | b1)
        three, four = two << BUCKET | b2, two << TWICE | (b2 << BUCKET | b3)
        if one & two & three & four & top != top:
            attempt(frame, text, start, stop, place - BACK, ~one, here)
            attempt(frame, text, start, stop, place + N1 - BACK, ~two, here)
            attempt(frame, text, start, stop, place + N2 - BACK, ~three, here)
            attempt(frame, text, start, stop, place + N3 - BACK, ~four, here)
        roll = four
        place += N4
    while place < stop + BACK:
        roll = roll << BUCKET | (bad[text[place]] if place < stop else end)
        attempt(frame, text, start, stop, place - BACK, ~roll, here)
        place += N1


def attempt(frame: Pointer, text: Pointer, start: Word, stop: Word, edge: Word, roll: Word, here: Word) -> None:
    """Try the find automata at one edge, when the filter let it through."""
    if not roll & frame[GATE_TOP]:
        return
    starts, local, around = u64(frame[FIND_STARTS]), u8(frame[GATE_LOCAL]), frame[GATE_AROUND]
    if roll & frame[GATE_TOP] & ~around and promising(frame, text, edge, stop, starts[N0]):
        follow(frame, text, edge, stop, start, starts[N0], here)
    if roll & around:
        first = edge
        while first > start and edge - first < LOCAL and local[text[first - N1]]:
            first -= N1
        while first < edge:
            alone = first == start or not ALNUM[text[first - N1]]
            alone = alone and promising(frame, text, first, stop, starts[N1])
            if alone and follow(frame, text, first, stop, start, starts[N1], here):
                break
            first += N1


def promising(frame: Pointer, text: Pointer, edge: Word, stop: Word, state: Word) -> bool:
    """Whether one automaton accepts anything from an edge; mostly it does not."""
    table, kinds, last, found = u32(frame[FIND_NEXT]), u8(frame[FIND_KINDS]), frame[FIND_COLUMN], N0
    for place in range(edge, min(stop, edge + REACH)):
        state = np.uint64(table[state + np.uint64(kinds[text[place]])])
        if state == N0:
            break
        found |= np.uint64(table[state + last])
    return bool(found > N0)


def follow(frame: Pointer, text: Pointer, edge: Word, stop: Word, start: Word, state: Word, here: Word) -> bool:
    """Run one automaton from an edge; each class takes the longest end that is not inside a run.

    What is the whole value is not inside it.
    """
    table, kinds, last, direct, first, classes = (
        u32(frame[FIND_NEXT]), u8(frame[FIND_KINDS]), frame[FIND_COLUMN], u64(frame[FIND_DIRECT]),
        u64(frame[FIND_FIRST]), u64(frame[FIND_CLASSES]),
    )  # fmt: skip
    inside, ends, touched, words = u64(frame[ANSWERS]), u64(frame[ENDS]), u64(frame[TOUCHED]), frame[WORDS]
    checks, buffer = i64(frame[CHECK]), u8(frame[BUFFER])
    count, hit = N0, False
    for place in range(edge, min(stop, edge + REACH)):
        state = np.uint64(table[state + np.uint64(kinds[text[place]])])
        if state == N0:
            break
        found = np.uint64(table[state + last])
        if found and (edge > start if place + N1 == stop else not ALNUM[text[place + N1]]):
            for word in range(words):
                hit |= direct[found * words + word] != N0
                inside[here + word] |= direct[found * words + word]
            for index in range(first[found], first[found + N1]):
                number = classes[index]
                if not (inside[here + (number >> N6)] >> (number & N63)) & N1:
                    if ends[number] == N0:
                        touched[count] = number
                        count += N1
                    ends[number] = place + N1
    for index in range(count):
        number = touched[index]
        size = np.int64(0)
        if RAW[checks[number]]:
            size = copied(text, edge, ends[number], buffer)
        else:
            size = compacted(text, edge, ends[number], buffer)
        ends[number] = N0
        if size > 0 and passes(checks[number], buffer, size):
            inside[here + (number >> N6)] |= N1 << (number & N63)
            hit = True
    return hit
