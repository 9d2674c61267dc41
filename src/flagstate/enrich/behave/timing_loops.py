"""The loops of `timing`: plain Python that is run compiled where there is much to do.

A row is one bin of a channel: (channel, level, us, count, orig, resp). All sums stop at LARGEST instead of wrapping.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_BINS = 4096
LARGEST = 2**62
BUCKETS = 2048


def scatter(channel: Any, order: Any, starts: Any) -> None:  # noqa: ANN401
    """Order rows by the highest 11 bits of their channel; `starts` gets where each bucket begins.

    Args:
        channel: uint64 per row.
        order: int64 per row, to be filled.
        starts: int64, BUCKETS + 1 zeros.
    """
    shift, one = np.uint64(53), np.int64(1)
    for row in range(len(channel)):
        starts[np.int64(channel[row] >> shift) + one] += 1
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
    at = starts.copy()
    for row in range(len(channel)):
        into = np.int64(channel[row] >> shift)
        order[at[into]] = row
        at[into] += 1


def gather(order: Any, starts: Any, channel: Any, us: Any) -> None:  # noqa: ANN401
    """Sort each bucket of `order` by channel and time; rows that come sorted already cost little.

    Args:
        order: As `scatter` left it.
        starts: As `scatter` left it.
        channel: uint64 per row.
        us: int64 per row.
    """
    largest = np.int64(0)
    for bucket in range(BUCKETS):
        largest = max(largest, starts[bucket + 1] - starts[bucket])
    slots = np.int64(16)
    while slots < 2 * largest:
        slots *= 2
    keys, ids = np.zeros(slots, np.uint64), np.full(slots, -1, np.int64)
    mine, counts, used = np.zeros(largest, np.int64), np.zeros(largest, np.int64), np.zeros(largest, np.int64)
    names = np.zeros(largest, np.uint64)
    spare = np.zeros(largest, np.int64)
    for bucket in range(BUCKETS):
        first, size = starts[bucket], starts[bucket + 1] - starts[bucket]
        distinct = 0
        for at in range(size):
            key = channel[order[first + at]]
            slot = np.int64((key ^ (key >> np.uint64(29))) & np.uint64(slots - 1))
            while ids[slot] >= 0 and keys[slot] != key:
                slot = (slot + 1) & (slots - 1)
            if ids[slot] < 0:
                ids[slot], keys[slot] = distinct, key
                names[distinct], used[distinct], counts[distinct] = key, slot, 0
                distinct += 1
            mine[at] = ids[slot]
            counts[ids[slot]] += 1
        ranked = np.argsort(names[:distinct])
        place = np.int64(0)
        for rank in range(distinct):
            held = counts[ranked[rank]]
            counts[ranked[rank]] = place
            place += held
        for at in range(size):
            spare[counts[mine[at]]] = order[first + at]
            counts[mine[at]] += 1
        begin = np.int64(0)
        for rank in range(distinct):
            end = counts[ranked[rank]]
            late = 0
            for at in range(begin + 1, end):
                if us[spare[at]] < us[spare[at - 1]]:
                    late += 1
            if late:
                part = spare[begin:end].copy()
                times = np.zeros(end - begin, np.int64)
                for at in range(end - begin):
                    times[at] = us[part[at]]
                sorted_ = np.argsort(times)
                for at in range(end - begin):
                    spare[begin + at] = part[sorted_[at]]
            begin = end
        for at in range(size):
            order[first + at] = spare[at]
        for rank in range(distinct):
            ids[used[rank]] = -1


def fold(order: Any, channel: Any, level: Any, us: Any, count: Any, orig: Any, resp: Any, out: Any) -> Any:  # noqa: ANN401
    """Put the rows of each channel together in bins, and coarsen until there are at most MOST_BINS of them.

    Args:
        order: Rows sorted by channel and time.
        channel: uint64 per row.
        level: int8 per row: its bin is 2**level microseconds wide.
        us: Begin of its bin.
        count: Events in it.
        orig: Bytes that the originator sent in it.
        resp: Bytes that came back in it.
        out: (channel uint64, level int8, start int64 with one more, us, count, orig, resp int64), at least as long.

    Returns:
        How many channels there are.
    """
    to_channel, to_level, to_start, to_us, to_count, to_orig, to_resp = out
    found, bins, at = 0, np.int64(0), 0
    while at < len(order):
        key, end, width = channel[order[at]], at, np.int64(0)
        while end < len(order) and channel[order[end]] == key:
            width = max(width, np.int64(level[order[end]]))
            end += 1
        first = bins
        for place in range(at, end):
            row = order[place]
            moment = (us[row] >> width) << width
            if bins > first and to_us[bins - 1] == moment:
                last = bins - 1
                to_count[last] = min(to_count[last] + count[row], LARGEST)
                to_orig[last] = min(to_orig[last] + orig[row], LARGEST)
                to_resp[last] = min(to_resp[last] + resp[row], LARGEST)
            else:
                to_us[bins], to_count[bins], to_orig[bins], to_resp[bins] = moment, count[row], orig[row], resp[row]
                bins += 1
        while bins - first > MOST_BINS:
            width += 1
            kept = first
            for place in range(first, bins):
                moment = (to_us[place] >> width) << width
                if kept > first and to_us[kept - 1] == moment:
                    last = kept - 1
                    to_count[last] = min(to_count[last] + to_count[place], LARGEST)
                    to_orig[last] = min(to_orig[last] + to_orig[place], LARGEST)
                    to_resp[last] = min(to_resp[last] + to_resp[place], LARGEST)
                else:
                    to_us[kept], to_count[kept] = moment, to_count[place]
                    to_orig[kept], to_resp[kept] = to_orig[place], to_resp[place]
                    kept += 1
            bins = kept
        to_channel[found], to_level[found], to_start[found] = key, width, first
        found += 1
        at = end
    to_start[found] = bins
    return found


def pack(level: Any, start: Any, us: Any, count: Any, orig: Any, resp: Any, place: Any, blob: Any) -> Any:  # noqa: ANN401
    """Write the bins of each channel as numbers of seven bits a byte; with an empty blob only measure.

    Args:
        level: Per channel.
        start: Per channel and one more: its first bin.
        us: Per bin, and so on for the other three.
        count: As us.
        orig: As us.
        resp: As us.
        place: Per channel and one more, to be filled: where its bytes begin.
        blob: uint8, to be filled; empty: nothing is written.

    Returns:
        Bytes that it takes.
    """
    size, write = np.int64(0), len(blob) > 0
    for channel in range(len(level)):
        place[channel] = size
        before = np.int64(0)
        for at in range(start[channel], start[channel + 1]):
            moment = us[at] >> np.int64(level[channel])
            step = moment - before
            before = moment
            # Times before 1970 are negative: the lowest bit is the sign.
            for number in (np.int64(step << 1 if step >= 0 else ~(step << 1)), count[at] - 1, orig[at], resp[at]):
                left = np.uint64(number)
                while True:
                    if write:
                        more = np.uint64(128) if left >= np.uint64(128) else np.uint64(0)
                        blob[size] = np.uint8((left & np.uint64(127)) | more)
                    size += 1
                    left >>= np.uint64(7)
                    if left == np.uint64(0):
                        break
    place[len(level)] = size
    return size


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
    """Read what `pack` wrote, into arrays of as many bins as `count_bins` says."""
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
