"""Whom a government can address: entities organised, based or established there, and those whose owner is.

A pure function of entities, interests and the dated rows of `catalog.compulsion`; one general rule holds for every
government, so that exchanging two countries in facts and laws exchanges the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from flagstate import model
from flagstate.catalog.compulsion import Basis, Law, addresses, choose, law_book
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.catalog.providers import entity

CONTROL = frozenset({"owns", "controls"})
"""Kinds of interest through which an owner can use its control."""

HOME = ("organised", "principal_place")
"""Bases that reach an entity as a whole."""


@dataclass(frozen=True)
class Ground:
    """A fact that puts an entity within a government's reach."""

    entity_id: str
    basis: str
    government: str
    status: str
    fact_id: str


@dataclass(frozen=True)
class Edge:
    """The holder controls the subject."""

    holder: str
    subject: str
    kind: str
    status: str
    contested: bool
    fact_id: str
    share: str


def status_of(row: Mapping[str, object]) -> str:
    """Return the status of a fact; one that somebody declares or configures counts as declared."""
    said = row.get("status")
    return str(said) if said else ("to verify" if row.get("stance") == "recorded" else "declared")


def in_force(row: Mapping[str, object], as_of: date) -> bool:
    """Say whether a fact holds on a day; open ends hold."""
    since, until = row.get("valid_from"), row.get("valid_to")
    begun = not isinstance(since, datetime) or since.date() <= as_of
    return begun and (not isinstance(until, datetime) or until.date() > as_of)


def grounds(entities: pa.Table, as_of: date) -> dict[tuple[str, str, str], Ground]:
    """Return the firmest ground per entity, basis and government."""
    found: dict[tuple[str, str, str], Ground] = {}
    for row in entities.to_pylist():
        if not in_force(row, as_of):
            continue
        one, status, fact = str(row["entity_id"]), status_of(row), str(row["fact_id"])
        listed = [("organised", c) for c in row["organised_in"] or ()]
        listed += [("principal_place", row["principal_place"])] if row["principal_place"] else []
        listed += [("located", c) for c in row["located_in"] or ()]
        for basis, government in listed:
            ground = Ground(one, basis, government, status, fact)
            known = found.get((one, basis, government))
            if known is None or WEAKNESS.get(status, 3) < WEAKNESS.get(known.status, 3):
                found[one, basis, government] = ground
    return found


def edges(interests: pa.Table, as_of: date) -> dict[str, list[Edge]]:
    """Return who controls each entity; a stake known to be below one half is no control."""
    found: dict[str, list[Edge]] = {}
    for row in interests.to_pylist():
        if row["kind"] not in CONTROL or not in_force(row, as_of):
            continue
        high = row["share_hi_pct"]
        if row["kind"] == "owns" and high is not None and high < 50:
            continue
        low = row["share_lo_pct"]
        share = "" if low is None else f" {low:g} %" if high == low else f" {low:g} to {high or 100:g} %"
        edge = Edge(
            str(row["holder_id"]),
            str(row["subject_id"]),
            str(row["kind"]),
            status_of(row),
            bool(row["contested"]),
            str(row["fact_id"]),
            share,
        )
        found.setdefault(edge.subject, []).append(edge)
    return {subject: sorted(listed, key=lambda e: (e.holder, e.kind)) for subject, listed in found.items()}


def paths_up(start: str, above: Mapping[str, list[Edge]]) -> dict[str, tuple[Edge, ...]]:
    """Return the shortest path of control to every owner above an entity; circles end."""
    paths: dict[str, tuple[Edge, ...]] = {start: ()}
    queue = [start]
    for subject in queue:
        for edge in above.get(subject, ()):
            if edge.holder not in paths:
                paths[edge.holder] = (*paths[subject], edge)
                queue.append(edge.holder)
    del paths[start]
    return paths


def names_of(entities: pa.Table) -> dict[str, str]:
    """Return the name of each entity, or its id where it has none."""
    pairs = zip(entities["entity_id"].to_pylist(), entities["name"].to_pylist(), strict=True)
    names: dict[str, str] = {}
    for one, name in pairs:
        shown = one.removeprefix("est:")
        if names.get(one, shown) == shown:
            names[one] = name or shown
    return names


def law_words(law: Law, ground: Basis, category: str | None = None) -> str:
    """Return a law as a proof cites it, with its status and whom it addresses if that is open."""
    contested = ", contested" if ground.contested else ""
    doubt = "" if addresses(law, category) else f"; if it counts as one of: {', '.join(law.subjects)}"
    return f"{law.title()} ({law.status}{contested}{doubt})"


def laws_words(found: Iterable[tuple[Law, Basis]], category: str | None) -> str:
    """Return several laws, the firmest first."""
    return "; ".join(law_words(*pair, category) for pair in found)


def categories_of(entities: Iterable[str]) -> dict[str, str]:
    """Return the category of each entity that the catalog of operators knows."""
    found = {one: entity(one.removeprefix("ent:")) for one in set(entities) if one.startswith("ent:")}
    return {one: known.category for one, known in found.items() if known is not None and known.category}


def ground_words(ground: Ground, names: Mapping[str, str]) -> str:
    """Return a ground as a proof says it."""
    basis = {"organised": "organised in", "principal_place": "principal place", "located": "established in"}
    name = names.get(ground.entity_id, ground.entity_id)
    return f"{name} ({basis[ground.basis]} {ground.government}, {ground.status})"


def compelled(
    entities: pa.Table,
    interests: pa.Table,
    *,
    as_of: date,
    laws: tuple[Law, ...] | None = None,
) -> pa.Table:
    """Say which entities each government can address, on which basis and law, with the proof as a sentence.

    Args:
        entities: Rows of `legal_entity`; several rows may speak of one entity.
        interests: Rows of `interest`; only control counts here.
        as_of: The day on which laws and facts must hold.
        laws: Rows of compelled access; those of the catalog unless given.

    Returns:
        Rows of `compelled`, the firmest law first in `law`. Nationality, market and covert bases are not weighed yet.
    """
    book = law_book().laws if laws is None else laws
    known = grounds(entities, as_of)
    above = edges(interests, as_of)
    names = names_of(entities)
    every = {ground.entity_id for ground in known.values()} | set(above)
    categories = categories_of(every)
    rows = list(_direct(known, names, book, as_of, categories))
    home: dict[str, list[Ground]] = {}
    for ground in known.values():
        if ground.basis in HOME:
            home.setdefault(ground.entity_id, []).append(ground)
    for one in sorted(every):
        way = _Way(one, categories.get(one), home, names, book, as_of)
        rows.extend(_through_owners(way, paths_up(one, above)))
    rows.sort(key=lambda row: (str(row["government"]), str(row["entity_id"]), str(row["basis"])))
    return model.rows(model.COMPELLED, rows)


@dataclass(frozen=True)
class _Way:
    """What is needed to say who reaches an entity through its owners."""

    entity: str
    category: str | None
    home: Mapping[str, list[Ground]]
    names: Mapping[str, str]
    book: tuple[Law, ...]
    as_of: date


def _direct(
    known: Mapping[tuple[str, str, str], Ground],
    names: Mapping[str, str],
    book: tuple[Law, ...],
    as_of: date,
    categories: Mapping[str, str],
) -> Iterator[dict[str, object]]:
    for ground in known.values():
        category = categories.get(ground.entity_id)
        found = choose(book, gov=ground.government, basis=ground.basis, as_of=as_of, category=category)
        if found:
            law, basis = found[0]
            yield {
                "government": ground.government,
                "entity_id": ground.entity_id,
                "basis": ground.basis,
                "law": laws_words(found, category),
                "contested": basis.contested,
                "status": weakest(ground.status, law.status),
                "proof": f"{law_words(law, basis, category)} → {ground_words(ground, names)}",
                "facts": [ground.fact_id],
            }


def _through_owners(way: _Way, paths: Mapping[str, tuple[Edge, ...]]) -> Iterator[dict[str, object]]:
    """Yield one row per government: the firmest of its ways through an owner."""
    names = way.names
    best: dict[str, tuple[tuple[object, ...], dict[str, object]]] = {}
    for owner, path in paths.items():
        for ground in way.home.get(owner, ()):
            found = [
                pair
                for pair in choose(
                    way.book, gov=ground.government, basis="via_parent", as_of=way.as_of, category=way.category
                )
                if pair[0].on(ground.basis) or pair[0].on("located")
            ]
            if not found:
                continue
            law, basis = found[0]
            contested = basis.contested or any(edge.contested for edge in path)
            status = weakest(ground.status, law.status, *(edge.status for edge in path))
            rank = (contested, WEAKNESS.get(status, 3), len(path), owner, ground.basis)
            known = best.get(ground.government)
            if known is None or rank < known[0]:
                links = [
                    f"{'controls' if edge.kind == 'controls' else 'owns'}{edge.share} → "
                    f"{names.get(edge.subject, edge.subject)} ({edge.status}{', contested' if edge.contested else ''})"
                    for edge in reversed(path)
                ]
                row = {
                    "government": ground.government,
                    "entity_id": way.entity,
                    "basis": "via_parent",
                    "law": laws_words(found, way.category),
                    "contested": contested,
                    "status": status,
                    "proof": " → ".join([law_words(law, basis, way.category), ground_words(ground, names), *links]),
                    "facts": [ground.fact_id, *(edge.fact_id for edge in reversed(path))],
                }
                best[ground.government] = (rank, row)
    for _, row in best.values():
        yield row
