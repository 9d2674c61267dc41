"""What was found against what was hidden: hits, misses and false alarms at any bound of the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from traffic.world import World

SAID = 0.5
"""The score from which on a behaviour is said."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Matched:
    """One world, looked at."""

    seed: int
    """Its seed."""
    hidden: list[Row]
    """What was hidden, each with `found`: the best score of its kind at its ends (0: none)."""
    alarms: list[Row]
    """What was found where nothing hides."""
    pair_days: int
    """Pairs of a host and a far end (name or address), summed over days; without those of the crawler."""
    crawled: int
    """Pairs of the crawler, summed over days."""
    other: list[Row] = field(default_factory=list)
    """What was found where something hides, under another kind."""


def match(made: World, found: pa.Table) -> Matched:
    """Compare.

    Args:
        made: The world.
        found: Rows of `behaviour`.
    """
    hidden: list[Row] = [row | {"found": 0.0} for row in made.truth.to_pylist()]
    by_far: dict[str, list[Row]] = {}
    for row in hidden:
        for far in (row["far"], *row["addresses"]):
            by_far.setdefault(far, []).append(row)
    alarms, other = [], []
    for said in found.to_pylist():
        there = [row for row in _at(said, by_far) if said["orig_h"] in (None, row["orig_h"])]
        same = [row for row in there if row["kind"] == said["kind"]]
        for row in same:
            row["found"] = max(row["found"], said["score"])
        if not there:
            alarms.append(said)
        elif not same:
            other.append(said)
    pairs, crawled = _pairs(made)
    return Matched(made.seed, hidden, alarms, pairs, crawled, other)


def _at(said: Row, by_far: dict[str, list[Row]]) -> list[Row]:
    """Return what hides at the ends of a finding, by its name, a name above or below it, or its address."""
    met: dict[int, Row] = {}
    far = said["far"] or ""
    for name in (far, said["resp_h"]):
        met |= {id(row): row for row in by_far.get(name or "", ())}
    for name, rows in by_far.items():
        if far and (name.endswith("." + far) or far.endswith("." + name)):
            met |= {id(row): row for row in rows}
    return list(met.values())


def _pairs(made: World) -> tuple[int, int]:
    talk = made.connection
    far = pc.coalesce(talk["server_name"], talk["resp_h"])
    day = pc.cast(talk["ts"], pa.date32())
    once = pa.table({"orig": talk["orig_h"], "far": far, "day": day}).group_by(["orig", "far", "day"]).aggregate([])
    crawled = pc.sum(pc.is_in(once["orig"], pa.array(made.crawlers, pa.string()))).as_py() or 0
    return once.num_rows - crawled, crawled


def recall(matched: Sequence[Matched], bound: float = SAID, **of: str) -> tuple[int, int]:
    """Return how much was found, and how much was hidden.

    Args:
        matched: Worlds.
        bound: The score from which on it counts.
        of: kind, variant or strength: only these.
    """
    rows = [row for one in matched for row in one.hidden if all(row[key] == value for key, value in of.items())]
    return sum(row["found"] >= bound for row in rows), len(rows)


def alarmed(matched: Sequence[Matched], bound: float = SAID) -> float:
    """Return false alarms per 10,000 pairs of hosts per day; a crawler's pairs do not thin them out."""
    alarms = sum(row["score"] >= bound for one in matched for row in one.alarms)
    return float(10_000 * alarms / max(1, sum(one.pair_days for one in matched)))
