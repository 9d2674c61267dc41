"""Worlds for the tests of cut-off: tables from short rows, random worlds, and an oracle that iterates naively."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.cutoff import cut
from flagstate.catalog.interest_kinds import kinds_with

DAY = date(2026, 11, 22)
COUNTRIES = ("BE", "CN", "DE", "US")


def world(stance: str = "configured", **given_rows: list[dict[str, object]]) -> dict[str, pa.Table]:
    """Make tables of a case; nouns that are left out are empty, and each row is evidence of its own."""
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    for name, rows in given_rows.items():
        noun = model.NOUNS[name]
        table = model.rows(noun, rows)
        tables[name] = model.stamp(table, noun, stance=stance, evidence_id="e") if noun.group == "fact" else table
    return tables


def entity(entity_id: str, **more: object) -> dict[str, object]:
    return {"entity_id": entity_id, "kind": "organisation", "status": "sourced"} | more


def asset(asset_id: str, **more: object) -> dict[str, object]:
    return {"asset_id": asset_id, "kind": "system", "status": "sourced"} | more


def holds(holder: str, subject: str, kind: str = "operates", **more: object) -> dict[str, object]:
    return {"holder_id": holder, "subject_id": subject, "kind": kind, "status": "sourced"} | more


def need(asset_id: str, group: int, *members: str, buffer_h: float | None = None) -> list[dict[str, object]]:
    base = {"asset_id": asset_id, "need_group": group, "buffer_h": buffer_h}
    return [base | {"needs_id": member} for member in members]


def stands(asset_id: str, country: str, **more: object) -> dict[str, object]:
    return {"subject_id": asset_id, "country": country, "source_kind": "declared"} | more


def chain(holder: str, subject: str, **more: object) -> dict[str, object]:
    return {
        "holder_id": holder, "subject_id": subject, "steps": 1, "path": [holder, subject], "kind": "majority",
        "verdict": "yes", "contested": False, "status": "sourced", "stance": "recorded",
        "proof": f"owns 60 % → {subject}", "facts": [f"fact:{holder}>{subject}"],
    } | more  # fmt: skip


def must(*values: str, outage_h: float | None = None) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [{"policy": "must_survive", "value": value} for value in values]
    return rows if outage_h is None else [*rows, {"policy": "tolerate:outage_h", "value": f"{outage_h}"}]


def times(tables: dict[str, pa.Table], what: str) -> dict[str, tuple[float, str, bool]]:
    """Return when each asset stops, with the verdict and whether it is contested."""
    return {
        str(r["asset_id"]): (float(str(r["at_h"])), str(r["verdict"]), bool(r["contested"]))
        for r in rows_of(tables, what)
    }


def rows_of(tables: dict[str, pa.Table], what: str) -> list[dict[str, object]]:
    return cut(tables, what, DAY)


def random_world(
    seed: int, *, assets: int = 8, parties: int = 4, countries: Iterable[str] = COUNTRIES
) -> dict[str, pa.Table]:
    """Return a small world with circles, alternatives and buffers; the same for the same seed."""
    chance = random.Random(seed)
    codes = list(countries)
    names = [f"a{n}" for n in range(assets)]
    firms = [f"p{n}" for n in range(parties)]
    stops = sorted(kinds_with("stops"))
    needs: list[dict[str, object]] = []
    for name in names:
        for group in range(chance.choice((0, 0, 1, 2))):
            members = sorted(set(chance.choices([*names, *firms], k=chance.choice((1, 2, 2, 3)))) - {name})
            needs += need(name, group, *members, buffer_h=chance.choice((None, 0.0, 4.0, 24.0, 72.0)))
    interests = {
        (chance.choice(firms), chance.choice(names), chance.choice([*stops, "administers", "holds_key"]))
        for _ in range(assets // 2)
    }
    layers = {
        name: chance.choice(names[:at]) if at and chance.random() < 0.3 else None for at, name in enumerate(names)
    }
    return world(
        asset=[asset(name, runs_on=layers[name], critical=chance.random() < 0.5) for name in names],
        legal_entity=[entity(firm, organised_in=[chance.choice(codes)]) for firm in firms],
        interest=[holds(*one) for one in sorted(interests)],
        need=needs,
        place=[stands(name, chance.choice(codes)) for name in names if chance.random() < 0.3],
    )


def oracle(tables: dict[str, pa.Table], what: str) -> dict[str, float]:
    """Iterate the definition until nothing changes: when each thing stops; what never does is absent."""
    kind, _, rest = what.partition(":")
    start: set[str] = {rest} if kind != "government" else set()
    if kind == "government":
        start |= {r["entity_id"] for r in tables["legal_entity"].to_pylist() if rest in (r["organised_in"] or [])}
        start |= {r["subject_id"] for r in tables["place"].to_pylist() if r["country"] == rest}
    stops = kinds_with("stops")
    held = [row for row in tables["interest"].to_pylist() if row["kind"] in stops]
    reasons: list[tuple[str, list[str], float]] = [(row["subject_id"], [row["holder_id"]], 0.0) for row in held]
    reasons += [(row["asset_id"], [row["runs_on"]], 0.0) for row in tables["asset"].to_pylist() if row["runs_on"]]
    groups: dict[tuple[str, int], list[dict[str, object]]] = {}
    for row in tables["need"].to_pylist():
        groups.setdefault((row["asset_id"], row["need_group"]), []).append(row)
    for (target, _), rows in groups.items():
        reasons.append((target, [str(r["needs_id"]) for r in rows], float(str(rows[0]["buffer_h"] or 0))))
    when = {one: math.inf for one, *_ in reasons} | {one: math.inf for _, many, _ in reasons for one in many}
    when |= dict.fromkeys(start, 0.0)
    changed = True
    while changed:
        changed = False
        for target, members, buffer in reasons:
            found = max(when[m] for m in members) + buffer
            if found < when[target]:
                when[target], changed = found, True
    known = set(tables["asset"]["asset_id"].to_pylist())
    return {one: at for one, at in when.items() if at < math.inf and one in known}
