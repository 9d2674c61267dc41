"""The loops of `timing`: plain Python that is run compiled where there is much to do.

A row is an event, or one bin of a channel. All sums stop at LARGEST instead of wrapping.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_BINS = 4096
LARGEST = 2**62
BUCKETS = 256
WIDEST = 40
"""Bytes that one bin may take, packed; most take seven."""


def scatter(channel: Any, starts: Any, given: Any, taken: Any) -> None:  # noqa: ANN401
    """Copy columns so that rows stand together whose channels have the same highest eight bits.

    Args:
        channel: uint64 per row.
        starts: int64, BUCKETS + 1 zeros; gets where each bucket begins.
        given: int64 columns.
        taken: As many columns, and one for the channels as int64 at the end, to be filled.
    """
    shift = np.uint64(56)
    for row in range(len(channel)):
        starts[np.int64(channel[row] >> shift) + 1] += 1
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
    at = starts.copy()
    for row in range(len(channel)):
        into = np.int64(channel[row] >> shift)
        place = at[into]
        at[into] += 1
        for column in range(len(given)):
            taken[column, place] = given[column, row]
        taken[len(given), place] = np.int64(channel[row])


def fold(starts: Any, rows: Any, out: Any, blob: Any) -> Any:  # noqa: ANN401
    """Put the rows of each channel together in bins, coarsen until there are at most MOST_BINS, and pack them.

    Numbers are written with seven bits a byte: per bin the step from the one before in units of its width (the lowest
    bit is its sign, for times before 1970), events less one, bytes sent, bytes received.

    Args:
        starts: As `scatter` left it.
        rows: us, orig, resp and channel, or us, orig, resp, count, level and channel, as `scatter` left them.
        out: (channel uint64, level int8, place int64 with one more), at least as long as there are channels.
        blob: uint8, to be filled.

    Returns:
        How many channels there are; -1: the blob is too small.
    """
    to_channel, to_level, to_place = out
    us, orig, resp, channel = rows[0], rows[1], rows[2], rows[len(rows) - 1]
    counted = len(rows) > 4
    count, level = rows[len(rows) - 3], rows[len(rows) - 2]
    largest = np.int64(1)
    for bucket in range(BUCKETS):
        largest = max(largest, starts[bucket + 1] - starts[bucket])
    slots = np.int64(16)
    while slots < 2 * largest:
        slots *= 2
    keys, ids = np.zeros(slots, np.int64), np.full(slots, -1, np.int64)
    mine, places, used = np.zeros(largest, np.int64), np.zeros(largest, np.int64), np.zeros(largest, np.int64)
    names, order = np.zeros(largest, np.uint64), np.zeros(largest, np.int64)
    bin_us, bin_count = np.zeros(largest, np.int64), np.zeros(largest, np.int64)
    bin_orig, bin_resp = np.zeros(largest, np.int64), np.zeros(largest, np.int64)
    numbers = np.zeros(4, np.uint64)
    found, size = 0, np.int64(0)
    for bucket in range(BUCKETS):
        first, total = starts[bucket], starts[bucket + 1] - starts[bucket]
        distinct = 0
        for at in range(total):
            key = channel[first + at]
            slot = (key ^ (key >> 29)) & (slots - 1)
            while ids[slot] >= 0 and keys[slot] != key:
                slot = (slot + 1) & (slots - 1)
            if ids[slot] < 0:
                ids[slot], keys[slot] = distinct, key
                names[distinct], used[distinct], places[distinct] = np.uint64(key), slot, 0
                distinct += 1
            mine[at] = ids[slot]
            places[ids[slot]] += 1
        ranked = np.argsort(names[:distinct])
        place = np.int64(0)
        for rank in range(distinct):
            held = places[ranked[rank]]
            places[ranked[rank]] = place
            place += held
        for at in range(total):
            order[places[mine[at]]] = first + at
            places[mine[at]] += 1
        begin = np.int64(0)
        for rank in range(distinct):
            end = places[ranked[rank]]
            ids[used[rank]] = -1
            # Logs are written in the order in which connections end: nearly in order of their start.
            moves = 8 * (end - begin)
            for at in range(begin + 1, end):
                row = order[at]
                moment = us[row]
                to = at
                while to > begin and us[order[to - 1]] > moment and moves > 0:
                    order[to] = order[to - 1]
                    to -= 1
                    moves -= 1
                order[to] = row
                if moves <= 0:
                    break
            if moves <= 0:
                part = order[begin:end].copy()
                times = np.zeros(end - begin, np.int64)
                for at in range(end - begin):
                    times[at] = us[part[at]]
                sorted_ = np.argsort(times)
                for at in range(end - begin):
                    order[begin + at] = part[sorted_[at]]
            width = np.int64(0)
            if counted:
                for at in range(begin, end):
                    width = max(width, level[order[at]])
            bins = 0
            for at in range(begin, end):
                row = order[at]
                moment = (us[row] >> width) << width
                times_ = count[row] if counted else np.int64(1)
                if bins and bin_us[bins - 1] == moment:
                    last = bins - 1
                    bin_count[last] = min(bin_count[last] + times_, LARGEST)
                    bin_orig[last] = min(bin_orig[last] + orig[row], LARGEST)
                    bin_resp[last] = min(bin_resp[last] + resp[row], LARGEST)
                else:
                    bin_us[bins], bin_count[bins], bin_orig[bins], bin_resp[bins] = moment, times_, orig[row], resp[row]
                    bins += 1
            while bins > MOST_BINS:
                width += 1
                kept = 0
                for at in range(bins):
                    moment = (bin_us[at] >> width) << width
                    if kept and bin_us[kept - 1] == moment:
                        last = kept - 1
                        bin_count[last] = min(bin_count[last] + bin_count[at], LARGEST)
                        bin_orig[last] = min(bin_orig[last] + bin_orig[at], LARGEST)
                        bin_resp[last] = min(bin_resp[last] + bin_resp[at], LARGEST)
                    else:
                        bin_us[kept], bin_count[kept] = moment, bin_count[at]
                        bin_orig[kept], bin_resp[kept] = bin_orig[at], bin_resp[at]
                        kept += 1
                bins = kept
            to_channel[found], to_level[found], to_place[found] = names[ranked[rank]], width, size
            found += 1
            if size + WIDEST * bins > len(blob):
                return -1
            before = np.int64(0)
            for at in range(bins):
                moment = bin_us[at] >> width
                step = moment - before
                before = moment
                numbers[0] = np.uint64(step << 1 if step >= 0 else ~(step << 1))
                numbers[1] = np.uint64(bin_count[at] - 1)
                numbers[2], numbers[3] = np.uint64(bin_orig[at]), np.uint64(bin_resp[at])
                for field in range(4):
                    left = numbers[field]
                    while left >= np.uint64(128):
                        blob[size] = np.uint8((left & np.uint64(127)) | np.uint64(128))
                        left >>= np.uint64(7)
                        size += 1
                    blob[size] = np.uint8(left)
                    size += 1
            begin = end
    to_place[found] = size
    return found


def count_bins(blob: Any, place: Any, start: Any) -> Any:  # noqa: ANN401
    """Count the bins of each channel: four numbers each, and a number ends with a byte below 128."""
    total = np.int64(0)
    for channel in range(len(place) - 1):
        start[channel] = total
        ends = np.int64(0)
        for at in range(place[channel], place[channel + 1]):
            if blob[at] < 128:
                ends += 1
        total += ends // 4
    start[len(place) - 1] = total
    return total


def unpack(blob: Any, place: Any, level: Any, us: Any, count: Any, orig: Any, resp: Any) -> None:  # noqa: ANN401
    """Read what `fold` packed, into arrays of as many bins as `count_bins` says."""
    to = np.int64(0)
    for channel in range(len(place) - 1):
        at, before = place[channel], np.int64(0)
        while at < place[channel + 1]:
            for field in range(4):
                value, shift = np.uint64(0), np.uint64(0)
                while True:
                    byte = np.uint64(blob[at])
                    at += 1
                    value |= (byte & np.uint64(127)) << shift
                    shift += np.uint64(7)
                    if byte < np.uint64(128):
                        break
                number = np.int64(value)
                if field == 0:
                    step = ~(number >> 1) if number & 1 else number >> 1
                    before += step
                    us[to] = before << np.int64(level[channel])
                elif field == 1:
                    count[to] = number + 1
                elif field == 2:
                    orig[to] = number
                else:
                    resp[to] = number
            to += 1
