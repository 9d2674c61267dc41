"""Small worlds of entities and stakes, and naive answers about them that share no code with the product."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.enrich.control import control
from flagstate.enrich.identity import identify, unify

AS_OF = date(2026, 11, 22)
DSP = "us_28cfr202_countries_of_concern"

Stake = tuple[Any, ...]
"""holder, subject, kind, and then a share, or two bounds, or a mapping of further columns."""


def tables(entities: Mapping[str, Mapping[str, Any]], stakes: Iterable[Stake]) -> dict[str, pa.Table]:
    """Return the facts; ids are taken as they are, and every fact has a line of its own."""
    rows = [
        {
            "entity_id": one,
            "kind": "organisation",
            "status": "sourced",
            "source": f"world.yaml:{n}",
            "fact_id": f"e{n}",
            "stance": "recorded",
            **said,
        }
        for n, (one, said) in enumerate(entities.items(), 1)
    ]
    held = []
    for n, (holder, subject, kind, *rest) in enumerate(stakes, 1):
        row: dict[str, Any] = {"holder_id": holder, "subject_id": subject, "kind": kind, "status": "sourced"}
        shares = [float(r) for r in rest if isinstance(r, int | float)]
        if shares:
            row |= {"share_lo_pct": shares[0], "share_hi_pct": shares[-1]}
        row["source"] = f"world.yaml:{100 + n}"
        for extra in rest:
            if isinstance(extra, Mapping):
                row |= extra
        held.append(row | {"fact_id": f"i{n}", "stance": "recorded"})
    return {"legal_entity": model.rows(model.LEGAL_ENTITY, rows), "interest": model.rows(model.INTEREST, held)}


def derive(facts: Mapping[str, pa.Table], of: Iterable[str] | None = None, on: date = AS_OF) -> dict[str, pa.Table]:
    """Return everything that is derived of the facts, as a run does it."""
    found = identify(facts)
    whole = unify(facts, found["identity"]) | found
    return found | control(whole, on, of=None if of is None else set(of))


def covered(derived: Mapping[str, pa.Table], name: str = DSP) -> dict[str, str]:
    """Return the verdict per entity for one list."""
    return {r["entity_id"]: r["verdict"] for r in derived["covered"].to_pylist() if r["list"] == name}


def chains(derived: Mapping[str, pa.Table]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the chain of each pair."""
    return {(r["holder_id"], r["subject_id"]): r for r in derived["control_chain"].to_pylist()}


def parents(derived: Mapping[str, pa.Table]) -> dict[str, set[tuple[str, str, str]]]:
    """Return parent, kind and verdict per entity."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for row in derived["ultimate_parent"].to_pylist():
        found.setdefault(row["entity_id"], set()).add((row["parent_id"], row["kind"], row["verdict"]))
    return found


def shares(derived: Mapping[str, pa.Table]) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the beneficial share of each pair."""
    return {
        (r["holder_id"], r["subject_id"]): (r["share_lo_pct"], r["share_hi_pct"])
        for r in derived["owned_share"].to_pylist()
    }


@dataclass(frozen=True)
class Plain:
    """A world of exact shares: countries by entity, and shares by holder and subject."""

    country: dict[str, str]
    share: dict[tuple[str, str], int] = field(default_factory=dict)

    def facts(self) -> dict[str, pa.Table]:
        """Return it as tables."""
        return tables(
            {one: {"organised_in": [place]} for one, place in self.country.items()},
            [(h, s, "owns", share) for (h, s), share in self.share.items()],
        )


def naive_covered(world: Plain, listed: frozenset[str], threshold: float) -> tuple[set[str], set[str]]:
    """Return who is covered for certain, and who may be, when what is not told may be anybody's."""
    sure = {one for one, place in world.country.items() if place in listed}
    maybe = set(sure)
    for _ in world.country:
        for one in world.country:
            owners = {h: share for (h, s), share in world.share.items() if s == one}
            if sum(share for h, share in owners.items() if h in sure) >= threshold:
                sure.add(one)
            if 100 - sum(share for h, share in owners.items() if h not in maybe) >= threshold:
                maybe.add(one)
    return sure, maybe


def naive_paths(world: Plain, holder: str, subject: str) -> float:
    """Return the share in per cent, added up over all simple paths."""
    others = [one for one in world.country if one not in (holder, subject)]
    total = 0.0
    for count in range(len(others) + 1):
        for between in itertools.permutations(others, count):
            path = (holder, *between, subject)
            total += float(np.prod([world.share.get(pair, 0) / 100 for pair in itertools.pairwise(path)]))
    return 100 * total


def naive_solve(world: Plain, holder: str) -> dict[str, float]:
    """Return the shares of a holder in per cent by one system over all others; what comes back to it counts once."""
    others = [one for one in world.country if one != holder]
    inner = np.array([[world.share.get((h, s), 0) / 100 for h in others] for s in others])
    given = np.array([world.share.get((holder, s), 0) / 100 for s in others])
    return dict(zip(others, (100 * np.linalg.solve(np.eye(len(others)) - inner, given)).tolist(), strict=True))
