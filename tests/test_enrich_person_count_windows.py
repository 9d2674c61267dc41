"""The fullest 12 months: against sets of persons by month, counted by hand, and against a table that is read."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.enrich.person_count import person_count
from person_count_world import DAY, FINANCIAL, Row, bounds, counted, entry, one, population, sample
from pipeline_world import put, run

SETS = (("card", "email"), ("card", "email", "person_name"), ("email", "person_name"))


@pytest.mark.parametrize(
    ("months", "as_of", "expected", "last"),
    [
        (["2025-11", "2026-10"], DAY, 2, date(2026, 10, 31)),  # twelve months, both ends in
        (["2025-10", "2026-10"], DAY, 1, date(2026, 10, 31)),  # thirteen
        (["2025-12", "2026-11"], DAY, 2, DAY),  # the month of the day itself
        (["2026-11"], date(2026, 10, 31), 0, date(2026, 10, 31)),  # the day before it begins
        (["2026-11"], date(2026, 11, 1), 1, date(2026, 11, 1)),  # the day that it begins
        (["2019-01", "2019-06", "2019-12", "2026-01"], DAY, 3, date(2019, 12, 31)),  # an earlier window is fuller
        (["2019-01", "2026-01"], DAY, 1, date(2026, 1, 31)),  # as full: the later one
        ([None, "2019-01", "2026-01"], DAY, 2, date(2026, 1, 31)),  # what has no date is in every window
        ([None, None], DAY, 2, DAY),
        (["2026-12", None], DAY, 1, DAY),
    ],
)
def test_windows_before_on_and_after(months: list[str | None], as_of: date, expected: int, last: date) -> None:
    rows = [population(["card", "email"], [f"p{at}"], month) for at, month in enumerate(months)]
    row = one(counted([], rows, as_of), FINANCIAL)
    assert bounds(row) == (expected, expected)
    assert (row["window_to"], row["exact"]) == (last, True)
    assert 334 <= (row["window_to"] - row["window_from"]).days <= 365


def test_what_is_dated_after_the_day_is_nought_and_says_so() -> None:
    row = one(counted([], [population(["card"], ["a"], "2026-12")]), FINANCIAL)
    assert (bounds(row), row["marks"], row["series"]) == ((0, 0), ["after_as_of"], None)


def test_a_month_after_the_retrieval_is_no_date_of_an_event() -> None:
    rows = [population(["card"], ["a"], "2026-12"), population(["card"], ["b"], "2026-09")]
    retrieved = {"evidence_id": "file", "retrieved_at": datetime(2026, 10, 1, tzinfo=UTC)}
    assert bounds(one(counted([], rows, evidence=[retrieved]), FINANCIAL)) == (2, 2)
    assert bounds(one(counted([], rows), FINANCIAL)) == (1, 1)


def test_years_touch_for_the_upper_bound_and_lie_inside_for_the_lower_one() -> None:
    years = [population(["card"], [f"{year}-{n}" for n in range(10 * at)], year, marks=["by_year"])
             for at, year in enumerate(("2022", "2023", "2024", "2026"), 1)]  # fmt: skip
    row = one(counted([], years), FINANCIAL)
    assert bounds(row) == (30, 50)  # 2024 is whole; 2023 and 2024 touch; part of 2026 may lie after the day
    assert json.loads(row["series"]) == {"2022": [10, 10], "2023": [20, 20], "2024": [30, 30], "2026": [40, 40]}
    assert bounds(one(counted([], years, date(2026, 12, 31)), FINANCIAL)) == (40, 50)


def test_the_series_tells_every_month_up_to_the_day() -> None:
    rows = [population(["card"], ["a", "b"], "2026-01", 1), population(["card", "email"], ["b", "c"], "2026-01"),
            population(["card"], ["c"], "2026-02"), population(["card"], ["d"], "2027-01"),
            population(["card"], ["e"], None)]  # fmt: skip
    row = one(counted([], rows), FINANCIAL)
    assert json.loads(row["series"]) == {"2026-01": [3, 4], "2026-02": [1, 1]}
    assert bounds(row) == (4, 5)


def test_keys_of_different_classes_add_up_in_every_window() -> None:
    rows = [population(["card", "email"], ["a", "b"], "2024-03"), population(["card", "email"], ["b"], "2026-03"),
            population(["card", "iban"], ["x", "y", "z"], "2024-05", subject_class="iban"),
            population(["card"], ["q"], "2026-05", subject_class=None, sketch=None)]  # fmt: skip
    row = one(counted([], rows), FINANCIAL)
    assert (bounds(row), row["window_to"]) == ((3, 5), date(2024, 5, 31))


Fact = tuple[int, str | None, int, bool]
"""Person, month, set of classes, and whether a key names it."""

MONTHS = (None, "2024-12", "2025-01", "2025-06", "2025-12", "2026-01", "2026-05", "2026-11", "2026-12")


def crowd(seed: int) -> list[Fact]:
    """Return a few persons that come often: of such worlds most draws are too thin."""
    chance = random.Random(seed)
    blank = chance.choice([0, 0, 5])
    return [
        (chance.randrange(6), chance.choice(MONTHS[seed % 2 :]), chance.randrange(3), chance.randrange(50) >= blank)
        for _ in range(chance.randrange(5, 40))
    ]


facts = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(MONTHS), st.integers(0, 2), st.booleans()), min_size=1, max_size=40
) | st.integers(0, 10**6).map(crowd)


def worlds(known: Sequence[Fact], *, years: bool) -> list[Row]:
    """Return the populations of some facts, by month or by year; one row of a table per fact."""
    groups: dict[tuple[str | None, int], list[Fact]] = {}
    for fact in known:
        groups.setdefault((fact[1] and fact[1][: 4 if years else 7], fact[2]), []).append(fact)
    return [
        population(SETS[at], sorted({f[0] for f in listed if f[3]}), month, sum(not f[3] for f in listed),
                   records=len(listed))
        for (month, at), listed in groups.items()
    ]  # fmt: skip


def truth(known: Sequence[Fact], sets: set[int], as_of: date) -> int:
    """Return how many persons the fullest 12 months have: every window is tried."""
    now = as_of.year * 12 + as_of.month - 1
    best = 0
    for end in range(2023 * 12, now + 1):
        inside = set()
        for person, month, at, _ in known:
            number = None if month is None else int(month[:4]) * 12 + int(month[5:]) - 1
            if at in sets and (number is None or end - 12 < number <= end):
                inside.add(person)
        best = max(best, len(inside))
    return best


@settings(max_examples=150, deadline=None)
@given(facts, st.booleans(), st.sampled_from([date(2025, 1, 31), date(2026, 4, 1), DAY, date(2026, 12, 31)]))
def test_the_truth_is_always_within_the_bounds(known: list[Fact], years: bool, as_of: date) -> None:
    rows = counted([], worlds(known, years=years), as_of).to_pylist()
    asked = {FINANCIAL: {0, 1}, "us_28cfr202/listed_identifier_d": {0, 1, 2}}
    for row in rows:
        has = set(row["data_classes"])
        sets = (
            {at for at in range(3) if has <= set(SETS[at])} if row["kind"] == "linked" else asked.get(row["category"])
        )
        if sets is not None:
            least, most = bounds(row)
            assert least is not None
            assert most is not None
            assert least <= truth(known, sets, as_of) <= most, row
            if all(named for *_, named in known) and not years:
                assert least == most, row


@settings(max_examples=100, deadline=None)
@given(facts, facts, st.booleans())
def test_more_rows_never_make_it_less(known: list[Fact], more: list[Fact], years: bool) -> None:
    few, many = (counted([], worlds(some, years=years)) for some in (known, [*known, *more]))
    later = {(row["category"], tuple(row["data_classes"]) * (row["kind"] == "linked")): row for row in many.to_pylist()}
    for row in few.to_pylist():
        other = later[row["category"], tuple(row["data_classes"]) * (row["kind"] == "linked")]
        assert row["subjects_lo"] <= other["subjects_lo"]
        assert row["subjects_hi"] <= other["subjects_hi"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["card", "iban", "email", "imei"]), st.integers(0, 9), st.integers(0, 9)),
             min_size=1, max_size=4, unique_by=lambda told: told[0]), st.integers(0, 999),
)  # fmt: skip
def test_entries_contain_every_way_in_which_their_persons_may_overlap(
    told: list[tuple[str, int, int]], seed: int
) -> None:
    chance = random.Random(seed)
    people = {name: set(chance.sample(range(20), low + min(more, 20 - low))) for name, low, more in told}
    # Entries with the same numbers would be one entry: each has records of its own.
    rows = [row for at, (name, low, more) in enumerate(told)
            for row in entry([name], low, low + more, unit="persons", records=100 + at)]  # fmt: skip
    for row in counted(rows, heads=20).to_pylist():
        held = [people[name] for name in row["data_classes"]]
        exact = set.intersection(*held) if row["kind"] == "linked" else set.union(*held)
        if row["category"] != "us_28cfr202/covered_personal_identifier":
            assert row["subjects_lo"] <= len(exact) <= row["subjects_hi"], row


def test_samples_keep_the_truth_within_their_bounds() -> None:
    """Thirty months, customers that come again, samples of one sixteenth: three standard errors hold in all windows."""
    for seed in range(8):
        chance = random.Random(seed)
        came = [chance.sample(range(60_000), 4000) for _ in range(30)]
        rows = []
        for at, people in enumerate(came):
            low, high = 3700, 4300
            month = f"{2024 + at // 12}-{1 + at % 12:02d}"
            rows.append(population(["card"], people, month, subjects_lo=low, subjects_hi=high, marks=["estimate"],
                                   records=9000, sketch=sample(people, 500)))  # fmt: skip
        best = max(len(set().union(*came[end - 11 : end + 1])) for end in range(11, 30))
        row = one(counted([], rows, date(2026, 6, 30)), FINANCIAL)
        assert row["subjects_lo"] <= best <= row["subjects_hi"]
        assert row["subjects_hi"] - row["subjects_lo"] < best // 2
        assert not row["exact"]


def card(number: int) -> str:
    """Return a number with a card's check digit."""
    basic = f"4539{number:011d}"
    total = sum(sum(divmod(2 * int(c), 10)) if at % 2 == 0 else int(c) for at, c in enumerate(reversed(basic)))
    return basic + str(-total % 10)


TABLES = {"below.csv": 9_999, "at.csv": 10_000, "above.csv": 10_001}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """Return what an audit of three tables read; every seventh customer comes twice."""
    base = tmp_path_factory.mktemp("bar")
    for name, persons in TABLES.items():
        lines = ["order date,email,card number,country"]
        for number in range(persons):
            for again in range(1 + (number % 7 == 0)):
                day = f"2026-{1 + (number + 3 * again) % 9:02d}-{1 + number % 27:02d}"
                lines.append(f"{day},u{number}@kanari.example,{card(number * 7919)},US")
        put(base / "given" / name, "\n".join(lines) + "\n")
    return run(base / "given", case=base / "case").tables


@pytest.mark.parametrize("name", TABLES)
def test_a_table_around_the_bar_is_counted_exactly(audited: dict[str, pa.Table], name: str) -> None:
    row = one(person_count(audited, DAY), FINANCIAL, about="residents:US", container=name)
    assert (bounds(row), row["exact"], row["stance"]) == ((TABLES[name], TABLES[name]), True, "observed")
    assert (row["window_from"], row["window_to"]) == (date(2025, 10, 1), date(2026, 9, 30))
    assert set(row["facts"]) <= {f for noun in ("holding", "population") for f in audited[noun]["fact_id"].to_pylist()}


def test_up_to_an_earlier_day_it_is_less(audited: dict[str, pa.Table]) -> None:
    counts = person_count(audited, date(2026, 4, 30))
    row = one(counts, FINANCIAL, about="residents:US", container="above.csv")
    assert 4000 < row["subjects_lo"] == row["subjects_hi"] < 6000
    assert max(json.loads(row["series"])) == "2026-04"
