"""Parts of one table are one container: however it was split, the same records and the same persons."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog import sketch
from flagstate.catalog.containers import pattern
from flagstate.enrich.partitions import TABLES, unite

BASE = ("email", "goods_description", "iban", "quantity", "residence_country")
ONES = ("email", "iban")
Rows = list[dict[str, Any]]


class Record(NamedTuple):
    """One row of a made-up table."""

    month: str | None
    home: str
    person: int | None
    phone: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        return (*BASE, "phone") if self.phone else BASE


def mark(person: int) -> bytes:
    return hashlib.blake2b(str(person).encode(), digest_size=8).digest()


def packed(persons: Iterable[int], *, level: int = 0) -> bytes:
    marks = sorted({int.from_bytes(mark(person), "little") for person in persons})
    return sketch.pack(sketch.cut(b"".join(one.to_bytes(8, "little") for one in marks), level), level)


class Store:
    """The tables of an audit that read some files."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {"holding": [], "population": [], "evidence": []}

    def add(self, name: str, records: Sequence[Record], *, kind: str = "csv", level: int = 0, inner: str = "") -> str:
        """Add a file as its reading would describe it; return its row of the ledger."""
        evidence_id = model.digest(name, kind, str(records))
        self.rows["evidence"].append({"evidence_id": evidence_id, "artefact": name, "kind": kind, "state": "read"})
        at = {"asset_id": f"store:{name}", "container": f"{name}{inner}", "evidence_id": evidence_id}
        by: dict[tuple[Any, ...], list[int | None]] = {}
        for record in records:
            by.setdefault((record.classes, record.home, record.month), []).append(record.person)
        for (classes, home, month), persons in by.items():
            known = {person for person in persons if person is not None}
            thin = packed(known, level=level)
            low, high = sketch.bounds((len(thin) - 1) // 8, thin[0], persons.count(None), len(persons))
            self.rows["population"].append(at | {
                "data_classes": list(classes), "about": f"residents:{home}", "month": month, "records": len(persons),
                "unit": "persons", "subject_class": "email", "subjects_lo": low, "subjects_hi": high,
                "sketch": thin, "marks": ["residence_proxy"] + (["estimate"] if thin[0] else []),
            })  # fmt: skip
        for held in sorted({name for record in records for name in record.classes}):
            with_it = [record for record in records if held in record.classes]
            known = {record.person for record in with_it if record.person is not None}
            unit = "persons" if held in (*ONES, "phone", "residence_country") else None
            self.holding(at, held, len(with_it), (len(known) or 1 if held == "email" else 1) if unit else None)
        return evidence_id

    def holding(self, at: dict[str, Any], name: str, records: int, low: int | None) -> None:
        self.rows["holding"].append(at | {
            "data_class": name, "records": records, "unit": "persons" if low else None, "subjects_lo": low,
            "subjects_hi": records if low else None, "state": "stored", "confidence": "medium", "reasons": ["why"],
        })  # fmt: skip

    def tables(self, *, shuffled: int | None = None) -> dict[str, pa.Table]:
        made = {}
        for noun, rows in self.rows.items():
            listed = list(rows)
            if shuffled is not None:
                random.Random(shuffled).shuffle(listed)
            table = model.rows(model.NOUNS[noun], listed)
            made[noun] = table if noun == "evidence" else model.stamp(table, model.NOUNS[noun], stance="observed")
        return made

    def united(self, *, shuffled: int | None = None) -> dict[str, Rows]:
        return {noun: table.to_pylist() for noun, table in unite(self.tables(shuffled=shuffled)).items()}


def spread(records: Sequence[Record], cuts: Iterable[int]) -> Store:
    """Return a table as files, cut after so many rows."""
    store = Store()
    edges = [0, *sorted(set(cuts)), len(records)]
    for number, (start, stop) in enumerate(pairwise(edges)):
        store.add(f"x/orders_{number:04d}.csv", records[start:stop])
    return store


def said(rows: Rows, *, without: Iterable[str] = ("fact_id", "evidence_id", "marks", "reasons")) -> Rows:
    return [{name: value for name, value in row.items() if name not in set(without)} for row in rows]


records = st.lists(
    st.builds(
        Record, st.sampled_from(["2026-01", "2026-02", None]), st.sampled_from(["BE", "FR"]),
        st.one_of(st.none(), st.integers(0, 12)), st.booleans(),
    ),
    min_size=6, max_size=60,
)  # fmt: skip


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[Record], list[int], list[int]]:
    rows = draw(records)
    cut = st.lists(st.integers(1, len(rows) - 1), min_size=1, max_size=8)
    return rows, draw(cut), draw(cut)


@settings(max_examples=50, deadline=None)
@given(splits())
def test_any_split_gives_the_same_table(made: tuple[list[Record], list[int], list[int]]) -> None:
    rows, one, other = made
    first, second = spread(rows, one).united(), spread(rows, other).united()
    assert said(first["population"]) == said(second["population"])
    assert said(first["holding"]) == said(second["holding"])
    for held in first["holding"]:
        within = [row for row in rows if held["data_class"] in row.classes]
        assert held["records"] == len(within)
        assert held["container"] == "x/orders_*.csv"
        if held["unit"]:
            known = {row.person for row in within if row.person is not None}
            blank = sum(row.person is None for row in within)
            assert held["subjects_lo"] == max(1, len(known))
            assert len(known) <= held["subjects_hi"] <= max(1, len(known) + blank)
    for group in first["population"]:
        key = (tuple(group["data_classes"]), group["about"].removeprefix("residents:"), group["month"])
        within = [row for row in rows if (row.classes, row.home, row.month) == key]
        known = {row.person for row in within if row.person is not None}
        assert group["records"] == len(within)
        assert group["sketch"] == packed(known)
        assert "estimate" not in group["marks"]


@settings(max_examples=40, deadline=None)
@given(splits(), st.integers(0, 99))
def test_order_does_not_matter(made: tuple[list[Record], list[int], list[int]], seed: int) -> None:
    store = spread(made[0], made[1])
    assert store.united() == store.united(shuffled=seed)


@settings(max_examples=40, deadline=None)
@given(splits())
def test_uniting_again_changes_nothing(made: tuple[list[Record], list[int], list[int]]) -> None:
    tables = spread(made[0], made[1]).tables()
    once = unite(tables)
    again = unite(tables | {noun: once[noun] for noun in ("holding", "population")}
                  | {"evidence": pa.concat_tables([tables["evidence"], once["evidence"]])})  # fmt: skip
    assert again["holding"].equals(once["holding"])
    assert again["population"].equals(once["population"])
    assert "evidence" not in again


def people(count: int, *, since: int = 0, phone: bool = False) -> list[Record]:
    return [Record("2026-01", "BE", since + n, phone) for n in range(count)]


def test_bounds_of_united_samples_contain_the_truth() -> None:
    """Estimates of parts that share persons: narrower than the sum, and the truth is inside."""
    store, persons = Store(), 30_000
    for number in range(4):
        store.add(f"x/orders_{number}.csv", 2 * people(persons // 2, since=number * persons // 6), level=3)
    (held,) = [row for row in store.united()["holding"] if row["data_class"] == "iban"]
    assert held["subjects_lo"] <= persons <= held["subjects_hi"] < persons * 1.1
    (group,) = store.united()["population"]
    assert (group["subjects_lo"], group["subjects_hi"]) == (held["subjects_lo"], held["subjects_hi"])
    assert group["marks"] == ["residence_proxy", "estimate"]
    assert held["records"] == group["records"] == 4 * persons


def test_every_figure_leads_to_its_files() -> None:
    store = Store()
    ids = [store.add(f"x/orders_2026-{month:02d}.csv", people(5, since=month)) for month in range(1, 13)]
    made = store.united()
    (group,) = made["evidence"]
    assert group["members"] == sorted(ids)
    assert (group["state"], group["artefact"]) == ("set", "x/orders_*.csv (12 files)")
    for noun in ("holding", "population"):
        assert {row["evidence_id"] for row in made[noun]} == {group["evidence_id"]}
        assert len({row["fact_id"] for row in made[noun]}) == len(made[noun])
    marks = ["parts:12", "first:x/orders_2026-01.csv", "last:x/orders_2026-12.csv"]
    assert all(row["marks"] == marks for row in made["holding"])
    assert {row["confidence"] for row in made["holding"]} == {"medium"}
    assert made["holding"][0]["reasons"][0] == "12 files are one table by their names and classes"


def test_a_single_part_is_unchanged() -> None:
    store = Store()
    store.add("x/orders_2026-01.csv", people(9))
    store.add("x/clients_2026-01.csv", people(9, phone=True))
    tables = store.tables()
    made = unite(tables)
    assert made["holding"].equals(tables["holding"])
    assert made["population"].equals(tables["population"])
    assert "evidence" not in made


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("x/orders_2025.csv", "y/orders_2026.csv", ("csv", "csv")),
        ("x/orders_2025.csv", "x/orders_2026.json", ("csv", "json")),
        ("x/orders_2025.csv", "x/returns_2026.csv", ("csv", "csv")),
        ("x/orders.csv", "x/orders.csv", ("csv", "csv")),
        ("x/orders_de.csv", "x/orders_fr.csv", ("csv", "csv")),
        ("x/client-a/orders.csv", "x/client-b/orders.csv", ("csv", "csv")),
    ],
)
def test_what_only_looks_alike_stays_apart(one: str, other: str, kinds: tuple[str, str]) -> None:
    store = Store()
    store.add(one, people(9), kind=kinds[0])
    store.add(other, people(9, since=4), kind=kinds[1])
    assert "evidence" not in store.united()


def test_tables_with_other_columns_are_not_swallowed() -> None:
    """Three years of orders; under the name of the fourth lies another table, and of two more, a third one."""
    store = Store()
    for year in (2021, 2022, 2023):
        store.add(f"x/orders_{year}.csv", people(20, since=year))
    for year in (2024, 2025, 2026):
        evidence_id = model.digest("other", year)
        name = f"x/orders_{year}.csv"
        store.rows["evidence"].append({"evidence_id": evidence_id, "artefact": name, "kind": "csv"})
        at = {"asset_id": f"store:{name}", "container": name, "evidence_id": evidence_id}
        for held in ("mac_address", "latitude", "longitude", *(["imei"] if year == 2024 else [])):
            store.holding(at, held, 50, None)
    made = store.united()["holding"]
    by: dict[str, set[str]] = {}
    for row in made:
        by.setdefault(row["container"], set()).add(row["data_class"])
    assert by == {
        "x/orders_*.csv (orders_2021.csv …)": set(BASE),
        "x/orders_*.csv (orders_2025.csv …)": {"mac_address", "latitude", "longitude"},
        "x/orders_2024.csv": {"mac_address", "latitude", "longitude", "imei"},
    }


def test_a_rare_class_and_a_new_column_part_nothing() -> None:
    store = Store()
    store.add("x/orders_01.csv", people(60))
    store.add("x/orders_02.csv", [*people(60), *people(2, phone=True)])
    store.add("x/orders_03.csv", people(60, phone=True))
    made = store.united()["holding"]
    assert {row["container"] for row in made} == {"x/orders_*.csv"}
    phones = next(row for row in made if row["data_class"] == "phone")
    assert (phones["records"], phones["subjects_lo"], phones["subjects_hi"]) == (62, 60, 60)
    assert phones["reasons"][0] == "3 files are one table by their names and classes, 2 of them hold it"


def test_tables_within_files_are_united_by_their_name_within() -> None:
    store = Store()
    for year in (2025, 2026):
        store.add(f"x/shop_{year}.sqlite", people(5, since=year), kind="sqlite", inner=" › people")
        store.add(f"x/shop_{year}.sqlite", people(3, since=year), kind="sqlite", inner=" › guests")
    made = store.united()
    totals = {row["container"]: row["records"] for row in made["holding"] if row["data_class"] == "email"}
    assert totals == {"x/shop_*.sqlite › people": 10, "x/shop_*.sqlite › guests": 6}


def test_running_text_goes_by_its_name() -> None:
    store = Store()
    for number, held in enumerate(("ipv4", "email", "jwt")):
        evidence_id = model.digest(number)
        name = f"logs/app.log.{number}"
        store.rows["evidence"].append({"evidence_id": evidence_id, "artefact": name, "kind": "text utf-8"})
        at = {"asset_id": f"store:{name}", "container": name, "evidence_id": evidence_id}
        store.holding(at, held, 5, None)
        store.holding(at, "user_agent", 5, None)
    made = store.united()["holding"]
    assert {(row["container"], row["data_class"]): row["records"] for row in made} == {
        ("logs/app.log.*", "ipv4"): 5, ("logs/app.log.*", "email"): 5, ("logs/app.log.*", "jwt"): 5,
        ("logs/app.log.*", "user_agent"): 15,
    }  # fmt: skip


def test_keys_of_different_kinds_are_not_mixed() -> None:
    """A part whose subjects have another kind of key: at least the larger, at most both."""
    store = Store()
    store.add("x/orders_1.csv", people(9))
    store.add("x/orders_2.csv", people(5))
    for row in store.rows["population"][1:]:
        row["subject_class"] = "iban"
    made = store.united()
    assert sorted((row["subject_class"], row["records"]) for row in made["population"]) == [("email", 9), ("iban", 5)]
    assert len({row["fact_id"] for row in made["population"]}) == 2
    (held,) = [row for row in made["holding"] if row["data_class"] == "iban"]
    assert (held["records"], held["subjects_lo"], held["subjects_hi"]) == (14, 9, 14)


def test_without_populations_the_largest_and_the_sum() -> None:
    store = Store()
    store.add("x/orders_1.csv", people(9))
    store.add("x/orders_2.csv", people(5))
    store.rows["population"].clear()
    (held,) = [row for row in store.united()["holding"] if row["data_class"] == "email"]
    assert (held["records"], held["subjects_lo"], held["subjects_hi"]) == (14, 9, 14)


def test_a_flow_of_trade_is_judged_on_the_whole() -> None:
    """Forty rows a file tell no pattern of trade; ten files do, over all their months."""
    store = Store()
    for month in range(1, 10):
        name = f"x/orders_2026-0{month}.csv"
        store.add(name, [Record(f"2026-0{month}", "BE", n) for n in range(40)])
    (flow,) = [row for row in store.united()["holding"] if row["data_class"] == "trade_flow"]
    assert flow["records"] == 360
    assert {"from:2026-01", "to:2026-09", "parts:9"} <= set(flow["marks"])


def test_what_goods_tell_is_judged_on_the_whole() -> None:
    store = Store()
    for number in range(5):
        store.add(f"x/orders_{number}.csv", people(2, since=number))
    for row in store.rows["population"]:
        row["data_classes"].append("inferred_health")
    (told,) = [row for row in store.united()["holding"] if row["data_class"] == "inferred_health"]
    assert (told["records"], told["subjects_lo"], told["subjects_hi"]) == (10, 6, 6)
    assert told["marks"][0] == "inferred"


def test_declared_rows_and_other_stores_stay() -> None:
    store = Store()
    ids = [store.add(f"x/visit_{number}.har", people(5), kind="har") for number in (1, 2)]
    for row in (*store.rows["holding"], *store.rows["population"]):
        row["asset_id"] = "host:shop.example"
    store.rows["holding"].append(
        {"asset_id": "wms", "data_class": "email", "evidence_id": ids[0], "stance": "declared"}
    )
    tables = store.tables()
    assert unite(tables)["holding"].equals(tables["holding"])


def test_many_tables_of_one_name_cost_little() -> None:
    store = Store()
    for number in range(TABLES * 8):
        name, evidence_id = f"x/t_{number}.csv", model.digest(number)
        store.rows["evidence"].append({"evidence_id": evidence_id, "artefact": name, "kind": "csv"})
        at = {"asset_id": f"store:{name}", "container": name, "evidence_id": evidence_id}
        for held in (f"a{number // 2}", f"b{number // 2}"):
            store.holding(at, held, 5, None)
    made = {row["container"] for row in store.united()["holding"]}
    assert len(made) == TABLES + TABLES * 6


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("x/orders_2026-01-31.csv.gz", "x/orders_*.csv.gz"),
        ("x/orders20260131.parquet", "x/orders*.parquet"),
        ("x/part-00000-‹id›-c000.snappy.parquet", "x/part-*.snappy.parquet"),
        ("x/part-‹number›.parquet", "x/part-*.parquet"),
        ("x/dt=2026-01-01/country=BE/data.parquet", "x/dt=*/country=*/data.parquet"),
        ("x/2026/01/15/orders.csv", "x/*/*/*/orders.csv"),
        ("export_2026-01.zip!a/orders.csv", "export_*.zip!a/orders.csv"),
        ("app.log.1", "app.log.*"),
        ("x/orders_2026Q1.csv", "x/orders_*.csv"),
        ("x/client_7/orders.csv", "x/client_7/orders.csv"),
        ("x/15/orders.csv", "x/15/orders.csv"),
        ("iso3166.csv", "iso3166.csv"),
        ("orders.csv", "orders.csv"),
        ("mail of ‹name›.eml", "mail of ‹name›.eml"),
    ],
)
def test_the_name_that_parts_share(name: str, shared: str) -> None:
    assert pattern(name) == shared
    assert pattern(shared) == shared
