"""Rows are counted by the classes that stand together, by residence and month; subjects within bounds that hold."""

from __future__ import annotations

import pickle
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog import sketch
from flagstate.enrich import classify
from flagstate.enrich.classify import groups
from flagstate.enrich.classify.groups import Counter, Key
from flagstate.enrich.classify.plan import Plan, Slot, When
from flagstate.enrich.classify.scan import Scan

KEY = bytes(range(16))
Row = dict[str, Any]


def scanned(table: pa.Table, **more: Any) -> classify.Summary:
    return classify.scan(table.to_reader(max_chunksize=1000), key=KEY, **more)


def counted(table: pa.Table, **more: Any) -> list[Row]:
    made = classify.populations(scanned(table), "t", **more)
    assert made.schema.equals(model.POPULATION.schema)
    rows: list[Row] = made.to_pylist()
    return rows


def shop(rows: int, persons: int) -> pa.Table:
    return pa.table(
        {
            "email": [f"u{n % persons}@kanari.example" for n in range(rows)],
            "country": [("DE", "France", "NLD")[n % 3] for n in range(rows)],
            "ordered at": [f"2026-0{n % 2 + 1}-10 10:00:00" for n in range(rows)],
            "ip": [f"203.0.113.{n % 200}" if n % 4 else None for n in range(rows)],
        }
    )


def test_rows_are_told_apart_by_classes_residence_and_month() -> None:
    rows = counted(shop(1200, 300))
    persons = [row for row in rows if row["unit"] == "persons"]
    assert sum(row["records"] for row in persons) == 1200
    assert {row["about"] for row in persons} == {"residents:DE", "residents:FR", "residents:NL"}
    assert {row["month"] for row in persons} == {"2026-01", "2026-02"}
    assert all("residence_proxy" in row["marks"] for row in rows)
    with_ip = [row for row in persons if "ipv4" in row["data_classes"]]
    assert sum(row["records"] for row in with_ip) == 900
    assert all(row["subject_class"] == "email" for row in persons)
    assert all(row["subjects_lo"] == row["subjects_hi"] for row in persons)
    assert {row["subject_class"] for row in rows if row["unit"] == "devices"} == {"ipv4"}


def test_the_union_of_groups_counts_a_person_once() -> None:
    rows = [row for row in counted(shop(1200, 299)) if row["unit"] == "persons"]
    assert sum(row["subjects_lo"] for row in rows) > 299
    assert sketch.union(rows) == (299, 299)


def test_a_person_without_a_key_adds_above_only() -> None:
    table = pa.table(
        {
            "email": [f"u{n % 50}@kanari.example" if n < 150 else None for n in range(200)],
            "full name": [f"{('Lena', 'Max', 'Ana', 'Olga')[n % 4]} Schmidt" for n in range(200)],
        }
    )
    by = {tuple(row["data_classes"]): row for row in counted(table)}
    assert (by[("email", "person_name")]["subjects_lo"], by[("email", "person_name")]["subjects_hi"]) == (50, 50)
    assert (by[("person_name",)]["subjects_lo"], by[("person_name",)]["subjects_hi"]) == (1, 50)


def test_a_sample_adds_above_only() -> None:
    rows = [row for row in counted(shop(120, 60), rows_total=1_000) if row["unit"] == "persons"]
    assert all(row["subjects_hi"] >= row["subjects_lo"] + 880 for row in rows)
    assert all("sample" in row["marks"] for row in rows)
    held = classify.holdings(scanned(shop(120, 60)), "t", rows_total=1_000).to_pylist()
    assert {row["subjects_hi"] for row in held if row["data_class"] == "email"} == {1_000}


PLAN = Plan(
    ("email", "ipv4"),
    (Slot("email", "email", "whole"), Slot("ip", "ipv4", "whole")),
    (Slot("email", "email", "whole"),),
    When("ordered at"),
    "country",
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 399), max_size=3), st.permutations(range(4)))
def test_any_partition_gives_the_whole(cuts: list[int], order: list[int]) -> None:
    table = shop(400, 90)
    edges = [0, *sorted(cuts), 400]
    parts = [scanned(table.slice(a, b - a), planned=PLAN) for a, b in pairwise(edges) if b > a]
    ranked = sorted(range(len(parts)), key=lambda at: order[at])
    joined = classify.Summary()
    for at in ranked:
        joined = classify.merge(joined, parts[at])
    assert joined == scanned(table, planned=PLAN)


def made(pairs: list[tuple[int, int, int]], **more: Any) -> groups.Groups:
    """Groups of rows given as pattern, month and subject."""
    counter = Counter(("a", "b", "c"), ("a",), ("c", "b", "a"), **more)
    if pairs:
        keys, months, subjects = (np.array(part) for part in zip(*pairs, strict=True))
        marks = (subjects.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
        homes = np.full(len(keys), -1, np.int32)
        counter.add(keys.astype(np.uint64), months.astype(np.int32), homes, {"a": marks})
    return counter.freeze()


ROWS = st.lists(st.tuples(st.integers(0, 7), st.integers(24_000, 24_060), st.integers(1, 60)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, ROWS, st.sampled_from([{"most": 6}, {"budget": 16}]))
def test_groups_merge_in_any_grouping(a: Any, b: Any, c: Any, bound: dict[str, int]) -> None:
    parts = [made(rows, **bound) for rows in (a, b, c)]

    def merged(one: groups.Groups, other: groups.Groups) -> groups.Groups:
        return groups.merge(one, other, ("c", "b", "a"), **bound)

    left = merged(merged(parts[0], parts[1]), parts[2])
    assert left == merged(parts[0], merged(parts[1], parts[2])) == merged(parts[2], merged(parts[1], parts[0]))
    assert left == merged(made([*a, *b, *c], **bound), made([], **bound))
    assert merged(left, made([], **bound)) == left


@pytest.mark.parametrize("seed", range(8))
def test_bounds_hold_the_truth_beyond_the_budget(seed: int) -> None:
    chance = random.Random(seed)
    subjects = chance.randrange(300, 5_000)
    rows = [(1, 24_000, chance.randrange(1, subjects)) for _ in range(12_000)]
    truth = len({subject for _, _, subject in rows})
    found = made(rows, budget=256)
    track = found.tracks["a"]
    low, high = track.bounds(Key(("a",), "2000-01"), 12_000)
    assert track.level > 0
    assert low <= truth <= high
    assert high - low < 1.2 * truth
    exact = made(rows)
    assert exact.tracks["a"].bounds(Key(("a",), "2000-01"), 12_000) == (truth, truth)


def test_too_many_months_become_years_then_none() -> None:
    by_year = made([(1, 24_000 + n, n + 1) for n in range(60)], most=8)
    assert by_year.rung == groups.NO_YEAR
    assert {key.month for key in by_year.records} == {"2000", "2001", "2002", "2003", "2004"}
    none = made([(1, 12 * n, n + 1) for n in range(60)], most=8)
    assert none.rung == groups.NO_DATE
    assert none.records == {Key(("a",)): 60}
    assert none.tracks["a"].bounds(Key(("a",)), 60) == (60, 60)


def test_what_a_bar_leaves_open_is_counted_exactly() -> None:
    table = shop(3_000, 900)
    first = Scan(key=KEY, prose=False, classes=None, planned=PLAN, budget=256).read(table.to_reader())
    track = first.groups.tracks["email"]
    assert track.level > 0
    low, high = track.bounds(*next(iter(first.groups.records.items())))
    wanted = classify.needs_exact(first, [(low + high) // 2])
    assert wanted
    assert not classify.needs_exact(first, [10**9])
    again = classify.recount(table.to_reader(), first, wanted, key=KEY)
    for key in wanted:
        low, high = again.groups.tracks["email"].bounds(key, again.groups.records[key])
        assert low == high


def test_documents_inside_columns_are_searched_and_counted() -> None:
    docs = [f'{{"user": {{"mail": "u{n}@kanari.example"}}, "tags": ["x", "y"]}}' for n in range(60)]
    rows = {row["data_class"]: row for row in classify.holdings(scanned(pa.table({"doc": docs})), "t").to_pylist()}
    assert rows["email"]["records"] == 60
    assert "doc.user.mail" in str(rows["email"]["reasons"])
    assert not [doc for doc in docs if doc[10:30] in str(rows)]
    broken = pa.table({"doc": ['{"a": ', "[1, 2", "[" * 5_000 + "]" * 5_000] * 5})
    assert scanned(broken).rows == 15


def test_lists_and_structures_are_unfolded() -> None:
    table = pa.table({"to": [[{"mail": f"u{n}@kanari.example"}, {"mail": f"v{n}@kanari.example"}] for n in range(30)]})
    (row,) = counted(table)
    assert row["records"] == 30
    assert row["data_classes"] == ["email"]


def test_prose_counts_lines() -> None:
    lines = [f"login of u{n % 40}@kanari.example from somewhere" if n % 2 else "nothing here" for n in range(200)]
    table = pa.table({"line": lines})
    rows = {r["data_class"]: r for r in classify.holdings(scanned(table, prose=True), "log").to_pylist()}
    assert rows["email"]["records"] == 100


def test_a_summary_is_never_stored() -> None:
    with pytest.raises(TypeError, match="never stored"):
        pickle.dumps(scanned(shop(10, 5)))
    assert "kanari" not in repr(scanned(shop(10, 5)))


def test_hostile_sketches_stay_bounded() -> None:
    marks = b"".join((n * 2**44 + 1).to_bytes(8, "little") for n in range(100_000))
    packed = sketch.pack(marks, 0)
    assert len(packed) <= 8 * sketch.LARGEST + 1
    assert packed[0] > 0
    assert sketch.union([]) == (0, 0)
    assert sketch.union([{"subjects_lo": 3, "subjects_hi": 9}, {"subjects_lo": 5, "subjects_hi": 6}]) == (5, 15)
