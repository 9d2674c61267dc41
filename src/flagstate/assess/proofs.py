"""Minimal proofs that a government can reach what a subject holds: whom it has to compel together, and on what ground.

For each government, subject and form of data: which sets of parties, powers over territory and uses of keys are
together enough, and none of them could be left out. Keys are all needed, by anybody in the set; ways to a key are
alternatives. The sets are bounded, the most direct first, and a bound that was hit is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flagstate.assess.forms import Held, Part
from flagstate.assess.grounds import RANK, Ground
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.model.stance import weakest_stance

MOST = 16
"""Proofs that are kept per government, subject and form of data."""


@dataclass(frozen=True)
class Atom:
    """One thing that a government needs: power over a party, a territory, or its own collection."""

    kind: str
    """entity, place or covert."""
    about: str
    """The entity, or the asset that stands there."""
    ground: Ground


@dataclass(frozen=True)
class Step:
    """What one atom gives: custody, or the use of a key."""

    words: str
    status: str
    stance: str
    facts: tuple[str, ...]
    key_id: str | None = None
    """The key that it can use; null: custody."""
    contested: bool = False
    guards: frozenset[str] = frozenset()
    about: str = ""
    """For custody: of which subject."""
    depth: int = 0
    """For custody: how many layers below it."""


@dataclass(frozen=True)
class Proof:
    """Why a government can reach what a subject holds in one form."""

    government: str
    subject_id: str
    part: Part
    data: str
    """clear or metadata."""
    level: str
    atoms: tuple[Atom, ...]
    steps: tuple[tuple[int, Step], ...]
    """What is taken, each with the place of the atom that takes it."""
    key_ids: tuple[str, ...]
    """Keys that it uses."""
    stopped_by: tuple[str, ...] = ()
    """For metadata: what keeps the data from being clear, in words."""
    presumed: tuple[str, ...] = ()
    """Keys that do not count, because they are only declared or in dispute."""
    answer: str = "both"
    rank: int = 1
    more: bool = False
    disputed: bool = False
    base: tuple[str, ...] = ()
    """fact_ids of the subject itself."""
    guards: frozenset[str] = field(default_factory=frozenset)
    """What must stay absent, such as `key:ASSET`: a measure that adds it may break the proof."""

    @property
    def contested(self) -> bool:
        """Whether the sources dispute a link."""
        return any(atom.ground.contested for atom in self.atoms) or any(one.contested for _, one in self.steps)

    @property
    def status(self) -> str:
        """The status of the weakest link."""
        return weakest(*(atom.ground.status for atom in self.atoms), *(step.status for _, step in self.steps))

    @property
    def stance(self) -> str:
        """The weakest stance under it."""
        listed = [*(atom.ground.stance for atom in self.atoms), *(step.stance for _, step in self.steps)]
        return weakest_stance(listed)

    @property
    def entities(self) -> tuple[str, ...]:
        """Whom it has to compel."""
        return tuple(sorted({atom.about for atom in self.atoms if atom.kind == "entity"}))

    @property
    def classes(self) -> frozenset[str]:
        """Classes of data that it shows; none: not known."""
        return frozenset(one.data_class for one in self.part.held if one.data_class is not None)

    @property
    def chain(self) -> frozenset[str]:
        """Every fact that it stands on, but for what is held."""
        found = set(self.base)
        found.update(*(atom.ground.facts for atom in self.atoms), *(step.facts for _, step in self.steps))
        return frozenset(found)

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that it stands on: changing none of them, and adding no guard, leaves it as it is."""
        return self.chain.union(*(one.facts for one in self.part.held))

    def by_class(self) -> Iterable[tuple[Held | None, frozenset[str]]]:
        """Yield each thing held with the facts on which reach of it alone stands."""
        chain = self.chain
        if not self.part.held:
            yield None, chain
        for one in self.part.held:
            yield one, chain.union(one.facts)

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two proofs the same."""
        grounds = frozenset((atom.kind, atom.about, atom.ground) for atom in self.atoms)
        return (self.data, grounds, self.key_ids)

    @property
    def order(self) -> tuple[object, ...]:
        """How direct it is, the most direct first."""
        return (
            self.data != "clear",
            RANK[self.level],
            max((RANK[atom.ground.level] for atom in self.atoms), default=0),
            self.disputed,
            self.contested,
            len(self.atoms),
            WEAKNESS.get(self.status, 3),
            tuple(sorted(atom.ground.rank for atom in self.atoms)),
            tuple((atom.kind, atom.about) for atom in self.atoms),
        )
