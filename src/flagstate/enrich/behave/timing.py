"""The rhythm of every channel: sparse counts and bytes per power-of-two bin of time, mergeable in any order.

A channel is one originator, one responder, one port and protocol, and the name that was asked for. Its events are kept
to the microsecond as long as at most 4,096 bins are occupied; beyond that bins double in width until they are. As a
subset of events never needs wider bins than the whole, parts may overlap, come out of order, and merge to the same
result as one pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import local

import numpy as np
import numpy.typing as npt

from flagstate.enrich.behave import timing_loops
from flagstate.enrich.behave.compiled import loop

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

SLICE = 4_000_000
"""Bytes of packed bins that are merged at a time, about."""
THREADS = 2
"""Slices that are merged side by side: the loops release the interpreter."""


@dataclass(frozen=True)
class Events:
    """The bins of some channels, one channel after the other, in order of time."""

    offset: Ints
    """Where each channel begins, and one more."""
    us: Ints
    """Begin of the bin in microseconds since 1970 (UTC)."""
    count: Ints
    """Events in it."""
    orig: Ints
    """Bytes that the originator sent in it."""
    resp: Ints
    """Bytes that came back in it."""
    level: npt.NDArray[np.int8]
    """Per channel: its bins are 2**level microseconds wide."""


@dataclass(frozen=True)
class Timing:
    """The bins of all channels, packed."""

    channel: Words = field(default_factory=lambda: np.empty(0, np.uint64))
    """Id of each channel; sorted and distinct after `merge`."""
    level: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    """Per channel: its bins are 2**level microseconds wide."""
    place: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    """Where the bytes of each channel begin, and one more."""
    blob: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    """The packed bins."""

    def __len__(self) -> int:
        """Channels."""
        return len(self.channel)

    def events(self, low: int = 0, high: int | None = None) -> Events:
        """Return the bins of the channels number low to high - 1; null: to the last."""
        place = np.asarray(self.place[low : (len(self) if high is None else high) + 1])
        level = np.asarray(self.level[low : low + len(place) - 1])
        blob = np.asarray(self.blob[place[0] : place[-1]])
        place = place - place[0]
        offset = np.zeros(len(place), np.int64)
        total = int(loop(timing_loops.count_bins, len(blob))(blob, place, offset))
        us, count, orig, resp = (np.empty(total, np.int64) for _ in range(4))
        loop(timing_loops.unpack, len(blob))(blob, place, level, us, count, orig, resp)
        return Events(offset, us, count, orig, resp, level)


def summarise(channel: Words, us: Ints, orig: Ints, resp: Ints) -> Timing:
    """Return the timing of single events, in any order.

    Args:
        channel: Id of the channel of each.
        us: Start of each in microseconds since 1970 (UTC).
        orig: Bytes that the originator sent; 0 where they are not known.
        resp: Bytes that came back; 0 where they are not known.
    """
    return _fold(channel, np.stack([us, _bounded(orig), _bounded(resp)]))


def _bounded(values: Ints) -> Ints:
    return np.clip(values, 0, timing_loops.LARGEST)


def _fold(channel: Words, columns: Ints) -> Timing:
    """Return the timing of rows of us, orig, resp, and where they are bins, count and level."""
    size = len(channel)
    if not size:
        return Timing()
    starts = np.zeros(timing_loops.BUCKETS + 1, np.int64)
    space = _Space(size) if size > KEPT else _space()
    rows = space.rows[: len(columns) + 1, :size]
    loop(timing_loops.scatter, size)(channel, starts, columns, rows)
    fold, blob = loop(timing_loops.fold, size), space.blob
    found = int(fold(starts, rows, space.out, blob))
    if found < 0:
        blob = np.empty(timing_loops.WIDEST * (size + timing_loops.MOST_BINS), np.uint8)
        found = int(fold(starts, rows, space.out, blob))
    names, level, place = space.out
    place = place[: found + 1].copy()
    return Timing(names[:found].copy(), level[:found].copy(), place, blob[: place[-1]].copy())


KEPT = 2**18
"""Rows up to which the room that folding needs is kept by each thread: fresh memory costs as much as the work."""


class _Space:
    """Room for folding so many rows."""

    def __init__(self, size: int) -> None:
        self.rows = np.empty((6, size), np.int64)
        self.out = (np.empty(size, np.uint64), np.empty(size, np.int8), np.empty(size + 1, np.int64))
        self.blob = np.empty(12 * size + timing_loops.WIDEST * min(size, timing_loops.MOST_BINS), np.uint8)


class _Kept(local):
    space: _Space | None = None


_kept = _Kept()


def _space() -> _Space:
    if _kept.space is None:
        _kept.space = _Space(KEPT)
    return _kept.space


def merge(parts: Iterable[Timing]) -> Timing:
    """Return the timing of several parts together; their order, and how they were cut, changes nothing."""
    listed = [part for part in parts if len(part)]
    if not listed:
        return Timing()
    if len(listed) == 1 and bool((listed[0].channel[1:] > listed[0].channel[:-1]).all()):
        return listed[0]
    slices = max(1, sum(len(part.blob) for part in listed) // SLICE)
    bounds = [*(np.uint64((2**64 // slices) * at) for at in range(slices)), None]
    with ThreadPoolExecutor(min(slices, THREADS)) as pool:
        done = list(pool.map(partial(_together, listed), bounds[:-1], bounds[1:]))
    return _joined([part for part in done if len(part)])


def _together(parts: list[Timing], low: np.uint64 | None, high: np.uint64 | None) -> Timing:
    names, columns = [], []
    for part in parts:
        first = 0 if low is None else int(np.searchsorted(part.channel, low))
        last = len(part) if high is None else int(np.searchsorted(part.channel, high))
        if first == last:
            continue
        events = part.events(first, last)
        sizes = np.diff(events.offset)
        names.append(np.repeat(np.asarray(part.channel[first:last]), sizes))
        level = np.repeat(events.level.astype(np.int64), sizes)
        columns.append(np.stack([events.us, events.orig, events.resp, events.count, level]))
    if not names:
        return Timing()
    return _fold(np.concatenate(names), np.concatenate(columns, axis=1))


def _joined(parts: list[Timing]) -> Timing:
    """Put parts together whose channels follow each other."""
    if len(parts) == 1:
        return parts[0]
    begins = np.cumsum([0, *(len(part.blob) for part in parts)])
    place = [part.place[:-1] + begin for part, begin in zip(parts, begins[:-1], strict=True)]
    return Timing(
        np.concatenate([part.channel for part in parts]),
        np.concatenate([part.level for part in parts]),
        np.concatenate([*place, begins[-1:]]).astype(np.int64),
        np.concatenate([part.blob for part in parts]),
    )
