"""Counts per entry: sets of classes with one number each, of which nobody says whether their subjects are the same.

One entry is one set of classes that stand together. Different entries of a container lie between two bounds: the
largest and the sum for what is in any of them; what must overlap and the smaller for what is in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from flagstate.catalog.bulk import COVERED, IDENTIFIER
from flagstate.enrich.person_count_part import LINKAGE, Key, Part, Said, sorted_by

PAIRS = 12
"""Entries of one container up to which every two are looked at together; above it all at once."""


@dataclass(frozen=True, eq=False)
class Entry:
    """Classes that stand together, with one count."""

    classes: frozenset[str]
    """The classes."""
    unit: str
    """persons or devices."""
    low: int | None
    """At least; null: not known."""
    high: int | None
    """At most; null: not known."""
    said: Said = field(default_factory=Said)
    """What goes with it."""
    counted: bool = False
    """Its own counts stand elsewhere; only what it has together with others is asked for."""


def entries(listed: Sequence[Entry], total: int | None = None) -> dict[Key, Part]:
    """Return the counts of a container from its entries, as one source tells them.

    Args:
        listed: The entries.
        total: Persons of the group that they are about, at most; null: not known.
    """
    made: dict[Key, Part] = {}
    for entry in listed:
        if entry.counted:
            continue
        for law, names in sorted_by(entry.classes):
            _add(made, ("category", law, (), entry.unit), names, entry)
        _add(made, ("linked", "", tuple(sorted(entry.classes)), entry.unit), entry.classes, entry)
    if len(listed) > 1:
        across = _pairs(listed, total) if len(listed) <= PAIRS else _all(listed)
        for one in across:
            key: Key = ("linked", "", tuple(sorted(one.classes)), one.unit)
            if key not in made:
                _add(made, key, one.classes, one)
        _identifiers(made, listed, across)
    return made


def either(sources: Sequence[dict[Key, Part]]) -> dict[Key, Part]:
    """Return the counts of a container that several sources tell of: the larger bound each, never the sum."""
    made = sources[0]
    for source in sources[1:]:
        for key, part in source.items():
            add(made, key, part, adds=False)
    return made


def add(made: dict[Key, Part], key: Key, part: Part, *, adds: bool = True) -> None:
    """Add a part to others of the same container: at least the larger; at most the sum, or the larger."""
    known = made.get(key)
    if known is None:
        made[key] = part
    else:
        known.join(part, adds=adds)


def _add(made: dict[Key, Part], key: Key, names: frozenset[str], entry: Entry) -> None:
    add(made, key, Part(entry.low, entry.high, names, entry.said))


def _pairs(listed: Sequence[Entry], total: int | None) -> list[Entry]:
    """What every two entries have together, as far as their numbers tell."""
    made = []
    for one, other in combinations(listed, 2):
        if one.classes <= other.classes or other.classes <= one.classes:
            continue
        if one.unit == other.unit:
            known = None not in (one.low, other.low, total)
            low = max(0, (one.low or 0) + (other.low or 0) - (total or 0)) if known else 0
            highs = [entry.high for entry in (one, other) if entry.high is not None]
            unit, high = one.unit, min(highs, default=None)
        else:
            persons = one if one.unit == "persons" else other
            unit, low, high = "persons", 0, persons.high
        made.append(Entry(one.classes | other.classes, unit, low, high, Said.of((one.said, other.said), LINKAGE)))
    return made


def _all(listed: Sequence[Entry]) -> list[Entry]:
    """Who has data of two entries or more: at most half of the sum."""
    made = []
    for unit in sorted({entry.unit for entry in listed}):
        ours = [entry for entry in listed if entry.unit == unit]
        highs = [entry.high for entry in ours]
        high = None if None in highs else sum(high for high in highs if high is not None) // 2
        if len(ours) > 1:
            made.append(
                Entry(
                    frozenset().union(*(entry.classes for entry in ours)),
                    unit,
                    0,
                    high,
                    Said.of((entry.said for entry in ours), LINKAGE),
                )
            )
    return made


def _identifiers(made: dict[Key, Part], listed: Sequence[Entry], across: Sequence[Entry]) -> None:
    """Listed identifiers of which only two entries together make covered personal identifiers."""
    alone = {id(entry) for entry in listed if any(law == COVERED for law, _ in sorted_by(entry.classes))}
    for unit in sorted({entry.unit for entry in across}):
        key: Key = ("category", COVERED, (), unit)
        for one in across:
            names = dict(sorted_by(one.classes)).get(COVERED)
            # Who is in a pair with an entry that makes them by itself is counted there.
            within = len(listed) <= PAIRS and any(id(e) in alone and e.classes <= one.classes for e in listed)
            if names is None or one.unit != unit or within:
                continue
            _add(made, key, names, one)
        part = made.get(key)
        held = [entry.high for entry in listed if entry.unit == unit and _identifying(entry)]
        if part is not None and part.high is not None and held and None not in held:
            part.high = min(part.high, sum(high for high in held if high is not None))


def _identifying(entry: Entry) -> bool:
    return any(law.startswith(IDENTIFIER) for law, _ in sorted_by(entry.classes))
