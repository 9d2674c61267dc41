"""Small worlds for the tests of reach, and an oracle that tries every set of parties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.reach import assess_reach
from flagstate.catalog.compulsion import Basis, Law
from flagstate.model.codes import REACH_LEVELS

DAY = date(2026, 11, 22)
Row = dict[str, Any]
Facts = dict[str, list[Row]]
GENERAL = (
    Law(
        id="general",
        gov="*",
        law="General rule",
        citation="1",
        status="sourced",
        bases=tuple(Basis(basis) for basis in ("organised", "principal_place", "located", "place")),
        subjects=("all",),
    ),
)
"""One law for every country alike: each entity has one ground."""


def world(stance: str = "configured", **given: list[Row]) -> dict[str, pa.Table]:
    """Make tables of a case; rows say another stance themselves."""
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    for name, rows in given.items():
        noun = model.NOUNS[name]
        if noun.group == "fact":
            apart = [{"evidence_id": f"{name}:{at}"} | row for at, row in enumerate(rows)]
            tables[name] = model.stamp(model.rows(noun, apart), noun, stance=stance)
        else:
            tables[name] = model.rows(noun, rows)
    return tables


def firm(entity_id: str, country: str, **more: object) -> Row:
    return {"entity_id": entity_id, "kind": "organisation", "name": entity_id, "organised_in": [country]} | more


def staff(entity_id: str, country: str) -> Row:
    return {"entity_id": entity_id, "kind": "group", "name": entity_id, "located_in": [country]}


def has(holder: str, kind: str, subject: str, **more: object) -> Row:
    return {"holder_id": holder, "subject_id": subject, "kind": kind, "contested": False, "status": "sourced"} | more


def asset(asset_id: str, kind: str = "store", on: str | None = None) -> Row:
    return {"asset_id": asset_id, "kind": kind, "name": asset_id, "runs_on": on}


def held(at: str, state: str | None = "stored", keys: Iterable[str] = (), **more: object) -> Row:
    base = {"asset_id": at, "container": "orders", "data_class": "card", "state": state, "key_ids": list(keys) or None}
    return base | more


def stands(at: str, country: str) -> Row:
    return {"subject_id": at, "country": country, "source_kind": "configured_region"}


def ways(tables: dict[str, pa.Table], laws: tuple[Law, ...] | None = GENERAL) -> list[Row]:
    """Return rows of reach with a government, those by covert collection left out."""
    rows: list[Row] = assess_reach(tables, DAY, laws=laws)["reach"].to_pylist()
    return [row for row in rows if row["government"] and row["level"] != "covert_only"]


def sets(rows: Iterable[Row], government: str, subject: str, answer: str = "evidenced") -> set[frozenset[str]]:
    """Return whom a government has to compel for clear data, one set per proof; a place is named as `@`."""
    return {
        frozenset([*row["entities"], *(["@"] if not row["entities"] else [])])
        for row in rows
        if (row["government"], row["subject_id"], row["data"]) == (government, subject, "clear")
        and row["answer"] in ("both", answer)
    }


def clear(rows: Iterable[Row]) -> dict[tuple[str, str, str, str], int]:
    """Return how directly clear data is reached at best, by government, subject, container and answer."""
    found: dict[tuple[str, str, str, str], int] = {}
    for row in rows:
        if row["data"] == "clear":
            for answer in ("evidenced", "declared") if row["answer"] == "both" else (row["answer"],):
                key = (row["government"], row["subject_id"], str(row["container"]), answer)
                found[key] = min(found.get(key, 99), REACH_LEVELS.index(row["level"]))
    return found


COUNTRIES = ("CN", "US", "DE")
FIRMS = tuple(f"e{n}" for n in range(5))
STAFF = ("s0", "s1")
STORES = ("a", "b", "c")
"""a stands on b, b on c."""
KEYS = ("k0", "k1", "k2")
CUSTODY = ("operates", "hosts", "administers", "updates")

pick = st.sampled_from
interests = st.one_of(
    st.builds(has, pick(FIRMS + STAFF), pick(CUSTODY), pick(STORES)),
    st.builds(has, pick(FIRMS + STAFF), pick(CUSTODY), pick(KEYS)),
    st.builds(has, pick(FIRMS + STAFF), pick(("holds_key", "uses_key")), pick(KEYS)),
    st.builds(has, pick(FIRMS), pick(("employs",)), pick(STAFF)),
)
protections = st.builds(has, pick(KEYS), pick(("protects",)), pick(STORES + KEYS)).filter(
    lambda row: row["holder_id"] != row["subject_id"]
)
holdings = st.builds(
    lambda at, container, state, keys, split: held(at, state, keys, container=container) | split,
    pick(STORES),
    pick(("orders", "events")),
    pick(("stored", "moved", "used", None)),
    st.sets(pick(KEYS), max_size=2),
    pick(({}, {}, {"split": "whole", "split_needs": 2})),
)
places = st.builds(stands, pick(STORES + KEYS), pick(COUNTRIES))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Return a small world with layers, staff, keys (also keys of keys, in circles), splits and places."""
    countries = draw(st.lists(pick(COUNTRIES), min_size=len(FIRMS) + 2, max_size=len(FIRMS) + 2))
    entities = [firm(one, country) for one, country in zip(FIRMS, countries, strict=False)]
    entities += [staff(one, country) for one, country in zip(STAFF, countries[len(FIRMS) :], strict=True)]
    below = {"a": draw(pick((None, "b"))), "b": draw(pick((None, "c")))}
    rows = draw(st.lists(holdings, max_size=4, unique_by=lambda row: (row["asset_id"], row["container"])))
    return {
        "legal_entity": entities,
        "interest": draw(st.lists(interests, max_size=9)) + draw(st.lists(protections, max_size=3)),
        "asset": [*(asset(one, "store", below.get(one)) for one in STORES), *(asset(one, "key", "c") for one in KEYS)],
        "place": draw(st.lists(places, max_size=3)),
        "holding": rows,
    }


class Oracle:
    """Says by the definitions alone what a set of parties can read, and finds the minimal sets by trying all."""

    def __init__(self, given: Facts, government: str) -> None:
        self.given = given
        self.below = {row["asset_id"]: row["runs_on"] for row in given["asset"]}
        self.at = {(row["subject_id"]) for row in given["place"] if row["country"] == government}
        own = {row["entity_id"] for row in given["legal_entity"] if government in (row.get("organised_in") or ())}
        own |= {row["entity_id"] for row in given["legal_entity"] if government in (row.get("located_in") or ())}
        land = {f"@{one}" for one in (*STORES, *KEYS) if any(low in self.at for low in self.layers(one))}
        self.parties = sorted(own | land)

    def layers(self, one: str) -> list[str]:
        found = [one]
        while self.below.get(found[-1]) and self.below[found[-1]] not in found:
            found.append(self.below[found[-1]])
        return found

    def people(self, members: frozenset[str]) -> set[str]:
        """Return the members with the staff that they employ."""
        jobs = [row for row in self.given["interest"] if row["kind"] == "employs"]
        return members | {row["subject_id"] for row in jobs if row["holder_id"] in members}

    def depths(self, members: frozenset[str], one: str) -> set[int]:
        people, layers = self.people(members), self.layers(one)
        found = {
            layers.index(row["subject_id"])
            for row in self.given["interest"]
            if row["kind"] in CUSTODY and row["holder_id"] in people and row["subject_id"] in layers
        }
        if f"@{one}" in members:
            found.add(min(at for at, layer in enumerate(layers) if layer in self.at))
        return found

    def usable(self, members: frozenset[str]) -> set[str]:
        people, found = self.people(members), set(KEYS)
        for _ in KEYS:
            for key in KEYS:
                held_by = {
                    r["holder_id"] for r in self.given["interest"] if r["subject_id"] == key and "_key" in r["kind"]
                }
                wraps = {
                    r["holder_id"] for r in self.given["interest"] if r["subject_id"] == key and r["kind"] == "protects"
                }
                if not (held_by & people or (self.depths(members, key) and wraps <= found)):
                    found.discard(key)
        return found

    def gets(self, members: frozenset[str], row: Row) -> bool:
        depths = self.depths(members, row["asset_id"])
        if row["state"] == "used":
            return bool(depths)
        layers = self.layers(row["asset_id"]) if row["state"] != "moved" else [row["asset_id"]]
        usable = self.usable(members)
        for depth in depths:
            keys = set(row["key_ids"] or ())
            keys |= {
                r["holder_id"]
                for r in self.given["interest"]
                if r["kind"] == "protects" and r["subject_id"] in layers[: depth + 1]
            }
            if keys <= usable:
                return True
        return False

    def reads(self, members: frozenset[str], row: Row) -> bool:
        if not self.gets(members, row):
            return False
        shares = [one for one in self.given["holding"] if one.get("split")]
        return not row.get("split") or sum(self.gets(members, one) for one in shares) >= 2

    def minimal(self, row: Row) -> set[frozenset[str]]:
        found: list[frozenset[str]] = []
        for size in range(len(self.parties) + 1):
            for chosen in map(frozenset, combinations(self.parties, size)):
                if not any(known <= chosen for known in found) and self.reads(chosen, row):
                    found.append(chosen)
        return set(found)


def parties(proof: Any) -> frozenset[str]:
    """Return the parties of a proof as the oracle names them."""
    return frozenset(f"@{atom.about}" if atom.kind == "place" else atom.about for atom in proof.atoms)


def renamed(given: Facts, change: dict[str, str]) -> Facts:
    """Exchange ids and countries wherever they stand as values."""

    def swap(value: Any) -> Any:
        if isinstance(value, list):
            return [swap(one) for one in value]
        return change.get(value, value) if isinstance(value, str) else value

    return {noun: [{key: swap(value) for key, value in row.items()} for row in rows] for noun, rows in given.items()}


def rows_of(given: Facts) -> Iterator[Row]:
    """Yield what is held, as the holdings say it."""
    yield from given["holding"]
