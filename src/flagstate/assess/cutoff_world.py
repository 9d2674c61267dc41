"""A case indexed once, and what each cut stops in it: firmly, if the disputed is so, if the contradicted is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from flagstate.assess.cutoff_facts import CONTESTED, DISPUTED, FIRM, Facts
from flagstate.assess.cutoff_graph import Graph, build
from flagstate.assess.cutoff_seeds import Seeds, seeds
from flagstate.assess.cutoff_sweep import Falls, sweep


@dataclass(frozen=True)
class Stopped:
    """What a cut stops, firmly, if the disputed is so, and if what is contradicted is so."""

    cut: str
    firm: Falls
    contested: Falls
    disputed: Falls

    def of(self, node: int) -> tuple[int, Falls] | None:
        """Return how far it is doubted that a node stops, and the failures that show it; None: it does not."""
        for doubt, falls in ((FIRM, self.firm), (CONTESTED, self.contested), (DISPUTED, self.disputed)):
            if node in falls:
                return doubt, falls
        return None


@dataclass
class World:
    """A case, indexed once for any number of cuts."""

    graph: Graph
    seeds: Seeds
    known: dict[str, Stopped] = field(default_factory=dict)
    doubts: frozenset[int] = frozenset()

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table], as_of: date) -> World:
        """Index the tables."""
        graph = build(Facts(tables, as_of))
        return cls(graph, seeds(graph), doubts=frozenset(e.ground.doubt for e in graph.edges if not e.strict))

    def stopped(self, cut: str) -> Stopped:
        """Return what a cut stops."""
        found = self.known.get(cut)
        if found is None:
            start = self.seeds.of(cut)
            doubts = self.doubts | {seed.ground.doubt for seed in start}
            firm = sweep(self.graph, start, FIRM)
            contested = sweep(self.graph, start, CONTESTED) if CONTESTED in doubts else firm
            disputed = sweep(self.graph, start, DISPUTED) if DISPUTED in doubts else contested
            found = self.known[cut] = Stopped(cut, firm, contested, disputed)
        return found

    def strict(self, cut: str) -> Falls:
        """Return what a cut may stop if alternatives that nobody tested do not work."""
        return sweep(self.graph, self.seeds.of(cut), DISPUTED, strict=True)


def worth(world: World) -> list[str]:
    """Return the cuts by governments and parties that stop anything, in order."""
    graph, facts = world.graph, world.graph.facts
    listed = [f"government:{country}" for country in sorted(world.seeds.governments)]
    parties = {graph.ids[node] for node in graph.parties}
    below = {old for old, new in facts.same.items() if new in parties}
    circles: set[str] = set()
    for row in facts.rows("ultimate_parent", entity_id=parties | below):
        if row["parent_id"] is not None:
            parties.add(facts.one(row["parent_id"]))
            if row["kind"] == "circle":
                circles.add(facts.one(row["parent_id"]))
    parties |= _around(facts, parties | below | circles, circles)
    listed += [f"entity:{one}" for one in sorted(parties)]
    return [what for what in listed if graph.assets.keys() & world.stopped(what).disputed.keys()]


def _around(facts: Facts, near: set[str], circles: set[str]) -> set[str]:
    """Return the other members of circles at the top, each named by one: nobody else stands above that one."""
    found: set[str] = set()
    for row in facts.rows("control_chain", subject_id=near) if circles else ():
        path = [facts.one(one) for one in row["path"]] if isinstance(row["path"], list) else []
        if row["kind"] != "veto":
            found.update(path[: max((at for at, one in enumerate(path) if one in circles), default=0)])
    return found


def single_points(world: World) -> list[str]:
    """Return the cuts of a single asset with which a critical one stops that is another asset."""
    graph = world.graph
    critical = set(graph.critical)
    found = []
    for node in sorted(graph.closure(critical) & graph.assets.keys(), key=graph.ids.__getitem__):
        what = f"asset:{graph.ids[node]}"
        if (critical - {node}) & world.stopped(what).disputed.keys():
            found.append(what)
    return found
