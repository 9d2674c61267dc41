"""Distinct subjects of several populations in the fullest 12 months: bounds for all windows at once.

A window is 12 whole calendar months that end in the month asked for or earlier. What has no date is in every window; a
population of a whole year is in a window for the upper bound if they touch, for the lower one if it lies inside.

What it cannot see: days within a month; whether the date in a row is that of what the law counts.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint64]

MONTHS = 12
NEVER, ALWAYS = -(1 << 22), 1 << 22
"""Before and after every month."""


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
    stance: str = "observed"
    """Who speaks."""

    @property
    def dated(self) -> bool:
        """Whether it has a date."""
        return self.first != NEVER

    @property
    def touches(self) -> tuple[int, int]:
        """First and last of the months with which a window ends that has some of its days."""
        return self.first, self.last + MONTHS - 1 if self.dated else ALWAYS

    @property
    def inside(self) -> tuple[int, int]:
        """First and last of the months with which a window ends that has all of its days."""
        return (self.last, self.first + MONTHS - 1) if self.dated else (NEVER, ALWAYS)


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


class Group:
    """Populations of one container, group of persons and unit, of which unions are counted."""

    def __init__(self, rows: Sequence[Population], as_of: date) -> None:
        """Sort their fingerprints once.

        Args:
            rows: The populations.
            as_of: Months after this day do not count.
        """
        self.now = as_of.year * MONTHS + as_of.month - 1
        self.rows = rows
        tracks: dict[str, list[int]] = {}
        for at, row in enumerate(rows):
            if row.track is not None and row.first <= self.now:
                tracks.setdefault(row.track, []).append(at)
        months = {month for row in rows if row.dated for month in (row.first, row.last) if month <= self.now}
        self.ends = np.array(sorted(months), np.int64)
        self.tracks = tuple(_Track(rows, listed, self.ends) for _, listed in sorted(tracks.items()))

    def fullest(self, chosen: Sequence[int] | None = None) -> Count | None:
        """Return how many distinct subjects populations have together in the fullest 12 months.

        Args:
            chosen: Places of the populations, in rising order; null: all.

        Returns:
            Bounds that hold for the fullest window; null: nothing lies on or before the day.
        """
        listed = range(len(self.rows)) if chosen is None else chosen
        listed = [at for at in listed if self.rows[at].first <= self.now]
        if not listed:
            return None
        dated = [row for at in listed if (row := self.rows[at]).dated]
        if not dated:
            return Count(*self.together(listed))
        begin, end = min(row.first for row in dated), max(row.last for row in dated)
        if end <= min(begin + MONTHS - 1, self.now):
            return Count(*self.together(listed), end, self._series(listed))
        ends = self.ends
        low, high = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64)
        for track, ours in self._split(listed):
            rows = [self.rows[at] for at in ours]
            most = _added([row.touches for row in rows], [row.high for row in rows], ends)
            if track is not None:
                level = max(row.level for row in rows)
                low = np.maximum(low, _spread(track.named(ours, "inside", level), level)[0])
                named = _spread(track.named(ours, "touches", level), level)[1]
                nameless = _added([row.touches for row in rows], [row.nameless for row in rows], ends)
                most = np.minimum(most, named + nameless)
            high = high + most
        # Of windows that are as full as each other, the latest.
        best = max(range(len(ends)), key=lambda at: (high[at], low[at], at))
        lows = [row.low for at in listed if not (row := self.rows[at]).dated or row.last <= self.now]
        least = max([int(low.max()), *lows])
        return Count(least, max(least, int(high.max())), int(ends[best]), self._series(listed))

    def together(self, listed: Sequence[int]) -> tuple[int, int]:
        """Return at least and at most how many distinct subjects populations have together, whatever their dates."""
        if len(listed) == 1:
            return self.rows[listed[0]].low, self.rows[listed[0]].high
        low, high = 0, 0
        for track, ours in self._split(listed):
            rows = [self.rows[at] for at in ours]
            most = sum(row.high for row in rows)
            if track is not None and len(rows) > 1:
                level = max(row.level for row in rows)
                least, named = (int(bound[0]) for bound in _spread(track.different(ours, level), level))
                low, most = max(low, least), min(most, named + sum(row.nameless for row in rows))
            low, high = max([low, *(row.low for row in rows)]), high + most
        return low, max(low, high)

    def _split(self, listed: Sequence[int]) -> list[tuple[_Track | None, list[int]]]:
        """Tell populations apart by what names their subjects; those that nothing names come last."""
        by: dict[str | None, list[int]] = {}
        for at in listed:
            by.setdefault(self.rows[at].track, []).append(at)
        made: list[tuple[_Track | None, list[int]]] = [(t, by[t.name]) for t in self.tracks if t.name in by]
        return [*made, (None, by[None])] if None in by else made

    def _series(self, listed: Sequence[int]) -> str:
        """JSON of the bounds by month; populations of whole years by year."""
        by: dict[str, list[int]] = {}
        for at in listed:
            if (row := self.rows[at]).dated:
                year = f"{row.first // MONTHS:04d}"
                by.setdefault(year if row.first != row.last else f"{year}-{row.first % MONTHS + 1:02d}", []).append(at)
        return json.dumps({month: self.together(by[month]) for month in sorted(by)}, separators=(",", ":"))


class _Track:
    """Populations whose subjects one class tells apart, with their fingerprints in order."""

    def __init__(self, rows: Sequence[Population], listed: Sequence[int], ends: Numbers) -> None:
        self.name = rows[listed[0]].track
        self.rows, self.listed, self.ends = rows, listed, ends
        self.plain = all(not rows[at].dated or rows[at].first == rows[at].last for at in listed)

    def marks(self, at: int, level: int) -> Marks:
        """Return the fingerprints of one population at a level."""
        marks: Marks = np.frombuffer(self.rows[at].kept, "<u8")
        return marks[: np.searchsorted(marks, _limit(level))] if level else marks

    def different(self, listed: Sequence[int], level: int) -> Numbers:
        """Return how many different fingerprints some populations have at a level, as one number."""
        parts = [self.marks(at, level) for at in listed]
        return np.array([len(np.unique(np.concatenate(parts))) if len(parts) > 1 else len(parts[0])], np.int64)

    def named(self, listed: Sequence[int], how: str, level: int) -> Numbers:
        """Return how many different fingerprints some populations have in each window.

        Args:
            listed: Their places.
            how: Whether they are in a window that they touch, or only in one that holds them whole (inside).
            level: The level to count at.
        """
        marks, of, begins, stops = self._ordered["touches" if self.plain else how]
        upto = int(np.searchsorted(marks, _limit(level))) if level else len(marks)
        marks, of = marks[:upto], of[:upto]
        if len(listed) < len(self.listed):
            chosen = np.zeros(len(self.rows), np.bool_)
            chosen[list(listed)] = True
            kept = np.flatnonzero(chosen[of])
            marks, of = marks[kept], of[kept]
        if not len(marks):
            return np.zeros(len(self.ends), np.int64)
        begin, stop = begins[of], stops[of]
        # Spans of one fingerprint that overlap become one: each begins after the furthest end before it.
        fresh = np.concatenate([[True], marks[1:] != marks[:-1]])
        rank = np.cumsum(fresh) * (2 * len(self.ends) + 2)
        reached = np.maximum.accumulate(rank + stop) - rank
        begin[1:] = np.where(fresh[1:], begin[1:], np.maximum(begin[1:], reached[:-1] + 1))
        counts = begin <= stop
        change = np.zeros(len(self.ends) + 1, np.int64)
        change[: len(self.ends)] += np.bincount(begin[counts], minlength=len(self.ends))[: len(self.ends)]
        change[1:] -= np.bincount(stop[counts], minlength=len(self.ends))[: len(self.ends)]
        made: Numbers = np.cumsum(change)[: len(self.ends)]
        return made

    @cached_property
    def _ordered(self) -> dict[str, tuple[Marks, Numbers, Numbers, Numbers]]:
        """All fingerprints in order, each with its place; and the first and last window of each place, by how."""
        parts = [self.marks(at, 0) for at in self.listed]
        marks = np.concatenate(parts)
        of = np.repeat(np.array(self.listed, np.int64), [len(part) for part in parts])
        made = {}
        for how in ("touches",) if self.plain else ("touches", "inside"):
            spans = np.array([getattr(row, how) for row in self.rows], np.int64)
            begins = np.searchsorted(self.ends, spans[:, 0], "left")
            stops = np.searchsorted(self.ends, spans[:, 1], "right") - 1
            order = np.lexsort((begins[of], marks))
            made[how] = (marks[order], of[order], begins, stops)
        return made


def _limit(level: int) -> np.uint64:
    return np.uint64(1 << (64 - level))


def _spread(kept: Numbers, level: int) -> tuple[Numbers, Numbers]:
    """Three standard errors each way, as `catalog.sketch.bounds` has them."""
    if not level:
        return kept, kept
    scale, spread = 1 << level, 3 * np.sqrt(kept + 2)
    low = np.where(kept > 0, np.maximum(kept, (kept - spread) * scale), 0)
    return low.astype(np.int64), ((kept + spread + 5) * scale).astype(np.int64)


def _added(spans: Sequence[tuple[int, int]], weights: Sequence[int], ends: Numbers) -> Numbers:
    """Return for each window the sum of the weights of the spans that hold its last month."""
    begins, stops = (np.array([span[at] for span in spans], np.int64) for at in (0, 1))
    change = np.zeros(len(ends) + 1, np.int64)
    np.add.at(change, np.searchsorted(ends, begins, "left"), weights)
    np.subtract.at(change, np.searchsorted(ends, stops, "right"), weights)
    made: Numbers = np.cumsum(change)[: len(ends)]
    return made
