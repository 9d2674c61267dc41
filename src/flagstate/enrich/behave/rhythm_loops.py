"""The loops of `rhythm`: plain Python that is run compiled where there is much to do.

A series is the sorted times of events in microseconds; series follow each other, `offset` says where each begins, with
one more. Only differences of times are used: a shifted clock changes nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

SPLIT = 4.0
"""A burst ends where the next longer interval is so many times longer: jitter of 40 % spreads by 2.3 only."""
BEATS_SHARE = 0.2
"""Share of intervals that must be longer than those within bursts: nights and week-ends alone are no rhythm."""
MOST_MISSED = 4
"""Beats that may be missed in a row and still count as the same run; a longer silence is an absence."""
HOUR_US = 3_600_000_000
SHORT_SHARE = 0.2
"""Share of intervals that must lie within bursts: a few doubled beats leave the rhythm as it is."""
HOPELESS = 0.35
"""Share of intervals in a window below which no rhythm is said, however narrow the window."""
LONG = 64
"""Intervals from which on a smaller share is looked at too: it may be a rhythm for a part of the time."""
CLASSES = 3
"""Sizes per series that are looked at each for itself."""
ALIKE = 0.95
"""A class with more of the events is the series itself."""
WINDOW, FOLD, SIZES = 6, 9, 4
"""Columns that `windows`, `fold` and `sizes` fill."""


def windows(offset: Any, us: Any, ratios: Any, chances: Any, least: Any, out: Any) -> None:  # noqa: ANN401
    """Find for each series the window of intervals that holds more of them than chance allows.

    Args:
        offset: int64 per series and one more.
        us: int64 per event.
        ratios: float64: longest by shortest interval of a window, the widest first.
        chances: float64 per ratio: largest share of exponential intervals that such a window can hold.
        least: Events that a series must have.
        out: float64 zeros, series by WINDOW: surprise in nats, shortest and longest interval of the window, intervals
            in it, all intervals, longest interval within bursts (0: no bursts).
    """
    for series in range(len(offset) - 1):
        first, size = offset[series], offset[series + 1] - offset[series]
        if size < least:
            continue
        total = size - 1
        steps = np.empty(total, np.int64)
        for at in range(total):
            steps[at] = max(us[first + at + 1] - us[first + at], 1)
        steps = np.sort(steps)
        out[series, 4] = total
        widest = 0
        for index in range(len(ratios)):
            # A narrower window holds no more: short series that the widest leaves at chance are done.
            if index > 0 and widest < HOPELESS * total and total < LONG:
                break
            low, most, where = 0, 0, 0
            for high in range(total):
                while steps[low] * ratios[index] < steps[high]:
                    low += 1
                if high - low >= most:
                    most, where = high - low + 1, low
            if index == 0:
                widest = most
            share = most / total
            if share <= chances[index]:
                continue
            surprise = share * math.log(share / chances[index])
            if most < total:
                surprise += (1.0 - share) * math.log((1.0 - share) / (1.0 - chances[index]))
            if surprise * total > out[series, 0]:
                out[series, 0] = surprise * total
                out[series, 1], out[series, 2] = steps[where], steps[where + most - 1]
                out[series, 3] = most
        apart = SPLIT
        for at in range(total - max(least - 1, math.ceil(BEATS_SHARE * total))):
            if steps[at + 1] / steps[at] >= apart:
                apart = steps[at + 1] / steps[at]
                out[series, 5] = steps[at]


def joined(offset: Any, us: Any, gap: Any, starts: Any, kept: Any, busy: Any) -> Any:  # noqa: ANN401
    """Keep the first event of each burst.

    Args:
        offset: int64 per series and one more.
        us: int64 per event.
        gap: int64 per series: longest interval within a burst.
        starts: int64 per series and one more, to be filled: where its bursts begin in `kept`.
        kept: int64 per event, to be filled: number of the first event of each burst.
        busy: float64 per series, to be filled: share of the time that bursts last.

    Returns:
        How many were kept.
    """
    size = 0
    for series in range(len(offset) - 1):
        starts[series] = size
        lasted = 0
        for at in range(offset[series], offset[series + 1]):
            if at == offset[series] or us[at] - us[at - 1] > gap[series]:
                kept[size] = at
                size += 1
            else:
                lasted += us[at] - us[at - 1]
        span = us[offset[series + 1] - 1] - us[offset[series]] if offset[series + 1] > offset[series] else 0
        busy[series] = lasted / span if span > 0 else 0.0
    starts[len(offset) - 1] = size
    return size


def fold(offset: Any, us: Any, low: Any, high: Any, out: Any) -> None:  # noqa: ANN401
    """Measure each series against its window of intervals.

    Args:
        offset: int64 per series and one more.
        us: int64 per event.
        low: float64 per series: shortest interval of its window.
        high: float64 per series: longest interval of its window.
        out: float64 zeros, series by FOLD: period (median within the window), standard deviation by the period, missed
            beats, shorter intervals, longer silences, microseconds within the rhythm, all microseconds, hours and days
            with an event, counted from the first event on.
    """
    for series in range(len(offset) - 1):
        first, last = offset[series], offset[series + 1]
        inside = np.empty(max(last - first, 1), np.float64)
        found = 0
        hour, day = np.int64(-1), np.int64(-1)
        for at in range(first, last):
            since = us[at] - us[first]
            if since // HOUR_US != hour:
                hour = since // HOUR_US
                out[series, 7] += 1
            if since // (24 * HOUR_US) != day:
                day = since // (24 * HOUR_US)
                out[series, 8] += 1
            if at > first and low[series] <= us[at] - us[at - 1] <= high[series]:
                inside[found] = us[at] - us[at - 1]
                found += 1
        if not found:
            continue
        period = np.median(inside[:found])
        spread = 0.0
        for at in range(found):
            spread += (inside[at] - period) ** 2
            out[series, 5] += inside[at]
        out[series, 0], out[series, 1] = period, math.sqrt(spread / found) / period
        reach = max(high[series] / period - 1.0, 1.0 - low[series] / period, 0.02)
        for at in range(first + 1, last):
            step = us[at] - us[at - 1]
            if low[series] <= step <= high[series]:
                continue
            beats = int(step / period + 0.5)
            if step < low[series]:
                out[series, 3] += 1
            elif beats <= MOST_MISSED + 1 and abs(step - beats * period) <= reach * period * math.sqrt(beats):
                out[series, 2] += max(beats - 1, 0)
                out[series, 5] += step
            else:
                out[series, 4] += 1
        out[series, 6] = us[last - 1] - us[first]


def sizes(offset: Any, count: Any, orig: Any, ratio: Any, out: Any) -> None:  # noqa: ANN401
    """Find the commonest size of each series.

    Args:
        offset: int64 per series and one more.
        count: int64 per bin: events in it.
        orig: int64 per bin: bytes sent in it.
        ratio: Largest by smallest size that count as the same.
        out: float64 zeros, series by SIZES: share of bins with the commonest size, smallest and largest of these sizes,
            share of bins with the commonest two sizes.
    """
    for series in range(len(offset) - 1):
        first, total = offset[series], offset[series + 1] - offset[series]
        if total < 1:
            continue
        mean = np.empty(total, np.float64)
        for at in range(total):
            mean[at] = orig[first + at] / max(count[first + at], 1) + 1.0
        mean = np.sort(mean)
        taken_from, taken_to = -1, -1
        for turn in range(2):
            low, most, where = 0, 0, 0
            for high in range(total):
                if taken_from <= high <= taken_to:
                    low = high + 1
                    continue
                while mean[low] * ratio < mean[high]:
                    low += 1
                if high - low >= most:
                    most, where = high - low + 1, low
            out[series, 3] += most / total
            if turn == 0:
                taken_from, taken_to = where, where + most - 1
                out[series, 0] = most / total
                out[series, 1], out[series, 2] = mean[where] - 1.0, mean[where + most - 1] - 1.0


def dispersion(offset: Any, us: Any, count: Any, width: Any, out: Any) -> None:  # noqa: ANN401
    """Measure how even the counts of wide bins are, within runs of bins that follow each other.

    Args:
        offset: int64 per series and one more.
        us: int64 per bin.
        count: int64 per bin: events in it.
        width: int64 per series: microseconds of a bin.
        out: float64 zeros, series by 4: bins with a neighbour on either side, mean count of these, variance, runs.
    """
    for series in range(len(offset) - 1):
        first, last = offset[series], offset[series + 1]
        inner, total, squares = 0, 0.0, 0.0
        for at in range(first, last):
            if at == first or us[at] - us[at - 1] != width[series]:
                out[series, 3] += 1
            elif at + 1 < last and us[at + 1] - us[at] == width[series]:
                inner += 1
                total += count[at]
                squares += float(count[at]) ** 2
        if inner:
            out[series, 0], out[series, 1] = inner, total / inner
            out[series, 2] = max(squares / inner - (total / inner) ** 2, 0.0)


def runs(offset: Any, us: Any, low: Any, high: Any, share: Any, starts: Any, kept: Any, out: Any) -> Any:  # noqa: ANN401
    """Keep the events of each series that stand in long runs of intervals of its window.

    Args:
        offset: int64 per series and one more.
        us: int64 per event.
        low: float64 per series: shortest interval of the window.
        high: float64 per series: longest interval of the window.
        share: float64 per series: share of intervals in the window.
        starts: int64 per series and one more, to be filled: where its events begin in `kept`.
        kept: int64 per event, to be filled: numbers of events.
        out: float64 per series, to be filled: surprise in nats of these runs, if intervals came in any order.

    Returns:
        How many were kept.
    """
    size = 0
    for series in range(len(offset) - 1):
        starts[series] = size
        first, last = offset[series], offset[series + 1]
        rare, cost = -math.log(min(max(share[series], 1e-9), 1.0)), math.log(max(last - first, 1))
        begin = first
        for at in range(first + 1, last + 1):
            if at < last and low[series] <= us[at] - us[at - 1] <= high[series]:
                continue
            surprise = (at - 1 - begin) * rare - cost
            if surprise > 0:
                out[series] += surprise
                for place in range(begin, at):
                    kept[size] = place
                    size += 1
            begin = at
    starts[len(offset) - 1] = size
    return size


def classes(offset: Any, count: Any, orig: Any, ratio: Any, least: Any, starts: Any, owner: Any, kept: Any) -> Any:  # noqa: ANN401
    """Take the events of each series apart by size: a rhythm of its own size hides in other traffic.

    Args:
        offset: int64 per series and one more.
        count: int64 per bin: events in it; only bins with one event show its size.
        orig: int64 per bin: bytes sent in it.
        ratio: Largest by smallest size of a class.
        least: Events that a class must have.
        starts: int64, CLASSES per series and one more, to be filled: where each class begins in `kept`.
        owner: int64, CLASSES per series, to be filled: number of the series of each class.
        kept: int64 per bin, to be filled: numbers of the bins of each class, in order of time.

    Returns:
        How many classes there are.
    """
    made, size = 0, 0
    for series in range(len(offset) - 1):
        first, last = offset[series], offset[series + 1]
        if last - first < 2 * least:
            continue
        single = np.empty(last - first, np.int64)
        total = 0
        for at in range(first, last):
            if count[at] == 1 and orig[at] > 0:
                single[total] = orig[at]
                total += 1
        single = np.sort(single[:total])
        free = np.ones(total, np.bool_)
        for _ in range(CLASSES):
            low, most, where = 0, 0, 0
            for high in range(total):
                if not free[high]:
                    low = high + 1
                    continue
                while single[low] * ratio < single[high]:
                    low += 1
                if high - low >= most:
                    most, where = high - low + 1, low
            if most < least or most > ALIKE * (last - first):
                break
            free[where : where + most] = False
            smallest, largest = single[where], single[where + most - 1]
            starts[made], owner[made] = size, series
            for at in range(first, last):
                if count[at] == 1 and smallest <= orig[at] <= largest:
                    kept[size] = at
                    size += 1
            made += 1
    starts[made] = size
    return made
