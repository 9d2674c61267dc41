"""Lists of countries on which legal tests turn: dated members with citation and status, and parties named beside them.

The source is `data/lists.yaml`. A list says nothing by itself; what follows from it is a matter of the rule that names
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from flagstate.catalog.countries import CODES
from flagstate.catalog.country_names import members as group_members
from flagstate.errors import CatalogError

SOURCE = Path(__file__).parent / "data" / "lists.yaml"

Status = Literal["sourced", "to verify", "interpretive"]


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country that was a member for other days than the rest."""

    member: str
    """ISO 3166-1 alpha-2."""
    since: date | None = msgspec.field(default=None, name="from")
    """From this day; null: as the list."""
    until: date | None = msgspec.field(default=None, name="to")
    """Until this day, exclusive; null: still."""
    status: Status | None = None
    """Null: as the list."""


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party that a list names beside countries."""

    name: str
    """As the list has it."""
    status: Status
    """How firmly it is known."""
    id: str | None = None
    """As in the catalog of operators."""
    lei: str | None = None
    """Legal Entity Identifier."""
    since: date | None = msgspec.field(default=None, name="from")
    """From this day; null: as the list."""
    until: date | None = msgspec.field(default=None, name="to")
    """Until this day, exclusive; null: still."""


class CountryList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One list, with all its dated members."""

    title: str
    """What it is."""
    citation: str
    """Where the law has it."""
    status: Status
    """How firmly it is known."""
    source: str
    """What was read."""
    threshold: float
    """Stake in per cent from which an entity counts as held by members."""
    threshold_cite: str
    """Where that stands."""
    persons: Literal["resident", "either"]
    """Whether the place where a person lives decides, or nationality as well."""
    except_nationals: tuple[str, ...] = ()
    """Persons of these nationalities are never members, wherever they live."""
    except_cite: str | None = None
    """Where that stands."""
    since: date | None = msgspec.field(default=None, name="from")
    """The list holds from this day; null: not dated."""
    until: date | None = msgspec.field(default=None, name="to")
    """Until this day, exclusive; null: still."""
    members: tuple[str, ...] = ()
    """Countries."""
    group: Literal["EU", "EEA"] | None = None
    """Or a group whose dates are known."""
    dated: tuple[Dated, ...] = ()
    """Countries with days of their own."""
    entities: tuple[Named, ...] = ()
    """Parties named beside countries."""


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    last_checked: str
    lists: dict[str, CountryList]


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


@lru_cache(maxsize=1)
def country_lists() -> dict[str, CountryList]:
    """Return every list by its code.

    Raises:
        CatalogError: The file is missing or damaged, or names something that is no country.
    """
    try:
        book = msgspec.yaml.decode(SOURCE.read_bytes(), type=_Book)
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged(str(error)) from error
    for code, one in book.lists.items():
        odd = {*one.members, *one.except_nationals, *(d.member for d in one.dated)} - CODES
        if odd:
            raise _damaged(f"{code} names {', '.join(sorted(odd))}, which is no country")
        if bool(one.group) == bool(one.members):
            raise _damaged(f"{code} must have either members or a group")
    return book.lists


def _damaged(why: str) -> CatalogError:
    return CatalogError(
        "the catalog of lists cannot be read", where=SOURCE.name, why=why, todo="Install the package again"
    )


def _holds(since: date | None, until: date | None, on: date) -> bool:
    return (since is None or since <= on) and (until is None or on < until)


@lru_cache(maxsize=64)
def on_list(code: str, on: date) -> Members:
    """Return who is on a list on a day; nobody, before the list held.

    Args:
        code: Such as `us_28cfr202_countries_of_concern`.
        on: The day.

    Raises:
        KeyError: No such list.
    """
    one = country_lists()[code]
    held = _holds(one.since, one.until, on)
    plain = group_members(one.group, on=on) if one.group else frozenset(one.members)
    countries = plain | {d.member for d in one.dated if _holds(d.since, d.until, on)}
    named = [e for e in one.entities if held and _holds(e.since, e.until, on)]
    return Members(
        name=code,
        countries=frozenset(countries) if held else frozenset(),
        entity_ids=frozenset(f"ent:{e.id}" for e in named if e.id),
        leis=frozenset(e.lei for e in named if e.lei),
        threshold=one.threshold,
        persons=one.persons,
        except_nationals=frozenset(one.except_nationals),
        status=one.status,
    )


def lists_on(on: date) -> tuple[Members, ...]:
    """Return every list as it stands on a day, by code."""
    return tuple(on_list(code, on) for code in sorted(country_lists()))
