"""The plan: the cheapest set against every set there is, on worlds small enough to try them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, combinations, product
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.plan import Instance, Violation, cheapest
from flagstate.assess.plan import apply as apply_measures
from flagstate.assess.plan_clauses import kept
from flagstate.assess.plan_edits import Edits, apply, planned_row
from flagstate.assess.plan_words import lines
from flagstate.errors import UsageError

SUBJECTS = tuple("abcdefgh")


@dataclass(frozen=True)
class Rule:
    """Something unwanted, where some subjects are in place and others are not."""

    name: str
    present: frozenset[str]
    absent: frozenset[str]


def world(present: str = "", **given_rows: list[dict[str, object]]) -> dict[str, pa.Table]:
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    rows = {"control": [{"subject_id": s, "control": "x", "state": "yes"} for s in present]} | given_rows
    for name, listed in rows.items():
        noun = model.NOUNS[name]
        tables[name] = model.stamp(model.rows(noun, listed), noun, stance="declared", evidence_id="e")
    return tables


def derive(tables: dict[str, pa.Table], rules: list[Rule], most: int = 99) -> list[Violation]:
    """Return every proof of every rule, or the first few: one at least."""
    rows: dict[str, list[str]] = {}
    for row in tables["control"].to_pylist():
        if row["state"] == "yes":
            rows.setdefault(row["subject_id"], []).append(row["fact_id"])
    found: dict[str, list[Violation]] = {}
    for rule in rules:
        if any(s in rows for s in rule.absent):
            continue
        guards = frozenset(f"control:{s}:x" for s in rule.absent)
        for facts in product(*(rows.get(s, []) for s in sorted(rule.present))):
            words = f"{rule.name} as {sorted(rule.present)} without {sorted(rule.absent)}"
            made = Violation("rule", rule.name, None, frozenset(facts), guards, words, f"finding {rule.name}")
            found.setdefault(rule.name, []).append(made)
    return [v for listed in found.values() for v in listed[:most]]


def measure(
    tables: dict[str, pa.Table],
    name: str,
    cost: int = 1,
    *,
    delete: str = "",
    off: str = "",
    add: str = "",
    **more: object,
) -> Instance:
    """Return a toy measure: rows of subjects that it deletes, switches off, or adds."""
    facts = {row["subject_id"]: row["fact_id"] for row in tables["control"].to_pylist()}
    inserts = {}
    for subject in add:
        fact, row = planned_row("control", {"subject_id": subject, "control": "x", "state": "yes"})
        inserts["control", fact] = row
    edits = Edits(
        frozenset(("control", facts[s]) for s in delete if s in facts),
        {("control", facts[s], "state"): "no" for s in off if s in facts},
        inserts,
    )
    return Instance(name, name, f"do {name}", cost, 1, edits, **more)  # type: ignore[arg-type]


def allowed(chosen: tuple[Instance, ...]) -> bool:
    names = {one.measure_id for one in chosen}
    cells: dict[object, object] = {}
    for one in chosen:
        if one.excludes & names or not all(wanted & names for wanted in one.requires):
            return False
        for cell, value in (*one.edits.updates.items(), *one.edits.inserts.items()):
            if cells.setdefault(cell, value) != value:
                return False
    return True


def subsets(instances: list[Instance]) -> list[tuple[Instance, ...]]:
    return list(chain.from_iterable(combinations(instances, n) for n in range(len(instances) + 1)))


def brute(tables: dict[str, pa.Table], find, instances: list[Instance]) -> list[tuple[int, frozenset[str]]]:  # noqa: ANN001
    """Return every set that works, with its cost, by trying all."""
    works = []
    for chosen in subsets(instances):
        if allowed(chosen):
            after = apply(tables, [one.edits for one in chosen])
            if not find(after) and not kept(tables, after):
                works.append((sum(one.cost for one in chosen), frozenset(one.measure_id for one in chosen)))
    return works


def names(plan: pa.Table, rank: int = 1) -> frozenset[str]:
    return frozenset(row["measure_id"] for row in plan.to_pylist() if row["rank"] == rank and row["measure_id"])


def check(tables: dict[str, pa.Table], find, instances: list[Instance], plan: pa.Table) -> None:  # noqa: ANN001
    """Compare a plan with all sets there are: best, next best two, minimal, or the ban."""
    works = brute(tables, find, instances)
    rows = plan.to_pylist()
    if not works:
        assert {row["state"] for row in rows} == {"ban"}
        return
    least = min(cost for cost, _ in works)
    if least == 0:
        assert [row["state"] for row in rows] == ["nothing"]
        return
    sets = [names(plan, rank) for rank in sorted({row["rank"] for row in rows})]
    open_to = {chosen: cost for cost, chosen in works}
    for number, chosen in enumerate(sets):
        left = [c for s, c in open_to.items() if not any(earlier <= s for earlier in sets[:number])]
        assert open_to[chosen] == min(left)
        assert {row["total"] for row in rows if row["rank"] == number + 1} == {min(left)}
    if len(sets) < 3:
        assert not [s for s in open_to if not any(earlier <= s for earlier in sets)]
    for one in sets[0]:
        assert sets[0] - {one} not in open_to


def some(rng: Random, most: int) -> str:
    return "".join(sorted(rng.sample(SUBJECTS, rng.randint(0, most))))


def made(rng: Random, tables: dict[str, pa.Table]) -> list[Instance]:
    """Return random measures: most do one thing, some several, some need or forbid another one."""
    count = rng.randint(4, 7)
    listed = []
    for number in range(count):
        doing = {rng.choice(["delete", "delete", "off", "add"]): some(rng, 2) for _ in range(rng.randint(1, 2))}
        other = frozenset({f"m{rng.randrange(count)}"} - {f"m{number}"})
        more: dict[str, object] = {}
        if rng.random() < 0.15:
            more["excludes"] = other
        elif rng.random() < 0.15 and other:
            more["requires"] = (other,)
        listed.append(measure(tables, f"m{number}", rng.randint(1, 6), **doing, **more))
    return listed


def toy(seed: int) -> tuple[dict[str, pa.Table], list[Instance], Callable[[dict[str, pa.Table]], list[Violation]]]:
    """Return a random world, measures, and what is unwanted; often only some of the proofs are given."""
    rng = Random(seed)
    tables = world("".join(sorted(rng.sample(SUBJECTS, rng.randint(4, 8)))))
    rules = []
    for _ in range(rng.randint(1, 7)):
        drawn = rng.sample(SUBJECTS, rng.randint(1, 4))
        cut = rng.randint((len(drawn) + 1) // 2, len(drawn))
        rules.append(Rule(rng.choice("pqr"), frozenset(drawn[:cut]), frozenset(drawn[cut:])))
    most = rng.choice([1, 2, 99])
    return tables, made(rng, tables), lambda after: derive(after, rules, most)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_the_cheapest_is_the_cheapest_of_all_sets(seed: int) -> None:
    tables, instances, find = toy(seed)
    check(tables, find, instances, cheapest(tables, find, instances))


RULES = [Rule("p", frozenset("a"), frozenset()), Rule("q", frozenset("b"), frozenset("c"))]


def find_all(rules: list[Rule]) -> Callable[[dict[str, pa.Table]], list[Violation]]:
    return lambda tables: derive(tables, rules)


def test_a_measure_that_opens_something_is_paid_for_with_what_cures_that() -> None:
    tables = world("ac")
    opening = [Rule("p", frozenset("a"), frozenset()), Rule("q", frozenset("z"), frozenset())]
    cheap = measure(tables, "cheap", 2, delete="a", add="z")
    dear = measure(tables, "dear", 9, delete="a")
    again = measure(tables, "again", 3, off="c")
    plan = cheapest(tables, find_all(opening), [cheap, dear, again])
    assert names(plan) == {"dear"}
    cures_z = measure(tables, "guard", 4, add="y")
    guarded = [opening[0], Rule("q", frozenset("z"), frozenset("y"))]
    plan = cheapest(tables, find_all(guarded), [cheap, dear, cures_z])
    assert names(plan) == {"cheap", "guard"}
    row = next(row for row in plan.to_pylist() if row["measure_id"] == "cheap")
    assert row["cures"] == ["finding p"]
    assert any("q as ['z']" in text for text in row["opens"])
    assert names(plan, 2) == {"dear"}


def test_what_one_measure_takes_away_and_another_guards_is_found() -> None:
    tables = world("abc")
    rules = [Rule("p", frozenset("a"), frozenset()), Rule("q", frozenset("b"), frozenset("c"))]
    both = measure(tables, "both", 2, delete="ac")
    other = measure(tables, "other", 4, delete="a")
    plan = cheapest(tables, find_all(rules), [both, other, measure(tables, "b", 3, delete="b")])
    assert names(plan) == {"other"}
    assert names(plan, 2) == {"both", "b"}


def test_excluded_measures_are_not_combined_and_required_ones_come_along() -> None:
    tables = world("ab")
    rules = [Rule("p", frozenset("a"), frozenset()), Rule("q", frozenset("b"), frozenset())]
    one = measure(tables, "one", 1, delete="a", excludes=frozenset({"two"}))
    two = measure(tables, "two", 1, delete="b")
    three = measure(tables, "three", 5, delete="b", requires=(frozenset({"test"}),))
    test = measure(tables, "test", 2, add="x")
    plan = cheapest(tables, find_all(rules), [one, two, three, test])
    assert names(plan) == {"one", "three", "test"}
    assert {row["state"] for row in cheapest(tables, find_all(rules), [one, two]).to_pylist()} == {"ban"}


def test_two_values_for_one_cell_exclude_each_other_and_cannot_be_applied() -> None:
    tables = world("a")
    off, on = measure(tables, "off", off="a"), measure(tables, "on")
    key = next(iter(off.edits.updates))
    on = replace(on, edits=Edits(updates={key: "unknown"}))
    with pytest.raises(UsageError, match="cannot be combined"):
        apply_measures(tables, [off, on])
    needs = replace(on, requires=(frozenset({"off"}),))
    plan = cheapest(tables, find_all([Rule("p", frozenset("a"), frozenset())]), [needs])
    assert plan["state"].to_pylist() == ["ban"]


def test_only_a_ban_is_left_with_proofs_of_which_none_is_superfluous() -> None:
    tables = world("abcd")
    rules = [Rule(name, frozenset(name), frozenset()) for name in "abcd"]
    cure_a = measure(tables, "a", delete="a", excludes=frozenset({"b"}))
    cure_b = measure(tables, "b", delete="b")
    cure_c = measure(tables, "c", delete="c")
    plan = cheapest(tables, find_all(rules[:3]), [cure_a, cure_b, cure_c]).to_pylist()
    assert [row["state"] for row in plan] == ["ban", "ban"]
    assert {row["cures"][0] for row in plan} == {"finding a", "finding b"}
    assert all(row["measure_id"] is None and row["proof"] for row in plan)
    assert "only a ban is left" in " ".join(lines(model.rows(model.PLAN, plan))).lower()
    plan = cheapest(tables, find_all(rules), [cure_a, cure_b, cure_c]).to_pylist()
    assert [row["cures"] for row in plan] == [["finding d"]]


def test_a_ban_tells_each_sentence_once_with_all_that_it_bars() -> None:
    """Two proofs that stand on other facts may read alike, and every finding of them is named."""
    tables = world("ab")
    facts = [frozenset({str(row["fact_id"])}) for row in tables["control"].to_pylist()]
    cures = [measure(tables, "a", delete="a", excludes=frozenset({"b"})), measure(tables, "b", delete="b")]

    def found(now: dict[str, pa.Table]) -> list[Violation]:
        left = set(now["control"]["fact_id"].to_pylist())
        return [
            Violation("rule", name, None, fact, words="it is so", finding_id=f"finding {name}")
            for name, fact in zip("ab", facts, strict=True)
            if fact <= left
        ]

    (row,) = cheapest(tables, found, cures).to_pylist()
    assert (row["state"], row["proof"], row["cures"]) == ("ban", "it is so", ["finding a", "finding b"])


def test_what_must_still_work_is_named_as_a_person_names_it() -> None:
    named = [{"asset_id": f"est:{key}", "critical": key == "shop"} for key in ("shop", "db", "a", "b")]
    wants = [("db", 1), ("a", 2), ("b", 2)]
    needs = [{"asset_id": "est:shop", "need_group": group, "needs_id": f"est:{key}"} for key, group in wants]
    tables = world(asset=named, need=needs)
    gone = tables | {"asset": tables["asset"].slice(0, 1)}
    assert {one.sentence for one in kept(tables, gone)} == {
        "shop needs db, which would be gone",
        "shop needs one of a, b, and none would be left",
    }
    (critical,) = kept(tables, tables | {"asset": tables["asset"].slice(1), "need": tables["need"].slice(3)})
    assert critical.sentence == "shop is critical and would be gone"


def test_a_bound_that_was_hit_is_never_an_answer() -> None:
    tables = world("ab")
    find, cure = find_all(RULES[:1]), measure(tables, "one", delete="a")
    for bound in ({"most_rounds": 1}, {"most_seconds": 0.0}):
        plan = cheapest(tables, find, [cure], **bound)  # type: ignore[arg-type]
        assert plan["state"].to_pylist() == ["not_proved"]
        assert plan["measure_id"].to_pylist() == [None]

    def silent(_: dict[str, pa.Table]) -> list[Violation]:
        return [Violation("reach", "x", "US", frozenset(), words="more", searched=False)]

    assert cheapest(tables, silent, [cure])["state"].to_pylist() == ["not_proved"]
    plan = cheapest(tables, lambda after: [*find(after), *silent(after)], [cure])
    assert plan["state"].to_pylist() == ["not_proved"]
    assert "costs at least 1" in plan["words"][0].as_py()


def test_nothing_unwanted_needs_no_measure_and_is_not_called_none() -> None:
    tables = world("b")
    plan = cheapest(tables, find_all(RULES[:1]), [measure(tables, "one", delete="b")])
    assert plan["state"].to_pylist() == ["nothing"]
    assert "was found" in lines(plan)[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_order_of_rows_and_measures_changes_nothing(seed: int, rng: Random) -> None:
    tables, instances, find = toy(seed)
    control = tables["control"]
    mixed = tables | {"control": control.take(pa.array(rng.sample(range(control.num_rows), control.num_rows)))}

    def shuffled(after: dict[str, pa.Table]) -> list[Violation]:
        found = find(after)
        rng.shuffle(found)
        return found

    one = cheapest(tables, find, instances)
    same = cheapest(tables, shuffled, rng.sample(instances, len(instances)))
    assert one.drop_columns(["proof"]).to_pylist() == same.drop_columns(["proof"]).to_pylist()
    # Which proofs are given first may depend on the order of rows; what the cheapest set costs does not.
    other = cheapest(mixed, shuffled, instances)
    assert one["state"][0] == other["state"][0]
    assert one["total"][0] == other["total"][0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([7, 1000, 10_000_000]))
def test_the_unit_of_cost_changes_only_the_figures(seed: int, unit: int) -> None:
    tables, instances, find = toy(seed)
    one = cheapest(tables, find, instances)
    other = cheapest(tables, find, [replace(i, cost=i.cost * unit) for i in instances])
    assert one["measure_id"].to_pylist() == other["measure_id"].to_pylist()
    assert [t and t * unit for t in one["total"].to_pylist()] == other["total"].to_pylist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_measures_that_do_not_clash_may_be_applied_in_any_order(seed: int, rng: Random) -> None:
    tables, instances, _ = toy(seed)
    if not allowed(tuple(replace(i, excludes=frozenset(), requires=()) for i in instances)):
        return
    edits = [one.edits for one in instances]
    once, other = apply(tables, edits), apply(tables, rng.sample(edits, len(edits)))
    for name in tables:
        assert once[name].to_pylist() == other[name].to_pylist()
