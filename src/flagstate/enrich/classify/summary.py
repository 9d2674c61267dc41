"""What one pass keeps of a table: integers, and in memory a uniform sample of distinct values per column.

Summaries merge in any order and grouping; an empty one changes nothing. A summary refuses to be pickled: the sample
holds values, and values are never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import NamedTuple

SAMPLE = 2000
"""Distinct values that are kept per column, those with the smallest fingerprints."""
SPACE = 2**64


class Seen(NamedTuple):
    """One distinct value of the sample."""

    text: str
    """The value, its first characters; in memory only."""
    whole: int
    """Classes whose form and check the whole value has, as bits in the order of the summary's classes."""
    inside: int
    """Classes that were found inside it."""

    def __repr__(self) -> str:
        """Say nothing of the value."""
        return "Seen(…)"


@dataclass(frozen=True)
class Column:
    """What one pass keeps of a column."""

    name: str
    """Masked."""
    place: int = 0
    """Place in the table, from 0."""
    kind: str = "text"
    """text, whole, real, day, time, flag or clock; text where parts differ."""
    values: int = 0
    """Values, with those that are empty."""
    filled: int = 0
    """Values that are neither null nor blank."""
    sizes: int = 0
    """Bytes of all values together."""
    shortest: int = 0
    """Bytes of the shortest filled value; 0: none."""
    longest: int = 0
    """Bytes of the longest."""
    formed: Mapping[str, int] = field(default_factory=dict)
    """By class: values with the form, before the check."""
    held: Mapping[str, int] = field(default_factory=dict)
    """By class: of these, passing the check."""
    inside: Mapping[str, int] = field(default_factory=dict)
    """By class: values that hold one inside a longer text."""
    most: int = SAMPLE
    """Bound of the sample."""
    sample: Mapping[int, Seen] = field(default_factory=dict, repr=False)
    """By fingerprint: all distinct values, or those with the smallest fingerprints."""

    def __reduce__(self) -> str:
        """Refuse: the sample holds values."""
        raise TypeError("a summary of values is never stored")

    @property
    def complete(self) -> bool:
        """Whether the sample is every distinct value."""
        return len(self.sample) < self.most

    def distinct(self, share: float = 1.0) -> tuple[int, int]:
        """Bounds of the number of distinct values: exact when the sample is all, else three standard errors.

        Args:
            share: Of the distinct values, those that are meant, 0 to 1.
        """
        size = round(len(self.sample) * share)
        if self.complete or not size:
            return size, size
        reach = SPACE / (max(self.sample) + 1)
        return max(size, int((size - 3 * sqrt(size)) * reach)), min(
            self.filled, int((size + 3 * sqrt(size) + 3) * reach) + 1
        )


def join(one: Column, other: Column) -> Column:
    """Return the summary of both parts of one column."""
    most = min(one.most, other.most)
    sample = {**one.sample, **other.sample}
    if len(sample) > most:
        sample = {mark: sample[mark] for mark in sorted(sample)[:most]}
    shortest = min((c.shortest for c in (one, other) if c.shortest), default=0)
    kinds = {c.kind for c in (one, other) if c.filled} or {one.kind, other.kind}
    return replace(
        one,
        name=min(one.name, other.name),
        place=min(one.place, other.place),
        kind=kinds.pop() if len(kinds) == 1 else "text",
        values=one.values + other.values,
        filled=one.filled + other.filled,
        sizes=one.sizes + other.sizes,
        shortest=shortest,
        longest=max(one.longest, other.longest),
        formed=_sum(one.formed, other.formed),
        held=_sum(one.held, other.held),
        inside=_sum(one.inside, other.inside),
        most=most,
        sample=sample,
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
