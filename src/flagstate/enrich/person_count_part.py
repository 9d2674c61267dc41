"""What one side, seen or told, says of one count, and how both sides make a row of `person_count`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property

from flagstate.catalog.bulk import COVERED, IDENTIFIER
from flagstate.catalog.data_class import by_id
from flagstate.catalog.wider import categories
from flagstate.enrich.person_count_windows import days
from flagstate.model.stance import weakest_stance

FACTS = 20
"""fact_ids that a row names."""

CONTACT = IDENTIFIER + "d"
PERSONAL = ("us_28cfr202/", "eu_gdpr/")
"""Laws whose categories are about persons, whatever the class says."""

LINKAGE = "linkage_unknown"
LOWER = "lower_declared"
QUIET = ("parts:", "first:", "last:")
"""Marks that name files; the holdings have them."""

Key = tuple[str, str, tuple[str, ...], str]
"""Kind, category, classes (of linked) and unit."""


@cache
def unit(name: str) -> str:
    """Return whom a class counts: persons, devices, or nobody (empty)."""
    made = by_id().get(name)
    if made is not None and made.unit:
        return made.unit
    return "persons" if any(law.startswith(PERSONAL) for law in categories(name)) else ""


@cache
def sorted_by(classes: frozenset[str]) -> tuple[tuple[str, frozenset[str]], ...]:
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
    return tuple((law, frozenset(found[law])) for law in sorted(found))


@dataclass(eq=False)
class Said:
    """What goes with a count, from its rows; taken over whole, so that counts of the same rows share it."""

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

    @classmethod
    def of(cls, parts: Iterable[Said], *marks: str) -> Said:
        """Return what several parts say together, with more marks."""
        made = cls(set(marks))
        for part in parts:
            made.marks |= part.marks
            made.states |= part.states
            made.keys += [own for own in part.keys if own not in made.keys]
            made.facts.update(part.facts)
            made.stances |= part.stances
        return made

    @cached_property
    def columns(self) -> tuple[list[str], list[str], list[str], list[str] | None]:
        """facts, marks, states and key_ids, once nothing more is taken over."""
        return list(self.facts)[:FACTS], sorted(self.marks), sorted(self.states), self._key_ids()

    @cached_property
    def stance(self) -> str:
        """The weakest stance."""
        return weakest_stance(self.stances)

    def _key_ids(self) -> list[str] | None:
        if () in self.keys:
            return []
        known = [set(own) for own in self.keys if own is not None]
        if len(known) < len(self.keys) or not known:
            return None
        # Parts under wholly different keys: no key is needed for all, and yet none is open.
        return sorted(set.intersection(*known)) or None


@dataclass(eq=False)
class Part:
    """A count as one side has it."""

    low: int | None = None
    """At least; null: not known."""
    high: int | None = None
    """At most; null: not known."""
    classes: frozenset[str] = frozenset()
    """Classes that were found or told."""
    said: Said = field(default_factory=Said)
    """What goes with it."""
    end: int | None = None
    """Last month of the fullest window; null: no dates."""
    series: str | None = None
    """JSON: month to bounds."""

    def join(self, other: Part, *, adds: bool) -> None:
        """Take another part of the same container in: at least the larger; at most the sum, or the larger.

        Args:
            other: The part.
            adds: Whether their subjects may be others, so that upper bounds add up.
        """
        self.low = max((low for low in (self.low, other.low) if low is not None), default=None)
        if self.high is None or other.high is None:
            self.high = None
        else:
            self.high = self.high + other.high if adds else max(self.high, other.high)
        self.classes |= other.classes
        self.said = Said.of((self.said, other.said))


COLUMNS = (
    "data_classes", "subjects_lo", "subjects_hi", "window_from", "window_to", "series", "exact", "stance", "facts",
    "marks", "states", "key_ids",
)  # fmt: skip


def row(seen: Part | None, told: Part | None, as_of: date) -> tuple[object, ...]:
    """Return COLUMNS of a row from what was seen and what was told of the same.

    Args:
        seen: From observed rows.
        told: From declared, configured and recorded rows: they may raise the lower bound; their upper bound stands
            only where none was seen.
        as_of: Last day that counts.
    """
    if seen is None or told is None:
        one = seen or told or Part()
        low, high, said, stance = one.low, one.high, one.said, one.said.stance
        classes = one.classes
    else:
        one, classes = seen, seen.classes | told.classes
        low = max((low for low in (seen.low, told.low) if low is not None), default=None)
        by = seen if seen.high is not None else told if told.high is not None else None
        high = by.high if by else None
        raised = by is seen and told.low is not None and told.low > (seen.low or 0)
        said = Said.of((seen.said, told.said), *([LOWER] if raised else []))
        stance = weakest_stance(s for part in (seen, told) if part is by or (by is None and part.low == low)
                         for s in part.said.stances)  # fmt: skip
    against = low is not None and high is not None and low > high
    exact = low is not None and low == high
    begin, end = days(one.end, as_of)
    return (
        sorted(classes), low, low if against else high, begin, end, one.series, exact, stance, *said.columns
    )  # fmt: skip
