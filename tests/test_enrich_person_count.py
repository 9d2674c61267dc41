"""Counts of persons: what is told and what is seen of one container, by category and by what stands together."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime

import pytest

from flagstate import model
from flagstate.enrich.person_count import person_count
from person_count_world import COVERED, DAY, FINANCIAL, bounds, counted, entry, held, one, population


def test_one_entry_is_one_linked_set() -> None:
    table = counted(entry(["person_name", "card"], 9000, 11000, marks=["public_data"], key_ids=[]))
    linked = one(table, ["person_name", "card"])
    assert bounds(linked) == (9000, 11000)
    assert (linked["about"], linked["stance"], linked["exact"]) == ("est:buyers", "declared", False)
    assert (linked["marks"], linked["states"], linked["key_ids"]) == (["public_data"], ["stored"], [])
    assert (linked["window_from"], linked["window_to"], linked["series"]) == (date(2025, 11, 23), DAY, None)
    assert len(linked["facts"]) == 2
    financial = one(table, FINANCIAL)
    assert (bounds(financial), financial["data_classes"]) == ((9000, 11000), ["card"])
    assert table.schema == model.PERSON_COUNT.schema


def test_entries_of_one_container_lie_between_the_largest_and_the_sum() -> None:
    table = counted([*entry(["card"], 6000, 7000), *entry(["iban"], 5000, 5500)])
    assert bounds(one(table, FINANCIAL)) == (6000, 12500)
    assert bounds(one(table, ["card"])) == (6000, 7000)
    both = one(table, ["card", "iban"])
    assert bounds(both) == (0, 5500)
    assert both["marks"] == ["linkage_unknown"]


@pytest.mark.parametrize(("heads", "low"), [(None, 0), (8000, 3000), (11000, 0), (20000, 0)])
def test_what_must_overlap_needs_a_known_total(heads: int | None, low: int) -> None:
    table = counted([*entry(["card"], 6000, 7000), *entry(["iban"], 5000, 5500)], heads=heads)
    assert bounds(one(table, ["card", "iban"])) == (low, 5500)


def test_entries_with_the_same_number_but_other_marks_are_two() -> None:
    table = counted([*entry(["card"], 50, 50, marks=["a"]), *entry(["iban"], 50, 50, marks=["b"])])
    assert bounds(one(table, FINANCIAL)) == (50, 100)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(None, None, (None, None)), (5, None, (5, None)), (None, 8, (None, 8)), (0, 0, (0, 0))],
)
def test_what_nobody_says_is_unknown_and_never_nought(
    low: int | None, high: int | None, expected: tuple[int | None, int | None]
) -> None:
    assert bounds(one(counted(entry(["card"], low, high)), FINANCIAL)) == expected
    more = counted([*entry(["card"], low, high), *entry(["iban"], 3, 4)])
    largest = max(n for n in (low, 3) if n is not None)
    assert bounds(one(more, FINANCIAL)) == (largest, None if high is None else high + 4)


@pytest.mark.parametrize(
    ("classes", "covered"),
    [
        (["us_ssn"], False),
        (["person_name", "email"], False),
        (["person_name", "birth_date"], False),
        (["person_name", "us_ssn"], True),
        (["mac_address", "postal_address"], True),
        (["advertising_id", "email"], True),
        (["us_ssn", "passport", "hs_code"], True),
    ],
)
def test_a_combination_of_identifiers_unless_all_are_contact_data(classes: list[str], covered: bool) -> None:
    found = {row["category"] for row in counted(entry(classes, 5, 5)).to_pylist()}
    assert (COVERED in found) is covered


def test_identifiers_of_two_entries_may_make_a_combination() -> None:
    table = counted([*entry(["person_name"], 900, 1000), *entry(["us_ssn"], 400, 500)])
    row = one(table, COVERED)
    assert bounds(row) == (0, 500)
    assert row["marks"] == ["linkage_unknown"]
    assert row["data_classes"] == ["person_name", "us_ssn"]


def test_persons_and_devices_stay_apart() -> None:
    table = counted([*entry(["imei"], 70, 80), *entry(["card"], 10, 20), *entry(["email"], 30, 30, unit="devices")])
    assert bounds(one(table, ["imei"], "devices")) == (70, 80)
    assert bounds(one(table, FINANCIAL)) == (10, 20)
    assert bounds(one(table, "eu_gdpr/personal", "devices")) == (70, 110)
    assert bounds(one(table, ["imei", "card"])) == (0, 20)


def test_two_sources_of_one_entry_do_not_add_up() -> None:
    again = entry(["card"], 100, 300, evidence_id="terraform", stance="configured")
    assert bounds(one(counted([*entry(["card"], 200, 250), *again]), FINANCIAL)) == (200, 300)


@pytest.mark.parametrize(
    ("since", "until", "counts"),
    [
        (None, None, True),
        ("2026-11-22", None, True),
        ("2026-11-23", None, False),
        (None, "2025-11-23", False),
        (None, "2025-11-24", True),
        ("2020-01-01", "2021-01-01", False),
    ],
)
def test_what_held_on_a_day_of_the_window_counts(since: str | None, until: str | None, counts: bool) -> None:
    days = {
        name: datetime.fromisoformat(text).replace(tzinfo=UTC)
        for name, text in (("valid_from", since), ("valid_to", until)) if text
    }  # fmt: skip
    assert (counted(entry(["card"], 5, 5, **days)).num_rows > 0) is counts


def test_a_declaration_raises_the_lower_bound_and_never_lowers_the_upper_one() -> None:
    seen = population(["card", "email"], [f"p{i}" for i in range(100)], None, blank=400)
    assert bounds(one(counted([], [seen]), FINANCIAL)) == (100, 500)
    told = one(counted(entry(["card", "email"], 300, 310, about=None), [seen]), FINANCIAL)
    assert bounds(told) == (300, 500)
    assert (told["stance"], told["marks"], len(told["facts"])) == ("observed", ["lower_declared"], 3)
    low = one(counted(entry(["card", "email"], 3, 10, about=None), [seen]), FINANCIAL)
    assert (bounds(low), low["marks"], low["stance"]) == ((100, 500), [], "observed")


def test_a_declaration_against_what_was_seen_convicts_and_is_not_exact() -> None:
    seen = population(["card", "email"], ["a", "b"], None)
    row = one(counted(entry(["card", "email"], 90, 95, about=None), [seen]), FINANCIAL)
    assert (bounds(row), row["exact"], row["marks"]) == ((90, 90), False, ["lower_declared"])


def test_of_another_group_it_is_a_row_of_its_own() -> None:
    seen = population(["card", "email"], ["a", "b"], None, about="residents:US")
    table = counted(entry(["card", "email"], 90, 95), [seen])
    assert bounds(one(table, FINANCIAL, about="est:buyers")) == (90, 95)
    assert bounds(one(table, FINANCIAL, about="residents:US")) == (2, 2)


def test_a_copy_in_another_format_does_not_add_up() -> None:
    first = population(["card", "email"], ["a", "b"], "2026-03", blank=7)
    assert bounds(one(counted([], [first]), FINANCIAL)) == (2, 9)
    assert bounds(one(counted([], [first, first | {"evidence_id": "copy"}]), FINANCIAL)) == (2, 9)
    other = population(["card", "email"], ["b", "c"], "2026-03", blank=7, evidence_id="other")
    assert bounds(one(counted([], [first, other]), FINANCIAL)) == (3, 17)


def test_containers_are_rows_of_their_own() -> None:
    rows = [population(["card"], ["a"], None, container=name) for name in ("one", "two")]
    table = counted([], rows)
    assert [bounds(one(table, FINANCIAL, container=name)) for name in ("one", "two")] == [(1, 1), (1, 1)]


def test_linked_counts_who_has_more_classes_too() -> None:
    table = counted([], [population(["card", "email"], ["a", "b"], None),
                         population(["card", "email", "person_name"], ["b", "c"], None)])  # fmt: skip
    assert bounds(one(table, ["card", "email"])) == (3, 3)
    assert bounds(one(table, ["card", "email", "person_name"])) == (2, 2)


def test_keys_of_different_classes_are_not_mixed() -> None:
    table = counted([], [population(["card"], ["a", "b", "c"], None),
                         population(["card", "iban"], ["x", "y"], None, subject_class="iban")])  # fmt: skip
    assert bounds(one(table, FINANCIAL)) == (3, 5)


def test_a_class_that_no_population_counts_has_bounds_of_its_own() -> None:
    rows = [held("card", 900, subjects_lo=40, subjects_hi=900, unit="persons"), held("email", 2, unit="persons")]
    table = counted(rows, [population(["email", "person_name"], ["a", "b"], None)])
    assert bounds(one(table, FINANCIAL)) == (40, 900)
    both = one(table, ["card", "email", "person_name"])
    assert (bounds(both), both["marks"]) == ((0, 2), ["linkage_unknown"])


def test_rows_that_no_population_counts_may_each_be_one_more() -> None:
    rows = [held("card", 10, unit="persons", subjects_lo=1, subjects_hi=10)]
    table = counted(rows, [population(["card", "email"], ["a", "b"], None, about="residents:US")])
    assert bounds(one(table, FINANCIAL, about="residents:US")) == (2, 2)
    assert bounds(one(table, FINANCIAL, about=None)) == (0, 8)


def test_what_is_about_nobody_is_not_counted() -> None:
    goods = population(["hs_code", "goods_description"], [], None, unit=None, subject_class=None, subjects_lo=None,
                       subjects_hi=None, sketch=None, records=50)  # fmt: skip
    assert counted([held("hs_code", 50)], [goods]).num_rows == 0
    assert counted(entry(["hs_code"], None, None, about=None)).num_rows == 0


@pytest.mark.parametrize(
    ("keys", "needed"),
    [
        ([["k"], ["k"]], ["k"]),
        ([["k"], []], []),
        ([["k"], None], None),
        ([[], None], []),
        ([["k", "l"], ["l"]], ["l"]),
        ([["k"], ["l"]], None),
    ],
)
def test_keys_are_those_that_every_part_needs(keys: list[list[str] | None], needed: list[str] | None) -> None:
    parts = [entry([name], 5, 6, key_ids=key) for name, key in zip(("card", "iban"), keys, strict=True)]
    assert one(counted([*parts[0], *parts[1]]), FINANCIAL)["key_ids"] == needed


def test_states_and_marks_are_of_the_classes_that_count() -> None:
    rows = [*entry(["card"], 5, 5, state="used", marks=["pseudonymised", "first:a.csv"]),
            *entry(["iban"], 6, 6, marks=["important_data"]),
            *entry(["email"], 7, 7, state="moved", marks=["x"])]  # fmt: skip
    row = one(counted(rows), FINANCIAL)
    assert (row["states"], row["marks"]) == (["stored", "used"], ["important_data", "pseudonymised"])


def test_of_many_entries_at_most_half_of_the_sum_have_two() -> None:
    names = ["card", "iban", "bic", "person_name", "email", "phone", "us_ssn", "birth_date", "passport", *"abcd"]
    rows = [row for at, name in enumerate(names) for row in entry([name], 10, 20 + at)]
    table = counted(rows)
    assert bounds(one(table, names)) == (0, sum(20 + at for at in range(13)) // 2)
    assert bounds(one(table, ["card"])) == (10, 20)
    few = counted([row for row in rows if row["data_class"] != "bic"])
    assert bounds(one(few, ["card", "iban"])) == (0, 20)


def test_identifiers_of_many_entries_may_be_linked_beside_those_that_are() -> None:
    rows = entry(["person_name", "us_ssn"], 10, 10)
    rows += [row for at in range(12) for row in entry(["email", "imei", f"other_{at}"][at % 2 :], 500, 500 + at)]
    least, most = bounds(one(counted(rows), COVERED))
    assert least == 500
    assert most is not None
    assert most > 3000


def test_more_sets_of_classes_than_are_united_keep_true_bounds() -> None:
    kinds = ["card", "iban", "person_name", "phone", "us_ssn", "birth_date", "passport"]
    people = {subset: {f"p{at}", f"p{at // 2}"} for at in range(128)
              if (subset := tuple(k for bit, k in enumerate(kinds) if at >> bit & 1))}  # fmt: skip
    rows = counted([], [population(["email", *subset], sorted(known), "2026-03") for subset, known in people.items()])
    wide = set()
    for subset in people:
        truth = set().union(*(known for other, known in people.items() if set(subset) <= set(other)))
        row = one(rows, ["email", *subset])
        assert row["subjects_lo"] <= len(truth) <= row["subjects_hi"]
        wide.add(row["exact"])
    assert wide == {True, False}


def test_a_population_that_is_only_declared_is_said_to_be() -> None:
    row = one(counted([], [population(["card"], ["a"], None, stance="declared")]), FINANCIAL)
    assert (bounds(row), row["stance"]) == ((1, 1), "declared")


def test_the_order_of_rows_does_not_matter() -> None:
    told = [*entry(["card", "email"], 5, 6), *entry(["iban"], 7, 9), *entry(["us_ssn"], 1, None, evidence_id="b")]
    seen = [population(["card", "email"], [f"p{i}"], f"2026-{1 + i:02d}", i % 3) for i in range(9)]
    table = counted(told, seen)
    for seed in range(5):
        random.Random(seed).shuffle(told)
        random.Random(seed).shuffle(seen)
        assert counted(told, seen).equals(table)


def test_ten_thousand_assets_in_seconds() -> None:
    rows = [row | {"asset_id": f"est:a{number}"} for number in range(10_000)
            for row in entry(["person_name", "email", "card", "postal_address"], 9000, 11000)]  # fmt: skip
    tables = {"holding": model.stamp(model.rows(model.HOLDING, rows), model.HOLDING),
              "population": model.empty(model.POPULATION)}  # fmt: skip
    begin = time.process_time()
    made = person_count(tables, DAY)
    assert time.process_time() - begin < 5, "1.3 s on an idle machine, twice that on a busy one"
    assert made.num_rows == 10_000 * 6
