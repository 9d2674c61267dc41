"""Counts from what was seen: populations with their samples, and holdings of which no population speaks.

What it cannot see: who the rows are about that a holding has and no population counts; each may be one subject more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from flagstate.catalog.sketch import LARGEST, bounds
from flagstate.enrich.person_count_entries import Entry, add, entries
from flagstate.enrich.person_count_part import FACTS, Key, Part, Said, sorted_by, unit
from flagstate.enrich.person_count_windows import ALWAYS, NEVER, Group, Population, month_of

Row = dict[str, Any]
Place = tuple[str | None, str | None, str | None]
Container = tuple[str | None, str | None]

SETS = 64
"""Sets of classes of one container whose samples are united; of more, only the sums are formed."""

LATE = "after_as_of"
"""All that was seen is dated after the day asked for."""


@dataclass
class _Held:
    """What was seen of one container."""

    rows: list[Row] = field(default_factory=list)
    """Rows of `holding`."""
    groups: dict[tuple[str | None, str], list[Population]] = field(default_factory=dict)
    """Populations by group of persons and unit."""
    records: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows that populations count, by class and unit."""


def seen(
    rows: Iterable[Row], population: pa.Table, retrieved: Mapping[str, int], as_of: date
) -> dict[Place, dict[Key, Part]]:
    """Return what was seen, by place.

    Args:
        rows: Observed rows of `holding`.
        population: Rows of `population`.
        retrieved: Month in which an artefact was retrieved: a later month in it is not the date of an event.
        as_of: Months after this day do not count.
    """
    found: dict[Container, _Held] = {}
    for held in rows:
        found.setdefault((held["asset_id"], held["container"]), _Held()).rows.append(held)
    _populate(found, population, retrieved)
    made: dict[Place, dict[Key, Part]] = {}
    for container, held_there in found.items():
        said = _Speakers(held_there.rows)
        for (about, whom), populations in held_there.groups.items():
            made.setdefault((*container, about), {}).update(_counted(populations, whom, said, as_of))
        for about, parts in _uncounted(held_there, said, as_of):
            into = made.setdefault((*container, about), {})
            for key, part in parts.items():
                add(into, key, part)
    return made


class _Speakers:
    """What the holdings of a container say of their classes."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by: dict[str, list[Row]] = {}
        for held in rows:
            self.by.setdefault(str(held["data_class"]), []).append(held)

    def of(self, names: Iterable[str], first: Said | None = None) -> Said:
        """Return it for some classes, after what is already said."""
        found = [held for name in names for held in self.by.get(name, ())]
        if first is not None and not found:
            return first
        said = Said.of([first] if first is not None else [])
        for held in found:
            said.take(held)
        return said


def _alone(rows: Sequence[Population]) -> Said:
    """Return what populations say; the fullest come first among the facts."""
    said = Said(stances={one.stance for one in rows})
    for one in sorted(rows, key=lambda one: (-one.high, one.facts))[: FACTS // 2]:
        said.facts.update(dict.fromkeys(one.facts))
    for one in rows:
        said.marks.update(one.marks)
    return said


def _populate(found: dict[Container, _Held], population: pa.Table, retrieved: Mapping[str, int]) -> None:
    """Add the populations; the same one read twice, as from a copy in another format, counts once."""
    names = (
        "asset_id", "container", "data_classes", "about", "month", "unit", "subject_class", "records", "subjects_lo",
        "subjects_hi", "sketch", "marks", "fact_id", "evidence_id", "stance",
    )  # fmt: skip
    known: set[tuple[object, ...]] = set()
    for values in zip(*(population.column(name).to_pylist() for name in names), strict=True):
        row = dict(zip(names, values, strict=True))
        row["data_classes"] = classes = frozenset(row["data_classes"] or ())
        same = tuple(row[name] for name in names[:11])
        whom = row["unit"] or ("persons" if any(unit(name) for name in classes) else "")
        if same in known or not whom:
            continue
        known.add(same)
        held = found.setdefault((row["asset_id"], row["container"]), _Held())
        held.groups.setdefault((row["about"], whom), []).append(_population(row, retrieved))
        for name in classes:
            held.records.setdefault(name, Counter())[whom] += row["records"] or 0


def _population(row: Row, retrieved: Mapping[str, int]) -> Population:
    first, last = month_of(row["month"])
    if first > retrieved.get(str(row["evidence_id"]), ALWAYS):
        first, last = NEVER, ALWAYS
    marks = row["marks"] if isinstance(row["marks"], list) else []
    records = _number(row["records"])
    if row["unit"] is None:
        # Classes about persons that name nobody: each row may be one person, or none.
        low, high = 0, records
    else:
        low, high = _number(row["subjects_lo"]), _number(row["subjects_hi"])
    made = row["sketch"]
    sketched = isinstance(made, bytes) and bool(made) and row["subject_class"] is not None
    level, kept = (made[0], made[1:]) if sketched and isinstance(made, bytes) else (0, b"")
    return Population(
        row["data_classes"],
        low,
        high,
        first,
        last,
        str(row["subject_class"]) if sketched else None,
        level,
        kept,
        _nameless(low, high, level, len(kept) // 8, "estimate" in marks and high < records) if sketched else high,
        (str(row["fact_id"]),),
        tuple(marks),
        str(row["stance"]),
    )


def _nameless(low: int, high: int, level: int, kept: int, estimated: bool) -> int:
    """Return how many subjects a population may have at most beside those that its sample stands for."""
    if not level:
        return max(0, high - kept)
    if estimated and kept <= LARGEST // 2:
        return max(0, high - bounds(kept, level, 0, high)[1])
    # Counted exactly, or with a larger sample than was kept: the span holds them all.
    return high - low


def _counted(populations: Sequence[Population], whom: str, said: _Speakers, as_of: date) -> dict[Key, Part]:
    """Counts by category, and by every set of classes that occurs: of it and of all that have more."""
    sizes: Counter[frozenset[str]] = Counter()
    for one in populations:
        sizes[one.classes] += one.high
    laws: dict[str, tuple[set[str], set[frozenset[str]]]] = {}
    for classes in sizes:
        for law, names in sorted_by(classes):
            held, sets = laws.setdefault(law, (set(), set()))
            held.update(names)
            sets.add(classes)
    counts = _Counts(populations, as_of)
    made: dict[Key, Part] = {}
    for law, (named, within) in laws.items():
        made["category", law, (), whom] = counts.part(frozenset(within), frozenset(named), said)
    for at, classes in enumerate(sorted(sizes, key=lambda one: (-sizes[one], sorted(one)))):
        wider = frozenset(other for other in sizes if classes <= other)
        key: Key = ("linked", "", tuple(sorted(classes)), whom)
        made[key] = counts.part(wider, classes, said, roughly=at >= SETS)
    return made


class _Counts:
    """Counts of unions of sets of classes; those of the same sets are counted once."""

    def __init__(self, populations: Sequence[Population], as_of: date) -> None:
        self.by: dict[frozenset[str], list[int]] = {}
        for at, one in enumerate(populations):
            self.by.setdefault(one.classes, []).append(at)
        self.group, self.populations, self.as_of = Group(populations, as_of), populations, as_of
        self.known: dict[tuple[frozenset[frozenset[str]], bool], Part] = {}
        self.says: dict[tuple[Part, frozenset[str]], Said] = {}

    def part(
        self, sets: frozenset[frozenset[str]], names: frozenset[str], said: _Speakers, roughly: bool = False
    ) -> Part:
        """Return the count of everybody in any of these sets.

        Args:
            sets: Sets of classes.
            names: Classes that the row names.
            said: What the holdings say of them.
            roughly: Only the largest and the sum.
        """
        part = self.known.get((sets, roughly))
        if part is None:
            chosen = sorted(at for classes in sets for at in self.by[classes])
            rows = [self.populations[at] for at in chosen]
            part = self.known[sets, roughly] = self._count(chosen, roughly)
            part.said = _alone(rows)
            if part.high == 0 and any(one.high for one in rows):
                part.said.marks.add(LATE)
        speaks = self.says.get((part, names))
        if speaks is None:
            speaks = self.says[part, names] = said.of(sorted(names), part.said)
        return Part(part.low, part.high, names, speaks, part.end, part.series)

    def _count(self, chosen: Sequence[int], roughly: bool) -> Part:
        if roughly:
            rows = [self.populations[at] for at in chosen]
            inside = [one.low for one in rows if not one.dated or one.last <= self.group.now]
            return Part(max(inside, default=0), sum(one.high for one in rows if one.first <= self.group.now))
        count = self.group.fullest(chosen)
        if count is None:
            return Part(0, 0)
        return Part(count.low, count.high, end=count.end, series=count.series)


def _uncounted(held: _Held, said: _Speakers, as_of: date) -> Iterable[tuple[str | None, dict[Key, Part]]]:
    """Counts of what a holding has and no population counts: whole classes, and rows that are more than counted."""
    alone: dict[str | None, list[Entry]] = {}
    for row in held.rows:
        name = str(row["data_class"])
        whom = str(row["unit"] or unit(name))
        if not whom:
            continue
        about = row["about"]
        low, high = row["subjects_lo"], row["subjects_hi"]
        marks = row["marks"] or ()
        if row["unit"] is None and "sample" not in marks:
            low, high = 0, row["records"]
        if name not in held.records:
            entry = Entry(frozenset({name}), whom, _known(low), _known(high), said.of([name]))
            alone.setdefault(about, []).append(entry)
        elif (more := _number(row["records"]) - max(held.records[name].values())) > 0:
            yield about, _more(name, whom, more, said)
    for about, listed in alone.items():
        yield about, entries([*_distinct(listed), *_others(held, said, as_of)])


def _more(name: str, whom: str, more: int, said: _Speakers) -> dict[Key, Part]:
    laws = sorted_by(frozenset({name}))
    return {("category", law, (), whom): Part(0, more, names, said.of(sorted(names))) for law, names in laws}


def _distinct(listed: Iterable[Entry]) -> list[Entry]:
    """The same class from several artefacts: at least the larger, at most the sum; the same numbers are a copy."""
    by: dict[tuple[frozenset[str], str], dict[tuple[int | None, int | None], Entry]] = {}
    for entry in listed:
        by.setdefault((entry.classes, entry.unit), {})[entry.low, entry.high] = entry
    made = []
    for (classes, whom), several in by.items():
        lows = [low for low, _ in several if low is not None]
        highs = [high for _, high in several]
        high = None if None in highs else sum(high for high in highs if high is not None)
        made.append(Entry(classes, whom, max(lows, default=None), high, next(iter(several.values())).said))
    return made


def _others(held: _Held, said: _Speakers, as_of: date) -> list[Entry]:
    """All that populations count, as one entry per unit: it may stand together with a class that none counts."""
    by: dict[str, list[Population]] = {}
    for (_, whom), populations in held.groups.items():
        by.setdefault(whom, []).extend(populations)
    made = []
    for whom, populations in sorted(by.items()):
        classes = frozenset().union(*(one.classes for one in populations))
        low, high = Group(populations, as_of).together(range(len(populations)))
        made.append(Entry(classes, whom, low, high, said.of(sorted(classes)), counted=True))
    return made


def _known(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
