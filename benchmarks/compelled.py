"""Compelled access over 2,000 entities: whom every government can address, with every proof as a sentence.

There is no peer to compare with: no tool known to us derives it. The figure is the median of nine runs.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.compelled import compelled
from flagstate.catalog.countries import CODES

AS_OF = date(2026, 11, 22)
ENTITIES, PEOPLE, SEED, RUNS, BOUND_MS = 1_900, 100, 3, 9, 150


def world(seed: int = SEED) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return entities in groups of 40 under holdings, people in charge, and the chains of control."""
    chance = random.Random(seed)
    codes = sorted(CODES)[:60]
    listed: list[dict[str, object]] = [
        {
            "entity_id": f"e{n}",
            "kind": "organisation",
            "name": f"Company {n}",
            "organised_in": [chance.choice(codes)],
            "principal_place": chance.choice(codes) if n % 2 else None,
            "located_in": chance.sample(codes, 2) if n % 3 == 0 else None,
            "serves": chance.sample(codes, 3) if n % 5 == 0 else None,
        }
        for n in range(ENTITIES)
    ]
    listed += [{"entity_id": f"p{n}", "kind": "person", "nationality": [chance.choice(codes)]} for n in range(PEOPLE)]
    charge = [{"holder_id": f"p{n}", "subject_id": f"e{n * 7}", "kind": "directs"} for n in range(PEOPLE)]
    chains = [
        {
            "holder_id": f"e{holder}",
            "subject_id": f"e{n}",
            "steps": steps,
            "kind": "majority",
            "verdict": "yes",
            "contested": False,
            "status": "declared",
            "stance": "declared",
            "proof": f"owns 60 % → Company {n} (declared)",
            "facts": [f"fact-{n}-{step}" for step in range(steps)],
        }
        for n in range(40, ENTITIES)
        for steps, holder in ((1, n // 40), (2, n // 1600))
        if holder != n and (steps == 1 or n // 40 != n // 1600)
    ]
    return (
        model.stamp(model.rows(model.LEGAL_ENTITY, listed), model.LEGAL_ENTITY, stance="declared"),
        model.stamp(model.rows(model.INTEREST, charge), model.INTEREST, stance="declared"),
        model.rows(model.CONTROL_CHAIN, chains),
    )


def main() -> int:
    """Print the section; 1 if the bound was missed."""
    entities, interests, chains = world()
    took, rows = [], 0
    for _ in range(RUNS):
        start = time.process_time()
        rows = compelled(entities, interests, chains, as_of=AS_OF).num_rows
        took.append((time.process_time() - start) * 1_000)
    median = statistics.median(took)
    print("## Compelled access\n")
    print("| what | measured | bound |\n|---|---|---|")
    print(f"| entities, chains of control | {entities.num_rows:,}, {chains.num_rows:,} | |")
    print(f"| rows, each with its proof | {rows:,} | |")
    print(f"| processor time, median of {RUNS} runs | {median:.0f} ms | {BOUND_MS} ms |")
    print("\nBound kept." if median <= BOUND_MS else "\nOver its bound.")
    print("\nMeasured while the machine did other work.")
    return 0 if median <= BOUND_MS else 1


if __name__ == "__main__":
    sys.exit(main())
