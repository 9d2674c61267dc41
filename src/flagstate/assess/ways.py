"""Sets of parties that are together enough: the small algebra behind proofs.

A set is an integer with one bit per party. A list of sets is kept as an antichain: no set contains another, so that
each is minimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

BOUND = 64
"""Sets that are kept while they are combined; the bound is told where it was hit."""

_COMPARED = 512

Rank = Callable[[int], tuple[object, ...]]


@dataclass(frozen=True)
class Ways:
    """Minimal sets, any of which is enough."""

    sets: tuple[int, ...] = ()
    more: bool = False
    """Whether some were left out."""


NEVER = Ways()
ALWAYS = Ways((0,))


def least(sets: Iterable[int]) -> list[int]:
    """Return the minimal ones of several sets."""
    found: list[int] = []
    for one in sorted(set(sets), key=lambda s: (s.bit_count(), s)):
        if not any(one & known == known for known in found):
            found.append(one)
    return found


def singles(mask: int) -> Ways:
    """Return the ways in which any one of several parties is enough."""
    found = []
    while mask:
        bit = mask & -mask
        found.append(bit)
        mask ^= bit
    return Ways(tuple(found))


def either(one: Ways, other: Ways, rank: Rank) -> Ways:
    """Return the ways in which one or the other is enough."""
    if not other.sets:
        return Ways(one.sets, one.more or other.more)
    return _kept([*one.sets, *other.sets], one.more or other.more, rank)


def both(one: Ways, other: Ways, rank: Rank) -> Ways:
    """Return the ways in which both are met, by one party or by several together."""
    return _kept((a | b for a in one.sets for b in other.sets), one.more or other.more, rank)


def at_least(count: int, listed: Sequence[Ways], rank: Rank) -> Ways:
    """Return the ways in which at least so many of several are met.

    Args:
        count: How many.
        listed: The ways of each.
        rank: What is kept first where there are too many.
    """
    table = [ALWAYS, *[NEVER] * count]
    for one in listed:
        for met in range(count, 0, -1):
            table[met] = either(table[met], both(table[met - 1], one, rank), rank)
    return table[count]


def _kept(sets: Iterable[int], more: bool, rank: Rank) -> Ways:
    listed = list(set(sets))
    if len(listed) > _COMPARED:  # which sets contain which is a question of pairs: ask it of the best only
        listed, more = sorted(listed, key=rank)[:_COMPARED], True
    found = least(listed)
    if len(found) <= BOUND:
        return Ways(tuple(found), more)
    return Ways(tuple(sorted(found, key=rank)[:BOUND]), True)


def shrink(mask: int, enough: Callable[[int], bool], rank: Rank) -> int:
    """Return a minimal part of a set that is still enough, leaving out the worst parties first.

    Args:
        mask: A set that is enough.
        enough: Whether a set is enough.
        rank: How good a single party is; the worst is tried first.
    """
    for bit in sorted(singles(mask).sets, key=rank, reverse=True):
        if enough(mask & ~bit):
            mask &= ~bit
    return mask
