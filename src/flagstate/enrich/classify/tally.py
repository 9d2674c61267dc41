"""Adds up one column, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog.mask import mask
from flagstate.enrich.classify.columns import Cells
from flagstate.enrich.classify.glance import Glance
from flagstate.enrich.classify.summary import SAMPLE, Column, Seen

Counts = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint64]

LONGEST = 400
"""Characters of a value that the sample keeps."""
CELLS = 1_000_000
"""Values of all samples of a table together."""
PROBED = 256
ALL = np.uint64(2**64 - 1)
NONE: Counts = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Part:
    """Some values of the sample, as they were found."""

    marks: Marks
    texts: pa.Array
    whole: Marks
    inside: Marks


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
        self.inside: Counts = np.zeros(-(-classes // 64) * 64, np.int64)
        self.parts: list[Part] = []
        self.count = 0
        self.limit = ALL
        self.slots: Marks = np.zeros(64, np.uint64)

    def add(self, glance: Glance) -> None:
        """Add one batch."""
        from flagstate.enrich.classify import sample

        look, weights = glance.look, NONE if glance.weights is None else glance.weights
        self.values += len(look.filled) if glance.codes is None else len(glance.codes)
        count, total, least, most = sample.sums(look.filled, look.sizes, weights)
        if not count:
            return
        self.filled += count
        self.sizes += total
        self.shortest = min(self.shortest, least) if self.shortest else least
        self.longest = max(self.longest, most)
        self.formed += look.formed
        self.held += look.held
        if glance.searched:
            sample.spread(look.inside, weights, self.inside)
        marks = look.marks if glance.weights is None else np.where(weights > 0, look.marks, np.uint64(0))
        self._sample(marks, glance)

    def _sample(self, marks: Marks, glance: Glance) -> None:
        from flagstate.enrich.classify import sample

        at = 0
        if self.limit == ALL:
            self._narrow(marks)
        while at < len(marks):
            room = min(self.most, len(self.slots) // 2 - self.count)
            if room <= 0:
                self._grow()
                continue
            places, at = sample.fresh(marks, at, self.limit, self.slots, room)
            if len(places):
                self.parts.append(_part(marks, glance, places))
                self.count += len(places)

    def _narrow(self, marks: Marks) -> None:
        """Lower the limit first where a batch has many distinct values, so that few texts are fetched in vain."""
        probe = marks[: 4 * PROBED : 4]
        if len(marks) < 2 * self.most or len(np.unique(probe)) < len(probe) // 2:
            return
        some = marks[marks != 0]
        if len(some) > 2 * self.most:
            least = np.unique(np.partition(some, 2 * self.most)[: 2 * self.most])
            if len(least) >= self.most:
                self.limit = np.uint64(least[self.most - 1] + np.uint64(1))

    def _grow(self) -> None:
        """More room; past twice the bound, only the smallest fingerprints stay."""
        from flagstate.enrich.classify import sample

        if self.count >= 2 * self.most:
            self._cut()
        size = 64
        while size < 2 * (self.count + min(self.most, self.count)):
            size *= 2
        self.slots = np.zeros(size, np.uint64)
        if self.count:
            sample.fresh(self._joined().marks, 0, ALL, self.slots, self.count)

    def _joined(self) -> Part:
        """All that is kept, as one part."""
        if len(self.parts) != 1:
            self.parts = [_concat(self.parts, len(self.inside) // 64)]
        return self.parts[0]

    def _cut(self) -> None:
        if self.count <= self.most:
            return
        self.parts = [_least(self._joined(), self.most)]
        self.count = self.most
        self.limit = np.uint64(self.parts[0].marks.max())

    def freeze(self, classes: Sequence[str], most: int | None = None) -> Column:
        """Return the summary; the tally may go on afterwards.

        Args:
            classes: Ids, in the order of the bits.
            most: Bound of the sample, where a smaller one will do.
        """
        if self.count > self.most:
            self._cut()
            self._grow()
        kept = self._joined()
        if most is not None and most < self.count:
            kept = _least(kept, most)
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
            most=self.most if most is None else min(most, self.most),
            sample=dict(zip(kept.marks.tolist(), _seen(kept), strict=True)),
        )


def _named(counts: Counts, classes: Sequence[str]) -> dict[str, int]:
    return dict(sorted((classes[at], int(counts[at])) for at in np.flatnonzero(counts).tolist()))


def _part(marks: Marks, glance: Glance, places: Counts) -> Part:
    texts = glance.values.take(pa.array(places)).cast(pa.large_binary())
    if texts.nbytes > LONGEST * len(texts):
        texts = pc.binary_slice(texts, 0, 4 * LONGEST)
    return Part(marks[places], texts, glance.look.whole[places], glance.look.inside[places])


def _concat(parts: Sequence[Part], words: int) -> Part:
    if not parts:
        none: Marks = np.zeros((0, words), np.uint64)
        return Part(np.zeros(0, np.uint64), pa.array([], pa.large_binary()), none, none)
    return Part(
        np.concatenate([part.marks for part in parts]),
        pa.concat_arrays([part.texts for part in parts]),
        np.concatenate([part.whole for part in parts]),
        np.concatenate([part.inside for part in parts]),
    )


def _least(kept: Part, most: int) -> Part:
    """Those with the smallest fingerprints."""
    places = np.argpartition(kept.marks, most - 1)[:most].astype(np.int64)
    texts = kept.texts.take(pa.array(places))
    return Part(kept.marks[places], texts, kept.whole[places], kept.inside[places])


def _seen(kept: Part) -> Iterator[Seen]:
    """The values, trimmed and cut; bytes that are no UTF-8 are replaced."""
    texts = [(raw or b"")[: 4 * LONGEST].decode("utf-8", "replace").strip()[:LONGEST] for raw in kept.texts.to_pylist()]
    return map(Seen._make, zip(texts, _bits(kept.whole), _bits(kept.inside), strict=True))


def _bits(bits: Marks) -> list[int]:
    made = [0] * len(bits)
    for word in range(bits.shape[1]):
        column = bits[:, word]
        if column.any():
            made = [one | (other << (64 * word)) for one, other in zip(made, column.tolist(), strict=True)]
    return made
