"""The stores of the demonstration: what the auditor says of them is what was written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import once
from flagstate.catalog import data_class, sketch
from flagstate.catalog.containers import stem
from flagstate.demo import held, stores
from flagstate.demo.hub import Hub
from flagstate.demo.parcels import Parcels
from flagstate.enrich.classify import infer
from flagstate.errors import EvidenceError
from pipeline_world import run

Truth = dict[str, Any]
Tables = Mapping[str, pa.Table]
GROUPS = {"sqlite": (1_000, 3, 125_000), "parquet": (5_000, 4, 375)}
"""Parcels, seed and chunk: of Parquet two parts, the second shorter."""


@pytest.fixture(scope="module", params=GROUPS)
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Tables]:
    """Return the truth about stores, and their audit."""
    scale, seed, chunk = GROUPS[request.param]

    def make(folder: Path) -> tuple[Truth, Tables]:
        single = request.param == "sqlite"
        truth = stores.write(Hub(scale, seed), folder / "evidence", lambda _: None, sqlite=single, chunk=chunk)
        outcome = run(folder / "evidence", case=folder / "case")
        return truth, {noun: outcome.tables[noun] for noun in ("holding", "population", "evidence")}

    return once(tmp_path_factory, f"demo-stores-{request.param}", make)[1]


def _rows(tables: Tables, noun: str) -> dict[str, list[dict[str, Any]]]:
    """Return the observed rows by table of the stores."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in tables[noun].to_pylist():
        if row["stance"] == "observed":
            found.setdefault(stem(row["container"]), []).append(row)
    return found


def test_every_class_of_every_table_is_found_in_all_its_records(audited: tuple[Truth, Tables]) -> None:
    truth, tables = audited
    found = {
        name: {row["data_class"]: row["records"] for row in rows} for name, rows in _rows(tables, "holding").items()
    }
    assert found == {name: table["records"] for name, table in truth["tables"].items()}


def test_persons_lie_within_the_bounds_of_every_class(audited: tuple[Truth, Tables]) -> None:
    truth, tables = audited
    for name, rows in _rows(tables, "holding").items():
        table = truth["tables"][name]
        for row in (row for row in rows if row["unit"] == "persons"):
            persons = table["persons_of"].get(row["data_class"], table["persons"])
            assert row["subjects_lo"] <= persons <= row["subjects_hi"], (name, row["data_class"])


def test_a_key_of_persons_counts_them_exactly(audited: tuple[Truth, Tables]) -> None:
    truth, tables = audited
    for name, rows in _rows(tables, "population").items():
        if name in ("parcels", "customs_h7", "returns", "merchants"):
            of_persons = [row for row in rows if row["unit"] == "persons"]
            assert sketch.union(of_persons) == (truth["tables"][name]["persons"],) * 2, name


def test_persons_are_counted_by_the_country_where_they_live(audited: tuple[Truth, Tables]) -> None:
    truth, tables = audited
    by: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(tables, "population")["parcels"]:
        by.setdefault(row["about"], []).append(row)
    assert {about: sketch.union(rows) for about, rows in by.items()} == {
        f"residents:{code}": (count, count) for code, count in truth["persons"]["by_country"].items()
    }


def test_bytes_of_the_files_are_those_of_the_ledger(audited: tuple[Truth, Tables]) -> None:
    truth, tables = audited
    read = [row for row in tables["evidence"].to_pylist() if row["artefact"] in truth["files"]]
    assert sorted(row["artefact"] for row in read) == truth["files"]
    assert sum(row["size_bytes"] for row in read) == truth["bytes"]
    assert {row["state"] for row in read} == {"read"}


def test_figures_hang_together(audited: tuple[Truth, Tables]) -> None:
    truth = audited[0]
    parcels, returns = truth["parcels"], truth["returns"]
    assert sum(parcels["by_day"]) == truth["scale"] == truth["tables"]["parcels"]["rows"]
    assert sum(truth["persons"]["by_country"].values()) == truth["persons"]["consignees"]
    assert parcels["kg"] / truth["scale"] == parcels["kg_per_parcel"]
    assert sum(returns["by_country"].values()) == returns["count"] == truth["tables"]["returns"]["rows"]
    assert 0 < returns["to_owners_home"] < returns["count"] < truth["scale"] / 20
    assert json.loads(json.dumps(truth)) == truth


def test_kilograms_are_those_in_the_file(tmp_path: Path) -> None:
    truth: Truth = stores.write(Hub(1_500, 5), tmp_path, lambda _: None)
    with sqlite3.connect(tmp_path / "stores" / "hub.sqlite") as link:
        weighed, persons, flown = (
            link.execute(f"SELECT {what}").fetchone()[0]
            for what in ("sum(weight_kg) FROM parcels", "count(DISTINCT consignee_email) FROM parcels",
                         "sum(gross_weight_t) FROM flights")
        )  # fmt: skip
    assert weighed == pytest.approx(truth["parcels"]["kg"]) == pytest.approx(flown * 1000)
    assert persons == truth["persons"]["consignees"]


@pytest.mark.parametrize("sqlite", [True, False])
def test_the_same_size_and_seed_give_the_same_bytes(sqlite: bool, tmp_path: Path) -> None:
    def files(name: str, seed: int) -> dict[str, bytes]:
        stores.write(Hub(1_000, seed), tmp_path / name, lambda _: None, sqlite=sqlite, chunk=50)
        return {path.name: path.read_bytes() for path in sorted((tmp_path / name / "stores").iterdir())}

    first = files("one", 1)
    assert files("two", 1) == first
    other = files("three", 2)
    assert other.keys() == first.keys()
    assert all(other[name] != data for name, data in first.items())


def test_a_large_hub_is_written_in_parts_of_bounded_groups(tmp_path: Path) -> None:
    said: list[str] = []
    truth: Truth = stores.write(Hub(20_001, 1), tmp_path, said.append, chunk=1_250)
    assert truth["kind"] == "parquet"
    for name in ("parcels", "customs_h7", "scans", "returns"):
        parts = sorted((tmp_path / "stores").glob(f"{name}_*.parquet"))
        metas = [pq.read_metadata(part) for part in parts]
        assert [part.stem for part in parts] == [f"{name}_{number:04d}" for number in (1, 2, 3)]
        assert sum(meta.num_rows for meta in metas) == truth["tables"][name]["rows"]
        groups = [meta.row_group(at).num_rows for meta in metas for at in range(meta.num_row_groups)]
        assert max(groups) <= 4 * 1_250
    assert said[-1] == "20,001 of 20,001 parcels stored"


def test_a_year_does_not_go_into_one_sqlite_file(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="1,000,001 parcels do not go"):
        stores.write(Hub(1_000_001, 1), tmp_path, lambda _: None, sqlite=True)
    assert not list(tmp_path.iterdir())


def test_each_class_that_is_said_to_be_held_exists_and_each_column_is_there() -> None:
    known = {made.id for made in data_class.load()} | set(infer.topics()) | {"trade_flow"}
    chunk = Parcels(Hub(1_000, 1)).make(0)
    for name, classes in held.TABLES.items():
        assert set(classes) <= known, name
        if name in chunk.tables:
            assert {column for listed in classes.values() for column in listed} <= set(chunk.tables[name].column_names)
