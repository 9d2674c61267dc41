"""The loops of the kernel: plain Python that is only ever run compiled.

Every index and word is an unsigned 64-bit number: no sign, no wrap-around, no test for either. Work per byte of a value
is bounded whatever the text: one step per byte for whole forms and for the filter, at most REACH steps from an edge.
"""
# ruff: noqa: ANN001, ANN202, PLR0913

from __future__ import annotations

from typing import Any

import numpy as np

from flagstate.enrich.classify.fingerprint import siphash
from flagstate.enrich.classify.tables import ALNUM as _ALNUM
from flagstate.enrich.classify.tables import ALPHABETS, BUCKETS, PLACES, SIZES

WHOLE = np.uint64(1000)
"""Bytes of a value whose whole form is compared; a longer one has no whole form."""
REACH = np.uint64(320)
"""Bytes of one find."""
LOCAL = np.uint64(64)
"""Bytes before the @ of a find around one."""
SLOTS = 2048
"""Answers that are remembered by fingerprint within one array: values repeat."""
LAST_SLOT = np.uint64(SLOTS - 1)
BUFFER = np.uint64(64)
"""Bytes of a value that a check reads, without separators; a longer value passes none."""
ALNUM = _ALNUM.astype(np.uint8)
SEPARATOR = np.array([chr(b) in " -./_" for b in range(256)], np.uint8)
UPPERED = np.array([b - 32 if 97 <= b < 123 else b for b in range(256)], np.uint8)
RAW = np.zeros(1, np.uint8)
CLASSES = np.uint64((1 << ALPHABETS) - 1)
KINDS_AT, BEYOND_AT, BUCKET = np.uint64(ALPHABETS), np.uint64(ALPHABETS + 4), np.uint64(BUCKETS)
BACK, PAST, TOP_SIZE = np.uint64(PLACES - 1), np.uint64(PLACES), np.uint64(SIZES)
N0, N1, N2, N3, N4, N6, N8, N63, N15, N255 = (np.uint64(n) for n in (0, 1, 2, 3, 4, 6, 8, 63, 15, 255))


def passes(number: Any, text: Any, size: Any) -> bool:  # noqa: ANN401
    """Whether a text passes a check; the compiled function of `digits` stands here."""
    raise NotImplementedError


def runs(text, offsets, bits, shift, weights, k0, k1, alphabets, whole, find, gate, rules, search, made):
    """Fill the answers of all rows."""
    filled, marks, masks, inside, formed, held, sizes = made
    words = masks.shape[1]
    slots = np.zeros(SLOTS, np.uint64)
    answers = np.zeros((SLOTS, 2, words), np.uint64)
    last = np.zeros((2, words), np.uint64)
    pending = 0
    buffer = np.zeros(BUFFER, np.uint8)
    ends = np.zeros(len(rules.check), np.uint64)
    touched = np.zeros(len(rules.check), np.int64)
    single = len(weights) == 1
    for row in range(len(filled)):
        if len(bits):
            place = np.uint64(row + shift)
            if not (bits[place >> N3] >> (place & np.uint64(7))) & N1:
                continue
        start, stop = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        while start < stop and (text[start] == 32 or (text[start] >= 9 and text[start] <= 13)):
            start += N1
        while start < stop and (text[stop - N1] == 32 or (text[stop - N1] >= 9 and text[stop - N1] <= 13)):
            stop -= N1
        if start == stop:
            continue
        mark = siphash(text, start, stop, k0, k1)
        if mark == N0:
            mark = N1
        filled[row] = 1
        marks[row] = mark
        sizes[row] = stop - start
        slot = mark & LAST_SLOT
        if slots[slot] != mark:
            slots[slot] = mark
            settle(text, start, stop, alphabets, whole, rules, answers[slot], buffer)
        same = True
        for word in range(words):
            masks[row, word] = answers[slot, 1, word]
            same &= answers[slot, 0, word] == last[0, word] and answers[slot, 1, word] == last[1, word]
        if not same:
            tally(last, pending, formed, held)
            pending = 0
            for word in range(words):
                last[0, word] = answers[slot, 0, word]
                last[1, word] = answers[slot, 1, word]
        pending += 1 if single else weights[row]
        if search:
            scan(text, start, stop, find, gate, rules, inside[row], buffer, ends, touched)
            for word in range(words):
                inside[row, word] &= ~masks[row, word]
    tally(last, pending, formed, held)


def tally(last, pending, formed, held):
    """Count the classes of a run of rows that had the same answer."""
    if pending:
        for word in range(last.shape[1]):
            for bit in range(64):
                if (last[0, word] >> np.uint64(bit)) & N1:
                    formed[word * 64 + bit] += pending
                    if (last[1, word] >> np.uint64(bit)) & N1:
                        held[word * 64 + bit] += pending


def settle(text, start, stop, alphabets, whole, rules, answer, buffer):
    """Fill answer[0] with the classes whose form the whole value has, answer[1] with those that it passes."""
    words = answer.shape[1]
    for word in range(words):
        answer[0, word] = N0
        answer[1, word] = N0
    size = stop - start
    if size > WHOLE:
        return
    sets = ~N0
    for place in range(start, stop):
        sets &= alphabets.sets[text[place]]
    chars = size
    if not (sets >> BEYOND_AT) & N1:
        for place in range(start, stop):
            chars -= np.uint64((text[place] & 192) == 128)
    kinds = (~sets >> KINDS_AT) & N15
    sets &= CLASSES & alphabets.sizes[min(chars, TOP_SIZE)]
    if sets:
        for eighth in range(alphabets.used):
            value = (sets >> np.uint64(8 * eighth)) & N255
            for word in range(words):
                answer[0, word] |= alphabets.words[eighth, value, word]
        for word in range(words):
            answer[1, word] = answer[0, word]
    length = min(size, N63)
    column = whole.kinds[text[start]]
    compact = np.int64(-1)
    for group in range(len(whole.starts)):
        if not (whole.able[group, kinds, column] >> length) & N1:
            continue
        state = whole.starts[group]
        for place in range(start, stop):
            state = np.uint64(whole.next[(state << whole.shift) | np.uint64(whole.kinds[text[place]])])
            if state == N0:
                break
        found = whole.accept[state]
        if found == 0:
            continue
        for word in range(words):
            answer[0, word] |= whole.direct[found, word]
            answer[1, word] |= whole.direct[found, word]
        for index in range(whole.first[found], whole.first[found + 1]):
            number = whole.classes[index]
            if chars < np.uint64(rules.least[number]) or chars > np.uint64(rules.most[number]):
                continue
            flag = N1 << np.uint64(number & 63)
            answer[0, number >> 6] |= flag
            check = rules.check[number]
            if check < 0:
                answer[1, number >> 6] |= flag
                continue
            if RAW[check]:
                compact = np.int64(-1)
                count = copied(text, start, stop, buffer)
            else:
                if compact < 0:
                    compact = compacted(text, start, stop, buffer)
                count = compact
            if count > 0 and passes(check, buffer, count):
                answer[1, number >> 6] |= flag


def copied(text, start, stop, buffer):
    """Copy a value as it stands; return its size, 0 when it is too long or not ASCII."""
    if stop - start > BUFFER:
        return 0
    for place in range(stop - start):
        code = text[start + np.uint64(place)]
        if code >= 128:
            return 0
        buffer[place] = code
    return np.int64(stop - start)


def compacted(text, start, stop, buffer):
    """Copy a value without separators, upper case; return its size, 0 when it is too long or not ASCII."""
    size = N0
    place = start
    while place < stop:
        code = text[place]
        place += N1
        if SEPARATOR[code]:
            continue
        if code >= 128:
            if code == 0xC2 and place < stop and text[place] == 0xA0:
                place += N1
                continue
            if code == 0xE2 and place + N1 < stop and text[place] == 0x80 and text[place + N1] == 0xAF:
                place += N2
                continue
            return 0
        if size == BUFFER:
            return 0
        buffer[size] = UPPERED[code]
        size += N1
    return np.int64(size)


def scan(text, start, stop, find, gate, rules, inside, buffer, ends, touched):
    """Set the bits of the classes that are found inside a value."""
    roll = gate.fresh
    for place in range(start, stop + BACK):
        if place < stop:
            roll = ((roll << BUCKET) | gate.fresh) & gate.sets[text[place]]
        else:
            roll = (roll << BUCKET) & gate.end
        if roll & gate.top and place >= start + BACK:
            attempt(text, start, stop, place - BACK, roll, find, gate, rules, inside, buffer, ends, touched)


def attempt(text, start, stop, edge, roll, find, gate, rules, inside, buffer, ends, touched):
    """Try the find automata at one edge that the filter let through."""
    if roll & gate.top & ~gate.around:
        follow(text, edge, stop, find, find.starts[0], rules, inside, buffer, ends, touched)
    if roll & gate.around:
        first = edge
        while first > start and edge - first < LOCAL and gate.local[text[first - N1]]:
            first -= N1
        while first < edge:
            if (first == start or not ALNUM[text[first - N1]]) and follow(
                text, first, stop, find, find.starts[1], rules, inside, buffer, ends, touched
            ):
                break
            first += N1


def follow(text, edge, stop, find, state, rules, inside, buffer, ends, touched):
    """Run one automaton from an edge; each class takes the longest end that is not inside a run."""
    count = 0
    hit = False
    limit = min(stop, edge + REACH)
    for place in range(edge, limit):
        state = np.uint64(find.next[(state << find.shift) | np.uint64(find.kinds[text[place]])])
        if state == N0:
            break
        found = find.accept[state]
        if found and (place + N1 == stop or not ALNUM[text[place + N1]]):
            for word in range(len(inside)):
                if find.direct[found, word]:
                    inside[word] |= find.direct[found, word]
                    hit = True
            for index in range(find.first[found], find.first[found + 1]):
                number = find.classes[index]
                if not (inside[number >> 6] >> np.uint64(number & 63)) & N1:
                    if ends[number] == N0:
                        touched[count] = number
                        count += 1
                    ends[number] = place + N1
    for index in range(count):
        number = touched[index]
        end = ends[number]
        ends[number] = N0
        check = rules.check[number]
        size = np.int64(0)
        if RAW[check]:
            size = copied(text, edge, end, buffer)
        else:
            size = compacted(text, edge, end, buffer)
        if size > 0 and passes(check, buffer, size):
            inside[number >> 6] |= N1 << np.uint64(number & 63)
            hit = True
    return hit
