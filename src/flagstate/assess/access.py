"""Who gets at a thing, at which layer, and how firmly that is known: one bit per party of a government."""

from __future__ import annotations

from dataclasses import dataclass, field

from flagstate.assess.subject import Custody
from flagstate.catalog.operators import WEAKNESS
from flagstate.model.stance import stance_rank


@dataclass(frozen=True)
class Edge:
    """How an atom gives custody, or the use of a key."""

    words: str
    status: str
    stance: str
    facts: tuple[str, ...]
    contested: bool = False
    beneath: bool = False
    depth: int = 0

    @property
    def rank(self) -> tuple[object, ...]:
        """How firm it is, the firmest first."""
        weak = WEAKNESS.get(self.status, 3)
        return (self.contested, weak, self.depth, stance_rank(self.stance), self.words, self.facts)


@dataclass
class Access:
    """Who gets at what a subject shows: as one bit per party, and how."""

    own: int = 0
    beneath: int = 0
    """At a layer below only."""
    edges: dict[int, list[Edge]] = field(default_factory=dict)
    """The ways in of each, the firmest first."""

    @property
    def every(self) -> int:
        """All of them."""
        return self.own | self.beneath

    def depth(self, bit: int) -> int:
        """Return the layer nearest to the subject at which a party gets in."""
        return min(edge.depth for edge in self.edges[bit])

    def by_depth(self) -> dict[int, int]:
        """Return the parties by the nearest layer at which they get in."""
        found: dict[int, int] = {}
        for bit in self.edges:
            at = self.depth(bit)
            found[at] = found.get(at, 0) | bit
        return found

    def add(self, bit: int, edge: Edge) -> None:
        """Add a way in of a party; none where it has no ground that counts."""
        if not bit:
            return
        self.edges[bit] = sorted([*self.edges.get(bit, ()), edge], key=lambda one: one.rank)
        if edge.beneath:
            self.beneath |= bit
        else:
            self.own |= bit


def edge_of(one: Custody) -> Edge:
    """Return custody as a way in."""
    return Edge(one.words, one.status, one.stance, one.facts, one.contested, one.beneath, one.depth)
