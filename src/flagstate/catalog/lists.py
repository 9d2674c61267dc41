"""Lists on which legal tests turn: who is on which on a day, and whether a miss says anything.

The source is `data/lists/`, one file per list; a newer file that the user took in (`flagstate data update`) goes before
the shipped one. A list says nothing by itself; what follows from it is a matter of the rule that names it.

A hit is a hit, within its `scope`. A miss says no only where the list is known to be whole on that day; else it says
unknown. It cannot see that a party with another id is the one that a list names: compare ids, LEIs and who controls it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from flagstate.catalog.list_form import Entry, Listing
from flagstate.catalog.list_shelf import Key, key, load, swapped

__all__ = [
    "ENTRY_COLUMNS",
    "STATE_COLUMNS",
    "Found",
    "Members",
    "book",
    "entries",
    "found",
    "lists_on",
    "on_list",
    "ownership_lists",
    "states",
    "swapped",
    "versions",
]

ENTRY_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "fact_id": "VARCHAR",
        "list": "VARCHAR",
        "member": "VARCHAR",
        "kind": "VARCHAR",
        "name": "VARCHAR",
        "lei": "VARCHAR",
        "part": "VARCHAR",
        "scope": "VARCHAR",
        "only_with": "VARCHAR",
        "not_with": "VARCHAR",
        "polygon": "VARCHAR",
        "from": "DATE",
        "to": "DATE",
        "status": "VARCHAR",
        "dates": "VARCHAR",
        "cite": "VARCHAR",
        "remark": "VARCHAR",
        "complete": "VARCHAR",
    }
)
"""Columns of `entries`, with their types in DuckDB: a table of no rows needs them."""

STATE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "list": "VARCHAR",
        "title": "VARCHAR",
        "citation": "VARCHAR",
        "status": "VARCHAR",
        "source": "VARCHAR",
        "complete": "VARCHAR",
        "complete_note": "VARCHAR",
        "affiliates": "VARCHAR",
        "ownership": "BOOLEAN",
        "last_checked": "DATE",
        "version": "VARCHAR",
        "origin": "VARCHAR",
        "from": "DATE",
        "to": "DATE",
        "held": "BOOLEAN",
    }
)
"""Columns of `states`, with their types in DuckDB."""

Verdict = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Members:
    """Who is on a list on one day."""

    name: str
    """Code of the list."""
    countries: frozenset[str]
    """Countries."""
    entity_ids: frozenset[str]
    """Parties by id, with the prefix of the catalog."""
    leis: frozenset[str]
    """Parties by LEI."""
    threshold: float
    """Stake in per cent from which an entity counts as held by members."""
    persons: Literal["resident", "either"]
    """Whether the place where a person lives decides."""
    except_nationals: frozenset[str]
    """Persons of these nationalities are never members."""
    status: str
    """How firmly the list is known."""


@dataclass(frozen=True)
class Found:
    """Whether somebody is on a list on a day."""

    verdict: Verdict
    """yes, no or unknown."""
    entries: tuple[Entry, ...]
    """The entries that name them."""
    why: str
    """What decided, as a sentence."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return for what alone they are on it; empty where any entry is without bounds, or none names them."""
        scopes = tuple(one.scope for one in self.entries if one.scope)
        return scopes if len(scopes) == len(self.entries) else ()


def book(folder: Path | None = None) -> Mapping[str, Listing]:
    """Return every list by its code: the user's version where there is a newer one.

    Args:
        folder: The folder of the user's data; null: as the account has it.

    Raises:
        CatalogError: A file is missing or damaged: file, line and key.
    """
    return {code: one.listing for code, one in load(*key(folder)).items()}


def versions(folder: Path | None = None) -> list[dict[str, object]]:
    """Return which version of each list is used: list, version, origin, last_checked, complete, sha256, unused.

    Args:
        folder: The folder of the user's data; null: as the account has it.
    """
    return [
        {
            "list": code,
            "version": one.listing.version,
            "origin": one.origin,
            "last_checked": one.listing.last_checked,
            "complete": one.listing.complete,
            "sha256": one.sha256,
            "unused": one.unused,
        }
        for code, one in load(*key(folder)).items()
    ]


def entries(on: date) -> list[dict[str, object]]:
    """Return who is on the lists on a day: one row per member and part, with the columns of `ENTRY_COLUMNS`.

    Args:
        on: The day.

    Returns:
        Rows by list and member. `fact_id` (`list:CODE:MEMBER`, with `/PART`) stays the same from version to version. A
        row with `only_with` counts only for who is on that list as well, with `not_with` for who is not.
    """
    return [_row(one, entry, on) for one in book().values() for entry in sorted(one.on(on), key=lambda e: e.key)]


def _row(one: Listing, entry: Entry, on: date) -> dict[str, object]:
    since = max((day for day in (one.since, entry.since) if day), default=None)
    until = min((day for day in (one.until, entry.until) if day), default=None)
    return {
        "fact_id": f"list:{one.code}:{entry.key}",
        "list": one.code,
        **{key: getattr(entry, key) for key in ("member", "kind", "name", "lei", "part", "scope")},
        **{key: getattr(entry, key) for key in ("only_with", "not_with")},
        "polygon": _wkt(entry.polygon),
        "from": since,
        "to": until,
        **{key: getattr(entry, key) for key in ("status", "dates", "cite", "remark")},
        "complete": "yes" if one.whole(on) else "no",
    }


def _wkt(corners: tuple[tuple[float, float], ...]) -> str | None:
    """Return a polygon as Well-Known Text: longitude before latitude, closed."""
    if not corners:
        return None
    ring = ", ".join(f"{longitude:.9g} {latitude:.9g}" for latitude, longitude in (*corners, corners[0]))
    return f"POLYGON (({ring}))"


def states(on: date, *, folder: Path | None = None) -> list[dict[str, object]]:
    """Return how the lists stand on a day: one row each, with the columns of `STATE_COLUMNS`.

    Args:
        on: The day. `complete` (yes or no) says whether a miss says no; so it does while a list does not hold (`held`).
        folder: The folder of the user's data; null: as the account has it.
    """
    return [
        {
            "list": code,
            **{key: getattr(one, key) for key in ("title", "citation", "status", "source")},
            "complete": "yes" if one.whole(on) else "no",
            "complete_note": one.complete_note,
            "affiliates": one.affiliates,
            "ownership": one.ownership is not None,
            "last_checked": one.last_checked,
            "version": one.version,
            "origin": version.origin,
            "from": one.since,
            "to": one.until,
            "held": one.held(on),
        }
        for code, version in load(*key(folder)).items()
        for one in (version.listing,)
    ]


def found(code: str, members: Collection[str], on: date) -> Found:
    """Say whether somebody is on a list on a day: a hit is yes, a miss is no only on a list that is whole.

    Args:
        code: Such as `us_1260h`.
        members: What is known of them: countries, ids such as `ent:baidu-inc`, LEIs.
        on: The day.

    Returns:
        A hit may have `scopes`: whether the case at hand lies within them is for the caller to say.

    Raises:
        KeyError: No such list.
    """
    listed = book()
    one = listed[code]
    if not one.held(on):
        return Found("no", (), "The list does not hold on this day")
    open_hits: list[Entry] = []
    hits: list[Entry] = []
    for entry in one.on(on):
        if entry.member in members or (entry.lei is not None and entry.lei in members):
            counts = _counts(entry, members, on)
            if counts != "no":
                (hits if counts == "yes" else open_hits).append(entry)
    if hits:
        return Found("yes", tuple(hits), "The list names them")
    if open_hits:
        return Found("unknown", tuple(open_hits), "It is not known whether they are on the list on which this turns")
    if one.whole(on):
        return Found("no", (), "The list is whole and does not name them")
    return Found("unknown", (), "The list is not known to be whole, so that it does not name them says nothing")


def _counts(entry: Entry, members: Collection[str], on: date) -> Verdict:
    """Say whether an entry that leans on another list counts."""
    if entry.only_with:
        return found(entry.only_with, members, on).verdict
    if entry.not_with:
        opposite: dict[Verdict, Verdict] = {"yes": "no", "no": "yes", "unknown": "unknown"}
        return opposite[found(entry.not_with, members, on).verdict]
    return "yes"


def ownership_lists() -> dict[str, Listing]:
    """Return the lists that are asked who holds an entity."""
    return {code: one for code, one in book().items() if one.ownership}


def on_list(code: str, on: date) -> Members:
    """Return who is on a list that asks who holds an entity; nobody, before the list held.

    Args:
        code: Such as `us_28cfr202_countries_of_concern`.
        on: The day.

    Raises:
        KeyError: No such list, or it does not ask that.
    """
    return {one.name: one for one in lists_on(on)}[code]


def lists_on(on: date) -> tuple[Members, ...]:
    """Return every list that asks who holds an entity as it stands on a day, by code."""
    return _members(key(), on)


@lru_cache(maxsize=64)
def _members(known: Key, on: date) -> tuple[Members, ...]:
    made = []
    for code, version in load(*known).items():
        rule, held = version.listing.ownership, version.listing.on(on)
        # A member that counts only for some, or for something, does not pass that on to what it holds.
        plain = [e for e in held if not (e.scope or e.only_with or e.not_with)]
        if rule:
            made.append(
                Members(
                    name=code,
                    countries=frozenset(e.member for e in plain if e.kind == "country"),
                    entity_ids=frozenset(e.member for e in plain if e.kind == "entity"),
                    leis=frozenset(e.lei for e in plain if e.lei),
                    threshold=rule.threshold,
                    persons=rule.persons,
                    except_nationals=frozenset(rule.except_nationals),
                    status=version.listing.status,
                )
            )
    return tuple(made)
