"""What every law must keep, over all laws and all their cases: a newcomer writes a case and no test."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from _pytest.mark import ParameterSet

from case_changes import swapped, swapped_laws
from flagstate.catalog import lists
from flagstate.catalog.compulsion import law_book
from flagstate.laws.pack import Law, Value
from flagstate.laws.row import standing
from flagstate.pipeline import law_cases, order
from flagstate.pipeline.law_cases import LawCase
from law_worlds import (
    BROKEN,
    CASES,
    FACTS,
    LAWS,
    PACKS,
    Court,
    court,
    derived,
    findings,
    lean,
    said,
    verdicts,
    without,
)

VALUES = [
    (law.id, value) for law in LAWS.values() for value in law.values if isinstance(value.value, int | float | date)
]
PAIRS = (("CN", "BR"), ("RU", "CH"), ("DE", "JP"), ("HK", "IN"), ("FR", "KR"), ("IR", "MX"))


def test_that_every_law_is_taken_in_with_its_cases() -> None:
    assert not PACKS.refused, [str(one.error) for one in PACKS.refused]
    assert not BROKEN
    assert {one.law for one in CASES} == set(LAWS)


@pytest.mark.parametrize("one", CASES, ids=lambda one: f"{one.law}-{one.id}")
def test_that_a_case_is_judged_as_it_says(one: LawCase) -> None:
    assert all("verdict" in wanted or wanted.get("rows") == 0 for wanted in one.expect), "a case must say a verdict"
    rows = said(one)
    assert law_cases.differences(one, LAWS[one.law], rows) == []
    for row in rows:
        assert row["citation"]
        assert row["facts"] or row["verdict"] == "unknown" or row["outcome"] == "not applicable"
        assert "{" not in row["message"]
        assert row["missing"] or row["verdict"] != "unknown", (row["rule_id"], row["message"])


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_that_every_rule_has_a_world_for_each_verdict(law: Law) -> None:
    given: dict[str, set[str]] = defaultdict(set)
    for one in CASES:
        if one.law == law.id:
            for wanted in one.expect:
                if wanted.get("rows") != 0:
                    given[wanted["rule"]].add(wanted["verdict"])
    lacks = {
        rule.id: sorted({"yes", "no", "unknown"} - given[rule.id] - set(rule.never))
        for rule in law.rules.values()
        if {"yes", "no", "unknown"} - given[rule.id] - set(rule.never)
    }
    assert not lacks
    # Of a rule that is not in force nothing but `would be` can be shown: it is `no`, whatever it would say.
    assert not {rule.id for rule in law.rules.values() if rule.never and not rule.note}
    ours = [one for one in CASES if one.law == law.id]
    assert not {rule for rule in law.rules if sum(rule in one.rules for one in ours) < 3}, "a rule needs three cases"


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{v[0]}-{v[1].name}-{v[1].key}-{v[1].since}")
def test_that_a_case_notices_a_threshold_that_moves(value: tuple[str, Value]) -> None:
    law, moved = LAWS[value[0]], value[1]
    rules = _readers(law, moved)
    assert rules, f"no rule reads {moved.name}"
    for step in (1, -1):
        other = replace(law, values=tuple(_shift(v, step) if v is moved else v for v in law.values))
        near = sorted(
            (one for one in CASES if one.law == law.id and one.rules & rules), key=lambda one: not _near(one, moved)
        )
        assert any(_notices(one, law, other, rules) for one in near), f"{moved.name} {moved.key} moved by {step}"


def _readers(law: Law, value: Value) -> frozenset[str]:
    """Return the rules that read a parameter, through the views between."""
    found: set[str] = set()
    for step in law.steps:
        keyed = "law_param" in step.reads and value.name in step.sql
        direct = keyed if value.key else value.name in step.params
        if direct or found & step.reads or ("ruled" in step.reads and found & set(law.rules)):
            found.add(step.name)
    return frozenset(found & set(law.rules))


def _shift(value: Value, step: int) -> Value:
    days = timedelta(days=step)
    return replace(value, value=value.value + days if isinstance(value.value, date) else value.value + step)


def _near(one: LawCase, value: Value) -> bool:
    text = str(one.case.world) + str(one.rows)
    return any(str(number) in text for number in (value.value, _shift(value, 1).value, _shift(value, -1).value))


def _notices(one: LawCase, law: Law, other: Law, rules: frozenset[str]) -> bool:
    steps = lean(law.id, one.rules & rules).steps
    with court(derived(one), replace(law, steps=steps), one.case.as_of) as here:
        return _said(here, replace(law, steps=steps)) != _said(here, replace(other, steps=steps))


def _said(here: Court, law: Law) -> set[tuple[object, ...]]:
    # A figure that is only shown is no consequence, but a day that is told to somebody is.
    return {(r["finding_id"], r["verdict"], r["outcome"], r["message"].replace(",", "")) for r in here.hear(law)}


def some(cases: Sequence[LawCase], part: int) -> list[ParameterSet]:
    """Return all cases, of which one in `part` is tried with every change and the others by `make bench`."""
    return [
        pytest.param(
            one,
            id=f"{one.law}-{one.id}",
            marks=() if zlib.crc32(one.id.encode()) % part == 0 else pytest.mark.slow,
        )
        for one in cases
    ]


@pytest.mark.parametrize("one", some(CASES, 4))
def test_that_taking_facts_away_never_turns_a_verdict_round(one: LawCase) -> None:
    facts = law_cases.facts(one)
    given = sorted(noun for noun in FACTS if noun in facts and facts[noun].num_rows)
    turned(one, given[zlib.crc32(one.id.encode()[::-1]) % len(given)], facts)


@pytest.mark.slow
@pytest.mark.parametrize("one", CASES, ids=lambda one: f"{one.law}-{one.id}")
def test_that_taking_any_facts_away_never_turns_a_verdict_round(one: LawCase) -> None:
    facts = law_cases.facts(one)
    for noun in FACTS:
        if noun in facts and facts[noun].num_rows:
            turned(one, noun, facts)


def turned(one: LawCase, noun: str, facts: dict[str, object]) -> None:
    """Fail where a verdict becomes the other definite one without a noun and its coverage."""
    before = verdicts(said(one))
    less = order.unified(order.conclude(without(facts, noun), order.Run(None, one.case.as_of)))
    after = verdicts(findings(one, less))
    both = {key: {before[key], after[key]} for key in before.keys() & after.keys()}
    assert not {key for key, two in both.items() if two == {"yes", "no"}}, f"without {noun}"


LISTED = [
    one for one in CASES if one.rules & {r.id for r in LAWS[one.law].rules.values() if r.lists or LAWS[one.law].lists}
]


@pytest.mark.parametrize("one", some(LISTED, 4))
def test_that_exchanging_two_countries_exchanges_the_outcome(one: LawCase) -> None:
    facts = law_cases.facts(one)
    world = str({name: table.to_pylist() for name, table in facts.items()})
    pair = next((pair for pair in PAIRS if f"'{pair[0]}'" in world), None)
    if pair is None:
        pytest.skip("no country of a list stands in this world")
    swap = dict(zip(pair, reversed(pair), strict=True))

    def change(text: str) -> str:
        head, colon, code = text.rpartition(":")
        return f"{head}{colon}{swap.get(code, code)}" if head in ("", "government", "residents") else text

    before = {(*key, verdict) for key, verdict in verdicts(said(one), change).items()}
    with lists.swapped(*pair):
        context = order.Run(None, one.case.as_of, laws=swapped_laws(law_book().laws, change))
        tables = order.unified(order.conclude(swapped(facts, change, one.case.as_of), context))
        after = {(*key, verdict) for key, verdict in verdicts(findings(one, tables, change)).items()}
    assert after == before


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_that_what_a_measure_promises_is_reached_in_a_world(law: Law) -> None:
    reached: dict[str, set[object]] = defaultdict(set)
    for one in CASES:
        if one.law == law.id:
            for wanted in one.expect:
                reached[wanted["rule"]].add(wanted.get("outcome"))
    promised = {(rule.id, one.measure, one.then) for rule in law.rules.values() for one in rule.measures}
    assert not {(rule, measure, then) for rule, measure, then in promised if then not in reached[rule]}


def test_that_there_are_enough_cases() -> None:
    assert len(CASES) > 250
    assert sum(len(law.rules) for law in LAWS.values()) >= 82


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_that_status_never_changes_an_outcome(law: Law) -> None:
    """The same law with every status exchanged says the same."""
    other = replace(
        law,
        values=tuple(replace(v, status="to verify") for v in law.values),
        rules={key: replace(rule, status="interpretive") for key, rule in law.rules.items()},
    )
    one = next(case for case in CASES if case.law == law.id)
    with court(derived(one), law, one.case.as_of) as here:
        assert _said(here, law) == _said(here, other)


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_that_law_which_is_not_in_force_only_would_be(law: Law) -> None:
    for one in [case for case in CASES if case.law == law.id][:4]:
        for row in said(one):
            force = standing(law.rules[row["rule_id"]], one.case.as_of)
            if force in ("not yet", "lapsed", "proposed"):
                assert (row["verdict"], row["outcome"]) == ("no", "not applicable")
                assert row["message"].startswith(("Would be ", "Not law on this day: "))
