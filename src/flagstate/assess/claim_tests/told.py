"""What a test of a claim is told: who asks what of which asset, and what the evidence says to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from flagstate.catalog.country_names import expand

Said = tuple[str, str]
"""A sentence in English and in French."""

KEPT = 50
"""fact_ids that a verdict names on each side; the tables have all of them."""
LARGEST = 10**15
"""The largest number that a test may name."""
SHOWN = 8
"""Places, parties or destinations that a sentence names; further ones are counted."""


@dataclass(frozen=True)
class Ask:
    """One part of a claim's test."""

    claim_id: str
    """The claim."""
    verb: str
    """The word of the test."""
    said: object
    """What the word says: countries, a party, patterns, classes, a number or bounds."""
    asset_id: str | None = None
    """Of what; null: of all that was given."""
    about: str | None = None
    """Only this group of persons."""
    container: str | None = None
    """Only this table, file or path."""
    unit: str = "persons"
    """What is counted: persons, records or devices."""
    figures: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Figures of the claim."""


def formed(ask: Ask, as_of: date) -> bool:
    """Say whether a test has the form of its word: a case may be edited by hand, and nothing is held against nonsense.

    Args:
        ask: A part of a test.
        as_of: The day on which groups of countries have their members.
    """
    said, texts = ask.said, isinstance(ask.said, list) and bool(ask.said) and all(isinstance(o, str) for o in ask.said)
    if ask.verb in ("place_in", "access_only_from"):
        return texts and isinstance(said, list) and bool(expand(said, on=as_of)[0])
    if ask.verb in ("no_flow_to", "class_absent"):
        return texts
    if ask.verb in ("operator_is", "keys_held_by"):
        return isinstance(said, str) and bool(said)
    if ask.verb == "count_at_most":
        return _whole(said)
    return isinstance(said, Mapping) or (isinstance(said, list) and len(said) == 2 and all(map(_whole, said)))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


@dataclass(frozen=True)
class Window:
    """The time in which something was seen, and how completely."""

    begin: datetime | None = None
    """Seen from (UTC)."""
    end: datetime | None = None
    """Seen to (UTC)."""
    share: float | None = None
    """Share that was seen, 0 to 1; null: not known."""
    whole: bool = False
    """Whether somebody says that nothing of it is missing, and nobody says otherwise."""
    todo: tuple[str, ...] = ()
    """What the ledger of coverage proposes to collect."""


@dataclass(frozen=True)
class Verdict:
    """What the evidence says of one part of a test."""

    verdict: str
    """One of the codes of `CLAIM_VERDICTS`."""
    message: Said
    """What was seen, in one sentence."""
    against: tuple[str, ...] = ()
    """fact_ids that contradict it."""
    rows_for: tuple[str, ...] = ()
    """fact_ids that support it."""
    counts: tuple[int, int] | None = None
    """How many rows stand against it and for it, where not all are named."""
    remainder: tuple[Said, ...] = ()
    """What the evidence did not cover."""
    missing: tuple[Said, ...] = ()
    """What to collect to decide."""
    window: Window = field(default_factory=Window)
    """When it was looked at."""
    query: str | None = None
    """The query that was asked of the tables."""
    rests_on: str | None = None
    """The weakest stance under it."""
    confidence: str | None = None
    """low, medium or high."""
    values: Mapping[str, object] = field(default_factory=dict)
    """The figures that decided."""

    @property
    def facts(self) -> list[str]:
        """fact_ids, those against it first."""
        return list(dict.fromkeys((*self.against[:KEPT], *self.rows_for[:KEPT])))


def listed(words: list[Said], *, most: int = SHOWN) -> Said:
    """Return several words as one enumeration; further ones are counted."""
    shown = [words[:most], words[:most]]
    rest = len(words) - most
    more = (f" and {rest:,} more", f" et {rest} autres") if rest > 0 else ("", "")
    joined = [", ".join(pair[at] for pair in part) + more[at] for at, part in enumerate(shown)]
    return joined[0], joined[1]


def times(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(moment: datetime | None) -> str:
    """Return the day of a moment."""
    return f"{moment:%Y-%m-%d}" if moment else "?"


def spaced(number: int) -> str:
    """Return a number as French writes it."""
    return f"{number:,}".replace(",", "\u202f")


def joined(parts: Iterable[Said]) -> Said:
    """Return clauses one behind the other, in both languages."""
    listed = list(parts)
    return "".join(en for en, _ in listed), "".join(fr for _, fr in listed)


def beyond(window: Window) -> Iterator[Said]:
    """Yield the times that a window does not tell of, where it has an end."""
    if window.begin or window.end:
        yield (
            f"times before {day(window.begin)} and after {day(window.end)}",
            f"les périodes avant le {day(window.begin)} et après le {day(window.end)}",
        )
