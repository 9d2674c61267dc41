"""Containers become holdings, populations and trade in bulk; a count that a bar divides is made again, exactly."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from flagstate import model
from flagstate.enrich.classify import groups
from flagstate.pipeline import extract, records
from flagstate.read.part import Note, Records

KEY = records.subject_key(7)


def part(persons: int, rows: int, *, seed: int = 1) -> Records:
    chance = np.random.default_rng(seed)
    who = np.concatenate([np.arange(persons), chance.integers(0, persons, rows - persons)])
    table = pa.table({"email": pa.array([f"u{n}@kanari.example" for n in who]), "n": pa.array(who)})
    return Records(table.to_reader(8192), "people")


def test_a_table_of_parcels_is_a_trade_flow_and_its_goods_tell_topics() -> None:
    chance = random.Random(1)
    goods = ("cotton shirt", "prayer rug", "insulin pen", "phone case")
    rows = [
        {"order date": f"2026-{1 + n % 9:02d}-11", "consignee": f"Anna Moreau {n % 50}", "country": "BE",
         "email": f"a{n % 50}@kanari.example", "goods description": chance.choice(goods), "quantity": str(1 + n % 7),
         "hs code": chance.choice(["610910", "851712", "420212"]), "seller": chance.choice(["Acme Ltd", "Bolt GmbH"])}
        for n in range(900)
    ]  # fmt: skip
    made = records.count(Records(pa.Table.from_pylist(rows).to_reader(), "orders"), "store:a", KEY)
    held = {row["data_class"]: row for row in made.tables()["holding"].to_pylist()}
    assert {"email", "goods_description", "hs_code", "trade_flow", "inferred_religion", "inferred_health"} <= set(held)
    assert held["inferred_religion"]["marks"] == ["inferred"]
    told = sum(row["goods description"] == "prayer rug" for row in rows)
    assert held["inferred_religion"]["records"] == told
    persons = {row["email"] for row in rows if row["goods description"] == "prayer rug"}
    assert held["inferred_religion"]["subjects_lo"] == len(persons) <= held["inferred_religion"]["subjects_hi"]
    assert "from:2026-01" in held["trade_flow"]["marks"]
    assert all(row["stance"] == "observed" for row in held.values())
    assert made.tables()["population"].schema.equals(model.POPULATION.schema)


def test_goods_beside_nobody_tell_nothing() -> None:
    table = pa.table({"goods description": ["prayer rug", "insulin pen"] * 50, "quantity": ["1", "2"] * 50})
    made = records.count(Records(table.to_reader(), "stock"), "store:a", KEY)
    assert not any(name.startswith("inferred") for name in made.tables()["holding"].column("data_class").to_pylist())


def test_a_bar_between_the_bounds_is_settled_by_a_second_pass() -> None:
    persons = 10_050
    first = records.count(part(persons, 12_000), "store:a", KEY)
    assert not first.doubts, "below the budget the count is exact at once"
    coarse = _coarse(first)
    (again,) = records.again({1: coarse}, [Note("x"), part(3, 9), part(persons, 12_000)], KEY)
    rows = [row for row in again.tables()["population"].to_pylist() if row["subject_class"] == "email"]
    assert [(row["subjects_lo"], row["subjects_hi"]) for row in rows] == [(persons, persons)]


def test_what_does_not_come_again_stays_as_it_was() -> None:
    coarse = _coarse(records.count(part(10_050, 12_000), "store:a", KEY))
    assert records.again({5: coarse}, [part(3, 9)], KEY) == [coarse]


def _coarse(made: records.Counted) -> records.Counted:
    """The same count as if its fingerprints had not fitted: bounds on both sides of the bar of 10,000."""
    tracks = {}
    for name, track in made.summary.groups.tracks.items():
        kept = {key: groups.cut(marks, 2) for key, marks in track.kept.items()}
        tracks[name] = replace(track, level=2, kept=kept)
    summary = replace(made.summary, groups=replace(made.summary.groups, tracks=tracks))
    from flagstate.enrich import classify

    doubts = classify.needs_exact(summary, {10_001})
    assert doubts
    return replace(made, summary=summary, doubts=doubts)


def test_a_container_that_comes_in_parts_is_told_as_one() -> None:
    gathered = extract.Gathered(extract.Known(7))
    seen = extract.Seen("0", "dump.sql")
    for begin in range(0, 300, 3):
        for name in ("people", "machines"):
            rows = [{"email": f"{name}{n}@kanari.example"} for n in range(begin, begin + 4)]
            extract._records(Records(pa.Table.from_pylist(rows).to_reader(), name), seen, gathered)
    gathered.close()
    held = pa.concat_tables(gathered.tables["holding"]).to_pylist()
    told = [(row["container"], row["records"], row["subjects_lo"], row["subjects_hi"]) for row in held]
    assert sorted(told) == [("machines", 400, 301, 400), ("people", 400, 301, 400)]
    assert seen.rows_read == 800


def test_parts_beyond_memory_lose_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "KEPT_BYTES", 0)
    gathered = extract.Gathered(extract.Known(7))
    seen = extract.Seen("0", "dump.sql")
    for begin in (0, 20, 40):
        for name in ("people", "machines"):
            rows = [{"email": f"{name}{n}@kanari.example"} for n in range(begin, begin + 30)]
            extract._records(Records(pa.Table.from_pylist(rows).to_reader(), name), seen, gathered)
    gathered.close()
    made = {noun: records.together(pa.concat_tables(tables), noun) for noun, tables in gathered.tables.items()}
    told = [(row["container"], row["records"], row["subjects_lo"]) for row in made["holding"].to_pylist()]
    assert sorted(told) == [("machines", 90, 30), ("people", 90, 30)], "at least the largest part"
    counted = [(row["container"], row["records"], row["subjects_lo"], row["subjects_hi"])
               for row in made["population"].to_pylist()]  # fmt: skip
    assert sorted(counted) == [("machines", 90, 70, 70), ("people", 90, 70, 70)], "subjects of samples are united"
    for table in made.values():
        assert len(set(table.column("fact_id").to_pylist())) == table.num_rows
    assert made["holding"].schema.equals(model.HOLDING.schema)


def test_what_should_be_counted_again_and_was_not_is_kept() -> None:
    gathered = extract.Gathered(extract.Known(7))
    gathered.take(_coarse(records.count(part(10_050, 12_000), "store:a", KEY)))
    assert list(gathered.doubtful) == [0]
    gathered.close()
    assert sum(table.num_rows for table in gathered.tables["holding"]) == 1
