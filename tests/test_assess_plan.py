"""The plan: the cheapest set against every set there is, on worlds small enough to try them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, combinations, product
from random import Random

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.plan import Instance, Violation, cheapest
from flagstate.assess.plan_clauses import kept
from flagstate.assess.plan_edits import Edits, apply, planned_row

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
    count = rng.randint(4, 8)
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
    """Return a random world, measures, and what is unwanted: proofs with facts and guards, some of the proofs held back."""
    rng = Random(seed)
    tables = world("".join(sorted(rng.sample(SUBJECTS, rng.randint(4, 8)))))
    rules = []
    for _ in range(rng.randint(1, 7)):
        drawn = rng.sample(SUBJECTS, rng.randint(1, 4))
        cut = rng.randint((len(drawn) + 1) // 2, len(drawn))
        rules.append(Rule(rng.choice("pqr"), frozenset(drawn[:cut]), frozenset(drawn[cut:])))
    most = rng.choice([1, 2, 99])
    return tables, made(rng, tables), lambda after: derive(after, rules, most)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_the_cheapest_is_the_cheapest_of_all_sets(seed: int) -> None:
    tables, instances, find = toy(seed)
    check(tables, find, instances, cheapest(tables, find, instances))
