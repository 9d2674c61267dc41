"""Lists: who is on which on which day, what a miss says, and that two countries can be exchanged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.catalog import lists
from flagstate.catalog.country_names import members
from flagstate.catalog.list_form import Listing
from flagstate.catalog.operators import WEAKNESS
from flagstate.catalog.providers import book as operators

NOW = date(2026, 11, 22)
DAY = timedelta(days=1)
DSP = "us_28cfr202_countries_of_concern"
SHIPPED = [
    "eea",
    "eu",
    "eu_us_dpf",
    "gdpr_adequacy",
    "gdpr_problematic_law",
    "us_1260h",
    "us_15cfr791_determinations",
    "us_15cfr791_foreign_adversaries",
    "us_28cfr202_countries_of_concern",
    "us_28cfr202_designated",
    "us_28cfr202_listed_areas",
    "us_fcc_covered",
    "us_ndaa_889",
    "us_padfa",
]


def on(code: str, day: date) -> set[str]:
    return {str(row["member"]) for row in lists.entries(day) if row["list"] == code}


def said(code: str, who: str, day: date = NOW) -> str:
    return lists.found(code, who.split(), day).verdict


def test_these_lists_are_shipped() -> None:
    assert list(lists.book()) == SHIPPED
    assert [row["list"] for row in lists.states(NOW)] == SHIPPED


@pytest.mark.parametrize(
    ("name", "countries"),
    [
        (DSP, "CN HK MO CU IR KP RU VE"),
        ("us_15cfr791_foreign_adversaries", "CN HK MO CU IR KP RU"),
        ("us_padfa", "CN RU IR KP"),
    ],
)
def test_three_lists_of_countries_differ(name: str, countries: str) -> None:
    assert lists.on_list(name, NOW).countries == frozenset(countries.split())
    assert {one for one in on(name, NOW) if len(one) == 2} == set(countries.split())


def test_a_regime_is_not_its_country() -> None:
    one = lists.on_list("us_15cfr791_foreign_adversaries", NOW)
    assert "VE" not in one.countries
    assert one.entity_ids == {"ent:maduro-regime"}


@pytest.mark.parametrize(
    ("code", "member", "first", "after"),
    [
        (DSP, "CN", date(2025, 4, 8), None),
        ("us_15cfr791_foreign_adversaries", "CN", date(2021, 3, 22), None),
        ("us_15cfr791_foreign_adversaries", "MO", date(2024, 7, 18), None),
        ("us_padfa", "RU", date(2024, 6, 23), None),
        ("us_1260h", "ent:alibaba-group-holding-limited", date(2026, 6, 8), None),
        ("us_1260h", "ent:byd", date(2026, 6, 8), None),
        ("us_fcc_covered", "ent:zte", date(2021, 3, 12), None),
        ("us_fcc_covered", "goods:foreign-made-drones", date(2025, 12, 22), None),
        ("us_ndaa_889", "ent:hytera", date(2019, 8, 13), None),
        ("gdpr_adequacy", "BR", date(2026, 1, 26), None),
        ("gdpr_adequacy", "US", date(2023, 7, 10), None),
        ("gdpr_adequacy", "GB", date(2021, 6, 28), date(2031, 12, 28)),
        ("eu", "GB", date(1973, 1, 1), date(2020, 2, 1)),
        ("eu", "HR", date(2013, 7, 1), None),
    ],
)
def test_days_decide_before_on_and_after(code: str, member: str, first: date, after: date | None) -> None:
    assert member not in on(code, first - DAY)
    assert member in on(code, first)
    last = after - DAY if after else NOW
    assert member in on(code, last)
    if after:
        assert member not in on(code, after)
    row = next(r for r in lists.entries(last) if r["list"] == code and r["member"] == member)
    assert row["from"] == first
    assert row["to"] == after


def test_new_deals_and_updates_are_prohibited_from_days_of_their_own() -> None:
    def parts(day: date) -> set[str]:
        return {str(r["fact_id"]) for r in lists.entries(day) if r["list"] == "us_15cfr791_determinations"}

    deals, updates = (f"list:us_15cfr791_determinations:ent:kaspersky/{part}" for part in ("new-deals", "updates"))
    assert not parts(date(2024, 7, 19))
    assert parts(date(2024, 7, 20)) == parts(date(2024, 9, 28)) == {deals}
    assert parts(date(2024, 9, 29)) == {deals, updates}


@given(st.dates(date(1950, 1, 1), date(2035, 1, 1)))
def test_groups_agree_with_the_groups_that_a_policy_names(day: date) -> None:
    for group in ("EU", "EEA"):
        assert lists.on_list(group.lower(), day).countries == members(group, on=day)
        assert on(group.lower(), day) == members(group, on=day)


def test_a_hit_is_a_hit_and_a_miss_is_no_only_on_a_whole_list() -> None:
    assert said("us_1260h", "ent:baidu-inc") == "yes"
    assert said("us_1260h", "ent:somebody") == "unknown"
    assert said("us_28cfr202_designated", "ent:somebody") == "no"
    assert said("us_28cfr202_listed_areas", "area:somewhere") == "unknown"
    assert said("eu_us_dpf", "ent:somebody US") == "unknown"
    for country in ["CN", "HK", "IN", "SG", "RU", "TR", "VN"]:
        assert said("gdpr_adequacy", country) == "no"
    for country in ["AD", "AR", "BR", "CA", "FO", "GG", "IM", "IL", "JP", "JE", "NZ", "KR", "CH", "GB", "UY"]:
        assert said("gdpr_adequacy", country) == "yes"


def test_nobody_is_on_a_list_before_it_holds_and_that_is_known() -> None:
    assert said(DSP, "CN", date(2025, 4, 7)) == "no"
    assert said("us_28cfr202_listed_areas", "area:somewhere", date(2025, 4, 7)) == "no"
    assert said("us_28cfr202_listed_areas", "area:somewhere", date(2025, 4, 8)) == "unknown"
    row = next(r for r in lists.states(date(2025, 4, 7)) if r["list"] == "us_28cfr202_listed_areas")
    assert (row["held"], row["complete"]) == (False, "yes")


def test_a_list_is_whole_only_from_the_day_from_which_that_is_known() -> None:
    assert said("gdpr_adequacy", "IN", date(2023, 7, 9)) == "unknown"
    assert said("gdpr_adequacy", "IN", date(2023, 7, 10)) == "no"
    assert said("gdpr_adequacy", "CH", date(2023, 7, 9)) == "yes"


def test_an_entry_that_leans_on_another_list_is_as_unknown_as_that() -> None:
    assert said("gdpr_adequacy", "US") == "unknown"
    assert said("gdpr_problematic_law", "US") == "unknown"
    assert said("gdpr_problematic_law", "US", date(2023, 7, 9)) == "yes"
    assert lists.found("gdpr_adequacy", ["CA"], NOW).scopes == ("Commercial organisations under PIPEDA",)
    assert lists.found("gdpr_adequacy", ["CH"], NOW).scopes == ()


@given(
    st.sampled_from(SHIPPED), st.dates(date(2018, 1, 1), date(2032, 1, 1)), st.sampled_from(["CN", "US", "FR", "XK"])
)
def test_rows_and_answers_agree(code: str, day: date, country: str) -> None:
    state = next(row for row in lists.states(day) if row["list"] == code)
    rows = [r for r in lists.entries(day) if r["list"] == code and r["member"] == country]
    verdict = said(code, country, day)
    if not rows:
        assert verdict == ("no" if state["complete"] == "yes" else "unknown")
    elif not (rows[0]["only_with"] or rows[0]["not_with"]):
        assert verdict == "yes"
    assert all(r["complete"] == state["complete"] for r in rows)
    assert state["held"] or not rows


@pytest.mark.parametrize("day", [date(2018, 1, 1), date(2024, 12, 31), date(2025, 10, 6), NOW, date(2032, 1, 1)])
def test_rows_have_the_columns_that_are_told_and_ids_of_their_own(day: date) -> None:
    found, states = lists.entries(day), lists.states(day)
    assert all(list(row) == list(lists.ENTRY_COLUMNS) for row in found)
    assert all(list(row) == list(lists.STATE_COLUMNS) for row in states)
    assert len({row["fact_id"] for row in found}) == len(found)
    assert all(row["fact_id"] == f"list:{row['list']}:{row['member']}" or row["part"] for row in found)
    with duckdb.connect() as con:
        for columns, rows in ((lists.ENTRY_COLUMNS, found), (lists.STATE_COLUMNS, states)):
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            con.execute(f"CREATE OR REPLACE TABLE t ({typed})")
            con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", [list(r.values()) for r in rows])
            assert con.execute("SELECT count(*) FROM t").fetchone() == (len(rows),)


@pytest.mark.parametrize("one", lists.book().values(), ids=lambda one: one.code)
def test_every_list_says_whence_it_is(one: Listing) -> None:
    assert one.citation
    assert one.source
    assert one.complete_note
    assert one.last_checked is not None or one.status == "to verify"
    assert one.complete or one.ownership is None, "who is held by members of half a list would be no for too many"
    for entry in one.members:
        assert entry.kind == "country" or entry.name
        assert entry.dates is None or WEAKNESS[entry.dates] >= WEAKNESS[entry.status]


def test_parties_that_the_catalog_of_operators_knows_are_named_by_its_ids() -> None:
    known = operators().entities
    listed = {e.member.removeprefix("ent:") for one in lists.book().values() for e in one.members if e.kind == "entity"}
    joined = "alibaba-group-holding-limited baidu-inc huawei-investment-holding-co-ltd zhejiang-dahua-technology"
    assert {*joined.split(), "hangzhou-hikvision-digital-technology-co-ltd"} <= listed & set(known)
    names = {e.name.casefold() for e in known.values()}
    odd = [e for one in lists.book().values() for e in one.members if e.kind == "entity"]
    assert not [e.member for e in odd if str(e.name).casefold() in names and e.member[4:] not in known]


def test_only_lists_that_ask_who_holds_an_entity_are_asked_of_every_entity() -> None:
    asked = [one.name for one in lists.lists_on(NOW)]
    assert asked == ["eea", "eu", "us_15cfr791_foreign_adversaries", DSP, "us_padfa"]
    assert set(asked) == set(lists.ownership_lists())
    with pytest.raises(KeyError):
        lists.on_list("us_1260h", NOW)


PAIRS = [("CN", "BE"), ("US", "RU"), ("GB", "CU")]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_swapped_countries_swap_every_answer(one: str, other: str) -> None:
    change = {one: other, other: one}
    days = (date(2019, 6, 1), date(2024, 12, 31), NOW)
    plain = {(code, c, day): said(code, c, day) for code in SHIPPED for c in (one, other, "DE", "HK") for day in days}
    before: Any = [lists.lists_on(day) for day in days]
    with lists.swapped(one, other):
        for (code, country, day), verdict in plain.items():
            assert said(code, change.get(country, country), day) == verdict
        for was, day in zip(before, days, strict=True):
            for old, new in zip(was, lists.lists_on(day), strict=True):
                assert new.countries == {change.get(c, c) for c in old.countries}
                assert new.except_nationals == {change.get(c, c) for c in old.except_nationals}
                assert (new.entity_ids, new.threshold, new.persons) == (old.entity_ids, old.threshold, old.persons)
    assert [lists.lists_on(day) for day in days] == before


def test_only_countries_can_be_swapped() -> None:
    with pytest.raises(ValueError, match="no country"), lists.swapped("CN", "EU"):
        pass
