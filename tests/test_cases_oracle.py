"""Reach against a naive oracle that shares no code with it, on all worked cases and on random changes of them."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_changes import Row, Tables, added, clear, edited, side_by_side
from flagstate.catalog.compulsion import law_book
from flagstate.enrich import identity
from flagstate.pipeline import cases
from flagstate.pipeline.derive import derive
from reach_oracle import CUSTODY, LEVELS, Oracle

DAY = max(case.as_of for case in cases.load())
DISPUTED = ("keys_contradicted",)
"""Worlds about contradictions, which the oracle does not weigh."""
COVERT = {law.gov for law in law_book().laws if law.on("covert") and law.state(DAY) == "in force"}
ALONE = LEVELS.index("covert_only")
HOME = ("CN", "DE", "US", "IN", "CH", "BR")


def worlds() -> Tables:
    chosen = [c for c in cases.load() if c.as_of == DAY and c.theme != "plan" and c.id not in DISPUTED]
    return side_by_side({case.id: cases.facts(case) for case in chosen})


def shaken(facts: Tables, rng: Random) -> Tables:
    """Return the worlds with custody, keys, states, places and layers changed at random, within each world."""
    named: dict[str, dict[str, list[str]]] = {}
    for noun, column in (("asset", "asset_id"), ("legal_entity", "entity_id")):
        for one in sorted(facts[noun][column].to_pylist()):
            named.setdefault(one.partition("/")[0], {}).setdefault(noun, []).append(one)
    keys = {row["asset_id"] for row in facts["asset"].to_pylist() if row["kind"] in ("key", "certificate")}
    more: list[Row] = []
    for known in named.values():
        for _ in range(rng.randrange(4)):
            assets, parties = known.get("asset"), known["legal_entity"]
            if not assets:
                continue
            subject, protecting = rng.choice(assets), sorted(keys & set(assets))
            kind = rng.choice([*sorted(CUSTODY), "holds_key", "uses_key", "protects"])
            holder = rng.choice(protecting or assets) if kind == "protects" else rng.choice(parties)
            if holder != subject:
                more.append({"holder_id": holder, "subject_id": subject, "kind": kind, "status": "sourced"})

    def edit(noun: str, row: Row) -> Row | None:
        if noun == "holding" and rng.random() < 0.3:
            return row | {"state": rng.choice(["stored", "moved", "used", None])}
        if noun == "place" and rng.random() < 0.3:
            return row | {"country": rng.choice(HOME)}
        if noun in ("interest", "control") and rng.random() < 0.1:
            return row | {"stance": "declared"} if rng.random() < 0.5 else None
        return row

    return added(edited(facts, edit), "interest", *{tuple(one.items()): one for one in more}.values())


def unlike(facts: Tables) -> tuple[int, dict[tuple[str, ...], tuple[int | None, int | None]]]:
    """Return how much the oracle finds, and where the product says otherwise, in both answers.

    Collection without a party is told once per subject, in the container where it sees most: it must be one that the
    oracle has too, and there must be one wherever the oracle has one and nothing firmer is told of the subject.
    """
    tables = derive(facts, DAY)
    one, size = identity.unify(facts, tables["identity"]), 0
    found: dict[tuple[str, ...], tuple[int | None, int | None]] = {}
    for answer in ("evidenced", "declared"):
        wanted = Oracle(one, tables["compelled"], COVERT, DAY, declared=answer == "declared").reached()
        said = {key[:3]: level for key, level in clear(tables).items() if key[3] == answer}
        told = {key[:2] for key in said}
        size += len(wanted)
        for key in {*wanted, *said}:
            pair = (wanted.get(key), said.get(key))
            if pair[0] != pair[1] and (pair != (ALONE, None) or key[:2] not in told):
                found[(*key, answer)] = pair
    return size, found


def test_the_oracle_agrees_on_every_worked_case() -> None:
    size, found = unlike(worlds())
    assert size > 700
    assert found == {}


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_the_oracle_agrees_on_random_changes(seed: int) -> None:
    assert unlike(shaken(worlds(), Random(seed)))[1] == {}
