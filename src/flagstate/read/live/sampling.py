"""How much of a live store is read: what a sample is, how it is drawn, and what it costs the server at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SEED = 20261122
"""Of every sample: the same store gives the same sample."""

CHEAP_BYTES = 64 << 20
"""A table up to this size in bytes is counted exactly, and sampled row by row."""

ROOM = {False: 0.97, True: 0.9}
"""What is drawn of what may be read, by rows and by blocks: a sample that had to be cut would lack the newest rows."""

SLICES = 50
"""A sample by keys is drawn from so many places."""

MOST_TABLES = 5_000
MOST_COLUMNS = 2_000
LONGEST_TEXT = 1_000_000
"""Characters of one value that are asked for; of longer ones the beginning."""
LONGEST_BYTES = 65_536
"""Bytes of one binary value that are asked for."""


@dataclass(frozen=True)
class Timeouts:
    """Bounds of time that the server itself enforces."""

    connect_s: int = 10
    """Until a connection stands."""
    lock_s: int = 2
    """Until somebody else's lock is gone; then the table is left out: we never make others queue."""
    statement_s: int = 60
    """For one statement on a sample."""
    whole_s: int = 6 * 3600
    """For one statement that reads a whole table."""
    idle_s: int = 60
    """For a transaction of ours in which nothing happens."""


@dataclass(frozen=True)
class Bounds:
    """How much is read, and how long it may take."""

    full: bool = False
    """Read everything, not a sample."""
    sample_rows: int = 10_000
    """Rows of a table that a sample holds at most."""
    sample_objects: int = 3
    """Objects that are read of each kind of key."""
    object_bytes: int = 256 << 20
    """Bytes of one object that a sample reads at most."""
    most_fetched: int = 2_000
    """Objects that a sample holds at most."""
    most_objects: int = 100_000
    """Objects that are listed at most."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    """Bounds of time."""

    @property
    def statement_s(self) -> int:
        """Seconds that a statement may take."""
        return self.timeouts.whole_s if self.full else self.timeouts.statement_s


@dataclass(frozen=True)
class Sample:
    """What is read of one table."""

    rows_total: int | None = None
    """How many rows it has; null: all are read."""
    exact: bool = False
    """Whether they were counted; otherwise it is the server's estimate."""
    percent: float = 100.0
    """Share that is drawn, in percent."""
    blocks: bool = False
    """Whole blocks are drawn, not rows: cheap on a large table, and rows that were written together stay together."""
    most: int | None = None
    """Rows that are read at most; null: all."""

    @property
    def whole(self) -> bool:
        """Whether all rows are read."""
        return self.most is None


def draw(bounds: Bounds, *, rows: int, exact: bool, cheap: bool) -> Sample:
    """Return what to read of a table.

    Args:
        bounds: How much is wanted.
        rows: Rows that it has.
        exact: Whether they were counted.
        cheap: Whether reading every block is cheap: then rows are drawn, else blocks.
    """
    if bounds.full or (exact and rows <= bounds.sample_rows):
        return Sample()
    percent = 100.0 * bounds.sample_rows * ROOM[not cheap] / max(rows, 1)
    return Sample(rows, exact, min(100.0, max(percent, 1e-6)), not cheap, bounds.sample_rows)


def slices(low: int, high: int, most: int) -> Iterator[tuple[int, int, int]]:
    """Yield ranges of an integer key, spread evenly, that do not overlap: first key, end (not included), rows at most.

    Args:
        low: Smallest key.
        high: Largest key.
        most: Rows of the whole sample.
    """
    span = high - low + 1
    count = max(1, min(SLICES, most, span))
    left = most
    for number in range(count):
        share = -(-left // (count - number))
        yield low + span * number // count, low + span * (number + 1) // count, share
        left -= share
