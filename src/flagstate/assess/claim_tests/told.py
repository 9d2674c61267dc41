"""What a test of a claim is told: who asks what of which asset, and what the evidence says to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Said = tuple[str, str]
"""A sentence in English and in French."""

KEPT = 50
"""fact_ids that a verdict names on each side; the tables have all of them."""
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
