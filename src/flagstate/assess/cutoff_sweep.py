"""When each thing fails after a cut: the least fixpoint in time, found in one sweep.

The values of a hypergraph whose costs only grow along its edges can be settled in rising order, as Dijkstra does for
paths (Knuth 1977, A generalization of Dijkstra's algorithm): an edge fires when its last source has failed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flagstate.assess.cutoff_facts import DISPUTED, Ground, weakest_known
from flagstate.assess.cutoff_graph import Edge, Graph


@dataclass(frozen=True)
class Seed:
    """Something that a cut switches off at once, and why."""

    node: int
    kind: str
    """organised, principal_place, staff, place, controlled, entity or asset."""
    words: str
    """The reason as a clause, whole."""
    ground: Ground


@dataclass(frozen=True)
class Fall:
    """The failure of one node: when, over how many steps, and through what."""

    at_h: float
    depth: int
    cause: Edge | Seed


Falls = Mapping[int, Fall]


def sweep(graph: Graph, seeds: Iterable[Seed], doubt: int, *, strict: bool = False) -> dict[int, Fall]:
    """Return everything that fails, in the order in which it does.

    Args:
        graph: What fails when something else has.
        seeds: What the cut switches off.
        doubt: Reasons that are doubted more than this do not count.
        strict: Alternatives that nobody tested are not trusted.

    Returns:
        The earliest failure by node; with the fewest steps among equals, then by the order of the ids.
    """
    heap: list[tuple[float, int, int, int, str, int]] = []
    starts = list(seeds)
    for number, seed in enumerate(starts):
        if seed.ground.doubt <= doubt:
            rank = f"{seed.kind}\x1f{seed.words}"
            heapq.heappush(heap, (0.0, 0, seed.ground.doubt, seed.node, rank, -1 - number))
    falls: dict[int, Fall] = {}
    left: dict[int, int] = {}
    edges, ranks = graph.edges, graph.ranks
    while heap:
        at_h, depth, _, node, _, number = heapq.heappop(heap)
        if node in falls:
            continue
        falls[node] = Fall(at_h, depth, edges[number] if number >= 0 else starts[-1 - number])
        for out in graph.out[node]:
            edge = edges[out]
            if edge.ground.doubt > doubt or edge.target in falls or (edge.strict and not strict):
                continue
            missing = left.get(out, len(edge.sources)) - 1
            left[out] = missing
            if missing == 0:
                heapq.heappush(heap, (at_h + edge.buffer_h, depth + 1, edge.ground.doubt, edge.target, ranks[out], out))
    return falls


def under(falls: Falls, node: int) -> list[int]:
    """Return every node on which the failure of one rests, itself first, each once."""
    found = {node: None}
    queue = [node]
    for one in queue:
        cause = falls[one].cause
        for source in cause.sources if isinstance(cause, Edge) else ():
            if source not in found:
                found[source] = None
                queue.append(source)
    return queue


def proof_ground(falls: Falls, nodes: Iterable[int]) -> Ground:
    """Return the facts of a whole proof, with their weakest stance and status and the greatest doubt."""
    facts: dict[str, None] = {}
    stances: set[str | None] = set()
    total = Ground()
    for node in nodes:
        ground = falls[node].cause.ground
        facts.update(dict.fromkeys(ground.facts))
        stances.add(ground.stance)
        if ground.doubt > total.doubt or ground.status != total.status:
            total = total + Ground(ground.doubt, (), None, ground.status)
    return Ground(min(total.doubt, DISPUTED), tuple(facts), weakest_known(stances), total.status)
