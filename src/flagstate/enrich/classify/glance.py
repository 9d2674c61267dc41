"""One column of one batch as the kernel sees it: every entry of a dictionary once, however many rows have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog import checks
from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify import kernel
from flagstate.enrich.classify.columns import Places, buffers
from flagstate.enrich.classify.kernel import Look
from flagstate.enrich.classify.machine import Machine

Counts = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint64]

LUCK = 0.2
"""Chance of passing a check, up to which a value that passes is what the check is of."""
ALONE, OPEN = frozenset({"uuid", "email", "position", "mac_address"}), frozenset({"ipv6"})
"""Forms that are as good as a check; and a check inside whose values another class may stand."""
OFTEN = 0.4
"""Share of values to be searched, up to which it is less work to look at these again."""


@dataclass(frozen=True)
class Glance:
    """What was seen; by entry, and with counts of rows."""

    look: Look
    """By entry; its sums by class are of rows."""
    values: pa.Array
    """Strings, by entry."""
    searched: bool
    """Whether longer values were searched inside."""
    codes: Places | None = None
    """The entry of each row, the number of entries for null; null: every row is an entry."""
    weights: Counts | None = None
    """Rows of each entry; null: one."""

    def rows(self, part: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return an array by entry as one by row; null has nothing."""
        if self.codes is None:
            return part
        return np.append(part, np.zeros(1, part.dtype))[self.codes]

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        parts = (self.look.whole, self.look.inside, self.look.marks, self.codes)
        return int(self.values.nbytes) + sum(part.nbytes for part in parts if part is not None)


def proving(classes: Sequence[DataClass], ids: Sequence[str]) -> Marks:
    """Return the bits of the classes that leave nothing to look for inside a value: all of it is that one thing.

    Args:
        classes: Data classes.
        ids: The order of the bits.
    """
    strong = {made.id for made in classes if made.check and checks.CHANCE.get(made.check, 0.0) <= LUCK}
    made: Marks = np.zeros(-(-len(ids) // 64), np.uint64)
    for at, name in enumerate(ids):
        if name in (strong | ALONE) - OPEN:
            made[at // 64] |= np.uint64(1 << at % 64)
    return made


class Eye:
    """Looks at the batches of one column; a dictionary that comes again is not looked at again."""

    def __init__(self, machine: Machine, key: bytes, *, strong: Marks | None = None, least: int = 0) -> None:
        """Begin with nothing.

        Args:
            machine: Compiled forms.
            key: 16 bytes.
            strong: From `proving`: values with such a class are not searched inside; null: all are.
            least: Bytes from which a value is searched inside.
        """
        self.machine, self.key, self.least = machine, key, least
        self.strong: Marks = np.zeros(machine.words, np.uint64) if strong is None else strong
        self.settled = False
        self.last: tuple[pa.Array, bool, Look] | None = None

    def look(self, values: pa.Array, *, search: bool) -> Glance:
        """Return what a batch has.

        Args:
            values: Strings, or a dictionary of strings.
            search: Whether to look inside values too.
        """
        if not pa.types.is_dictionary(values.type):
            return Glance(self._look(values, None, search=search), values, search)
        entries = values.dictionary
        if not (pa.types.is_string(entries.type) or pa.types.is_large_string(entries.type)):
            entries = entries.cast(pa.large_string())
        indices = values.indices
        if indices.null_count:
            indices = pc.fill_null(indices.cast(pa.int64()), len(entries))
        codes = indices.to_numpy(zero_copy_only=False)
        weights = np.bincount(codes, minlength=len(entries) + 1)[: len(entries)].astype(np.int64, copy=False)
        return Glance(self._entries(entries, weights, search=search), entries, search, codes, weights)

    def _look(self, values: pa.Array, weights: Counts | None, *, search: bool) -> Look:
        """Look at strings; where most values of the last batch had nothing to search for, only the others are."""
        from flagstate.enrich.classify import sample

        twice = search and self.settled
        look = kernel._plain(values, self.machine, self.key, search=search and not twice, weights=weights)
        if search:
            offsets, data = buffers(values)
            rest: Places = np.zeros(0, np.int64)
            if data is not None:
                rest = sample.open_(offsets, data, look.filled, look.whole, look.sizes, self.strong, self.least)
            if twice:
                some = values.take(pa.array(rest))
                found = kernel.look(some, self.machine, self.key, search=True) if len(rest) else None
                if found is not None:
                    look.inside[rest] = found.inside
            else:
                closed = np.ones(len(values), np.bool_)
                closed[rest] = False
                look.inside[closed] = 0
            self.settled = len(rest) < OFTEN * len(values)
        return look

    def _entries(self, entries: pa.Array, weights: Counts, *, search: bool) -> Look:
        if self.last is not None and self.last[1] == search and _same(self.last[0], entries):
            old = self.last[2]
            held = np.zeros(64 * self.machine.words, np.int64)
            for word in range(self.machine.words):
                _weigh(old.whole[:, word], weights, held[64 * word : 64 * word + 64])
            held = held[: len(self.machine.ids)]
            return Look(old.filled, old.marks, old.whole, old.inside, held, held, old.sizes)
        look = self._look(entries, weights, search=search)
        # Sums of other rows follow from the bits only where no value has a form without passing its check.
        if weights.all() and np.array_equal(look.formed, look.held):
            self.last = entries, search, look
        else:
            self.last = None
        return look


def _same(one: pa.Array, other: pa.Array) -> bool:
    return one is other or (len(one) == len(other) and one.nbytes == other.nbytes and bool(one.equals(other)))


def _weigh(bits: npt.NDArray[np.uint64], weights: Counts, into: Counts) -> None:
    """Add the rows of each bit; most columns have few."""
    present = int(np.bitwise_or.reduce(bits)) if len(bits) else 0
    while present:
        bit = (present & -present).bit_length() - 1
        present &= present - 1
        into[bit] += int(weights[(bits & np.uint64(1 << bit)) != 0].sum())
