"""Distinct subjects of several populations in the fullest 12 months: bounds for all windows at once.

A window is 12 whole calendar months that end in the month asked for or earlier. What has no date is in every window; a
population of a whole year is in a window for the upper bound if they touch, for the lower one if it lies inside.

What it cannot see: days within a month; whether the date in a row is that of what the law counts.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from flagstate.catalog import sketch

Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint64]

MONTHS = 12
NEVER, ALWAYS = -(1 << 22), 1 << 22
"""Before and after every month."""
ROOM = 1 << 24
"""More than all months between the two."""


@dataclass(frozen=True, eq=False)
class Population:
    """Subjects of one set of classes in one month."""

    classes: frozenset[str]
    """Classes that stand together in its rows."""
    low: int
    """Distinct subjects, at least."""
    high: int
    """Distinct subjects, at most."""
    first: int = NEVER
    """First month, counted from year 0; NEVER: no date."""
    last: int = ALWAYS
    """Last month; ALWAYS: no date."""
    track: str | None = None
    """Class that tells its subjects apart; null: none does."""
    level: int = 0
    """Level of the sample; 0: all subjects are in it."""
    kept: bytes = b""
    """Sorted fingerprints of the sample."""
    nameless: int = 0
    """Subjects, at most, beside those that the sample stands for."""
    facts: tuple[str, ...] = ()
    """Its rows."""
    marks: tuple[str, ...] = ()
    """Its marks."""

    @property
    def dated(self) -> bool:
        """Whether it has a date."""
        return self.first != NEVER


@dataclass(frozen=True)
class Count:
    """Distinct subjects of the fullest window."""

    low: int
    """At least."""
    high: int
    """At most, of every window."""
    end: int | None = None
    """Last month of the fullest window, counted from year 0; null: nothing has a date."""
    series: str | None = None
    """JSON: month to bounds; null: nothing has a date."""


@dataclass
class _Track:
    """Populations whose subjects one class tells apart."""

    rows: list[Population] = field(default_factory=list)

    @property
    def level(self) -> int:
        return max(row.level for row in self.rows)


def month_of(text: str | None) -> tuple[int, int]:
    """Return the first and last month that a text names, counted from year 0.

    Args:
        text: YYYY-MM, or YYYY where dates are coarser; null or anything else: no date.
    """
    if text is None or not text[:4].isdigit():
        return NEVER, ALWAYS
    year = int(text[:4]) * MONTHS
    if len(text) == 4:
        return year, year + MONTHS - 1
    if len(text) == 7 and text[5:].isdigit() and 1 <= int(text[5:]) <= MONTHS:
        return (month := year + int(text[5:]) - 1), month
    return NEVER, ALWAYS


@lru_cache(maxsize=4096)
def days(end: int | None, as_of: date) -> tuple[date, date]:
    """Return the first and last day of a window.

    Args:
        end: Its last month, counted from year 0; null: the 12 months that end on the day asked for.
        as_of: The day asked for.
    """
    if end is None:
        if as_of.year == 1:
            return date(1, 1, 1), as_of
        day = min(as_of.day, monthrange(as_of.year - 1, as_of.month)[1])
        return as_of.replace(year=as_of.year - 1, day=day) + timedelta(days=1), as_of
    begin, end = max(end - MONTHS + 1, MONTHS), max(end, MONTHS)
    last = date(end // MONTHS, end % MONTHS + 1, monthrange(end // MONTHS, end % MONTHS + 1)[1])
    return date(begin // MONTHS, begin % MONTHS + 1, 1), min(last, as_of)


def fullest(rows: Sequence[Population], as_of: date) -> Count | None:
    """Return how many distinct subjects the populations have together in the fullest 12 months.

    Args:
        rows: Populations of one container, group of persons and unit.
        as_of: Months after this day do not count.

    Returns:
        Bounds that hold for the fullest window; null: nothing lies on or before the day.
    """
    now = as_of.year * MONTHS + as_of.month - 1
    rows = [row for row in rows if not row.dated or row.first <= now]
    if not rows:
        return None
    if not any(row.dated for row in rows):
        return Count(*together(rows))
    if len(rows) == 1 and rows[0].first == rows[0].last:
        return Count(rows[0].low, rows[0].high, rows[0].first, _series(rows))
    ends = np.array(sorted({m for row in rows if row.dated for m in (row.first, row.last) if m <= now}), np.int64)
    low, high = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64)
    for track in _tracks(rows):
        low, high = np.maximum(low, _lows(track, ends)), high + _highs(track, ends)
    # Of windows that are as full as each other, the latest.
    best = max(range(len(ends)), key=lambda at: (high[at], low[at], at))
    least = max([int(low.max()), *(row.low for row in rows if not row.dated or row.last <= now)])
    return Count(least, max(least, int(high.max())), int(ends[best]), _series(rows))


def together(rows: Sequence[Population]) -> tuple[int, int]:
    """Return at least and at most how many distinct subjects populations have together, whatever their dates."""
    if len(rows) == 1:
        return rows[0].low, rows[0].high
    low, high = 0, 0
    for track in _tracks(rows):
        if len(track.rows) == 1:
            least, most = track.rows[0].low, track.rows[0].high
        else:
            level = track.level
            marks = np.unique(np.concatenate([_cut(row, level) for row in track.rows]))
            least, most = _spread(len(marks), level)
            most = min(most + sum(row.nameless for row in track.rows), sum(row.high for row in track.rows))
            least = max([least, *(row.low for row in track.rows)])
        low, high = max(low, least), high + most
    return low, max(low, high)


def _tracks(rows: Iterable[Population]) -> list[_Track]:
    by: dict[str, _Track] = {}
    alone: list[_Track] = []
    for row in rows:
        if row.track is None:
            alone.append(_Track([row]))
        else:
            by.setdefault(row.track, _Track()).rows.append(row)
    return [*by.values(), *alone]


def _spread(kept: int, level: int) -> tuple[int, int]:
    """Three standard errors each way, as `catalog.sketch.bounds` has them."""
    if not level:
        return kept, kept
    scale, spread = 1 << level, 3 * sqrt(kept + 2)
    return max(kept, int((kept - spread) * scale)), int((kept + spread + 5) * scale)


def _cut(row: Population, level: int) -> Marks:
    marks: Marks = np.frombuffer(sketch.cut(row.kept, level), "<u8")
    return marks


def _lows(track: _Track, ends: Numbers) -> Numbers:
    """At least: what lies whole inside each window."""
    spans = [(row.last, row.first + MONTHS - 1 if row.dated else ALWAYS) for row in track.rows]
    spans = [(begin if row.dated else NEVER, end) for row, (begin, end) in zip(track.rows, spans, strict=True)]
    level = track.level
    named = _named(track, spans, level, ends)
    return np.array([_spread(int(kept), level)[0] if kept else 0 for kept in named], np.int64)


def _highs(track: _Track, ends: Numbers) -> Numbers:
    """At most: what touches each window."""
    spans = [(row.first, row.last + MONTHS - 1 if row.dated else ALWAYS) for row in track.rows]
    level = track.level
    most = _added(spans, [row.high for row in track.rows], ends)
    if all(not row.kept for row in track.rows):
        return most
    named = np.array([_spread(int(kept), level)[1] for kept in _named(track, spans, level, ends)], np.int64)
    made: Numbers = np.minimum(most, named + _added(spans, [row.nameless for row in track.rows], ends))
    return made


def _added(spans: Sequence[tuple[int, int]], weights: Sequence[int], ends: Numbers) -> Numbers:
    """Return for each window the sum of the weights of the spans that hold its last month."""
    begins, stops = (np.array([span[at] for span in spans], np.int64) for at in (0, 1))
    weight = np.array(weights, np.int64)
    first, last = np.argsort(begins, kind="stable"), np.argsort(stops, kind="stable")
    risen = np.concatenate([[0], np.cumsum(weight[first])])[np.searchsorted(begins[first], ends, "right")]
    gone = np.concatenate([[0], np.cumsum(weight[last])])[np.searchsorted(stops[last], ends, "left")]
    made: Numbers = risen - gone
    return made


def _named(track: _Track, spans: Sequence[tuple[int, int]], level: int, ends: Numbers) -> Numbers:
    """Return for each window how many different fingerprints its populations have."""
    parts = [_cut(row, level) for row in track.rows]
    if len(parts) == 1:
        return _added(spans, [len(parts[0])], ends)
    marks = np.concatenate(parts)
    of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    begins, stops = (np.array([span[at] for span in spans], np.int64)[of] for at in (0, 1))
    order = np.lexsort((begins, marks))
    marks, begins, stops = marks[order], begins[order], stops[order]
    if not len(marks):
        return np.zeros(len(ends), np.int64)
    # Spans of one fingerprint that overlap become one: each begins after the furthest end before it.
    fresh = np.concatenate([[True], marks[1:] != marks[:-1]])
    rank = np.cumsum(fresh) * ROOM
    reached = np.maximum.accumulate(rank + stops) - rank
    reached[1:], reached[0] = reached[:-1].copy(), NEVER - 1
    begins = np.where(fresh, begins, np.maximum(begins, reached + 1))
    kept = begins <= stops
    starts, finish = np.sort(begins[kept]), np.sort(stops[kept])
    made: Numbers = np.searchsorted(starts, ends, "right") - np.searchsorted(finish, ends, "left")
    return made


def _series(rows: Iterable[Population]) -> str:
    """JSON of the bounds by month; populations of whole years by year."""
    by: dict[str, list[Population]] = {}
    for row in rows:
        if row.dated:
            year = f"{row.first // MONTHS:04d}"
            by.setdefault(year if row.first != row.last else f"{year}-{row.first % MONTHS + 1:02d}", []).append(row)
    return json.dumps({month: list(together(by[month])) for month in sorted(by)}, separators=(",", ":"))
