"""A document for people: a head, sections with sentences and tables, and for every figure the rows that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MOST_REFS = 6
"""Rows of evidence that one cell names; how many more there are is said."""


MOST_ROWS = 500
"""Rows of a table that a page shows; its CSV has all."""


@dataclass(frozen=True)
class Cell:
    """What a cell says, with the facts and findings that it rests on."""

    text: str
    """The text, as data: each format escapes it in its own way."""
    facts: tuple[str, ...] = ()
    """fact_ids."""
    findings: tuple[str, ...] = ()
    """finding_ids."""


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table of a document."""

    columns: tuple[str, ...]
    """Headings."""
    rows: tuple[Row, ...]
    """Rows, as many cells as headings."""
    name: str = ""
    """Name of its CSV file, without ending; empty: it has none."""


@dataclass(frozen=True)
class Section:
    """A part of a document."""

    title: str
    """Its heading."""
    says: tuple[str, ...] = ()
    """Sentences above the table."""
    grid: Grid | None = None
    """Its table."""
    points: tuple[Cell, ...] = ()
    """A list below."""
    under: bool = False
    """It belongs to the section above."""


@dataclass(frozen=True)
class Document:
    """A document that goes to somebody outside."""

    kind: str
    """Its kind, as the command names it."""
    title: str
    """Its title."""
    head: tuple[tuple[str, str], ...]
    """What it says of itself: label and text."""
    notes: tuple[str, ...]
    """What a reader must know before the first figure."""
    sections: tuple[Section, ...]
    """Its parts."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside it, by name, as text that is ready to be written."""


def cell(text: object, *, facts: Iterable[str | None] = (), findings: Iterable[str | None] = ()) -> Cell:
    """Return a cell; ids are kept once, in their order."""
    return Cell(str(text), _ids(facts), _ids(findings))


def row(*cells: Cell | str) -> Row:
    """Return a row; a text is a cell that rests on nothing."""
    return tuple(one if isinstance(one, Cell) else Cell(one) for one in cells)


def joined(cells: Iterable[Cell], *, between: str = "; ") -> Cell:
    """Return several cells as one."""
    known = [one for one in cells if one.text]
    return Cell(
        between.join(dict.fromkeys(one.text for one in known)),
        _ids(fact for one in known for fact in one.facts),
        _ids(found for one in known for found in one.findings),
    )


def _ids(ids: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in ids if one))


def cited(document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the facts and the findings that a document names, in the order in which it names them."""
    cells = [
        one
        for section in document.sections
        for one in (*(c for r in (section.grid.rows[:MOST_ROWS] if section.grid else ()) for c in r), *section.points)
    ]
    return _ids(f for one in cells for f in one.facts[:MOST_REFS]), _ids(f for one in cells for f in one.findings)
