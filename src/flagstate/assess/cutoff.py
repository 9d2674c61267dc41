"""Cut-off: what stops working, and in what order, when a party or a government switches its part off.

Each asset needs groups of alternatives, all groups and any member of each, and the layer that it runs on; it also stops
when a party stops that operates, hosts, licenses, resolves, certifies, authenticates, updates or manages it. What
stops, and when, is the least fixpoint of these sentences. No key helps against being switched off: none is ever read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.concentration import concentrate
from flagstate.assess.cutoff_facts import DISPUTED, FIRM, Ground
from flagstate.assess.cutoff_graph import WAY_OUT, Edge, Graph
from flagstate.assess.cutoff_judge import judge
from flagstate.assess.cutoff_policy import listed, read_policy
from flagstate.assess.cutoff_sweep import Falls, Seed, proof_ground, under
from flagstate.assess.cutoff_words import sentence
from flagstate.assess.cutoff_world import World, single_points, worth

ROWS = 200
"""Rows of `cutoff` per government or party: the critical assets, and the first others to stop."""

ROWS_OF_ASSET = 20
"""The same per single asset; of these there may be as many cuts as assets."""


@dataclass(frozen=True)
class Stop:
    """A critical asset that stops with a cut that the policy does not want, without words."""

    cut: str
    asset_id: str
    at_h: float
    verdict: str
    """yes, or unknown where it depends on facts that contradict each other, or on a test."""
    contested: bool
    facts: frozenset[str]
    """Every fact that the proof stands on."""
    guards: frozenset[str]
    """What must stay absent: `alternative:ASSET:GROUP`, `control:ASSET:CODE`."""


def cut(tables: Mapping[str, pa.Table], what: str, as_of: date) -> list[dict[str, object]]:
    """Return what stops when one thing is switched off: rows of `cutoff`, the first to stop first.

    Args:
        tables: The tables of a case; nouns that are left out count as empty.
        what: `government:CN`, `entity:ID` or `asset:ID`.
        as_of: The day on which the facts must hold.

    Returns:
        All assets that stop; none where nothing of it is known, which does not mean that nothing would stop.
    """
    return _rows(World.of(tables, as_of), what, None)


def assess_cutoff(tables: Mapping[str, pa.Table], as_of: date) -> dict[str, pa.Table]:
    """Derive every cut worth deriving, what hangs on whom, and what the policy says of it.

    Args:
        tables: asset, interest, need, place, endpoint, legal_entity, control_chain, ultimate_parent, control, flow,
            policy, coverage, identity and contradiction; those that are left out count as empty.
        as_of: The day on which the facts must hold.

    Returns:
        `cutoff` (for each cut the critical assets, and others up to a bound), `concentration`, and `finding` for the
        question cutoff, never none.

    It cannot see a need that nobody declared and no evidence shows, nor how long it takes to bring a service back.
    """
    world = World.of(tables, as_of)
    cuts = worth(world)
    rows = [row for what in cuts for row in _rows(world, what, ROWS)]
    rows += [row for what in single_points(world) for row in _rows(world, what, ROWS_OF_ASSET)]
    return {
        "cutoff": model.rows(model.CUTOFF, rows),
        "concentration": concentrate(world, tables),
        "finding": judge(world, read_policy(world.graph.facts, cuts), cuts),
    }


def stops(tables: Mapping[str, pa.Table], cuts: Iterable[str] | None, as_of: date) -> list[Stop]:
    """Return the critical assets that stop with a cut and have no tested way out: what a plan has to cure.

    Args:
        tables: As for `assess_cutoff`.
        cuts: The cuts that are not wanted; None: those that the policy names.
        as_of: The day on which the facts must hold.

    Returns:
        One per cut and asset, its earliest proof. Only `yes` is adverse; what is `unknown` a plan need not cure.
    """
    world = World.of(tables, as_of)
    policy = read_policy(world.graph.facts, worth(world))
    found = []
    for what in policy.cuts if cuts is None else listed(cuts):
        stopped = world.stopped(what)
        for node in world.graph.critical:
            hit = stopped.of(node)
            if hit is not None and not (cuts is None and policy.spares(what, world.graph.ids[node])):
                found.append(_stop(world, what, node, hit, open_=policy.way_out(world.graph, node)))
    return found


def _stop(world: World, what: str, node: int, hit: tuple[int, Falls], *, open_: bool) -> Stop:
    graph, falls = world.graph, hit[1]
    doubt = max(hit[0], graph.assets[node].ground.doubt)
    below = under(falls, node)
    ground = graph.assets[node].ground + proof_ground(falls, below)
    edges = [cause for one in below if isinstance(cause := falls[one].cause, Edge)]
    guards = {f"alternative:{graph.ids[e.target]}:{e.group}" for e in edges if e.kind == "need"}
    guards.add(f"control:{graph.ids[node]}:{WAY_OUT}")
    return Stop(
        what,
        graph.ids[node],
        falls[node].at_h,
        "unknown" if open_ or doubt == DISPUTED else "yes",
        doubt != FIRM,
        frozenset(ground.facts),
        frozenset(guards),
    )


def _rows(world: World, what: str, bound: int | None) -> list[dict[str, object]]:
    stopped, graph = world.stopped(what), world.graph
    hits = [(n, hit) for n in stopped.disputed if n in graph.assets and (hit := stopped.of(n)) is not None]
    hits.sort(key=lambda h: (h[1][1][h[0]].at_h, h[1][1][h[0]].depth, graph.ids[h[0]]))
    total = len(hits)
    if bound is not None and total > bound:
        first = [h for h in hits if graph.assets[h[0]].critical]
        others = [h for h in hits if not graph.assets[h[0]].critical][: max(0, bound - len(first))]
        kept = {node for node, _ in [*first, *others]}
        hits = [h for h in hits if h[0] in kept]
    return [_row(world, what, node, hit) | {"stopping": total} for node, hit in hits]


def _row(world: World, what: str, node: int, hit: tuple[int, Falls]) -> dict[str, object]:
    doubt, falls = hit
    graph, asset = world.graph, world.graph.assets[node]
    ground = proof_ground(falls, under(falls, node)) + Ground(FIRM, asset.ground.facts, None, "sourced")
    cause = falls[node].cause
    first = "+".join(graph.ids[s] for s in cause.sources) if isinstance(cause, Edge) else _cause(cause, graph)
    return {
        "cut": what,
        "asset_id": graph.ids[node],
        "at_h": falls[node].at_h,
        "critical": asset.critical,
        "contested": doubt != FIRM,
        "verdict": "unknown" if doubt == DISPUTED else "yes",
        "stance": ground.stance or asset.ground.stance or "declared",
        "cause": first,
        "proof": sentence(graph, falls, node),
        "facts": list(ground.facts),
    }


def _cause(seed: Seed, graph: Graph) -> str:
    return f"{seed.kind}:{graph.ids[seed.node]}"
