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
    ENDS,
    FILLED,
    FIND_CLASSES,
    FIND_COLUMN,
    FIND_DIRECT,
    FIND_FIRST,
    FIND_KINDS,
    FIND_NEXT,
    FIND_STARTS,
    FIRST,
    FORMED,
    GATE,
    GATE_AROUND,
    GATE_END,
    GATE_FRESH,
    GATE_LOCAL,
    GATE_TOP,
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
    TOUCHED,
    USED,
    WEIGHED,
    WEIGHTS,
    WORDS,
)
from flagstate.enrich.classify.tables import ALNUM as _ALNUM
from flagstate.enrich.classify.tables import ALPHABETS, BUCKETS, LANES, PLACES, SIZES

WHOLE = np.uint64(1000)
"""Bytes of a value whose whole form is compared; a longer one has no whole form."""
REACH = np.uint64(320)
"""Bytes of one find."""
LOCAL = np.uint64(64)
"""Bytes before the @ of a find around one."""
MANY_SLOTS = 1024
"""Answers that are remembered by fingerprint within one array: values repeat."""
MANY_PATTERNS = 256
"""Answers that are counted at once: the rows of a column differ in few ways."""
LAST_SLOT, FEW_SLOTS = np.uint64(MANY_SLOTS - 1), np.uint64(15)
ALNUM = _ALNUM.astype(np.uint8)
IN_SET = np.uint64((1 << ALPHABETS) - 1)
KINDS_AT, BEYOND_AT, BUCKET = np.uint64(ALPHABETS), np.uint64(ALPHABETS + 5), np.uint64(BUCKETS)
BACK, TOP_SIZE, FOUR = np.uint64(PLACES - 1), np.uint64(SIZES), np.uint64(LANES)
COMPACTLY, RAWLY = np.uint64(LANES), np.uint64(LANES + 1)
"""After the lanes: sizes of the value without separators and as it stands, once a check asked; -1 before."""
STIR = np.uint64(0x9E3779B97F4A7C15)


def entry(stamp: int) -> Callable[[Word], None]:
    """Return what is compiled and kept: a function of the frame; the stamp in its closure tells old code from new."""

    def begin(frame: Word) -> None:
        if stamp:
            runs(u64(frame.ctypes.data))

    return begin


def runs(frame: Pointer) -> None:
    """Fill the answers of all rows."""
    text, offsets, bits, sizes = u8(frame[TEXT]), i64(frame[OFFSETS]), u8(frame[BITS]), i32(frame[LENGTHS])
    filled, marks, weights = u8(frame[FILLED]), u64(frame[MARKS]), i64(frame[WEIGHTS])
    slots, answers, counts = u64(frame[SLOTS]), u64(frame[ANSWERS]), i64(frame[COUNTS])
    masks, inside, words, search = u64(frame[MASKS]), u64(frame[INSIDE]), frame[WORDS], frame[SEARCH] > N0
    limited, weighed, shift, text_size = frame[BITS] > N0, frame[WEIGHED] > N0, frame[SHIFT], frame[TEXT_SIZE]
    k0, k1, stride = frame[K0], frame[K1], N3 * words
    mask, hits, cell = LAST_SLOT, N0, N0
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
        mark = max(siphash(text, text_size, start, stop, k0, k1), N1)
        filled[row] = 1
        marks[row] = mark
        sizes[row] = stop - start
        slot = mark & mask
        here = slot * stride
        hits += N1
        if slots[slot] != mark:
            hits -= N1
            slots[slot] = mark
            for word in range(stride):
                answers[here + word] = N0
            settle(frame, text, start, stop, here)
            if search:
                scan(frame, text, start, stop, here + words + words)
        for word in range(words):
            masks[row * words + word] = answers[here + words + word]
        cell = pattern(frame, here, cell)
        counts[cell] += weights[row] if weighed else np.int64(1)
        if search:
            for word in range(words):
                inside[row * words + word] = answers[here + words + words + word] & ~masks[row * words + word]
    for place in range(MANY_PATTERNS):
        tally(frame, np.uint64(place))


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


def settle(frame: Pointer, text: Pointer, start: Word, stop: Word, here: Word) -> None:
    """Fill an answer: the classes whose form the whole value has, then those that it passes."""
    answers, words, size = u64(frame[ANSWERS]), frame[WORDS], stop - start
    if size > WHOLE:
        return
    alphabet, spread, first_kinds, by_size = u64(frame[SETS]), u64(frame[SPREAD]), u8(frame[KINDS]), u64(frame[BY_SIZE])
    sets = ~N0
    for place in range(start, stop):
        sets &= alphabet[text[place]]
    chars = size
    if not (sets >> BEYOND_AT) & N1:
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
    able, columns, lanes = u64(frame[ABLE]), frame[COLUMN] + N1, i64(frame[LANE])
    lanes[COMPACTLY], lanes[RAWLY] = np.int64(-1), np.int64(-1)
    cell = kinds * columns + np.uint64(first_kinds[text[start]])
    length = min(size, N63)
    for lane in range(N0, frame[GROUPS], FOUR):
        worth = N0
        for index in range(FOUR):
            one = (able[(lane + index) * N32 * columns + cell] >> length) & N1
            lanes[index] = one
            worth |= one
        if worth:
            walk(frame, text, start, stop, lane)
            for index in range(FOUR):
                if lanes[index]:
                    accepted(frame, text, start, stop, chars, np.uint64(lanes[index]), here)


def walk(frame: Pointer, text: Pointer, start: Word, stop: Word, lane: Word) -> None:
    """Step four automata over a value at once; turn `lanes` from who takes part to rows of accepted classes."""
    table, kinds, starts, lanes, last = (
        u32(frame[NEXT]), u8(frame[KINDS]), u64(frame[STARTS]), i64(frame[LANE]), frame[COLUMN]
    )  # fmt: skip
    s0, s1 = starts[lane] * np.uint64(lanes[0]), starts[lane + N1] * np.uint64(lanes[1])
    s2, s3 = starts[lane + N2] * np.uint64(lanes[2]), starts[lane + N3] * np.uint64(lanes[3])
    for place in range(start, stop):
        if not (s0 | s1 | s2 | s3):
            break
        kind = np.uint64(kinds[text[place]])
        s0, s1 = np.uint64(table[s0 + kind]), np.uint64(table[s1 + kind])
        s2, s3 = np.uint64(table[s2 + kind]), np.uint64(table[s3 + kind])
    lanes[0], lanes[1] = np.int64(table[s0 + last]), np.int64(table[s1 + last])
    lanes[2], lanes[3] = np.int64(table[s2 + last]), np.int64(table[s3 + last])


def accepted(frame: Pointer, text: Pointer, start: Word, stop: Word, chars: Word, found: Word, here: Word) -> None:
    """Add the classes of one row of accepted ones, after their lengths and checks."""
    answers, words, direct, first, classes = (
        u64(frame[ANSWERS]), frame[WORDS], u64(frame[DIRECT]), u64(frame[FIRST]), u64(frame[CLASSES])
    )  # fmt: skip
    checks, least, most, buffer = i64(frame[CHECK]), u64(frame[LEAST]), u64(frame[MOST]), u8(frame[BUFFER])
    written, lanes = u8(frame[BUFFER] + LONGEST), i64(frame[LANE])
    for word in range(words):
        answers[here + word] |= direct[found * words + word]
        answers[here + words + word] |= direct[found * words + word]
    for index in range(first[found], first[found + N1]):
        number = classes[index]
        if chars < least[number] or chars > most[number]:
            continue
        flag = N1 << (number & N63)
        answers[here + (number >> N6)] |= flag
        check = checks[number]
        good = check < 0
        if not good:
            if RAW[check]:
                if lanes[RAWLY] < 0:
                    lanes[RAWLY] = copied(text, start, stop, written)
                good = lanes[RAWLY] > 0 and passes(check, written, lanes[RAWLY])
            else:
                if lanes[COMPACTLY] < 0:
                    lanes[COMPACTLY] = compacted(text, start, stop, buffer)
                good = lanes[COMPACTLY] > 0 and passes(check, buffer, lanes[COMPACTLY])
        if good:
            answers[here + words + (number >> N6)] |= flag


def scan(frame: Pointer, text: Pointer, start: Word, stop: Word, here: Word) -> None:
    """Set the bits of the classes that are found inside a value."""
    gate, fresh, top, end = u64(frame[GATE]), frame[GATE_FRESH], frame[GATE_TOP], frame[GATE_END]
    roll = fresh
    for place in range(start, stop):
        roll = ((roll << BUCKET) | fresh) & gate[text[place]]
        if roll & top and place >= start + BACK:
            attempt(frame, text, start, stop, place - BACK, roll, here)
    for place in range(stop, stop + BACK):
        roll = (roll << BUCKET) & end
        if roll & top and place >= start + BACK:
            attempt(frame, text, start, stop, place - BACK, roll, here)


def attempt(frame: Pointer, text: Pointer, start: Word, stop: Word, edge: Word, roll: Word, here: Word) -> None:
    """Try the find automata at one edge that the filter let through."""
    starts, local, around = u64(frame[FIND_STARTS]), u8(frame[GATE_LOCAL]), frame[GATE_AROUND]
    if roll & frame[GATE_TOP] & ~around:
        follow(frame, text, edge, stop, start, starts[N0], here)
    if roll & around:
        first = edge
        while first > start and edge - first < LOCAL and local[text[first - N1]]:
            first -= N1
        while first < edge:
            alone = first == start or not ALNUM[text[first - N1]]
            if alone and follow(frame, text, first, stop, start, starts[N1], here):
                break
            first += N1


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
