"""The loops of the kernel: plain Python that is only ever run compiled.

Every index and word is an unsigned 64-bit number. Work per byte of a value is bounded whatever the text: a few steps
per byte for whole forms and for the filter, at most REACH steps from an edge. All arrays come as addresses in a frame.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flagstate.enrich.classify.cells import (
    LONGEST,
    N0,
    N1,
    N2,
    N3,
    N6,
    N7,
    N8,
    N15,
    N31,
    N32,
    N56,
    N63,
    N64,
    N128,
    N192,
    N255,
    N256,
    RAW,
    Pointer,
    Word,
    compacted,
    copied,
    i32,
    i64,
    passes,
    spaced,
    u8,
    u32,
    u64,
)
from flagstate.enrich.classify.finds import scan
from flagstate.enrich.classify.fingerprint import siphash
from flagstate.enrich.classify.frame import (  # fmt: skip
    ABLE,
    ANSWERS,
    BITS,
    BLANKS,
    BUFFER,
    BY_SIZE,
    CHECK,
    CLASSES,
    COLUMN,
    COUNTS,
    DIRECT,
    FILLED,
    FIRST,
    FORMED,
    GROUPS,
    HELD,
    INSIDE,
    K0,
    K1,
    KINDS,
    LANE,
    LEAST,
    LENGTHS,
    MARKS,
    MASKS,
    MOST,
    NEXT,
    OFFSETS,
    PATTERNS,
    ROWS,
    SEARCH,
    SETS,
    SHIFT,
    SLOTS,
    SPREAD,
    STARTS,
    TEXT,
    TEXT_SIZE,
    USED,
    WEIGHED,
    WEIGHTS,
    WORDS,
)
from flagstate.enrich.classify.tables import ALPHABETS, LANES, LOWER, OTHER, SIZES

WHOLE = np.uint64(1000)
"""Bytes of a value whose whole form is compared; a longer one has no whole form."""
MANY_SLOTS = 1024
"""Answers that are remembered by fingerprint within one array: values repeat."""
MANY_PATTERNS = 256
"""Answers that are counted at once: the rows of a column differ in few ways."""
LAST_SLOT, FEW_SLOTS = np.uint64(MANY_SLOTS - 1), np.uint64(15)
IN_SET = np.uint64((1 << ALPHABETS) - 1)
KINDS_AT, BEYOND_AT = np.uint64(ALPHABETS), np.uint64(ALPHABETS + 5)
TOP_SIZE, LANE_COUNT = np.uint64(SIZES), np.uint64(LANES)
SIDE = np.uint64(16)
"""Numbers of one waiting value: the states of its lane, or rows of accepted classes; sizes of the value without
separators and as it stands, once a check asked, -1 before, and where these are; where it is, and what is known."""
COMPACTLY, RAWLY, COMPACT_AT, RAW_AT, START, STOP, CHARS, LENGTH, KIND, ROW, HERE = (
    np.uint64(LANES + number) for number in range(11)
)
CHANGED = np.uint64(LOWER | OTHER)
"""A value without such characters is compact as it stands."""
STIR = np.uint64(0x9E3779B97F4A7C15)


def entry(stamp: int) -> Callable[[Word], None]:
    """Return what is compiled and kept: a function of the frame; the stamp in its closure tells old code from new."""

    def begin(frame: Word) -> None:
        if stamp:
            runs(u64(frame.ctypes.data))

    return begin


def runs(frame: Pointer) -> None:
    """Fill the answers of all rows.

    A value that needs automata waits for the next such one: two are walked at once, as each step waits for memory.
    """
    text, offsets, bits, sizes = u8(frame[TEXT]), i64(frame[OFFSETS]), u8(frame[BITS]), i32(frame[LENGTHS])
    filled, marks, slots, sides = u8(frame[FILLED]), u64(frame[MARKS]), u64(frame[SLOTS]), i64(frame[LANE])
    limited, shift, text_size, stride = frame[BITS] > N0, frame[SHIFT], frame[TEXT_SIZE], N3 * frame[WORDS]
    mask, hits, cell, waits, side = LAST_SLOT, N0, N0, False, N0
    for row in range(frame[ROWS]):
        if row & N255 == N255:
            # Where values do not repeat, few slots leave the fast memory to the tables.
            mask = FEW_SLOTS if hits < N31 and (row >> N8) & N15 > N1 else LAST_SLOT
            hits = N0
        if limited and not (np.uint64(bits[(row + shift) >> N3]) >> ((row + shift) & N7)) & N1:
            continue
        start, stop = np.uint64(offsets[row]), np.uint64(offsets[row + N1])
        while start < stop and (text[start] == 32 or (text[start] >= 9 and text[start] <= 13)):
            start += N1
        while start < stop and (text[stop - N1] == 32 or (text[stop - N1] >= 9 and text[stop - N1] <= 13)):
            stop -= N1
        if start == stop:
            continue
        mark = max(siphash(text, text_size, start, stop, frame[K0], frame[K1]), N1)
        filled[row] = 1
        marks[row] = mark
        sizes[row] = stop - start
        slot = mark & mask
        here = slot * stride
        if waits and np.uint64(sides[(side ^ SIDE) + HERE]) == here:
            settle(frame, text, side ^ SIDE)
            cell = emit(frame, np.uint64(sides[(side ^ SIDE) + ROW]), here, cell)
            waits = False
        hits += N1
        if slots[slot] == mark:
            cell = emit(frame, row, here, cell)
            continue
        hits -= N1
        slots[slot] = mark
        sides[side + START], sides[side + STOP] = start, stop
        sides[side + HERE], sides[side + ROW] = here, row
        if not begin(frame, text, side):
            cell = emit(frame, row, here, cell)
        elif waits:
            both(frame, text)
            cell = emit(frame, np.uint64(sides[(side ^ SIDE) + ROW]), np.uint64(sides[(side ^ SIDE) + HERE]), cell)
            cell = emit(frame, row, here, cell)
            waits = False
        else:
            waits = True
            side ^= SIDE
    if waits:
        settle(frame, text, side ^ SIDE)
        emit(frame, np.uint64(sides[(side ^ SIDE) + ROW]), np.uint64(sides[(side ^ SIDE) + HERE]), cell)
    for place in range(MANY_PATTERNS):
        tally(frame, np.uint64(place))


def emit(frame: Pointer, row: Word, here: Word, cell: Word) -> Word:
    """Write the answer of one row; return where rows with this answer are counted."""
    answers, counts, weights, words = u64(frame[ANSWERS]), i64(frame[COUNTS]), i64(frame[WEIGHTS]), frame[WORDS]
    masks, inside = u64(frame[MASKS]), u64(frame[INSIDE])
    for word in range(words):
        masks[row * words + word] = answers[here + words + word]
    if frame[SEARCH]:
        for word in range(words):
            inside[row * words + word] = answers[here + words + words + word] & ~answers[here + words + word]
    cell = pattern(frame, here, cell)
    counts[cell] += weights[row] if frame[WEIGHED] else np.int64(1)
    return cell


def pattern(frame: Pointer, here: Word, place: Word) -> Word:
    """Return where rows with this answer are counted, probably `place`; another answer there is added up first."""
    answers, patterns, size = u64(frame[ANSWERS]), u64(frame[PATTERNS]), frame[WORDS] + frame[WORDS]
    different = N0
    for word in range(size):
        different |= answers[here + word] ^ patterns[place * size + word]
    if not different:
        return place
    stirred = N0
    for word in range(size):
        stirred = (stirred ^ answers[here + word]) * STIR
    place = stirred >> N56
    different = N0
    for word in range(size):
        different |= answers[here + word] ^ patterns[place * size + word]
    if different:
        tally(frame, place)
        for word in range(size):
            patterns[place * size + word] = answers[here + word]
    return place


def tally(frame: Pointer, place: Word) -> None:
    """Add up the classes of the rows that were counted at one place."""
    patterns, counts, words = u64(frame[PATTERNS]), i64(frame[COUNTS]), frame[WORDS]
    formed, held = i64(frame[FORMED]), i64(frame[HELD])
    cell = place * (words + words)
    if counts[place]:
        for word in range(words):
            for bit in range(N64):
                formed[word * N64 + bit] += counts[place] * np.int64((patterns[cell + word] >> bit) & N1)
                held[word * N64 + bit] += counts[place] * np.int64((patterns[cell + words + word] >> bit) & N1)
        counts[place] = 0


def begin(frame: Pointer, text: Pointer, side: Word) -> bool:
    """Fill what of an answer needs no automaton; return whether one must be walked."""
    answers, words, sides = u64(frame[ANSWERS]), frame[WORDS], i64(frame[LANE])
    start, stop, here = np.uint64(sides[side + START]), np.uint64(sides[side + STOP]), np.uint64(sides[side + HERE])
    size = stop - start
    for word in range(N3 * words):
        answers[here + word] = N0
    if frame[SEARCH]:
        scan(frame, text, start, stop, here + words + words)
    if size > WHOLE:
        return False
    alphabet, spread, by_size = u64(frame[SETS]), u64(frame[SPREAD]), u64(frame[BY_SIZE])
    sets = ~N0
    for place in range(start, stop):
        sets &= alphabet[text[place]]
    chars, plain = size, (sets >> BEYOND_AT) & N1
    if not plain:
        for place in range(start, stop):
            chars -= np.uint64((np.uint64(text[place]) & N192) == N128)
            if text[place] >= 0xC2 and spaced(text, place, stop):
                sets &= frame[BLANKS] | ~IN_SET
    kinds = (~sets >> KINDS_AT) & N31
    sets &= IN_SET & by_size[min(chars, TOP_SIZE)]
    if sets:
        for eighth in range(frame[USED]):
            value = (eighth * N256 + ((sets >> (eighth * N8)) & N255)) * words
            for word in range(words):
                answers[here + word] |= spread[value + word]
                answers[here + words + word] |= spread[value + word]
    sides[side + CHARS], sides[side + LENGTH], sides[side + KIND] = chars, min(size, N63), kinds
    # What is written without separators, and in ASCII, is checked where it stands.
    sides[side + COMPACTLY], sides[side + RAWLY] = np.int64(-1), np.int64(-1)
    if plain and size <= LONGEST:
        sides[side + RAWLY], sides[side + RAW_AT] = size, frame[TEXT] + start
        if not kinds & CHANGED:
            sides[side + COMPACTLY], sides[side + COMPACT_AT] = size, frame[TEXT] + start
    worth = False
    for lane in range(N0, frame[GROUPS], LANE_COUNT):
        worth |= ready(frame, text, side, lane)
    return worth


def ready(frame: Pointer, text: Pointer, side: Word, lane: Word) -> bool:
    """Put a value before the automata of a lane that have a class of its length, characters and first byte."""
    able, columns, sides, starts = u64(frame[ABLE]), frame[COLUMN] + N1, i64(frame[LANE]), u64(frame[STARTS])
    cell = np.uint64(sides[side + KIND]) * columns + np.uint64(u8(frame[KINDS])[text[np.uint64(sides[side + START])]])
    length, worth = np.uint64(sides[side + LENGTH]), N0
    for index in range(LANE_COUNT):
        one = (able[(lane + index) * N32 * columns + cell] >> length) & N1
        sides[side + index] = starts[lane + index] * one
        worth |= one
    return bool(worth > N0)


def settle(frame: Pointer, text: Pointer, side: Word) -> None:
    """Fill the rest of one answer."""
    sides = i64(frame[LANE])
    for lane in range(N0, frame[GROUPS], LANE_COUNT):
        if ready(frame, text, side, lane):
            walk(frame, text, side, np.uint64(sides[side + START]))
            judge(frame, text, side)


def both(frame: Pointer, text: Pointer) -> None:
    """Fill the rest of two answers."""
    sides = i64(frame[LANE])
    for lane in range(N0, frame[GROUPS], LANE_COUNT):
        one, two = ready(frame, text, N0, lane), ready(frame, text, SIDE, lane)
        if one and two:
            walk_both(frame, text)
        elif one:
            walk(frame, text, N0, np.uint64(sides[START]))
        elif two:
            walk(frame, text, SIDE, np.uint64(sides[SIDE + START]))
        if one:
            judge(frame, text, N0)
        if two:
            judge(frame, text, SIDE)


def walk_both(frame: Pointer, text: Pointer) -> None:
    """Step the automata of a lane over two values at once, as far as the shorter goes, then over the rest."""
    table, kinds, sides = u32(frame[NEXT]), u8(frame[KINDS]), i64(frame[LANE])
    at, to = np.uint64(sides[START]), np.uint64(sides[SIDE + START])
    size = min(np.uint64(sides[STOP]) - at, np.uint64(sides[SIDE + STOP]) - to)
    s0, s1, s2 = np.uint64(sides[N0]), np.uint64(sides[N1]), np.uint64(sides[N2])
    t0, t1, t2 = np.uint64(sides[SIDE]), np.uint64(sides[SIDE + N1]), np.uint64(sides[SIDE + N2])
    done = N0
    while done < size and s0 | s1 | s2 | t0 | t1 | t2 > N0:
        one, two = np.uint64(kinds[text[at + done]]), np.uint64(kinds[text[to + done]])
        s0, t0 = np.uint64(table[s0 + one]), np.uint64(table[t0 + two])
        s1, t1 = np.uint64(table[s1 + one]), np.uint64(table[t1 + two])
        s2, t2 = np.uint64(table[s2 + one]), np.uint64(table[t2 + two])
        done += N1
    sides[N0], sides[N1], sides[N2] = s0, s1, s2
    sides[SIDE], sides[SIDE + N1], sides[SIDE + N2] = t0, t1, t2
    walk(frame, text, N0, at + done)
    walk(frame, text, SIDE, to + done)


def walk(frame: Pointer, text: Pointer, side: Word, place: Word) -> None:
    """Step the automata of a lane over a value from a place; turn their states into rows of accepted classes."""
    table, kinds, sides, last = u32(frame[NEXT]), u8(frame[KINDS]), i64(frame[LANE]), frame[COLUMN]
    s0, s1, s2 = np.uint64(sides[side]), np.uint64(sides[side + N1]), np.uint64(sides[side + N2])
    while place < np.uint64(sides[side + STOP]) and s0 | s1 | s2 > N0:
        kind = np.uint64(kinds[text[place]])
        s0, s1, s2 = np.uint64(table[s0 + kind]), np.uint64(table[s1 + kind]), np.uint64(table[s2 + kind])
        place += N1
    sides[side] = np.int64(table[s0 + last])
    sides[side + N1] = np.int64(table[s1 + last])
    sides[side + N2] = np.int64(table[s2 + last])


def judge(frame: Pointer, text: Pointer, side: Word) -> None:
    """Add the classes that the automata of a lane accepted."""
    sides = i64(frame[LANE])
    for index in range(LANE_COUNT):
        if sides[side + index]:
            accepted(frame, text, side, np.uint64(sides[side + index]))


def accepted(frame: Pointer, text: Pointer, side: Word, found: Word) -> None:
    """Add the classes of one row of accepted ones, after their lengths and checks."""
    answers, words, direct, first, classes, sides = (
        u64(frame[ANSWERS]), frame[WORDS], u64(frame[DIRECT]), u64(frame[FIRST]), u64(frame[CLASSES]), i64(frame[LANE])
    )  # fmt: skip
    checks, least, most = i64(frame[CHECK]), u64(frame[LEAST]), u64(frame[MOST])
    here, chars = np.uint64(sides[side + HERE]), np.uint64(sides[side + CHARS])
    for word in range(words):
        answers[here + word] |= direct[found * words + word]
        answers[here + words + word] |= direct[found * words + word]
    for index in range(first[found], first[found + N1]):
        number = classes[index]
        if chars < least[number] or chars > most[number]:
            continue
        flag = N1 << (number & N63)
        answers[here + (number >> N6)] |= flag
        good = True
        if checks[number] >= 0:
            kind = RAWLY if RAW[checks[number]] else COMPACTLY
            if sides[side + kind] < 0:
                written(frame, text, side, kind)
            size = sides[side + kind]
            good = size > 0 and passes(checks[number], u8(np.uint64(sides[side + kind + N2])), size)
        answers[here + words + (number >> N6)] |= flag * np.uint64(good)


def written(frame: Pointer, text: Pointer, side: Word, kind: Word) -> None:
    """Write a value as a check reads it."""
    sides = i64(frame[LANE])
    start, stop = np.uint64(sides[side + START]), np.uint64(sides[side + STOP])
    where = frame[BUFFER] + (side + kind) * LONGEST
    if kind == RAWLY:
        sides[side + kind] = copied(text, start, stop, u8(where))
    else:
        sides[side + kind] = compacted(text, start, stop, u8(where))
    sides[side + kind + N2] = where
