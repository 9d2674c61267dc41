"""Adds up one column, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.catalog.mask import mask
from flagstate.enrich.classify import sample
from flagstate.enrich.classify.columns import Cells, plain
from flagstate.enrich.classify.kernel import Look
from flagstate.enrich.classify.summary import SAMPLE, Column, Seen

Counts = npt.NDArray[np.int64]

LONGEST = 400
"""Characters of a value that the sample keeps."""
CELLS = 1_000_000
"""Values of all samples of a table together."""
PROBED = 256
ALL = np.uint64(2**64 - 1)


class Tally:
    """The running sums of one column."""

    def __init__(self, cells: Cells, classes: int, columns: int, *, named: bool = False) -> None:
        """Begin with nothing.

        Args:
            cells: Its first cells.
            classes: How many classes there are.
            columns: How many columns the table has: many columns have smaller samples.
            named: Whether the name is masked already.
        """
        self.name = cells.name if named else mask(cells.name)
        self.place, self.kind = cells.place, cells.kind
        self.most = max(100, min(SAMPLE, CELLS // max(1, columns)))
        self.values = self.filled = self.sizes = self.shortest = self.longest = 0
        self.formed: Counts = np.zeros(classes, np.int64)
        self.held: Counts = np.zeros(classes, np.int64)
        self.inside: Counts = np.zeros(classes, np.int64)
        self.seen: dict[int, Seen] = {}
        self.limit = ALL
        self.slots: npt.NDArray[np.uint64] = np.zeros(64, np.uint64)

    def add(self, look: Look, values: pa.Array) -> None:
        """Add one batch."""
        filled = look.filled.view(np.bool_)
        count = int(np.count_nonzero(filled))
        self.values += len(values)
        if not count:
            return
        self.filled += count
        sizes = look.sizes if count == len(values) else look.sizes[filled]
        self.sizes += int(sizes.sum(dtype=np.int64))
        least = int(sizes.min())
        self.shortest = min(self.shortest, least) if self.shortest else least
        self.longest = max(self.longest, int(sizes.max()))
        self.formed += look.formed
        self.held += look.held
        _count(self.inside, look.inside)
        self._sample(look, values)

    def _sample(self, look: Look, values: pa.Array) -> None:
        at, marks = 0, look.marks
        self._narrow(marks)
        while at < len(marks):
            room = min(self.most, len(self.slots) // 2 - len(self.seen))
            if room <= 0:
                self._grow()
                continue
            places, at = sample.fresh(marks, at, self.limit, self.slots, room)
            if len(places):
                self._keep(places, look, values)

    def _narrow(self, marks: npt.NDArray[np.uint64]) -> None:
        """Lower the limit first where a batch has many distinct values, so that few texts are fetched in vain."""
        probe = marks[: 4 * PROBED : 4]
        if len(marks) < 2 * self.most or len(np.unique(probe)) < len(probe) // 2:
            return
        some = marks[(marks != 0) & (marks < self.limit)]
        if len(some) > 2 * self.most:
            least = np.unique(np.partition(some, 2 * self.most)[: 2 * self.most])
            if len(least) >= self.most:
                self.limit = min(self.limit, least[self.most - 1] + np.uint64(1))

    def _keep(self, places: Counts, look: Look, values: pa.Array) -> None:
        texts = _texts(values, places)
        wholes, insides = _bits(look.whole, places), _bits(look.inside, places)
        made = map(Seen._make, zip(texts, wholes, insides, strict=True))
        self.seen.update(zip(look.marks[places].tolist(), made, strict=True))

    def _grow(self) -> None:
        """More room; past twice the bound, only the smallest fingerprints stay."""
        if len(self.seen) >= 2 * self.most:
            self._cut()
        size = 64
        while size < 2 * (len(self.seen) + min(self.most, len(self.seen))):
            size *= 2
        self.slots = np.zeros(size, np.uint64)
        if self.seen:
            sample.fresh(np.fromiter(self.seen, np.uint64, len(self.seen)), 0, ALL, self.slots, len(self.seen))

    def _cut(self) -> None:
        if len(self.seen) <= self.most:
            return
        kept = sorted(self.seen)[: self.most]
        self.seen = {mark: self.seen[mark] for mark in kept}
        self.limit = np.uint64(kept[-1])

    def freeze(self, classes: Sequence[str]) -> Column:
        """Return the summary; the tally may go on afterwards."""
        if len(self.seen) > self.most:
            self._cut()
            self._grow()
        return Column(
            name=self.name,
            place=self.place,
            kind=self.kind,
            values=self.values,
            filled=self.filled,
            sizes=self.sizes,
            shortest=self.shortest,
            longest=self.longest,
            formed=_named(self.formed, classes),
            held=_named(self.held, classes),
            inside=_named(self.inside, classes),
            most=self.most,
            sample=dict(self.seen),
        )


def _named(counts: Counts, classes: Sequence[str]) -> dict[str, int]:
    return dict(sorted((classes[at], int(counts[at])) for at in np.flatnonzero(counts).tolist()))


def _count(into: Counts, bits: npt.NDArray[np.uint64]) -> None:
    """Add how many rows have each bit; most columns have none."""
    for word in range(bits.shape[1]):
        column = bits[:, word]
        present = int(np.bitwise_or.reduce(column)) if len(column) else 0
        while present:
            bit = (present & -present).bit_length() - 1
            present &= present - 1
            into[64 * word + bit] += int(np.count_nonzero(column & np.uint64(1 << bit)))


def _bits(bits: npt.NDArray[np.uint64], places: Counts) -> list[int]:
    if not bits.size:
        return [0] * len(places)
    made = [0] * len(places)
    for word in range(bits.shape[1]):
        column = bits[places, word]
        if column.any():
            made = [one | (other << (64 * word)) for one, other in zip(made, column.tolist(), strict=True)]
    return made


def _texts(values: pa.Array, places: Counts) -> list[str]:
    """The values at some places, trimmed and cut; bytes that are no UTF-8 are replaced."""
    taken = plain(values.take(pa.array(places))).cast(pa.large_binary()).to_pylist()
    return [(raw or b"")[: 4 * LONGEST].decode("utf-8", "replace").strip()[:LONGEST] for raw in taken]
