"""Reads one file of a list strictly: what does not fit is refused with file, line and key.

The form is `data/list.schema.json`; this adds what a form cannot say: known countries, one kind per member, days in
order, and no two entries that hold of one member on the same day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NoReturn

from flagstate.catalog import form, strict
from flagstate.catalog.countries import CODES, meant
from flagstate.catalog.strict import Node, printable
from flagstate.errors import CatalogError, DeclarationError

SCHEMA = Path(__file__).parent / "data" / "list.schema.json"
KINDS = {"entity": "ent:", "area": "area:", "goods": "goods:"}
"""The kinds of members beside countries, and what stands before their ids: `ent:` as in the tables of a case."""
PERIODS = 200
"""How many periods one member may have: each is compared with all others."""


@dataclass(frozen=True)
class Entry:
    """A member of a list, for some days."""

    member: str
    """A country code, or an id with `ent:`, `area:` or `goods:` before it."""
    kind: str
    """country, entity, area or goods."""
    name: str | None = None
    """As the list has it; null for a country."""
    lei: str | None = None
    """Legal Entity Identifier."""
    polygon: tuple[tuple[float, float], ...] = ()
    """Corners of an area: latitude and longitude in degrees."""
    part: str | None = None
    """Tells apart what holds of one member at the same time."""
    since: date | None = None
    """From this day; null: as the list."""
    until: date | None = None
    """Until this day, exclusive; null: as the list."""
    status: str = "sourced"
    """How firmly it is known."""
    dates: str | None = None
    """How firmly the days are known, where less than the rest."""
    scope: str | None = None
    """It is a member only for this; null: for all."""
    only_with: str | None = None
    """It counts only for who is on this other list as well."""
    not_with: str | None = None
    """It counts only for who is not on this other list."""
    cite: str | None = None
    """Where the law has this member."""
    remark: str | None = None
    """What else should be known."""

    @property
    def key(self) -> str:
        """Return the member with its part: unique within a list on any day."""
        return f"{self.member}/{self.part}" if self.part else self.member


@dataclass(frozen=True)
class Ownership:
    """How a list is asked who holds an entity."""

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


@dataclass(frozen=True)
class Listing:
    """One list, with all its dated members."""

    code: str
    """Its code."""
    version: str
    """The day on which this version was written, and a number for more than one on that day."""
    title: str
    """What it is."""
    citation: str
    """Where the law has it."""
    status: str
    """How firmly it is known."""
    source: str
    """What was read."""
    complete: bool
    """Whether it is known to be whole, on the days that follow."""
    members: tuple[Entry, ...] = ()
    """In the order of the file."""
    last_checked: date | None = None
    """Up to this day what was read speaks for it; null: no source was read."""
    complete_from: date | None = None
    """Whole from this day; null: as long as the list holds."""
    complete_to: date | None = None
    """Whole until this day, exclusive; null: still."""
    complete_note: str | None = None
    """How that is known, or what is missing."""
    since: date | None = None
    """The list holds from this day; null: not dated."""
    until: date | None = None
    """Until this day, exclusive; null: still."""
    affiliates: str | None = None
    """That whom a named party controls counts too, and where that stands; null: only who is named."""
    ownership: Ownership | None = None
    """How it is asked who holds an entity; null: it is not."""

    def held(self, on: date) -> bool:
        """Whether the list holds on a day."""
        return holds(self.since, self.until, on)

    def whole(self, on: date) -> bool:
        """Whether a miss says no on a day: the list is known to be whole, or does not hold, so nobody is on it."""
        return not self.held(on) or (self.complete and holds(self.complete_from, self.complete_to, on))

    def on(self, day: date) -> tuple[Entry, ...]:
        """Return the members on a day; none while the list does not hold."""
        return tuple(e for e in self.members if holds(e.since, e.until, day)) if self.held(day) else ()

    @property
    def rank(self) -> tuple[date, int]:
        """Return what tells the newer of two versions."""
        return rank(self.version)


def rank(version: str) -> tuple[date, int]:
    """Return what tells the newer of two versions, such as 2026-11-21 and 2026-11-21.2."""
    day, _, number = version.partition(".")
    return date.fromisoformat(day), int(number or 1)


def holds(since: date | None, until: date | None, on: date) -> bool:
    """Say whether a day is from the first on and before the second; null is no bound."""
    return (since is None or since <= on) and (until is None or on < until)


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the published form of a list file."""
    made: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return made


def parse(data: bytes, *, name: str) -> Listing:
    """Read one list.

    Args:
        data: The bytes of the file, UTF-8, at most 5 MB.
        name: Name of the file for errors.

    Raises:
        CatalogError: It does not fit the form: file, line and key, and what to write instead.
    """
    try:
        root = strict.load(data, name=printable(name))
        form.check(root, schema())
    except DeclarationError as error:
        raise CatalogError(error.what, where=error.where, why=error.why, todo=error.todo) from error
    _check_texts(root)
    if form.as_date(str(root.text("version")).partition(".")[0]) is None:
        _refuse(root.pairs["version"], "this is not a date of the calendar", "Write a day as YYYY-MM-DD")
    for first, last in (("from", "to"), ("complete_from", "complete_to")):
        _check_order(root, first, last)
    if root.text("complete") == "no" and (root.get("complete_from") or root.get("complete_to")):
        at = root.get("complete_from") or root.get("complete_to") or root
        _refuse(at, "the list is said not to be whole", "Write complete: yes, or leave the days out")
    if root.get("ownership") and (
        root.text("complete") == "no" or root.get("complete_from") or root.get("complete_to")
    ):
        todo = "Leave ownership out, or complete the list and write complete: yes without days"
        _refuse(root.pairs["ownership"], "nobody can say who is not held by members of a list that is not whole", todo)
    members: list[Entry] = []
    seen: dict[str, list[tuple[Entry, Node]]] = {}
    for node in root.pairs["members"].items:
        for entry, at in _entries(node, str(root.text("status"))):
            _check_overlap(entry, at, seen)
            members.append(entry)
    return _listing(root, tuple(members))


def _refuse(node: Node, what: str, todo: str = "", why: str = "") -> NoReturn:
    raise CatalogError(what, where=node.where, why=why, todo=todo)


def _check_texts(node: Node) -> None:
    """Refuse text that could do something on a terminal or turn around the line in which it is shown."""
    if isinstance(node.value, str) and not node.value.isprintable():
        _refuse(node, "the text holds a character that cannot be shown", "Delete it, or write the text on one line")
    for one in (*node.items, *node.pairs.values()):
        _check_texts(one)


def _check_order(node: Node, first: str, last: str) -> None:
    since, until = _day(node, first), _day(node, last)
    if since is not None and until is not None and since >= until:
        _refuse(node.pairs[last], "it ends before it begins", f"`{last}` is the first day on which it no longer holds")


def _check_overlap(entry: Entry, at: Node, seen: dict[str, list[tuple[Entry, Node]]]) -> None:
    if len(seen.setdefault(entry.key, [])) >= PERIODS:
        _refuse(at, f"{entry.key} stands in the list more than {PERIODS} times", "Join its periods")
    for other, there in seen[entry.key]:
        starts_late = entry.since is not None and other.until is not None and other.until <= entry.since
        ends_early = entry.until is not None and other.since is not None and entry.until <= other.since
        if not (starts_late or ends_early):
            todo = "Correct the days, or give each a `part` of its own where both hold at once"
            _refuse(at, f"{entry.key} stands on line {there.line} already, for some of the same days", todo)
    seen[entry.key].append((entry, at))


def _day(node: Node, key: str) -> date | None:
    text = node.text(key)
    return None if text is None else form.as_date(text)


def _country(node: Node) -> str:
    code = str(node.value)
    if code not in CODES:
        close = meant(code)
        _refuse(
            node, f"{node.show(code)} is no country", f"Write {close}" if close else "Write an ISO 3166-1 alpha-2 code"
        )
    return code


def _entries(node: Node, status: str) -> list[tuple[Entry, Node]]:
    """Return the members that one entry of the file names, each with the node to blame."""
    if node.kind == "string":
        return [(Entry(_country(node), "country", status=status), node)]
    named = [key for key in ("countries", *KINDS) if node.get(key)]
    if len(named) != 1:
        _refuse(node, "a member is one of countries, entity, area or goods", "Write exactly one of these keys")
    kind = named[0]
    _check_order(node, "from", "to")
    _check_keys(node, kind)
    common: dict[str, Any] = {
        "since": _day(node, "from"),
        "until": _day(node, "to"),
        "status": node.text("status") or status,
        **{key: node.text(key) for key in ("part", "dates", "scope", "only_with", "not_with", "cite", "remark")},
    }
    if kind == "countries":
        return [(Entry(_country(one), "country", **common), one) for one in node.pairs[kind].items]
    member = f"{KINDS[kind]}{node.text(kind)}"
    made = Entry(member, kind, name=node.text("name"), lei=node.text("lei"), polygon=_polygon(node), **common)
    return [(made, node)]


def _check_keys(node: Node, kind: str) -> None:
    """Refuse keys that say nothing of such a member, and days that are called firm beside a weaker row."""
    if kind == "countries" and node.get("name"):
        _refuse(node.pairs["name"], "countries have their names already", "Leave it out; write a `remark`")
    if kind != "countries" and not node.get("name"):
        _refuse(node, "the member has no name", "Write `name`, as the list has it")
    if node.get("lei") and kind != "entity":
        _refuse(node.pairs["lei"], "only a party has an LEI", "Leave it out")
    if node.get("polygon") and kind != "area":
        _refuse(node.pairs["polygon"], "only an area has corners", "Leave it out")
    if node.get("dates") and not (node.get("from") or node.get("to")):
        _refuse(node.pairs["dates"], "there is no date", "Leave out the status of the dates")
    if node.get("only_with") and node.get("not_with"):
        _refuse(node.pairs["not_with"], "a member leans on one other list at most", "Write two entries with `part`")
    lei = node.text("lei")
    if lei is not None and int("".join(str(int(c, 36)) for c in lei)) % 97 != 1:
        _refuse(node.pairs["lei"], "the check digits of this LEI do not fit", "Copy it again from its register")


def _polygon(node: Node) -> tuple[tuple[float, float], ...]:
    found = node.get("polygon")
    if found is None:
        return ()
    corners = []
    for corner in found.items:
        latitude, longitude = (float(one.value) for one in corner.items)
        if abs(latitude) > 90:
            _refuse(corner, "the latitude is beyond a pole", "Write [latitude, longitude], in this order")
        corners.append((latitude, longitude))
    return tuple(corners)


def _listing(root: Node, members: tuple[Entry, ...]) -> Listing:
    told: Mapping[str, Any] = {key: root.text(key) for key in ("complete_note", "affiliates")}
    return Listing(
        str(root.text("list")),
        str(root.text("version")),
        str(root.text("title")),
        str(root.text("citation")),
        str(root.text("status")),
        str(root.text("source")),
        root.text("complete") == "yes",
        members,
        last_checked=_day(root, "last_checked"),
        complete_from=_day(root, "complete_from"),
        complete_to=_day(root, "complete_to"),
        since=_day(root, "from"),
        until=_day(root, "to"),
        ownership=_ownership(root.get("ownership")),
        **told,
    )


def _ownership(node: Node | None) -> Ownership | None:
    if node is None:
        return None
    excepted = node.get("except_nationals")
    codes = tuple(_country(one) for one in excepted.items) if excepted else ()
    persons: Literal["resident", "either"] = "resident" if node.text("persons") == "resident" else "either"
    return Ownership(
        float(node.pairs["threshold"].value),
        str(node.text("threshold_cite")),
        persons,
        codes,
        node.text("except_cite"),
    )
