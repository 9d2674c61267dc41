"""Whom a government can address, on which ground, by which law: one row per government, entity, basis and way.

A pure function of entities, interests, chains of control and the dated rows of `catalog.compulsion`; one general rule
holds for every government, so that exchanging two countries in facts and laws exchanges the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.assess.citation import (
    HOME,
    Cited,
    LawIndex,
    categories_of,
    covert,
    law_index,
    law_words,
    laws_words,
)
from flagstate.assess.owners import CONTROL, Chain, Edge, chains, columns_of, derived, edges, in_charge, paths_up
from flagstate.catalog.compulsion import Law
from flagstate.catalog.countries import CODES
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.model.stance import in_force, stance_rank, status_of, weakest_stance

__all__ = [
    "CONTROL",
    "HOME",
    "Edge",
    "Ground",
    "categories_of",
    "compelled",
    "covert",
    "edges",
    "ground_words",
    "grounds",
    "law_words",
    "laws_words",
    "names_of",
    "paths_up",
]

PEOPLE = frozenset({"person", "group"})
"""Kinds of entity that are reached as persons."""
_LEVELS = {
    "organised": "direct_law",
    "principal_place": "direct_law",
    "located": "direct_place",
    "via_parent": "via_parent",
    "nationality": "via_person",
    "market": "via_market",
}
_WORDS = {
    "organised": "organised in",
    "principal_place": "principal place",
    "located": "established in",
    "nationality": "nationality",
    "market": "serves",
}
_COLUMNS = ("entity_id", "organised_in", "principal_place", "located_in", "nationality", "serves")
_FACT = ("status", "stance", "fact_id", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Ground:
    """A fact that puts an entity within a government's reach."""

    entity_id: str
    basis: str
    government: str
    """Country as the fact names it."""
    status: str
    fact_id: str
    stance: str = "recorded"
    disputed: bool = False
    """Another fact contradicts it, or it names no country that is known."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key: the firmest first."""
        return self.disputed, WEAKNESS.get(self.status, 3), stance_rank(self.stance), self.fact_id


@dataclass(frozen=True, slots=True)
class _Way:
    """One way for a government to an entity; words are made for the firmest only."""

    cited: Cited
    entity_id: str
    basis: str
    level: str
    ground: Ground
    link: Chain | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.cited.government, self.entity_id, self.basis, self.link.holder if self.link else ""

    @property
    def disputed(self) -> bool:
        return self.ground.disputed or (self.link is not None and self.link.disputed)

    @property
    def contested(self) -> bool:
        return self.cited.contested or (self.link is not None and self.link.contested)

    @property
    def status(self) -> str:
        if self.link is None:
            return _weaker(self.ground.status, self.cited.status)
        return _weaker(self.ground.status, self.cited.status, self.link.status)

    @property
    def rank(self) -> tuple[object, ...]:
        link = (self.link.steps, self.link.proof) if self.link else (0, "")
        ground = self.ground
        return (
            self.disputed,
            self.contested,
            WEAKNESS.get(self.status, 3),
            *link,
            *ground.rank,
            ground.basis,
            ground.government,
        )


def grounds(
    entities: pa.Table, as_of: date, disputed: frozenset[str] = frozenset()
) -> dict[tuple[str, str, str], Ground]:
    """Return the firmest ground per entity, basis and country.

    Args:
        entities: Rows of `legal_entity`; several rows may speak of one entity.
        as_of: The day on which facts must hold.
        disputed: fact_ids that another fact contradicts: kept, and marked.
    """
    found: dict[tuple[str, str, str], Ground] = {}
    for one, organised, place, located, nationality, serves, *fact in columns_of(entities, *_COLUMNS, *_FACT):
        said, stance, fact_id, since, until = fact
        if not in_force({"valid_from": since, "valid_to": until}, as_of):
            continue
        status, doubt = status_of({"status": said, "stance": stance}), fact_id in disputed
        stance = stance or "declared"
        for basis, countries in (
            ("organised", organised),
            ("principal_place", (place,) if place else None),
            ("located", located),
            ("nationality", nationality),
            ("market", serves),
        ):
            for country in countries or ():
                ground = Ground(one, basis, country, status, fact_id, stance, doubt or country not in CODES)
                known = found.get((one, basis, country))
                if known is None or ground.rank < known.rank:
                    found[one, basis, country] = ground
    return found


def names_of(entities: pa.Table) -> dict[str, str]:
    """Return the name of each entity, or its id where it has none."""
    pairs = zip(entities["entity_id"].to_pylist(), entities["name"].to_pylist(), strict=True)
    names: dict[str, str] = {}
    for one, name in pairs:
        shown = one.removeprefix("est:")
        if names.get(one, shown) == shown:
            names[one] = name or shown
    return names


def ground_words(ground: Ground, names: Mapping[str, str]) -> str:
    """Return a ground as a proof says it."""
    name = names.get(ground.entity_id, ground.entity_id)
    known = "" if ground.government in CODES else ", which is no country code"
    doubt = ", contradicted" if ground.disputed and not known else ""
    return f"{name} ({_WORDS[ground.basis]} {ground.government}{known}, {ground.status}{doubt})"


def compelled(
    entities: pa.Table,
    interests: pa.Table,
    control_chain: pa.Table | None = None,
    *,
    as_of: date,
    laws: tuple[Law, ...] | None = None,
    contradictions: pa.Table | None = None,
) -> pa.Table:
    """Say which entities each government can address, on which basis and law, with the proof as a sentence.

    Args:
        entities: Rows of `legal_entity`; several rows may speak of one entity.
        interests: Rows of `interest`: persons in charge, and control where no chains are given.
        control_chain: Rows of `control_chain`; None: control is told from majorities alone.
        as_of: The day on which laws and facts must hold.
        laws: Rows of compelled access; those of the catalog unless given.
        contradictions: Rows of `contradiction`: what rests on their facts is disputed.

    Returns:
        Rows of `compelled`, per government, entity, basis and way the firmest: undisputed before disputed, then
        uncontested, then by status. A country code that is not known is kept, and disputed. Covert collection
        addresses nobody: see `covert`. What it cannot see: who lives where without a fact that says so.
    """
    index = law_index(laws, as_of)
    disputed = frozenset[str]()
    if contradictions is not None:
        disputed = frozenset(fact for facts in contradictions["facts"].to_pylist() for fact in facts or ())
    known = grounds(entities, as_of, disputed)
    names = names_of(entities)
    if control_chain is None:
        above = list(chains(interests, as_of, names, disputed))
    else:
        above = list(derived(control_chain, disputed))
    world = _World(index, _people(entities), categories_of(names), _by_entity(known.values()))
    best: dict[tuple[str, str, str, str], _Way] = {}
    people = {ground.entity_id for ground in known.values() if ground.basis == "nationality"}
    charge = in_charge(interests, as_of, people, names, disputed)
    for way in (*_direct(known.values(), world), *_above(above, world), *_persons([*charge, *above], world)):
        key = way.key
        held = best.get(key)
        if held is None or way.rank < held.rank:
            best[key] = way
    return _table([best[key] for key in sorted(best)], names)


@dataclass(frozen=True)
class _World:
    """What every way is looked up in."""

    index: LawIndex
    people: frozenset[str]
    """Persons and groups of persons."""
    categories: Mapping[str, str]
    grounds: Mapping[str, list[Ground]]


def _people(entities: pa.Table) -> frozenset[str]:
    """Return persons and groups; one row that says so is enough, so that another one takes no way away."""
    pairs = zip(entities["entity_id"].to_pylist(), entities["kind"].to_pylist(), strict=True)
    return frozenset(one for one, kind in pairs if kind in PEOPLE)


def _by_entity(known: Iterable[Ground]) -> dict[str, list[Ground]]:
    found: dict[str, list[Ground]] = {}
    for ground in known:
        found.setdefault(ground.entity_id, []).append(ground)
    return found


def _direct(known: Iterable[Ground], world: _World) -> Iterator[_Way]:
    """Yield the ways by what an entity is, has or does itself."""
    for ground in known:
        one = ground.entity_id
        staff = ground.basis == "located" and one in world.people
        level = "via_person" if staff else _LEVELS[ground.basis]
        for cited in world.index.cited(ground.government, ground.basis, world.categories.get(one)):
            yield _Way(cited, one, ground.basis, level, ground)


def _above(above: Iterable[Chain], world: _World) -> Iterator[_Way]:
    """Yield the ways through whoever controls an entity and is at home there; a person's home is where they live."""
    for chain in above:
        person = chain.holder in world.people
        for ground in world.grounds.get(chain.holder, ()):
            basis = "principal_place" if person and ground.basis == "located" else ground.basis
            if basis in HOME:
                category = world.categories.get(chain.subject)
                for cited in world.index.cited(ground.government, "via_parent", category, ground=basis):
                    yield _Way(cited, chain.subject, "via_parent", "via_parent", ground, chain)


def _persons(links: Iterable[Chain], world: _World) -> Iterator[_Way]:
    """Yield the ways through a person who is in charge or in control, by nationality."""
    for link in links:
        for ground in world.grounds.get(link.holder, ()):
            if ground.basis == "nationality":
                category = world.categories.get(link.subject)
                for cited in world.index.cited(ground.government, "nationality", category):
                    yield _Way(cited, link.subject, "nationality", "via_person", ground, link)


def _table(ways: list[_Way], names: Mapping[str, str]) -> pa.Table:
    """Return the ways as rows; by column, since whoever looks for a plan asks again and again."""
    # By identity: a ground or citation is one object, and hashing its fields for every way would cost more.
    said = {at: ground_words(ground, names) for at, ground in {id(way.ground): way.ground for way in ways}.items()}
    laws = list({id(way.cited): way.cited for way in ways}.values())
    at = {id(cited): place for place, cited in enumerate(laws)}
    which = pa.array([at[id(way.cited)] for way in ways], pa.int32())
    columns: dict[str, list[Any]] = {
        "entity_id": [way.entity_id for way in ways],
        "basis": [way.basis for way in ways],
        "level": [way.level for way in ways],
        "via_id": [way.link and way.link.holder for way in ways],
        "contested": [way.contested for way in ways],
        "disputed": [way.disputed for way in ways],
        "status": [way.status for way in ways],
        "stance": [_weaker_stance(way.ground.stance, way.link.stance if way.link else None) for way in ways],
        "proof": [
            f"{way.cited.first} → {said[id(way.ground)]}{f' → {way.link.proof}' if way.link else ''}" for way in ways
        ],
        "facts": [
            [way.ground.fact_id, *(fact for fact in way.link.facts if fact != way.ground.fact_id)]
            if way.link
            else [way.ground.fact_id]
            for way in ways
        ],
    }
    # The texts of laws are long and few: written once and repeated by place.
    told = {name: [getattr(cited, name) for cited in laws] for name in ("government", "law", "gag", "remedy")}
    arrays = [
        pa.array(told[column.name], column.type).take(which)
        if column.name in told
        else pa.array(columns[column.name], column.type)
        for column in model.COMPELLED.columns
    ]
    return pa.table(arrays, schema=model.COMPELLED.schema)


@lru_cache(maxsize=512)
def _weaker(*statuses: str) -> str:
    return weakest(*statuses)


@lru_cache(maxsize=64)
def _weaker_stance(one: str, other: str | None) -> str:
    return one if other is None else weakest_stance((one, other))
