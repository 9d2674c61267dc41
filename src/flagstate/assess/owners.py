"""Who stands above an entity, as links of a proof: chains of control that were derived, and who is in charge.

Where no chains were derived, control is told from interests alone: a stake that is known to be below one half is no
control, and the firmest path is the one that is told.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog.interest_kinds import interest_kinds, kinds_with
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.model.stance import in_force, status_of, weakest_stance

CONTROL = frozenset({"owns", "controls"})
"""Kinds of interest through which an owner can use its control."""
WEAK_CONTROL = frozenset({"veto", "dominant_minority"})
"""Kinds of chain whose use by a government the sources dispute."""
_CHAIN = (
    "holder_id",
    "subject_id",
    "steps",
    "kind",
    "verdict",
    "contested",
    "status",
    "stance",
    "proof",
    "facts",
)


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
    stance: str = "recorded"


@dataclass(frozen=True)
class Chain:
    """A chain of control, from the one above to the one below."""

    holder: str
    subject: str
    steps: int
    status: str
    stance: str
    contested: bool
    disputed: bool
    proof: str
    facts: tuple[str, ...]


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
            str(row["stance"] or "declared"),
        )
        found.setdefault(edge.subject, []).append(edge)
    return {subject: sorted(listed, key=lambda e: (e.holder, e.kind)) for subject, listed in found.items()}


def paths_up(
    start: str, above: Mapping[str, list[Edge]], disputed: frozenset[str] = frozenset()
) -> dict[str, tuple[Edge, ...]]:
    """Return the firmest path of control to every owner above an entity, and of these a short one; circles end.

    Args:
        start: The entity.
        above: Who controls each entity.
        disputed: fact_ids that another fact contradicts.
    """
    paths: dict[str, tuple[Edge, ...]] = {}
    queue: list[tuple[tuple[bool, bool, int, int], str, int, tuple[Edge, ...]]] = [((False, False, 0, 0), start, 0, ())]
    pushed = 0
    while queue:
        weakness, one, _, path = heapq.heappop(queue)
        if one in paths:
            continue
        paths[one] = path
        for edge in above.get(one, ()):
            if edge.holder not in paths:
                pushed += 1
                doubt, contested, status, steps = weakness
                longer = (
                    doubt or edge.fact_id in disputed,
                    contested or edge.contested,
                    max(status, WEAKNESS.get(edge.status, 3)),
                    steps + 1,
                )
                heapq.heappush(queue, (longer, edge.holder, pushed, (*path, edge)))
    del paths[start]
    return paths


def chains(interests: pa.Table, as_of: date, names: Mapping[str, str], disputed: frozenset[str]) -> Iterator[Chain]:
    """Yield the chains of control that interests tell.

    Args:
        interests: Rows of `interest`.
        as_of: The day on which they must hold.
        names: Name of each entity.
        disputed: fact_ids that another fact contradicts.
    """
    above = edges(interests, as_of)
    for subject in sorted(above):
        for holder, path in paths_up(subject, above, disputed).items():
            down = list(reversed(path))
            facts = tuple(edge.fact_id for edge in down)
            yield Chain(
                holder,
                subject,
                len(down),
                weakest(*(edge.status for edge in down)),
                weakest_stance(edge.stance for edge in down),
                any(edge.contested for edge in down),
                not disputed.isdisjoint(facts),
                " → ".join(_link(edge, names) for edge in down),
                facts,
            )


def _link(edge: Edge, names: Mapping[str, str]) -> str:
    verb = "controls" if edge.kind == "controls" else "owns"
    contested = ", contested" if edge.contested else ""
    return f"{verb}{edge.share} → {names.get(edge.subject, edge.subject)} ({edge.status}{contested})"


def derived(control_chain: pa.Table, disputed: frozenset[str]) -> Iterator[Chain]:
    """Yield the chains that were derived; a bare veto or dominant minority is a contested way to use."""
    for holder, subject, steps, kind, verdict, contested, status, stance, proof, facts in columns_of(
        control_chain, *_CHAIN
    ):
        told = tuple(facts or ())
        yield Chain(
            holder,
            subject,
            steps or 1,
            status or "to verify",
            stance or "declared",
            bool(contested) or kind in WEAK_CONTROL,
            verdict != "yes" or not disputed.isdisjoint(told),
            proof or f"controls → {subject}",
            told,
        )


def columns_of(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of some columns as tuples; quicker than a mapping per row."""
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def in_charge(
    interests: pa.Table, as_of: date, people: Iterable[str], names: Mapping[str, str], disputed: frozenset[str]
) -> Iterator[Chain]:
    """Yield where one of these people is in charge, as chains of one link."""
    listed = interests.filter(pc.is_in(interests["holder_id"], value_set=pa.array(sorted(people), pa.string())))
    for row in listed.to_pylist():
        if row["kind"] not in kinds_with("charge") or row["subject_id"] is None or not in_force(row, as_of):
            continue
        contested = ", contested" if row["contested"] else ""
        name, says = names.get(row["subject_id"], row["subject_id"]), interest_kinds()[row["kind"]].says
        yield Chain(
            row["holder_id"],
            row["subject_id"],
            1,
            status_of(row),
            row["stance"] or "declared",
            bool(row["contested"]),
            row["fact_id"] in disputed,
            f"{says} → {name} ({status_of(row)}{contested})",
            (row["fact_id"],),
        )
