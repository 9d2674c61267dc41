"""Links of control as sentences: who holds how much of whom, how firmly it is known, and where it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.enrich.control_links import RANK, Links
from flagstate.enrich.control_world import ENTITY_KINDS, KINDS, Ints, World
from flagstate.model.stance import status_of, weakest_stance

ASKED = ("fact_id", "status", "stance", "source", "share_lo_pct", "share_hi_pct", "unknown_reason")


def share_words(low: object, high: object) -> str:
    """Return a share as a proof says it, with a blank before; nothing where none is told."""
    if low is None and high is None:
        return ""
    least = low if isinstance(low, float) else 0.0
    most = high if isinstance(high, float) else 100.0
    return f" {least:g} %" if least == most else f" {least:g} to {most:g} %"


@dataclass(frozen=True)
class Step:
    """One link of a chain, told."""

    holder: int
    subject: int
    ground: int
    """Place in `control_links.GROUNDS`."""
    sure: bool
    contested: bool
    status: str
    stance: str
    words: str
    """`owns 60 % → Name (status, source)`."""
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Teller:
    """Tells links and stakes of a world."""

    world: World

    @cached_property
    def names(self) -> list[str]:
        """Return the name of each entity, or its id where it has none."""
        world = self.world
        names = [one.removeprefix("est:") for one in world.ids]
        told = zip(world.entities["entity_id"].to_pylist(), world.entities["name"].to_pylist(), strict=True)
        for one, name in told:
            at = world.at[one]
            if name and names[at] == one.removeprefix("est:"):
                names[at] = name
        return names

    @cached_property
    def _rows(self) -> dict[str, list[object]]:
        return {name: self.world.interests[name].to_pylist() for name in ASKED}

    @cached_property
    def said(self) -> dict[str, list[object]]:
        """Return fact, status, stance and source of each fact about entities."""
        return {name: self.world.entities[name].to_pylist() for name in ("fact_id", "status", "stance", "source")}

    @cached_property
    def best(self) -> Ints:
        """Return, per stake, the statement that suffices for what it counts as: firm, high, of firm status."""
        stakes = self.world.stakes
        if not len(stakes.holder):
            return np.zeros(0, np.int64)
        rows = stakes.rows
        low = np.nan_to_num(
            np.asarray(self.world.interests["share_lo_pct"].cast("float64").to_numpy(), np.float64), nan=-1.0
        )[rows]
        disputed = np.asarray(self.world.interests["contested"].fill_null(False).to_numpy(), np.bool_)[rows]
        known = pc.index_in(self.world.interests["status"], value_set=pa.array(list(WEAKNESS))).fill_null(3)
        weak = np.asarray(known.to_numpy(), np.int64)[rows]
        stake = np.repeat(np.arange(len(stakes.holder)), np.diff(stakes.start))
        wrong = np.abs(low - np.maximum(stakes.said[stake], stakes.low[stake])) > 1e-9
        order = np.lexsort((rows, weak, -low, wrong, disputed, stake))
        first = stakes.start[:-1]
        return rows[order][first]

    @cached_property
    def _best(self) -> list[int]:
        chosen: list[int] = self.best.tolist()
        return chosen

    def row_of(self, stake: int) -> dict[str, object]:
        """Return the statement of a stake."""
        at = self._best[stake]
        return {name: self._rows[name][at] for name in ASKED}

    def fact(self, stake: int) -> str:
        """Return the fact that a stake rests on."""
        return str(self._rows["fact_id"][self._best[stake]])

    def kind_of(self, entity: int) -> str:
        """Return organisation, person, group or state."""
        return ENTITY_KINDS[int(self.world.kind[entity])]

    def step(self, links: Links, at: int) -> Step:
        """Return a link, told."""
        stakes, stake = self.world.stakes, int(links.stake[at])
        row = self.row_of(stake)
        ground = int(links.ground[at])
        says = interest_kinds()[KINDS[int(stakes.kind[stake])]].says
        share = share_words(row["share_lo_pct"], row["share_hi_pct"])
        if ground == RANK["dominant_minority"]:
            share += ", the largest stake known,"
        if not stakes.direct[stake]:
            share += f" ({self.world.interests['directness'][self._best[stake]].as_py()})"
        sure, contested, status = bool(links.sure[at]), bool(links.contested[at]), status_of(row)
        marks = [status, str(row["source"] or "")]
        marks += ["contested"] if contested and ground != RANK["veto"] else []
        marks += ["control not certain"] if not sure else []
        subject = int(links.subject[at])
        words = f"{says}{share} → {self.names[subject]} ({', '.join(m for m in marks if m)})"
        return Step(
            int(links.holder[at]), subject, ground, sure, contested, status, str(row["stance"] or "declared"),
            words, (str(row["fact_id"]),),
        )  # fmt: skip


def chain_row(world: World, path: Iterable[Step], *, grounds: tuple[str, ...]) -> dict[str, object]:
    """Return a chain as a row of `control_chain`.

    Args:
        world: Where the links are.
        path: From the holder down to the subject.
        grounds: Names of grounds by place.
    """
    steps = list(path)
    return {
        "holder_id": world.ids[steps[0].holder],
        "subject_id": world.ids[steps[-1].subject],
        "steps": len(steps),
        "path": [world.ids[steps[0].holder], *(world.ids[s.subject] for s in steps)],
        "kind": grounds[max(s.ground for s in steps)],
        "verdict": "yes" if all(s.sure for s in steps) else "unknown",
        "contested": any(s.contested for s in steps),
        "status": weakest(*(s.status for s in steps)),
        "stance": weakest_stance(s.stance for s in steps),
        "proof": " → ".join(s.words for s in steps),
        "facts": list(dict.fromkeys(f for s in steps for f in s.facts)),
    }
