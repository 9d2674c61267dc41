"""How long reach takes for every government of the law files, in a world of 1,000 assets made from a seed.

Assets stand on each other in layers, run by 100 operators in 20 countries, with owners, staff, keys (some wrapped by
others) and holdings at rest and in use. Compelled access is derived before and not timed.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.compelled import compelled
from flagstate.assess.reach import assess_reach
from flagstate.assess.search import find, see
from flagstate.catalog.compulsion import law_book

ASSETS = int(1_000 * float(os.environ.get("FLAGSTATE_BENCH_SCALE", "1")))
OPERATORS = 100
ROUNDS = 5
SEED = 20261122
AS_OF = date(2026, 11, 22)
COUNTRIES = "BE BR CA CH CN CU DE FR GB HK ID IN IR JP KP RU SG US VE ZA".split()  # noqa: SIM905
Row = dict[str, object]


def world(seed: int = SEED, assets: int = ASSETS) -> dict[str, pa.Table]:
    """Return the facts of a world.

    Args:
        seed: The same seed gives the same world.
        assets: How many.
    """
    rng = random.Random(seed)
    entities = [
        {
            "entity_id": f"ent:{n}",
            "kind": "organisation",
            "name": f"Operator {n}",
            "organised_in": [rng.choice(COUNTRIES)],
        }
        for n in range(OPERATORS)
    ]
    staff = [
        {"entity_id": f"ent:staff{n}", "kind": "group", "located_in": [rng.choice(COUNTRIES)]} for n in range(OPERATORS)
    ]
    interests: list[Row] = [_interest(f"ent:{n}", f"ent:staff{n}", "employs") for n in range(OPERATORS)]
    interests += [_interest(f"ent:{rng.randrange(n)}", f"ent:{n}", "owns") for n in range(1, OPERATORS, 2)]
    made: dict[str, list[Row]] = {"asset": [], "place": [], "holding": []}
    for n in range(assets):
        _asset(rng, n, made, interests)
    rows = {"legal_entity": [*entities, *staff], "interest": interests, **made}
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    for name, listed in rows.items():
        noun = model.NOUNS[name]
        tables[name] = model.stamp(model.rows(noun, listed), noun, stance="configured", evidence_id="bench")
    tables["policy"] = model.stamp(
        model.rows(model.POLICY, [{"policy": "accept_reach", "value": "EU"}]), model.POLICY, stance="declared"
    )
    return tables


def _interest(holder: str, subject: str, kind: str) -> Row:
    return {"holder_id": holder, "subject_id": subject, "kind": kind, "status": "sourced", "contested": False}


def _asset(rng: random.Random, n: int, made: dict[str, list[Row]], interests: list[Row]) -> None:
    """Add an asset: a tenth are regions, three tenths machines on them, the rest stores and systems."""
    one = f"est:a{n}"
    layer = 0 if n % 10 == 0 else 1 if n % 10 < 4 else 2
    kind = ("region", "host", rng.choice(["store", "system"]))[layer]
    below = None if layer == 0 else f"est:a{(n // 10) * 10}" if layer == 1 else f"est:a{(n // 10) * 10 + 1 + n % 3}"
    made["asset"].append({"asset_id": one, "kind": kind, "name": one, "runs_on": below})
    interests.append(_interest(f"ent:{rng.randrange(OPERATORS)}", one, "operates"))
    if layer == 0:
        made["place"].append({"subject_id": one, "country": rng.choice(COUNTRIES), "source_kind": "configured_region"})
    if layer < 2:
        return
    if n % 3 == 0:
        interests.append(_interest(f"ent:staff{rng.randrange(OPERATORS)}", one, "administers"))
    keys = [f"est:k{n}-{k}" for k in range(rng.choice([0, 0, 1, 2]))]
    for key in keys:
        made["asset"].append({"asset_id": key, "kind": "key", "name": key})
        interests.append(_interest(f"ent:{rng.randrange(OPERATORS)}", key, "holds_key"))
        interests.append(_interest(f"ent:{rng.randrange(OPERATORS)}", key, "operates"))
    if len(keys) == 2:
        interests.append(_interest(keys[0], keys[1], "protects"))
    for data_class in ("person_name", "card"):
        made["holding"].append(
            {
                "asset_id": one,
                "container": "orders",
                "data_class": data_class,
                "state": "used" if n % 4 == 0 else "stored",
                "key_ids": keys,
            }
        )


def main() -> None:
    """Print the section."""
    tables = world()
    tables["compelled"] = compelled(tables["legal_entity"], tables["interest"], as_of=AS_OF)
    addressed = tables["compelled"].to_pylist()
    whole, search = [], []
    for _ in range(ROUNDS):
        began = time.process_time()
        found = assess_reach(tables, AS_OF)
        whole.append(time.process_time() - began)
        began = time.process_time()
        proofs = find(see(tables, addressed, AS_OF))
        search.append(time.process_time() - began)
    rows = found["reach"]
    governments = len(set(rows["government"].to_pylist()) - {None})
    book = len({law.gov for law in law_book().laws})
    kept = statistics.median(search) <= 1 and statistics.median(whole) <= 2
    print("## Reach")
    print()
    print(
        f"{ASSETS:,} assets in three layers ({tables['asset'].num_rows - ASSETS:,} keys beside them), {OPERATORS} "
        f"operators with owners and staff in {len(COUNTRIES)} countries, {tables['holding'].num_rows:,} holdings; "
        f"every government ({book} with laws of their own, the others by the general rule; {governments} reach "
        f"something). Median of {ROUNDS} rounds, processor time on one core. Bounds: 1 s for the "
        f"proofs, 2 s in all: {'kept' if kept else 'not kept'}."
    )
    print()
    print("| step | result | seconds |")
    print("|---|---|---|")
    print(f"| all minimal proofs (`find`) | {len(proofs):,} proofs | {statistics.median(search):.2f} |")
    print(
        f"| with sentences, tables and findings (`assess_reach`) | {rows.num_rows:,} rows, "
        f"{found['finding'].num_rows:,} findings | {statistics.median(whole):.2f} |"
    )


if __name__ == "__main__":
    main()
