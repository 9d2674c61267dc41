"""How firmly a fact stands, and from when until when: the order that all conclusions use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

STANCES = ("observed", "configured", "recorded", "declared")
"""From the firmest."""
RANK = {stance: place for place, stance in enumerate(STANCES)}


def stance_rank(stance: str | None) -> int:
    """Return the place of a stance, 0 being the firmest; one that is not given or not known counts as declared."""
    return RANK.get(stance or "declared", RANK["declared"])


def weakest_stance(stances: Iterable[str | None], *, none: str = "observed") -> str:
    """Return the weakest stance.

    Args:
        stances: One that is not given or not known counts as declared.
        none: What it is where there is no stance at all.
    """
    return max((stance or "declared" for stance in stances), key=stance_rank, default=none)


def status_of(row: Mapping[str, object]) -> str:
    """Return the status of a fact; one that somebody declares or configures counts as declared."""
    said = row.get("status")
    return str(said) if said else ("to verify" if row.get("stance") == "recorded" else "declared")


def in_force(row: Mapping[str, object], as_of: date) -> bool:
    """Say whether a fact holds on a day; open ends hold, and the last day of `valid_to` is not counted."""
    since, until = row.get("valid_from"), row.get("valid_to")
    begun = not isinstance(since, datetime) or since.date() <= as_of
    return begun and (not isinstance(until, datetime) or until.date() > as_of)
