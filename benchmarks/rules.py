"""How long all laws take over 10,000 assets and 5,000 parties, and what they say; two children on two cores."""

from __future__ import annotations

import json
import os
import random
import statistics
import time
from collections import Counter
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.laws import pack
from flagstate.pipeline import order
from flagstate.pipeline.rules import Hearing, hear

SCALE = float(os.environ.get("FLAGSTATE_BENCH_SCALE", "1"))
ASSETS, PARTIES = int(10_000 * SCALE), int(5_000 * SCALE)
ROUNDS = 3
SEED = 20261122
AS_OF = date(2026, 11, 22)
BOUND_S = 20.0
COUNTRIES = "BE BR CA CH CN DE FR GB HK ID IN IR JP KR NL RU SG US US US VN".split()  # noqa: SIM905
CLASSES = (
    ("person_name", "email", "username", "ipv4"), ("card", "person_name"), ("health_term", "person_name"),
    ("goods_description", "hs_code", "postal_address", "person_name"), ("geo_coordinates", "imei"),
)  # fmt: skip
Row = dict[str, object]


def world(seed: int = SEED, assets: int = ASSETS, parties: int = PARTIES) -> dict[str, pa.Table]:
    """Return the facts of a world.

    Args:
        seed: The same seed gives the same world.
        assets: How many.
        parties: How many; a tenth are groups of staff, and 20 are groups of customers.
    """
    rng = random.Random(seed)
    made: dict[str, list[Row]] = {name: [] for name in ("legal_entity", "interest", "asset", "place", "holding")}
    made |= {name: [] for name in ("agreement", "control", "flow", "endpoint", "activity", "event", "policy")}
    firms = _parties(rng, parties, made)
    for n in range(assets):
        _asset(rng, n, assets, firms, made)
    made["policy"].append({"policy": "accept_reach", "value": "EU"})
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    for name, rows in made.items():
        noun = model.NOUNS[name]
        stance = "observed" if name in ("flow", "activity") else "configured"
        table = model.rows(noun, rows)
        tables[name] = model.stamp(table, noun, stance=stance, evidence_id="bench") if noun.group == "fact" else table
    return tables


def _parties(rng: random.Random, count: int, made: dict[str, list[Row]]) -> list[str]:
    firms = [f"est:p{n}" for n in range(count - count // 10 - 20)]
    for n, firm in enumerate(firms):
        made["legal_entity"].append(
            {"entity_id": firm, "kind": "organisation", "name": f"Firm {n}", "organised_in": [rng.choice(COUNTRIES)]}
        )
        if n and n % 2:
            made["interest"].append(
                _interest(f"est:p{rng.randrange(n)}", firm, "owns", rng.choice([20, 49, 50, 51, 100]))
            )
    for n in range(count // 10):
        place = rng.choice(COUNTRIES)
        staff = {"entity_id": f"est:s{n}", "kind": "group", "located_in": [place], "nationality": [place]}
        made["legal_entity"].append(staff)
        made["interest"].append(_interest(rng.choice(firms), f"est:s{n}", "employs"))
    for n in range(20):
        made["legal_entity"].append({"entity_id": f"est:c{n}", "kind": "group", "located_in": [COUNTRIES[n]]})
    return firms


def _interest(holder: str, subject: str, kind: str, share: float | None = None) -> Row:
    row: Row = {"holder_id": holder, "subject_id": subject, "kind": kind, "status": "sourced", "contested": False}
    return row | {"share_lo_pct": share, "share_hi_pct": share}


def _asset(rng: random.Random, n: int, assets: int, firms: list[str], made: dict[str, list[Row]]) -> None:
    """Add an asset: a tenth are regions, three tenths machines on them, the rest stores with data and an agreement."""
    one = f"est:a{n}"
    layer = 0 if n % 10 == 0 else 1 if n % 10 < 4 else 2
    below = None if layer == 0 else f"est:a{n // 10 * 10}" if layer == 1 else f"est:a{n // 10 * 10 + 1 + n % 3}"
    made["asset"].append({"asset_id": one, "kind": ("region", "host", "store")[layer], "runs_on": below})
    operator = rng.choice(firms)
    made["interest"].append(_interest(operator, one, "operates"))
    if layer == 0:
        place = {"subject_id": one, "country": rng.choice(COUNTRIES), "source_kind": "configured_region"}
        made["place"].append(place | {"confidence": "sure"})
    if layer < 2:
        return
    owner = rng.choice(firms[: max(50, len(firms) // 10)])
    made["interest"].append(_interest(owner, one, "controller"))
    if n % 3 == 0:
        made["interest"].append(_interest(f"est:s{rng.randrange(max(1, len(firms) // 9))}", one, "administers"))
    subjects = rng.choice([900, 10_000, 10_001, 99_999, 250_000])
    held = {"asset_id": one, "container": "orders", "about": f"est:c{rng.randrange(20)}", "unit": "persons"}
    for data_class in rng.choice(CLASSES):
        made["holding"].append(
            held
            | {"data_class": data_class, "subjects_lo": subjects, "subjects_hi": subjects, "records": subjects}
            | {"state": "used" if n % 4 == 0 else "stored", "key_ids": []}
        )
    if n % 2 and owner != operator:
        terms = {"governing_law": "DE", "notice_days": rng.choice([30, 90]), "exit_plan": True}
        made["agreement"].append(
            {"agreement_id": f"est:g{n}", "kind": rng.choice(["vendor", "processor", "ict", "brokerage"])}
            | {"from_id": owner, "to_id": operator, "asset_id": one, "terms": json.dumps(terms)}
        )
        for code in ("scc_2021", "exit_tested", "mfa", "no_onward_clause"):
            made["control"].append({"subject_id": f"est:g{n}", "control": code, "state": rng.choice(["yes", "no"])})
    if n % 5 == 0:
        addr = f"198.51.{n // 250 % 250}.{n % 250}"
        made["endpoint"].append(
            {
                "addr": addr,
                "host_country": rng.choice(COUNTRIES),
                "confidence": "sure",
                "operator_id": rng.choice(firms),
            }
        )
        made["flow"].append(
            {"orig_h": f"10.0.{n % 250}.1", "resp_h": addr, "resp_p": 443, "proto": "tcp", "day": date(2026, 10, 1)}
            | {"from_asset": one, "orig_bytes": 10_000, "resp_bytes": 1, "conns": 3, "failed_conns": 0}
        )
        made["activity"].append(
            {"principal": f"est:s{n % 50}", "asset_id": one, "action": "login", "from_place": rng.choice(COUNTRIES)}
            | {"day": date(2026, 10, 1), "count": 2}
        )


def main() -> None:
    """Print the section."""
    began = time.monotonic()
    tables = order.unified(order.conclude(world(), order.Run(None, AS_OF)))
    derived = time.monotonic() - began
    packs = pack.packs()
    walls, found = [], tables["finding"]
    for _ in range(ROUNDS):
        began = time.monotonic()
        found = hear(tables, AS_OF, Hearing())
        walls.append(time.monotonic() - began)
    said = Counter(zip(found["outcome"].to_pylist(), found["verdict"].to_pylist(), strict=True))
    seconds = statistics.median(walls)
    rules = sum(len(law.rules) for law in packs.laws)
    print("## Rules")
    print()
    print(
        f"{len(packs.laws)} laws with {rules} rules over {ASSETS:,} assets, {PARTIES:,} parties, "
        f"{tables['holding'].num_rows:,} holdings, {tables['agreement'].num_rows:,} agreements, "
        f"{tables['custody'].num_rows:,} rows of custody: heard in two children, by the clock, start of "
        f"the process and its files included. Median of {ROUNDS} rounds. Bound: {BOUND_S:g} s: "
        f"{'kept' if seconds < BOUND_S else 'not kept'}. What is derived before took {derived:.0f} s, not counted."
    )
    print()
    print("| step | result | seconds |")
    print("|---|---|---|")
    print(f"| all laws | {found.num_rows:,} findings | {seconds:.1f} |")
    print()
    print("| outcome | verdict | findings |")
    print("|---|---|---|")
    for (outcome, verdict), count in sorted(said.items(), key=lambda one: -one[1]):
        print(f"| {outcome or '-'} | {verdict} | {count:,} |")


if __name__ == "__main__":
    main()
