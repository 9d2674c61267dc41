"""Properties of cut-off over random worlds: the least fixpoint, monotone, even-handed, blind to keys and to names."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutoff_world import COUNTRIES, DAY, chain, holds, must, need, oracle, random_world, times, world
from flagstate import model
from flagstate.assess.cutoff import assess_cutoff, stops
from flagstate.assess.cutoff_judge import judge
from flagstate.assess.cutoff_policy import read_policy
from flagstate.assess.cutoff_world import World, worth

SEEDS = st.integers(0, 1_000_000)
CUTS = [
    *(f"government:{code}" for code in COUNTRIES),
    *(f"entity:p{n}" for n in range(4)),
    *(f"asset:a{n}" for n in range(8)),
]
Tables = dict[str, pa.Table]


def add(tables: Tables, noun: str, rows: list[dict[str, object]]) -> Tables:
    made = model.stamp(model.rows(model.NOUNS[noun], rows), model.NOUNS[noun], stance="configured", evidence_id="more")
    return tables | {noun: pa.concat_tables([tables[noun], made])}


def hours(tables: Tables, what: str) -> dict[str, float]:
    return {one: found[0] for one, found in times(tables, what).items()}


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_sweep_is_the_least_fixpoint(seed: int) -> None:
    """One sweep in rising order answers as iterating the definition from above until nothing changes."""
    tables = random_world(seed)
    for what in CUTS:
        assert hours(tables, what) == oracle(tables, what), what


def test_the_oracle_has_something_to_say() -> None:
    """The random worlds hold circles, alternatives that save, and stops that come later."""
    saved = late = circles = 0
    for seed in range(60):
        tables = random_world(seed)
        needs = tables["need"].to_pylist()
        circles += any((b["asset_id"], b["needs_id"]) == (a["needs_id"], a["asset_id"]) for a in needs for b in needs)
        for what in CUTS:
            found = oracle(tables, what)
            late += any(at > 0 for at in found.values())
            hit = {r["asset_id"] for r in needs if r["needs_id"] in found}
            saved += bool(hit - found.keys())
    assert min(saved, late, circles) > 10


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(CUTS))
def test_more_needs_and_more_parties_start_nothing(seed: int, what: str) -> None:
    """A further need group, or a further party that stops something: what stopped stops, and no later."""
    tables, chance = random_world(seed), random.Random(seed)
    before = hours(tables, what)
    one = f"a{chance.randrange(8)}"
    for more in (
        add(tables, "need", need(one, 9, f"a{chance.randrange(8)}", "p1", buffer_h=4)),
        add(tables, "interest", [holds(f"p{chance.randrange(4)}", one, "updates")]),
        add(tables, "place", [{"subject_id": one, "country": "US", "source_kind": "declared"}]),
    ):
        after = hours(more, what)
        assert all(after[asset] <= at for asset, at in before.items())


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(CUTS))
def test_more_alternatives_stop_nothing(seed: int, what: str) -> None:
    """A further member of every group: nothing new stops, and nothing stops sooner."""
    tables = random_world(seed)
    before = hours(tables, what)
    groups = {(str(r["asset_id"]), int(r["need_group"]), r["buffer_h"]) for r in tables["need"].to_pylist()}
    for member in ("a0", "p2", "spare"):
        rows = [row for asset, group, buffer in groups for row in need(asset, group, member, buffer_h=buffer)]
        after = hours(add(tables, "need", rows), what)
        assert all(at >= before[asset] for asset, at in after.items())


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_whatever_is_true_of_what_is_contradicted(seed: int) -> None:
    """What is `yes` stops, no later, whichever contradicted facts are true; what stops for some of them has a row."""
    tables, chance = random_world(seed), random.Random(seed)
    doubted: list[tuple[str, str]] = []
    for noun in ("interest", "need", "place", "legal_entity"):
        facts = [str(fact) for fact in tables[noun]["fact_id"].to_pylist()]
        doubted += [(noun, fact) for fact in facts if chance.random() < 0.4]
    said = [{"about_id": "x", "noun": noun, "facts": [fact]} for noun, fact in doubted]
    apart = tables | {"contradiction": model.rows(model.CONTRADICTION, said)}
    what = chance.choice(CUTS)
    found = times(apart, what)
    for _ in range(6):
        gone = {fact for _, fact in doubted if chance.random() < 0.5}
        world_ = dict(tables)
        for noun in ("interest", "need", "place", "legal_entity"):
            kept = [fact not in gone for fact in tables[noun]["fact_id"].to_pylist()]
            world_[noun] = tables[noun].filter(pa.array(kept, pa.bool_()))
        true = hours(world_, what)
        assert all(one in true and true[one] <= at for one, (at, verdict, _) in found.items() if verdict == "yes")
        assert true.keys() <= found.keys()
        assert all(true[one] >= at for one, (at, verdict, _) in found.items() if verdict != "yes" and one in true)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_keys_change_nothing(seed: int) -> None:
    """Keys, who holds them, what they protect and what is held: no row of cut-off and no finding depends on them."""
    tables = add(random_world(seed), "policy", must("any_party", "any_government"))
    keyed = add(tables, "holding", [{"asset_id": f"a{n}", "data_class": "name", "key_ids": ["a1"]} for n in range(8)])
    rows = [holds("p0", "a1", kind) for kind in ("holds_key", "uses_key", "administers")]
    rows += [holds("a1", f"a{n}", "protects") for n in range(2, 8)]
    keyed = add(keyed, "interest", rows)
    keyed = add(keyed, "control", [{"subject_id": f"a{n}", "control": "hsm", "state": "yes"} for n in range(8)])
    before, after = assess_cutoff(tables, DAY), assess_cutoff(keyed, DAY)
    for noun, table in before.items():
        assert table.equals(after[noun]), noun
    assert stops(tables, None, DAY) == stops(keyed, None, DAY)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_two_countries_exchanged_exchange_the_answer(seed: int) -> None:
    """No country is special: with CN and US exchanged in the facts and the policy, every row is the exchanged row."""
    swap = {"CN": "US", "US": "CN"}
    mapped = tuple(swap.get(code, code) for code in COUNTRIES)
    plain, turned = random_world(seed), random_world(seed, countries=mapped)
    chains = model.rows(model.CONTROL_CHAIN, [chain("p0", "p1"), chain("p2", "p3", contested=True)])

    def answer(tables: Tables, code: str, turn: dict[str, str]) -> tuple[object, ...]:
        tables = add(tables | {"control_chain": chains}, "policy", must(code, "BE"))
        made = assess_cutoff(tables, DAY)
        rows = {
            (_turned(r["cut"], turn), r["asset_id"], r["at_h"], r["contested"], r["verdict"], r["critical"])
            for r in made["cutoff"].to_pylist()
        }
        found = {
            (_turned(str(r["counterparty"]), turn), r["subject"], r["verdict"], r["confidence"], r["rule_id"])
            for r in made["finding"].to_pylist()
        }
        shares = {
            (r["by"], turn.get(r["member"], r["member"]), r["services"], r["hhi_services"])
            for r in made["concentration"].to_pylist()
        }
        return rows, found, shares

    assert answer(plain, "CN", {}) == answer(turned, "US", swap)


def _turned(cut: str, turn: dict[str, str]) -> str:
    kind, _, rest = cut.partition(":")
    return f"{kind}:{turn.get(rest, rest)}"


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.randoms(use_true_random=False))
def test_names_and_the_order_of_rows_change_nothing(seed: int, chance: random.Random) -> None:
    tables = random_world(seed)
    ids = [*(f"a{n}" for n in range(8)), *(f"p{n}" for n in range(4))]
    fresh = dict(zip(ids, chance.sample([f"x{n:02}" for n in range(40)], len(ids)), strict=True))
    renamed: Tables = {}
    for noun, table in tables.items():
        rows = [{k: fresh.get(v, v) if isinstance(v, str) else v for k, v in row.items()} for row in table.to_pylist()]
        chance.shuffle(rows)
        renamed[noun] = model.rows(model.NOUNS[noun], rows)
    for what in CUTS:
        kind, _, rest = what.partition(":")
        found = times(renamed, f"{kind}:{fresh.get(rest, rest)}")
        assert found == {fresh[one]: hit for one, hit in times(tables, what).items()}


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_proof(seed: int, chance: random.Random) -> None:
    tables = add(random_world(seed), "policy", must("any_party", "any_government"))
    mixed: Tables = {}
    for noun, table in tables.items():
        order = chance.sample(range(table.num_rows), table.num_rows)
        mixed[noun] = table.take(pa.array(order, pa.int64()))
    before, after = assess_cutoff(tables, DAY), assess_cutoff(mixed, DAY)
    assert all(table.equals(after[noun]) for noun, table in before.items())


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_proof_stands_on_its_facts_alone(seed: int) -> None:
    """With only the facts of a proof the asset still stops, and as early."""
    tables = random_world(seed)
    for stop in stops(tables, CUTS, DAY):
        only = dict(tables)
        for noun in ("asset", "legal_entity", "interest", "need", "place"):
            kept = [str(fact) in stop.facts for fact in tables[noun]["fact_id"].to_pylist()]
            only[noun] = tables[noun].filter(pa.array(kept, pa.bool_()))
        assert hours(only, stop.cut)[stop.asset_id] == stop.at_h


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(["declared", "configured", "observed"]), st.booleans())
def test_never_green_on_nothing(seed: int, stance: str, covered: bool) -> None:
    """`no` needs complete coverage and more than declarations; otherwise yes or unknown, always with a way on."""
    tables = random_world(seed)
    for noun in ("asset", "interest", "need", "legal_entity", "place"):
        rows = [{**row, "stance": stance} for row in tables[noun].to_pylist()]
        tables[noun] = model.rows(model.NOUNS[noun], rows)
    tables = add(tables, "policy", must("any_party"))
    if covered:
        tables["coverage"] = model.rows(model.COVERAGE, [{"noun": "need", "scope": "all", "complete": "yes"}])
    made = assess_cutoff(tables, DAY)["finding"].to_pylist()
    assert made
    if any(r["verdict"] == "no" for r in made):
        assert covered
        assert stance != "declared"
        assert len(made) == 1
    for row in made:
        assert row["missing"] if row["verdict"] == "unknown" else not row["missing"]


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_sees_what_the_findings_say(seed: int) -> None:
    """`stops` and the findings agree on what is adverse, for random tests, outages and policies."""
    chance = random.Random(seed)
    tables = random_world(seed)
    control = {"subject_id": "a3", "control": "exit_plan", "state": "yes", "tested_on": DAY}
    tables = add(tables, "control", [control] if seed % 2 else [])
    tables = add(tables, "policy", must("any_party", "DE", outage_h=chance.choice((None, 0.0, 4.0))))
    world_ = World.of(tables, DAY)
    cuts = worth(world_)
    found = judge(world_, read_policy(world_.graph.facts, cuts), cuts).to_pylist()
    adverse = {(r["counterparty"], r["subject"]) for r in found if r["verdict"] == "yes"}
    assert adverse == {(s.cut, s.asset_id) for s in stops(tables, None, DAY) if s.verdict == "yes"}


def test_an_empty_world_is_unknown() -> None:
    (row,) = assess_cutoff(world(), DAY)["finding"].to_pylist()
    assert (row["verdict"], bool(row["missing"])) == ("unknown", True)
