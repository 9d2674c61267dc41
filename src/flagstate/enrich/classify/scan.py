"""One pass over the records of a table: batches in, a summary out.

Memory is bounded: batches are cut by the number of their cells, samples and groups have bounds, and the rows before the
plan is made are kept up to PREFIX_BYTES.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.catalog import data_class
from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify import (
    columns,
    dates,
    decide,
    documents,
    groups,
    infer,
    machine,
    plan,
    residence,
)
from flagstate.enrich.classify.columns import Cells
from flagstate.enrich.classify.glance import Eye, Glance, proving
from flagstate.enrich.classify.groups import Counter, Groups
from flagstate.enrich.classify.kernel import Look
from flagstate.enrich.classify.plan import Plan
from flagstate.enrich.classify.summary import Column, join
from flagstate.enrich.classify.tally import Tally
from flagstate.enrich.classify.verdict import Verdict

Bits = npt.NDArray[np.uint64]

ROWS = 65_536
"""Rows of a batch."""
CELLS = 3_000_000
"""Cells of a batch."""
PREFIX_ROWS, PREFIX_BYTES = 50_000, 32 << 20
"""How much is looked at before it is decided what to count."""
PLANNED = 1000
"""Distinct values of a column that are enough to decide what to count."""
SEARCHED = 16
"""Bytes from which a value is searched inside."""


@dataclass(frozen=True)
class Summary:
    """What one pass keeps of a table."""

    rows: int = 0
    """Records."""
    classes: tuple[str, ...] = ()
    """Ids, in the order of the bits of the samples."""
    columns: tuple[Column, ...] = ()
    """In the order of the table."""
    prose: bool = False
    """Whether it is running text."""
    plan: Plan = field(default_factory=Plan)
    """What was counted; where parts had different plans, that of one of them."""
    groups: Groups = field(default_factory=Groups)
    """Counts by classes, month and residence."""
    _decided: dict[tuple[str, ...], list[Verdict]] = field(default_factory=dict, compare=False, repr=False)

    def verdicts(self, classes: Sequence[DataClass]) -> list[Verdict]:
        """Return what is decided about each column and the rows as a whole.

        Args:
            classes: Data classes to look for.
        """
        ids = tuple(made.id for made in classes)
        if ids not in self._decided:
            self._decided[ids] = decide.table(self.columns, self.classes, classes, prose=self.prose)
        return self._decided[ids]


def merge(one: Summary, other: Summary) -> Summary:
    """Return the summary of both parts of one table; the order does not matter, and an empty one changes nothing.

    Raises:
        ValueError: They are of different data classes.
    """
    if not one.classes or not other.classes:
        return one if one.classes else other
    if one.classes != other.classes:
        raise ValueError("summaries of different data classes do not merge")
    named = {column.name: column for column in one.columns}
    for column in other.columns:
        named[column.name] = join(named[column.name], column) if column.name in named else column
    ordered = tuple(sorted(named.values(), key=lambda column: (column.place, column.name)))
    both = groups.merge(one.groups, other.groups, _ladder(one.classes))
    chosen = min(one.plan, other.plan, key=repr)
    return Summary(one.rows + other.rows, one.classes, ordered, one.prose or other.prose, chosen, both)


def _ladder(ids: Sequence[str]) -> tuple[str, ...]:
    known = {made.id: made for made in data_class.load()}
    order = {name: at for at, name in enumerate(plan.ladder([known[name] for name in ids if name in known]))}
    return (*sorted(ids, key=lambda name: (order.get(name, -1), name)), *infer.topics())


def scan(
    reader: pa.RecordBatchReader,
    *,
    key: bytes,
    prose: bool = False,
    classes: Sequence[DataClass] | None = None,
    planned: Plan | None = None,
) -> Summary:
    """Read the records once, to the end, and keep a summary.

    Args:
        reader: Records with columns of any type; binary ones are passed over.
        key: 16 bytes that make the fingerprints those of one case.
        prose: Whether it is running text, so that all values are searched inside.
        classes: Data classes to look for; null: those that are shipped.
        planned: What to count; null: it is decided on the first rows.
    """
    return Scan(key=key, prose=prose, classes=classes, planned=planned).read(reader)


@dataclass
class _Rows:
    """A batch that waits for the plan."""

    count: int
    leaves: list[tuple[str, Cells, Glance]] = field(default_factory=list)


class Scan:
    """A pass in the making."""

    def __init__(
        self, *, key: bytes, prose: bool, classes: Sequence[DataClass] | None, planned: Plan | None = None,
        budget: int = groups.BUDGET, only: frozenset[groups.Key] | None = None, rung: int = 0,
    ) -> None:  # fmt: skip
        """Begin with nothing.

        Args:
            key: 16 bytes.
            prose: Whether it is running text.
            classes: Data classes, or null.
            planned: What to count, or null.
            budget: Bound of the fingerprints of subjects.
            only: Groups whose subjects are counted, or null.
            rung: How coarse the groups are from the start.
        """
        self.classes = tuple(data_class.load() if classes is None else classes)
        self.machine = machine.load() if classes is None else machine.load(self.classes)
        self.key, self.prose, self.budget, self.only, self.rung = key, prose, budget, only, rung
        self.rows = self.bytes = 0
        self.tallies: dict[str, Tally] = {}
        self.eyes: dict[str, Eye] = {}
        self.strong = None if prose else proving(self.classes, self.machine.ids)
        self.paths: dict[str, set[str]] = {}
        self.waiting: list[_Rows] = []
        self.bit = {name: at for at, name in enumerate(self.machine.ids)}
        self.plan: Plan | None = None
        self.decided: tuple[int, list[Verdict]] | None = None
        self.counter: Counter | None = None
        if planned is not None:
            self._count(planned)

    def read(self, reader: pa.RecordBatchReader) -> Summary:
        """Read the records to the end."""
        width = max(1, len(reader.schema))
        for batch in _slices(reader, max(64, min(ROWS, CELLS // width))):
            self._batch(batch, width)
            if self.plan is None and (self.rows >= PREFIX_ROWS or self.bytes >= PREFIX_BYTES):
                self._decide(PLANNED)
        if self.plan is None:
            self._decide(None)
        made = (
            self.counter.freeze() if self.counter else Groups(records={groups.Key(()): self.rows} if self.rows else {})
        )
        whole = Summary(self.rows, self.machine.ids, self._columns(), self.prose, self.plan or Plan(), made)
        if self.decided is not None and self.decided[0] == self.rows:
            whole._decided[tuple(c.id for c in self.classes)] = self.decided[1]
        return whole

    def _columns(self, most: int | None = None) -> tuple[Column, ...]:
        frozen = [tally.freeze(self.machine.ids, most) for tally in self.tallies.values()]
        named: dict[str, Column] = {}
        for column in frozen:
            # Two names may be masked to one: then they are one column.
            named[column.name] = join(named[column.name], column) if column.name in named else column
        return tuple(sorted(named.values(), key=lambda column: (column.place, column.name)))

    def _batch(self, batch: pa.RecordBatch, width: int) -> None:
        rows = _Rows(batch.num_rows)
        wanted = None if self.plan is None else self.plan.columns
        for unfolded in columns.unfold(batch):
            longest, opening = documents.heads(unfolded.values)
            leaves = documents.unfold(unfolded, self.paths.setdefault(unfolded.name, set()), opening)
            for cells in leaves:
                if cells is not unfolded:
                    longest = documents.heads(cells.values)[0]
                if cells.name not in self.tallies:
                    named = cells is not unfolded and cells.name != unfolded.name
                    self.tallies[cells.name] = Tally(cells, len(self.machine.ids), width, named=named)
                    self.eyes[cells.name] = Eye(
                        self.machine, self.key, strong=self.strong, least=0 if self.prose else SEARCHED
                    )
                tally = self.tallies[cells.name]
                glance = self._look(cells, longest)
                tally.add(glance)
                if wanted is None or tally.name in wanted:
                    rows.leaves.append((tally.name, cells, glance))
                    self.bytes += glance.nbytes
        self.rows += batch.num_rows
        if self.plan is None:
            self.waiting.append(rows)
        else:
            self._add(rows)

    def _look(self, cells: Cells, longest: int) -> Glance:
        # A cheap bound, and the same for every cut.
        long = cells.kind == "text" and (self.prose or longest >= SEARCHED)
        return self.eyes[cells.name].look(cells.values, search=long)

    def _decide(self, most: int | None) -> None:
        first = self._columns(most)
        verdicts = decide.table(first, self.machine.ids, self.classes, prose=self.prose)
        self.decided = (self.rows, verdicts) if most is None else None
        self._count(plan.make(first, verdicts, self.classes))
        waiting, self.waiting = self.waiting, []
        for rows in waiting:
            self._add(rows)

    def _count(self, planned: Plan) -> None:
        self.plan = planned
        order = plan.ladder(self.classes)
        tracks = [slot.made for slot in planned.subjects]
        self.counter = Counter(planned.bits, tracks, order, budget=self.budget, only=self.only, rung=self.rung)

    def _add(self, rows: _Rows) -> None:
        if self.counter is None or self.plan is None or not rows.count:
            return
        made, count = self.plan, rows.count
        leaves: dict[str, list[tuple[Cells, Glance]]] = {}
        for name, cells, glance in rows.leaves:
            leaves.setdefault(name, []).append((cells, glance))
        pattern: Bits = np.zeros(count, np.uint64)
        bits = {name: np.uint64(1 << at) for at, name in enumerate(made.bits)}
        for slot in made.slots:
            for cells, glance in leaves.get(slot.column, ()):
                _mark(pattern, bits[slot.made], self._has(slot, glance.look), glance, cells)
        self._infer(pattern, leaves, bits)
        months = homes = np.full(count, -1, np.int32)
        if made.when and (cells_ := _single(leaves, made.when.column, count)):
            months = dates.months(cells_.values, month_first=made.when.month_first, seconds=made.when.seconds)
        if made.home and (cells_ := _single(leaves, made.home, count)):
            homes = residence.homes(cells_.values)
        marks = {slot.made: self._marks(slot, leaves, count) for slot in made.subjects}
        self.counter.add(pattern, months, homes, marks)

    def _infer(self, pattern: Bits, leaves: dict[str, list[tuple[Cells, Glance]]], bits: dict[str, np.uint64]) -> None:
        """Add the topics that goods tell, in rows that are about a person."""
        if self.plan is None or not self.plan.goods:
            return
        person = np.uint64(sum(int(bits[name]) for name in self.plan.persons))
        for slot in self.plan.goods:
            look_at = infer.codes if slot.basis == "codes" else infer.texts
            for cells, _ in leaves.get(slot.column, ()):
                told = look_at(cells.values)
                for at, topic in enumerate(infer.topics()):
                    hits = (told >> np.uint64(at) & np.uint64(1)).astype(np.bool_)
                    if hits.any():
                        rows = _spread(hits, cells, len(pattern))
                        pattern[rows & (pattern & person != 0)] |= bits[topic]

    def _has(self, slot: plan.Slot, look: Look) -> npt.NDArray[np.bool_]:
        if slot.basis == "filled" or slot.made not in self.bit:
            return look.filled.view(np.bool_)
        words = look.inside if slot.basis == "inside" else look.whole
        bit = self.bit[slot.made]
        found: npt.NDArray[np.bool_] = (words[:, bit // 64] & np.uint64(1 << bit % 64)) != 0
        return found

    def _marks(self, slot: plan.Slot, leaves: dict[str, list[tuple[Cells, Glance]]], count: int) -> Bits:
        """Fingerprint of the subject of each row; of several in a row, the first."""
        made: Bits = np.zeros(count, np.uint64)
        for cells, glance in leaves.get(slot.column, ()):
            marks = glance.rows(np.where(self._has(slot, glance.look), glance.look.marks, np.uint64(0)))
            if cells.rows is None:
                made = marks
            else:
                some = np.flatnonzero(marks)[::-1]
                made[cells.rows[some]] = marks[some]
        return made


def _mark(pattern: Bits, bit: np.uint64, has: npt.NDArray[np.bool_], glance: Glance, cells: Cells) -> None:
    """Give rows the bit of a class."""
    if has.all() and cells.rows is None and (glance.codes is None or int(glance.codes.max(initial=-1)) < len(has)):
        pattern |= bit
    elif cells.rows is None:
        pattern |= glance.rows(has.astype(np.uint64) * bit)
    else:
        pattern[_spread(glance.rows(has), cells, len(pattern))] |= bit


def _spread(has: npt.NDArray[np.bool_], cells: Cells, count: int) -> npt.NDArray[np.bool_]:
    """Rows that have one, where lists give several values to a row."""
    if cells.rows is None:
        return has
    made = np.zeros(count, np.bool_)
    made[cells.rows[has]] = True
    return made


def _single(leaves: dict[str, list[tuple[Cells, Glance]]], name: str, count: int) -> Cells | None:
    """The column with one value a row; values of documents and lists are laid out by row, the first of each."""
    for cells, _ in leaves.get(name, ()):
        if cells.rows is None:
            return cells
        places = np.full(count, -1, np.int64)
        places[cells.rows[::-1]] = np.arange(len(cells.rows))[::-1]
        taken = columns.plain(cells.values).take(pa.array(places, mask=places < 0))
        return Cells(cells.name, cells.place, cells.kind, taken, None)
    return None


def _slices(reader: pa.RecordBatchReader, rows: int) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for begin in range(0, batch.num_rows, rows):
            yield batch.slice(begin, rows)
