"""A law that misses a value on the day leaves open what hangs on it: it neither acquits nor falls silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from law_worlds import BY_ID, LAWS, by_itself, conclude, facts, hear, lean, verdicts


@pytest.mark.parametrize(
    ("law", "case", "value"),
    [
        ("us_padfa", "one_health_record_to_a_chinese_firm", "sensitive"),
        ("us_padfa", "one_health_record_to_a_chinese_firm", "home"),
        ("us_procurement", "list01_import", "home"),
        ("us_procurement", "list01_other_maker", "home"),
        ("us_procurement", "list01_in_germany", "home"),
        ("us_procurement", "list02_by_agreement", "home"),
        ("us_procurement", "list02_by_agreement_other_maker", "home"),
    ],
)
def test_that_without_a_value_of_the_day_every_row_stays_and_is_open(law: str, case: str, value: str) -> None:
    one = BY_ID[law, case]
    before = verdicts(by_itself(one))
    less = lean(law, one.rules & frozenset(LAWS[law].rules))
    less = replace(less, values=tuple(v for v in less.values if v.name != value))
    after = verdicts(hear(less, conclude(facts(one), one.case.as_of), one.case.as_of))
    assert before
    assert after == dict.fromkeys(before, "unknown")
