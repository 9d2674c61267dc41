"""Samples by fingerprint, in compiled loops: distinct values of a column, and distinct subjects of a group of rows.

A fingerprint is a keyed 64-bit hash, 0 for none. Keeping the smallest ones, or all below a threshold, is a uniform
sample of the distinct values that does not depend on order or repetition.

The compiler takes a while to import: whoever calls these loops imports this module then, not before.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Marks = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Groups = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


@numba.njit(cache=True, nogil=True)
def fresh(marks: Marks, begin: int, limit: np.uint64, slots: Marks, room: int) -> tuple[Places, int]:
    """Return the places of fingerprints below a limit that are not in a set yet, and add them to it.

    Args:
        marks: Fingerprints; 0 is passed over.
        begin: Where to begin.
        limit: Only smaller ones.
        slots: The set: open addressing, a power of two of places, 0 is empty; changed.
        room: Stop after so many.

    Returns:
        The places, and where to go on: the length when all were seen.
    """
    found = np.empty(room, np.int64)
    count = 0
    wrap = np.uint64(len(slots) - 1)
    for at in range(begin, len(marks)):
        mark = marks[at]
        if mark == 0 or mark >= limit:
            continue
        slot = mark & wrap
        while slots[slot] != 0 and slots[slot] != mark:
            slot = (slot + np.uint64(1)) & wrap
        if slots[slot] == mark:
            continue
        if count == room:
            return found[:count], at
        slots[slot] = mark
        found[count] = at
        count += 1
    return found[:count], len(marks)


@numba.njit(cache=True, nogil=True)
def add(
    marks: Marks, groups: Groups, begin: int, limit: np.uint64, kept: Marks, of: Groups, used: int
) -> tuple[int, int]:
    """Add pairs of subject and group to a set.

    Args:
        marks: Fingerprints of subjects; 0 is passed over.
        groups: The group of each.
        begin: Where to begin.
        limit: Only smaller fingerprints; 0: all.
        kept: The set's fingerprints, open addressing, a power of two of places; changed.
        of: The set's groups; changed.
        used: How many it has.

    Returns:
        How many it has now, and where to go on: it stops when half full.
    """
    wrap = np.uint64(len(kept) - 1)
    half = len(kept) // 2
    for at in range(begin, len(marks)):
        mark = marks[at]
        if mark == 0 or (limit != 0 and mark >= limit):
            continue
        group = groups[at]
        slot = (mark ^ (np.uint64(group) * np.uint64(0x9E3779B97F4A7C15))) & wrap
        while kept[slot] != 0 and (kept[slot] != mark or of[slot] != group):
            slot = (slot + np.uint64(1)) & wrap
        if kept[slot] != 0:
            continue
        if used >= half:
            return used, at
        kept[slot] = mark
        of[slot] = group
        used += 1
    return used, len(marks)


@numba.njit(cache=True, nogil=True)
def assign(
    keys: Marks, months: Groups, homes: Groups, begin: int, slots: Groups, known: Marks, known_m: Groups,
    known_h: Groups, used: int, made: Groups,
) -> tuple[int, int]:  # fmt: skip
    """Give each row the number of its group: the pattern of its classes, its month and its residence.

    Args:
        keys: Patterns.
        months: Months.
        homes: Residences.
        begin: Where to begin.
        slots: Open addressing: numbers of groups, -1 is empty; changed.
        known: Patterns by number of group; changed.
        known_m: Months by number of group; changed.
        known_h: Residences by number of group; changed.
        used: How many groups there are.
        made: Receives the number of each row.

    Returns:
        How many groups there are now, and where to go on: it stops when `known` is full.
    """
    wrap = np.uint64(len(slots) - 1)
    for at in range(begin, len(keys)):
        key, month, home = keys[at], months[at], homes[at]
        mixed = (key ^ (np.uint64(month + 1) << np.uint64(40)) ^ (np.uint64(home + 1) << np.uint64(56))) * np.uint64(
            0x9E3779B97F4A7C15
        )
        slot = (mixed ^ (mixed >> np.uint64(32))) & wrap
        group = slots[slot]
        while group >= 0 and (known[group] != key or known_m[group] != month or known_h[group] != home):
            slot = (slot + np.uint64(1)) & wrap
            group = slots[slot]
        if group < 0:
            if used == len(known):
                return used, at
            group = np.int32(used)
            slots[slot] = group
            known[group] = key
            known_m[group] = month
            known_h[group] = home
            used += 1
        made[at] = group
    return used, len(keys)


@numba.njit(cache=True, nogil=True)
def sums(filled: Bytes, sizes: Groups, weights: Places) -> tuple[int, int, int, int]:
    """Return how many values are filled, their bytes together, those of the shortest and those of the longest.

    Args:
        filled: 1: neither null nor blank.
        sizes: Bytes of each value.
        weights: Rows of each value, 0: none; empty: one each.
    """
    count, total, least, most = 0, 0, 1 << 62, 0
    for at in range(len(filled)):
        rows = int(weights[at]) if len(weights) else 1
        if filled[at] and rows:
            size = int(sizes[at])
            count += rows
            total += rows * size
            least = min(least, size)
            most = max(most, size)
    return count, total, least if count else 0, most


@numba.njit(cache=True, nogil=True)
def spread(bits: npt.NDArray[np.uint64], weights: Places, into: Places) -> None:
    """Add the rows of each bit.

    Args:
        bits: [value, word]
        weights: Rows of each value; empty: one each.
        into: By bit; changed.
    """
    for at in range(bits.shape[0]):
        rows = weights[at] if len(weights) else 1
        for word in range(bits.shape[1]):
            left = bits[at, word]
            bit = 64 * word
            while left:
                if left & np.uint64(1):
                    into[bit] += rows
                left >>= np.uint64(1)
                bit += 1


@numba.njit(cache=True, nogil=True)
def heads(offsets: npt.NDArray[np.signedinteger[Any]], data: Bytes, openers: Bytes) -> tuple[int, int]:
    """Return the bytes of the longest value, and how many begin with one of some characters.

    Args:
        offsets: Where each value begins, and where the last ends.
        data: Bytes of all values.
        openers: 1 for each byte that is meant.
    """
    longest, count = 0, 0
    for at in range(len(offsets) - 1):
        start, size = offsets[at], offsets[at + 1] - offsets[at]
        longest = max(longest, size)
        if size > 2:
            count += openers[data[start]]
    return longest, count


@numba.njit(cache=True, nogil=True)
def moment(data: Bytes, start: int, stop: int) -> bool:
    """Whether a text is a date and a time of day as YYYY-MM-DD HH:MM, and nothing but digits and their signs after it.

    Args:
        data: Bytes.
        start: Where it begins.
        stop: Where it ends.
    """
    if stop - start < 16 or stop - start > 35:
        return False
    for at in range(stop - start):
        byte = data[start + at]
        digit = 48 <= byte <= 57
        if at == 4 or at == 7:
            good = byte == 45 or byte == 47
        elif at == 10:
            good = byte == 32 or byte == 84
        elif at == 13:
            good = byte == 58
        elif at < 16:
            good = digit
        else:
            good = digit or byte == 58 or byte == 46 or byte == 43 or byte == 45 or byte == 90
        if not good:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def open_(
    offsets: npt.NDArray[np.signedinteger[Any]], data: Bytes, filled: Bytes, whole: npt.NDArray[np.uint64],
    sizes: Groups, strong: Marks, least: int,
) -> Places:  # fmt: skip
    """Return the places of the values inside which something may stand.

    Args:
        offsets: Where each value begins, and where the last ends.
        data: Bytes of all values.
        filled: 1: neither null nor blank.
        whole: [value, word] Classes of the whole value.
        sizes: Bytes of each value.
        strong: By word: classes whose values hold nothing else; all 0: everything is searched.
        least: Bytes from which a value is searched.
    """
    found = np.empty(len(sizes), np.int64)
    count, every = 0, True
    for word in range(len(strong)):
        every &= strong[word] == 0
    for at in range(len(sizes)):
        if not filled[at] or sizes[at] < least:
            continue
        proven = np.uint64(0)
        for word in range(len(strong)):
            proven |= whole[at, word] & strong[word]
        if not proven and (every or not moment(data, offsets[at], offsets[at + 1])):
            found[count] = at
            count += 1
    return found[:count]
