"""A labelled table: what each column is, what may be said of it, and what can be known without its name."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa


@dataclass
class Column:
    """One column and its truth."""

    header: str
    """Name in the run with headers; it may be missing, abbreviated or misleading."""
    cells: list[object]
    """Values; None: null."""
    truth: dict[str, float] = field(default_factory=dict)
    """Class id → share of the filled values that are of it; what a right answer names."""
    may: set[str] = field(default_factory=set)
    """Classes that are no fault: true as well, or not to be told from the truth."""
    blind: set[str] = field(default_factory=set)
    """Of the truth: what the values tell without a header."""
    blind_may: set[str] = field(default_factory=set)
    """Classes that are no fault in the run without headers."""
    mess: str = ""
    """What makes it hard, in a word."""


@dataclass
class Table:
    """One table of the corpus."""

    name: str
    """Template, locale and seed."""
    template: str
    """Template."""
    locale: str
    """Language and country."""
    seed: int
    """Seed."""
    half: str
    """train or test; templates and seeds are split, none is in both."""
    columns: list[Column]
    """Columns in order."""
    whole: set[str] = field(default_factory=set)
    """Classes of the table's rows as a whole, such as `h7_declaration`."""
    whole_may: set[str] = field(default_factory=set)
    """Classes of the rows as a whole that are no fault: all that such a record needs stands in it."""
    hard: bool = False
    """Whether no column is of any class."""

    @property
    def rows(self) -> int:
        """Return how many rows it has."""
        return len(self.columns[0].cells)

    def arrow(self, *, headers: bool = True) -> pa.Table:
        """Return it as Arrow, typed where its cells are; without headers as a CSV reader names columns."""
        digits = len(str(len(self.columns) - 1))
        names = [c.header if headers and c.header else f"column{i:0{digits}d}" for i, c in enumerate(self.columns)]
        return pa.Table.from_arrays([_array(c.cells) for c in self.columns], names=names)


def _array(cells: list[object]) -> pa.Array:
    first = next((c for c in cells if c is not None), "")
    same = all(type(c) is type(first) for c in cells if c is not None)
    return pa.array(cells if same else [None if c is None else str(c) for c in cells])
