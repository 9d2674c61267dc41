"""What is counted in one pass: which classes make the pattern of a row, its month, its residence and its subject.

A plan follows from a summary of the first rows; a row then has the bits of the classes that it really holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify import dates, infer, residence
from flagstate.enrich.classify.summary import Column
from flagstate.enrich.classify.verdict import Verdict

BITS = 64
"""Classes in a pattern."""
GOODS = {"goods_description": "texts", "purchase_history": "texts", "hs_code": "codes"}
"""Classes that tell more of the person beside them, and how they are looked at."""
ENOUGH = 0.5
"""Share of rows with a value, from which a column names the subjects of a table."""


@dataclass(frozen=True)
class Slot:
    """Where one class is read from."""

    column: str
    """Name of a column."""
    made: str
    """Class."""
    basis: str
    """filled: every value is one; whole: values with its form and check are; inside: longer values may hold it."""


@dataclass(frozen=True)
class When:
    """The date column."""

    column: str
    """Its name."""
    month_first: bool = False
    """Whether 03/04/2020 is 4 March."""
    seconds: bool = False
    """Whether it counts from 1970."""


@dataclass(frozen=True)
class Plan:
    """What is counted."""

    bits: tuple[str, ...] = ()
    """Class of each bit."""
    slots: tuple[Slot, ...] = ()
    """Where they are read."""
    subjects: tuple[Slot, ...] = ()
    """Columns that name persons or devices, the best of each."""
    when: When | None = None
    """The date of the event."""
    home: str = ""
    """Column with the country of the person."""
    goods: tuple[Slot, ...] = ()
    """Columns of goods beside persons, from which topics are inferred."""
    persons: tuple[str, ...] = ()
    """Classes among `bits` that are about persons."""

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that counting needs."""
        named = {slot.column for slot in (*self.slots, *self.subjects, *self.goods)}
        return frozenset(named | ({self.when.column} if self.when else set()) | ({self.home} if self.home else set()))


def weight(made: DataClass) -> int:
    """Return how much the law makes of a class; the lightest go first when there are too many groups."""
    return (
        4 * any(law.startswith("us_28cfr202") for law in made.law)
        + 2 * any("art9" in law or "art10" in law for law in made.law)
        + any(law.startswith("eu_gdpr") for law in made.law)
    )


def ladder(classes: Sequence[DataClass]) -> tuple[str, ...]:
    """Return the classes in the order in which they go."""
    return (*(made.id for made in sorted(classes, key=lambda made: (weight(made), made.id))), *infer.topics())


def make(columns: Sequence[Column], verdicts: Sequence[Verdict], classes: Sequence[DataClass]) -> Plan:
    """Return the plan of a table.

    Args:
        columns: Summaries of its columns.
        verdicts: What they hold.
        classes: Data classes, of which the verdicts are.
    """
    by = {made.id: made for made in classes}
    verdicts = [v for v in verdicts if v.made in by and v.column]
    if not verdicts:
        return Plan()
    order = {name: at for at, name in enumerate(reversed(ladder(classes)))}
    when, home = _when(columns, verdicts), _home(columns, verdicts)
    dated = when.column if when else ""
    goods = tuple(Slot(v.column, v.made, GOODS[v.made]) for v in verdicts if v.made in GOODS and v.column != dated)
    topics = infer.topics() if goods and any(by[v.made].unit == "persons" for v in verdicts) else ()
    bits = tuple(sorted({v.made for v in verdicts}, key=lambda name: order[name])[: BITS - len(topics)])
    persons = tuple(name for name in bits if by[name].unit == "persons")
    slots = tuple(Slot(v.column, v.made, v.basis) for v in verdicts if v.made in bits)
    named = {column.name: column for column in columns}
    subjects = tuple(s for unit in ("persons", "devices") if (s := _subject(unit, verdicts, named, by)))
    return Plan((*bits, *topics), slots, subjects, when, home, goods if topics else (), persons)


def _subject(unit: str, verdicts: Sequence[Verdict], named: dict[str, Column], by: dict[str, DataClass]) -> Slot | None:
    """The column that names persons or devices best and has a value in enough rows."""
    found = [
        v
        for v in verdicts
        if by[v.made].unit == unit and by[v.made].subject and v.basis != "inside" and v.column in named
    ]
    if not found:
        return None
    most = max(column.values for column in named.values())

    def rank(v: Verdict) -> tuple[bool, int, int, int, str]:
        held = named[v.column].filled * v.share
        return held < ENOUGH * most, by[v.made].subject, -round(held), named[v.column].place, v.column

    best = min(found, key=rank)
    return Slot(best.column, best.made, best.basis)


def _when(columns: Sequence[Column], verdicts: Sequence[Verdict]) -> When | None:
    """The date column that is not a birth date: typed ones first, then the one with most values."""
    born = {v.column for v in verdicts if v.made == "birth_date"}
    taken = {v.column for v in verdicts if v.made != "purchase_history"}
    found: list[tuple[int, int, int, When]] = []
    for column in columns:
        if column.name in born or not column.filled:
            continue
        texts = [seen.text for seen in column.sample.values()][:100]
        if column.kind in ("day", "time"):
            found.append((0, -column.filled, column.place, When(column.name)))
        elif column.kind == "text" and column.name not in taken and 6 <= column.longest <= 40:
            if len(dates.years(texts)) >= 0.9 * len(texts):
                found.append((1, -column.filled, column.place, When(column.name, month_first=dates.american(texts))))
        elif column.kind == "whole" and column.name not in taken and _counts(column, texts):
            found.append((2, -column.filled, column.place, When(column.name, seconds=True)))
    return min(found, key=lambda row: row[:3])[3] if found else None


def _counts(column: Column, texts: Sequence[str]) -> bool:
    """Whether whole numbers count from 1970: their name says time, and all fall into our years."""
    name = column.name.lower()
    if not any(word in name for word in ("time", "date", "ts", "epoch", "created", "when", "_at")):
        return False
    return all(text.isdigit() and dates.epoch(int(text)) is not None for text in texts)


def _home(columns: Sequence[Column], verdicts: Sequence[Verdict]) -> str:
    """The column with the country of residence: by class, else by what its values are."""
    place = {column.name: (-column.filled, column.place) for column in columns}
    named = sorted((place[v.column], v.column) for v in verdicts if v.made == "residence_country" and v.column in place)
    if named:
        return named[0][1]
    for column in columns:
        texts = [seen.text for seen in column.sample.values()][:100]
        said = column.name.lower()
        if column.kind == "text" and texts and any(word in said for word in ("country", "pays", "land", "pais", "国")):
            held = sum(bool(residence.country(text)) for text in texts)
            if held >= 0.9 * len(texts) and not any(word in said for word in ("origin", "herkunft", "nationalit")):
                return column.name
    return ""
