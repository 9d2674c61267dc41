"""What every law must keep, over all laws and all their cases: a newcomer writes a case and no test."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from _pytest.mark import ParameterSet

from case_changes import swapped, swapped_laws
from flagstate.catalog import lists
from flagstate.catalog.compulsion import law_book
from flagstate.laws import row as rows_of
from flagstate.laws.pack import Law, Value
from flagstate.pipeline import law_cases, order
from flagstate.pipeline.law_cases import LawCase
from law_worlds import (
    BROKEN,
    CASES,
    FACTS,
    LAWS,
    PACKS,
    Court,
    Group,
    Tables,
    alone,
    beside,
    by_itself,
    chosen,
    conclude,
    court,
    facts,
    groups,
    hear,
    largest,
    lean,
    said,
    side_by_side,
    verdicts,
    without,
)

MOVABLE = (int, float, date)
VALUES = [(law.id, value) for law in LAWS.values() for value in law.values if isinstance(value.value, MOVABLE)]
PAIRS = (("CN", "BR"), ("RU", "CH"), ("DE", "JP"), ("HK", "IN"), ("FR", "KR"), ("IR", "MX"))
Verdicts = dict[tuple[str, str, str], str]


def named(one: LawCase) -> str:
    """Return how a test names a case."""
    return f"{one.law}-{one.id}"


def some(listed: Sequence[object], names: Sequence[str], part: int) -> list[ParameterSet]:
    """Return all, of which one in `part` is tried in every run of the tests and the others by `make bench`."""
    pairs = zip(listed, names, strict=True)
    return [pytest.param(one, id=name, marks=() if chosen(name, part) else pytest.mark.slow) for one, name in pairs]


def test_that_every_law_is_taken_in_with_its_cases() -> None:
    assert not PACKS.refused, [str(one.error) for one in PACKS.refused]
    assert not BROKEN
    assert {one.law for one in CASES} == set(LAWS)


@pytest.mark.parametrize("one", CASES, ids=named)
def test_that_a_case_is_judged_as_it_says(one: LawCase) -> None:
    assert all("verdict" in wanted or wanted.get("rows") == 0 for wanted in one.expect), "a case must say a verdict"
    rows = said(one)
    if law_cases.differences(one, LAWS[one.law], rows):
        rows = by_itself(one)
    assert law_cases.differences(one, LAWS[one.law], rows) == []
    for row in rows:
        assert row["citation"]
        assert row["facts"] or row["verdict"] == "unknown" or row["outcome"] == "not applicable"
        assert "{" not in row["message"]
        assert row["missing"] or row["verdict"] != "unknown", (row["rule_id"], row["message"])


@pytest.mark.slow
@pytest.mark.parametrize("one", [one for one in CASES if not alone(one.law, one.id)], ids=named)
def test_that_a_case_is_judged_alone_as_beside_others(one: LawCase) -> None:
    assert law_cases.differences(one, LAWS[one.law], by_itself(one)) == []
    assert verdicts(by_itself(one)) == verdicts(said(one))


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_that_every_rule_has_a_world_for_each_verdict(law: Law) -> None:
    given: dict[str, set[str]] = defaultdict(set)
    ours = [one for one in CASES if one.law == law.id]
    for one in ours:
        for wanted in one.expect:
            if wanted.get("rows") != 0:
                given[wanted["rule"]].add(wanted["verdict"])
    lacks = {rule.id: {"yes", "no", "unknown"} - given[rule.id] - set(rule.never) for rule in law.rules.values()}
    assert not {rule: verdict for rule, verdict in lacks.items() if verdict}
    assert not {rule.id for rule in law.rules.values() if rule.never and not rule.note}
    assert not {rule for rule in law.rules if sum(rule in one.rules for one in ours) < 3}, "a rule needs three cases"


@pytest.mark.parametrize("value", some(VALUES, [f"{law}-{v.name}-{v.key}-{v.since}" for law, v in VALUES], 3))
def test_that_a_case_notices_a_threshold_that_moves(value: tuple[str, Value]) -> None:
    law, moved = LAWS[value[0]], value[1]
    rules = _readers(law, moved)
    assert rules, f"no rule reads {moved.name}"
    worlds = _worlds([one for one in CASES if one.law == law.id and one.rules & rules], moved)
    for step in (1, -1):
        other = replace(law, values=tuple(_shift(v, step) if v is moved else v for v in law.values))
        assert any(_notices(listed, law, other, rules) for listed in worlds), (
            f"{moved.name} {moved.key} moved by {step}"
        )


def _worlds(listed: list[LawCase], value: Value) -> list[list[LawCase]]:
    """Return the cases that may notice, side by side where they can stand there: those first that name the value."""
    found: list[list[LawCase]] = []
    for near in (True, False):
        by_day: dict[date, list[LawCase]] = defaultdict(list)
        for one in listed:
            if _near(one, value) is near and not alone(one.law, one.id):
                by_day[one.case.as_of].append(one)
        found += by_day.values()
        found += [[one] for one in listed if _near(one, value) is near and alone(one.law, one.id)]
    return found


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
    text = str(one.case.world) + str(one.rows) + str(one.case.as_of)
    shifted = (value.value, _shift(value, 1).value, _shift(value, -1).value)
    return any(re.search(rf"(?<![\d.]){re.escape(str(number))}(?![\d])", text) for number in shifted)


def _notices(listed: list[LawCase], law: Law, other: Law, rules: frozenset[str]) -> bool:
    day = listed[0].case.as_of
    steps = lean(law.id, frozenset(rule for one in listed for rule in one.rules) & rules).steps
    given = beside(law.id, tuple(one.id for one in listed), day)
    with court(given, replace(law, steps=steps), day) as here:
        return _told(here, replace(law, steps=steps)) != _told(here, replace(other, steps=steps))


def _told(here: Court, law: Law) -> set[tuple[object, ...]]:
    # A figure that is only shown is no consequence, but a day that is told to somebody is.
    return {(r["finding_id"], r["verdict"], r["outcome"], r["message"].replace(",", "")) for r in here.hear(law)}


TAKEN = [(key, noun) for key in largest() for noun in FACTS]


@pytest.mark.parametrize("taken", some(TAKEN, [f"{key[0]}-{noun}" for key, noun in TAKEN], 4))
def test_that_taking_facts_away_never_turns_a_verdict_round(taken: tuple[Group, str]) -> None:
    """In all worlds of a law side by side; those that cannot stand there are tried alone by `make bench`."""
    (law, day), noun = taken
    given = side_by_side(groups()[law, day])
    if noun not in given or not given[noun].num_rows:
        pytest.skip("no world has such facts")
    rules = frozenset(rule for one in groups()[law, day] for rule in one.rules)
    before = verdicts(hear(lean(law, rules), conclude(given, day), day))
    _not_turned(before, verdicts(hear(lean(law, rules), conclude(without(given, noun), day), day)), noun)


@pytest.mark.slow
@pytest.mark.parametrize("one", [one for one in CASES if alone(one.law, one.id)], ids=named)
def test_that_taking_facts_away_from_one_world_never_turns_a_verdict_round(one: LawCase) -> None:
    law = lean(one.law, one.rules)
    for noun in FACTS:
        if noun in facts(one) and facts(one)[noun].num_rows:
            less = conclude(without(facts(one), noun), one.case.as_of)
            _not_turned(verdicts(by_itself(one)), verdicts(hear(law, less, one.case.as_of)), noun)


def _not_turned(before: Verdicts, after: Verdicts, noun: str) -> None:
    both = {key: {before[key], after[key]} for key in before.keys() & after.keys()}
    assert not {key for key, two in both.items() if two == {"yes", "no"}}, f"without {noun}"


@pytest.mark.parametrize("key", [key for key in largest() if LAWS[key[0]].needs], ids=lambda key: key[0])
def test_that_a_law_finds_nobody_without_what_it_needs(key: Group) -> None:
    """So that it need not be heard where a case has nothing of it."""
    given = side_by_side(groups()[key])
    for noun in LAWS[key[0]].needs:
        given = without(given, noun)
    assert hear(LAWS[key[0]], conclude(given, key[1]), key[1]) == []


SWAPPED = [(key, pair) for key in largest() if LAWS[key[0]].lists for pair in PAIRS]
LISTED = [one for one in CASES if LAWS[one.law].lists and alone(one.law, one.id)]


@pytest.mark.parametrize("asked", some(SWAPPED, [f"{key[0]}-{pair[0]}" for key, pair in SWAPPED], 3))
def test_that_exchanging_two_countries_exchanges_the_outcome(asked: tuple[Group, tuple[str, str]]) -> None:
    (law, day), pair = asked
    rules = frozenset(rule for one in groups()[law, day] for rule in one.rules)
    _exchanged(side_by_side(groups()[law, day]), lean(law, rules), day, pair)


@pytest.mark.slow
@pytest.mark.parametrize("one", LISTED, ids=named)
def test_that_exchanging_two_countries_exchanges_the_outcome_of_one_world(one: LawCase) -> None:
    world = str({name: table.to_pylist() for name, table in facts(one).items()})
    for pair in PAIRS:
        if f"'{pair[0]}'" in world:
            _exchanged(facts(one), lean(one.law, one.rules), one.case.as_of, pair)


def _exchanged(given: Tables, law: Law, day: date, pair: tuple[str, str]) -> None:
    swap = dict(zip(pair, reversed(pair), strict=True))

    def change(text: str) -> str:
        head, colon, code = text.rpartition(":")
        return f"{head}{colon}{swap.get(code, code)}" if head in ("", "government", "residents") else text

    before = verdicts(hear(law, conclude(given, day), day), change)
    with lists.swapped(*pair):
        context = order.Run(None, day, laws=swapped_laws(law_book().laws, change))
        tables = order.unified(order.conclude(swapped(given, change, day), context))
        after = verdicts(hear(law, tables, day, change))
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
    assert sum(len(law.rules) for law in LAWS.values()) >= 80  # two more became words of claims


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_that_status_never_changes_an_outcome(law: Law) -> None:
    """The same law with every status exchanged says the same."""
    other = replace(
        law,
        values=tuple(replace(v, status="to verify") for v in law.values),
        rules={key: replace(rule, status="interpretive") for key, rule in law.rules.items()},
    )
    one = next(case for case in CASES if case.law == law.id)
    with court(conclude(facts(one), one.case.as_of), law, one.case.as_of) as here:
        assert _told(here, law) == _told(here, other)


def test_that_law_which_is_not_in_force_only_would_be() -> None:
    seen = 0
    for one in CASES:
        rules = LAWS[one.law].rules
        if not any(rules[r].since and one.case.as_of < rules[r].since for r in one.rules & set(rules)):
            continue
        for row in said(one):
            if rows_of.standing(rules[row["rule_id"]], one.case.as_of) in ("not yet", "lapsed", "proposed"):
                assert (row["verdict"], row["outcome"]) == ("no", "not applicable")
                assert row["message"].startswith(("Would be ", "Not law on this day: "))
                seen += 1
    assert seen > 20
