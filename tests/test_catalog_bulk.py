"""Bars of the law: their numbers, dates and citations, and where a count must be exact."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.catalog import bulk
from flagstate.errors import CatalogError

DAY = date(2025, 4, 8)
EXPECTED = {
    "us_28cfr202/human_genomic": (100, "persons"),
    "us_28cfr202/human_omic": (1_000, "persons"),
    "us_28cfr202/biometric": (1_000, "persons"),
    "us_28cfr202/precise_geolocation": (1_000, "devices"),
    "us_28cfr202/personal_health": (10_000, "persons"),
    "us_28cfr202/personal_financial": (10_000, "persons"),
    "us_28cfr202/covered_personal_identifier": (100_000, "persons"),
}
GOOD = {
    "category": "us_28cfr202/biometric",
    "more_than": "1000",
    "unit": "persons",
    "months": "12",
    "from": "2025-04-08",
    "citation": "28 CFR 202.205(b)",
    "status": "sourced",
}


def test_the_numbers_are_those_of_the_regulation() -> None:
    assert {bar.category: (bar.more_than, bar.unit) for bar in bulk.in_force(DAY)} == EXPECTED
    assert {bar.months for bar in bulk.bars()} == {12}
    assert all("202.205(" in bar.citation for bar in bulk.bars())
    assert bulk.limits() == {name: number for name, (number, _) in EXPECTED.items()}


def test_what_holds_for_several_categories_is_cited() -> None:
    (rule,) = bulk.together()
    assert rule.citation == "28 CFR 202.205(g)"
    assert rule.status == "interpretive"
    assert rule.since == DAY


def test_nothing_held_before_the_rule_was_in_force() -> None:
    assert bulk.in_force(date(2025, 4, 7)) == ()
    assert bulk.limits(date(2025, 4, 7)) == {}


def test_more_than_the_number_crosses_and_the_number_does_not() -> None:
    bar = next(b for b in bulk.bars() if b.category.endswith("covered_personal_identifier"))
    assert not bar.crossed(100_000)
    assert bar.crossed(100_001)


@given(st.integers(0, 300_000), st.integers(0, 300_000), st.integers(0, 300_000))
def test_a_bar_is_open_only_when_the_bounds_allow_both_answers(one: int, two: int, true: int) -> None:
    lower, upper = sorted((one, two))
    for bar in bulk.bars():
        answers = {bar.crossed(count) for count in (lower, upper)}
        assert bar.open(lower, upper) == (len(answers) == 2)
        if lower <= true <= upper and not bar.open(lower, upper):
            assert answers == {bar.crossed(true)}


def test_several_categories_take_the_lowest_bar() -> None:
    both = bulk.lowest(["us_28cfr202/personal_health", "us_28cfr202/precise_geolocation", "eu_gdpr/personal"], DAY)
    assert both is not None
    assert both.category == "us_28cfr202/precise_geolocation"
    assert bulk.lowest(["eu_gdpr/personal"], DAY) is None
    assert bulk.lowest(["us_28cfr202/listed_identifier_d"], DAY) is None
    linked = bulk.lowest(["us_28cfr202/listed_identifier_d", "us_28cfr202/listed_identifier_g"], DAY)
    assert linked is not None
    assert linked.more_than == 100_000


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("category", "us_28cfr202/any", "says us_28cfr202/any"),
        ("more_than", "many", "whole number under more_than"),
        ("more_than", "0", "whole number under more_than"),
        ("months", "true", "whole number under months"),
        ("unit", "cats", "says cats"),
        ("from", "2025-13-08", "date under from"),
        ("to", "never", "date under to"),
        ("citation", "", "lacks citation"),
        ("status", "guessed", "says guessed"),
        ("color", "red", "no such key"),
    ],
)
def test_a_wrong_bar_is_refused_with_its_line(key: str, value: str, says: str) -> None:
    lines = "\n    ".join(f"{k}: {v}" for k, v in (GOOD | {key: value}).items())
    with pytest.raises(CatalogError, match=says) as refused:
        bulk.parse(f"bars:\n  - {lines}\n".encode(), "mine.yaml")
    assert refused.value.where.startswith("mine.yaml:")
    assert refused.value.todo


def test_a_file_without_bars_is_refused() -> None:
    with pytest.raises(CatalogError, match="no bars"):
        bulk.parse(b"together: []\n", "mine.yaml")
