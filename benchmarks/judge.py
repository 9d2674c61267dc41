"""Judge named classes against the truth of the corpus: by class, by macro average, and on columns of no class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from corpus import Table

Named = Sequence[set[str]]
"""For each column the classes that were named."""


@dataclass
class Score:
    """Counts of right, wrong and missed by class."""

    headers: bool = True
    """Whether the columns had their names."""
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    told_right: Counter[str] = field(default_factory=Counter)
    """Of the right ones: where the values alone tell the class."""
    told_missed: Counter[str] = field(default_factory=Counter)
    hard_columns: int = 0
    hard_named: int = 0
    faults: list[str] = field(default_factory=list)
    """What went wrong, in words; the values are made up, so they may be shown."""

    def add(self, table: Table, named: Named, whole: set[str] | None = None) -> None:
        """Count one table; `whole`: classes named for its rows as a whole, or null where that is not asked."""
        for column, said in zip(table.columns, named, strict=True):
            may = column.may | (set() if self.headers else column.blind_may)
            for name in column.truth:
                tells = name in column.blind
                (self.right if name in said else self.missed)[name] += 1
                if tells:
                    (self.told_right if name in said else self.told_missed)[name] += 1
                if name not in said and (self.headers or tells):
                    self._fault("missed", name, table, column.header, column.mess, column.cells)
            for name in said - set(column.truth) - may:
                self.wrong[name] += 1
                self._fault("wrong ", name, table, column.header, column.mess, column.cells)
            if table.hard:
                self.hard_columns += 1
                self.hard_named += bool(said - may)
        if whole is not None:
            for name in table.whole | (whole - table.whole_may):
                kept = self.right if name in table.whole & whole else self.missed if name in table.whole else self.wrong
                kept[name] += 1
                if kept is not self.right:
                    self._fault("missed" if name in table.whole else "wrong ", name, table, "(rows)", "", [])

    def _fault(self, how: str, name: str, table: Table, header: str, mess: str, cells: Iterable[object]) -> None:
        seen = [c for c in cells if c is not None and c != ""][:3]
        self.faults.append(f"{how} {name:<22} {table.name:<36} {header!r} [{mess}] {seen}"[:220])

    def f1(self, name: str, *, told: bool = False) -> tuple[float, float, float]:
        """Return precision, recall and F1 of a class; `told`: where the values alone tell it."""
        right = (self.told_right if told else self.right)[name]
        missed = (self.told_missed if told else self.missed)[name]
        wrong = self.wrong[name]
        precision = right / (right + wrong) if right + wrong else 0.0
        recall = right / (right + missed) if right + missed else 0.0
        return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def classes(self, *, told: bool = False) -> list[str]:
        """Return the classes that occur."""
        right, missed = (self.told_right, self.told_missed) if told else (self.right, self.missed)
        return sorted(set(right) | set(missed))

    def macro(self, *, told: bool = False, among: Iterable[str] | None = None) -> float:
        """Return the mean F1 over the classes that occur, or over those of them that are given."""
        names = [n for n in self.classes(told=told) if among is None or n in set(among)]
        return sum(self.f1(n, told=told)[2] for n in names) / len(names) if names else 0.0

    def micro(self) -> tuple[float, float]:
        """Return precision and recall over all columns together."""
        right, wrong, missed = self.right.total(), self.wrong.total(), self.missed.total()
        return right / max(right + wrong, 1), right / max(right + missed, 1)

    @property
    def hard_share(self) -> float:
        """Return the share of columns of no class, in tables without any, that were named something."""
        return self.hard_named / max(self.hard_columns, 1)
