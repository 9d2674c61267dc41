"""What one side, seen or told, says of one count, and how both sides make a row of `person_count`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from flagstate.catalog import inference
from flagstate.catalog.bulk import COVERED, IDENTIFIER
from flagstate.catalog.data_class import by_id
from flagstate.enrich.person_count_windows import days

FACTS = 20
"""fact_ids that a row names."""

CONTACT = IDENTIFIER + "d"
PERSONAL = ("us_28cfr202/", "eu_gdpr/")
"""Laws whose categories are about persons, whatever the class says."""

WEAKER = ("observed", "configured", "recorded", "declared")
"""Stances, the weakest last."""

LINKAGE = "linkage_unknown"
LOWER = "lower_declared"
QUIET = ("parts:", "first:", "last:")
"""Marks that name files; the holdings have them."""

Key = tuple[str, str, tuple[str, ...], str]
"""Kind, category, classes (of linked) and unit."""


@cache
def categories(name: str) -> tuple[str, ...]:
    """Return law/category of a class or inferred topic; none where the catalogue does not know it."""
    made = by_id().get(name)
    if made is not None:
        return made.law
    return next((topic.law for topic in inference.load() if topic.id == name), ())


@cache
def unit(name: str) -> str:
    """Return whom a class counts: persons, devices, or nobody (empty)."""
    made = by_id().get(name)
    if made is not None and made.unit:
        return made.unit
    return "persons" if any(law.startswith(PERSONAL) for law in categories(name)) else ""


@cache
def sorted_by(classes: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the categories of a set of classes with those of its classes that are in each.

    Two listed identifiers or more are covered personal identifiers, unless all are demographic or contact data
    (28 CFR 202.212); what a network needs of (f), (g) and (h) is for a law to say, that knows the purpose.
    """
    found: dict[str, set[str]] = {}
    for name in classes:
        for law in categories(name):
            found.setdefault(law, set()).add(name)
    listed = {law: names for law, names in found.items() if law.startswith(IDENTIFIER)}
    identifiers = set().union(*listed.values()) if listed else set()
    if len(identifiers) >= 2 and set(listed) != {CONTACT}:
        found.setdefault(COVERED, set()).update(identifiers)
    return tuple((law, tuple(sorted(found[law]))) for law in sorted(found))


def weakest(stances: Iterable[str]) -> str:
    """Return the weakest stance; one that is not known counts as declared."""
    return WEAKER[max((WEAKER.index(one) if one in WEAKER else len(WEAKER) - 1 for one in stances), default=0)]


@dataclass
class Said:
    """What goes with a count, from its rows."""

    marks: set[str] = field(default_factory=set)
    """Marks, without those that name files."""
    states: set[str] = field(default_factory=set)
    """stored, moved or used."""
    keys: list[tuple[str, ...] | None] = field(default_factory=list)
    """Keys of each part; null: not known."""
    facts: dict[str, None] = field(default_factory=dict)
    """fact_ids, those that decide first."""
    stances: set[str] = field(default_factory=set)
    """Who speaks."""

    def take(self, row: Mapping[str, object]) -> None:
        """Take over what a row of `holding` says."""
        marks, keys, state = row["marks"], row["key_ids"], row["state"]
        if isinstance(marks, list):
            self.marks.update(mark for mark in marks if not mark.startswith(QUIET))
        if state:
            self.states.add(str(state))
        own = tuple(sorted(map(str, keys))) if isinstance(keys, list) else None
        if own not in self.keys:
            self.keys.append(own)
        self.facts[str(row["fact_id"])] = None
        self.stances.add(str(row["stance"]))

    def join(self, other: Said) -> None:
        """Take over what another part says."""
        self.marks |= other.marks
        self.states |= other.states
        self.keys += [own for own in other.keys if own not in self.keys]
        self.facts.update(other.facts)
        self.stances |= other.stances

    @property
    def key_ids(self) -> list[str] | None:
        """Keys that every part needs; empty: some part needs none; null: not known."""
        if () in self.keys:
            return []
        known = [set(own) for own in self.keys if own is not None]
        if len(known) < len(self.keys) or not known:
            return None
        # Parts under wholly different keys: no key is needed for all, and yet none is open.
        return sorted(set.intersection(*known)) or None


@dataclass
class Part:
    """A count as one side has it."""

    low: int | None = None
    """At least; null: not known."""
    high: int | None = None
    """At most; null: not known."""
    classes: set[str] = field(default_factory=set)
    """Classes that were found or told."""
    said: Said = field(default_factory=Said)
    """What goes with it."""
    end: int | None = None
    """Last month of the fullest window; null: no dates."""
    series: str | None = None
    """JSON: month to bounds."""


def row(seen: Part | None, told: Part | None, as_of: date) -> dict[str, object]:
    """Return the columns of a row beside its key, from what was seen and what was told of the same.

    Args:
        seen: From observed rows.
        told: From declared, configured and recorded rows: they may raise the lower bound; their upper bound stands
            only where none was seen.
        as_of: Last day that counts.
    """
    one = seen or told or Part()
    both = [part for part in (seen, told) if part is not None]
    lows = [part.low for part in both if part.low is not None]
    low = max(lows, default=None)
    by = next((part for part in both if part.high is not None), None)
    high = None if by is None else by.high
    said = Said()
    for part in both:
        said.join(part.said)
    stances = by.said.stances if by is not None else {s for p in both if p.low == low for s in p.said.stances}
    raised = seen is not None and told is not None and told.low is not None and told.low > (seen.low or 0)
    if raised and by is seen:
        said.marks.add(LOWER)
    against = low is not None and high is not None and low > high
    begin, end = days(one.end, as_of)
    return {
        "data_classes": sorted(set().union(*(part.classes for part in both))),
        "subjects_lo": low,
        "subjects_hi": low if against else high,
        "window_from": begin,
        "window_to": end,
        "series": one.series,
        "exact": low is not None and low == high and not against,
        "stance": weakest(stances),
        "facts": list(said.facts)[:FACTS],
        "marks": sorted(said.marks),
        "states": sorted(said.states),
        "key_ids": said.key_ids,
    }
