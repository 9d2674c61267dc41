"""Who stands at the top of a large register: layer after layer from above, and only circles and crossroads one by one.

The answer is that of `control_tops.find_tops`; where nearly everybody has one parent, it costs an array pass per layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flagstate.enrich.control_tops import TOPS, rings
from flagstate.enrich.control_world import Ints

UNKNOWN, SEVERAL = -2, -1


@dataclass(frozen=True)
class Peeled:
    """The tops of every entity over some links."""

    top: Ints
    """[entity] Its only top; `SEVERAL`: see there."""
    several: dict[int, tuple[int, ...]]
    """The tops of entities that have more than one."""
    circle: dict[int, tuple[int, ...]]
    """Members of each circle at a top, by its first member."""
    more: set[int]
    """Entities with more tops than are given."""

    def of(self, one: int) -> tuple[int, ...]:
        """Return the tops of an entity."""
        top = int(self.top[one])
        return (top,) if top >= 0 else self.several[one]


def spans(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """Return where the rows of each key begin once they are sorted by it, and the order."""
    start = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=size), out=start[1:])
    return start, np.argsort(keys, kind="stable")


def gather(start: Ints, keys: Ints) -> Ints:
    """Return the places of all rows of some keys."""
    counts = start[keys + 1] - start[keys]
    first = np.repeat(start[keys] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    places: Ints = first + np.arange(int(counts.sum()))
    return places


def peel(size: int, holder: Ints, subject: Ints) -> Peeled:
    """Return who stands at the top of every entity.

    Args:
        size: How many entities there are.
        holder: Holder of each link.
        subject: Its subject.
    """
    start, order = spans(holder, size)
    below = subject[order]
    back, order = spans(subject, size)
    above = holder[order]
    pending = np.diff(back)
    top = np.where(pending == 0, np.arange(size), UNKNOWN)
    low, high = np.full(size, size), np.full(size, -1)
    found = Peeled(top, {}, {}, set())
    frontier = np.flatnonzero(pending == 0)
    while len(frontier):
        at = gather(start, frontier)
        value = np.repeat(top[frontier], start[frontier + 1] - start[frontier])
        np.minimum.at(low, below[at], value)
        np.maximum.at(high, below[at], value)
        np.subtract.at(pending, below[at], 1)
        touched = np.zeros(size, np.bool_)
        touched[below[at]] = True
        frontier = np.flatnonzero(touched & (pending == 0))
        single = (low[frontier] == high[frontier]) & (low[frontier] >= 0)
        top[frontier[single]] = low[frontier[single]]
        for one in frontier[~single].tolist():
            _join(found, one, above[back[one] : back[one + 1]].tolist())
    _circles(found, np.flatnonzero(top == UNKNOWN), back, above)
    return found


def _join(found: Peeled, one: int, holders: list[int]) -> None:
    """Give an entity the tops of all its holders."""
    every = sorted({top for holder in holders for top in found.of(holder)})
    if len(every) > TOPS or any(holder in found.more for holder in holders):
        found.more.add(one)
    if len(every) == 1:
        found.top[one] = every[0]
    else:
        found.top[one], found.several[one] = SEVERAL, tuple(every[:TOPS])


def _circles(found: Peeled, left: Ints, back: Ints, above: Ints) -> None:
    """Settle what is in a circle or below one."""
    local = {one: i for i, one in enumerate(left.tolist())}
    ids = left.tolist()
    holders = [above[back[one] : back[one + 1]].tolist() for one in ids]
    _, members = rings([[local[h] for h in listed if h in local] for listed in holders])
    for ring in members:
        inside = {ids[i] for i in ring}
        outside = {h for i in ring for h in holders[i] if h not in inside}
        first = min(inside)
        if outside:
            _join(found, first, sorted(outside))
        else:
            found.top[first] = first
            found.circle[first] = tuple(sorted(inside))
        for one in inside - {first}:
            found.top[one] = found.top[first]
            if first in found.several:
                found.several[one] = found.several[first]
            if first in found.more:
                found.more.add(one)
