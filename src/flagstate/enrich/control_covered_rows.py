"""Who counts as held by the members of a list, told: by which owners and on which ground, or why it is unknown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flagstate.enrich.control_covered import LOCATED, Cover
from flagstate.enrich.control_words import Teller, share_words
from flagstate.enrich.control_world import EPSILON, GROUP, PERSON, STATE, Flags
from flagstate.model.stance import status_of

TOLD = 24
"""A proof tells at most so many owners; its facts are complete."""
SAYS = ("organised in", "principal place", "established in", "national of")
UNTOLD = {
    "bounds": "it depends on facts that are disputed, contradicted, or known as bounds only",
    "unnamed": "a register does not name who holds it",
    "unaccounted": "the holders of a part of it are not known",
    "no_owner_known": "nobody is known to own it",
    "place": "it is not known where it is organised or based",
    "above": "it depends on an owner of whom it is unknown",
}


def covered_rows(found: Cover, teller: Teller, only: Flags) -> Iterator[dict[str, object]]:
    """Yield a row of `covered` per entity that is asked for."""
    world, members = found.world, found.members
    for at in np.flatnonzero(only).tolist():
        yes = bool(found.least.inside[at])
        unknown = not yes and bool(found.worst.inside[at] or found.most.inside[at])
        basis = _basis(found, at) if yes else "none"
        proof, why = _told(found, teller, at, basis)
        yield {
            "list": members.name,
            "entity_id": world.ids[at],
            "verdict": "yes" if yes else "unknown" if unknown else "no",
            "basis": basis,
            "share_lo_pct": float(found.least.share[at]),
            "share_hi_pct": float(max(found.most.share[at], found.least.share[at])),
            "why": why if unknown else None,
            "proof": proof,
            "facts": _facts(found, teller, at) if yes or unknown else [],
        }


def _basis(found: Cover, at: int) -> str:
    if not found.base.least[at]:
        return f"owned_{found.members.threshold:g}"
    row = int(found.base.row[at])
    if row < 0:
        return "listed"
    kind = int(found.world.kind[at])
    if kind in (PERSON, GROUP):
        return "person"
    return "state" if kind == STATE else ("organised", "principal_place")[int(found.world.place_as[row])]


def _told(found: Cover, teller: Teller, at: int, basis: str) -> tuple[str, str]:
    """Return the sentence about an entity, and why it is unknown if it is."""
    name, title = teller.names[at], found.members.name
    if basis != "none":
        return (_ground(found, teller, at) if found.base.least[at] else _owned(found, teller, at, 0)), ""
    if not found.worst.inside[at] and not found.most.inside[at]:
        share = min(100.0, float(found.most.share[at]))
        return f"{name} is neither of a country of {title} nor held from {found.members.threshold:g} %: {share:g} %", ""
    if found.most.inside[at]:
        why = "unnamed" if found.held.unnamed[at] > 0 else "bounds"
        how = _ground(found, teller, at) if found.base.most[at] else _owned(found, teller, at, 1)
        return f"{UNTOLD[why]}: {how}", why
    if found.base.nowhere[at]:
        why = "place"
    elif at not in found.owners and not found.held.unnamed[at]:
        why = "no_owner_known"
    else:
        why = "unaccounted" if found.held.told[at] < 100 - EPSILON else "above"
    return f"{name}: {UNTOLD[why]}", why


def _ground(found: Cover, teller: Teller, at: int) -> str:
    """Return why an entity is of the list's countries."""
    world, place = found.world, int(found.base.row[at])
    if place < 0:
        return f"{teller.names[at]} (named on {found.members.name})"
    at_row = int(world.place_row[place])
    row = {name: told[at_row] for name, told in teller.said.items()}
    says = SAYS[int(world.place_as[place])]
    if world.kind[at] == PERSON and world.place_as[place] == LOCATED:
        says = "lives in"
    marks = ", ".join(m for m in (status_of(row), str(row["source"] or "")) if m)
    return f"{teller.names[at]} ({says} {world.countries[int(world.place_in[place])]}, {marks})"


def _inner(found: Cover, at: int, way: int) -> list[int]:
    """Return the stakes of owners who came in before, the largest first, as many as are needed."""
    held, holder, turn = found.held, found.holder, found.turns[way]
    values = held.low if way == 0 else held.high
    last = turn[at] if turn[at] >= 0 else found.world.size + 1
    before = [s for s in found.owners.get(at, ()) if 0 <= turn[holder[s]] < last]
    before.sort(key=lambda s: (-values[s], holder[s]))
    if before and values[before[0]] >= found.members.threshold - EPSILON:
        return before[:1]
    total, needed = 0.0, []
    for s in before:
        if held.direct[s] and total < found.members.threshold - EPSILON:
            total += float(values[s])
            needed.append(s)
    return needed


def _owned(found: Cover, teller: Teller, at: int, way: int, left: list[int] | None = None) -> str:
    """Return by which covered owners an entity is held, each with its own ground.

    Args:
        found: The ways through.
        teller: Tells names and stakes.
        at: The entity.
        way: 0: at least; 1: at most.
        left: How many owners may still be told; beyond, they are only named.
    """
    needed = _inner(found, at, way)
    base = found.base.least if way == 0 else found.base.most
    left = [TOLD] if left is None else left
    parts = []
    for s in needed:
        holder = found.holder[s]
        left[0] -= 1
        row = teller.row_of(int(found.held.stake[s]))
        share = share_words(row["share_lo_pct"], row["share_hi_pct"])
        if base[holder]:
            above = _ground(found, teller, holder)
        else:
            above = _owned(found, teller, holder, way, left) if left[0] > 0 else teller.names[holder]
        marks = ", ".join(m for m in (status_of(row), str(row["source"] or "")) if m)
        parts.append(f"{above} → owns{share} → {teller.names[at]} ({marks})")
    if len(parts) < 2:
        return "".join(parts) or teller.names[at]
    total = sum(float((found.held.low if way == 0 else found.held.high)[s]) for s in needed)
    return f"[{'; '.join(parts)}: together {total:g} %]"


def _facts(found: Cover, teller: Teller, at: int) -> list[str]:
    """Return every fact that the answer about an entity stands on."""
    way = 0 if found.least.inside[at] else 1
    base = found.base.least if way == 0 else found.base.most
    facts: dict[str, None] = {}
    queue, seen = [at], {at}
    for one in queue:
        if base[one] and found.base.row[one] >= 0:
            row = int(found.world.place_row[int(found.base.row[one])])
            facts[str(teller.said["fact_id"][row])] = None
            continue
        if way:
            facts |= dict.fromkeys(teller.fact(at) for at in found.nameless.get(one, ()))
        for s in _inner(found, one, way):
            facts[teller.fact(int(found.held.stake[s]))] = None
            holder = found.holder[s]
            if holder not in seen:
                seen.add(holder)
                queue.append(holder)
    return list(facts)
