"""Versions: the same rows give the same bytes; readers keep theirs; what a killed writer left is put right."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_world import again, made, tables
from flagstate import model
from flagstate.case import versions
from flagstate.errors import CaseError

TEXTS = st.one_of(st.none(), st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=3))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "evidence_id": st.sampled_from(["a", "b", None]),
            "size_bytes": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            "overlaps": TEXTS,
            "members": TEXTS,
        }
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(), st.integers(1, 4))
def test_rows_in_any_order_and_any_chunks_give_the_same_bytes(
    rows: list[dict[str, object]], dice: random.Random, chunk: int
) -> None:
    mixed = list(rows)
    dice.shuffle(mixed)
    parts = [model.rows(model.EVIDENCE, mixed[i : i + chunk]) for i in range(0, len(mixed), chunk)]
    chunked = pa.concat_tables(parts) if parts else model.empty(model.EVIDENCE)
    data = versions.encode(chunked, "evidence")
    assert data == versions.encode(model.rows(model.EVIDENCE, rows), "evidence")
    back = model.conform(pa.parquet.read_table(pa.BufferReader(data)), model.EVIDENCE)
    assert sorted(map(str, back.to_pylist())) == sorted(map(str, chunked.to_pylist()))


@pytest.mark.parametrize("noun", model.STORED)
def test_every_noun_can_be_sorted_and_comes_back_with_its_types(noun: str) -> None:
    schema = model.NOUNS[noun].schema
    table = pa.table([pa.nulls(3, field.type) for field in schema], schema=schema)
    back = pa.parquet.read_table(pa.BufferReader(versions.encode(table, noun)))
    assert model.conform(back, model.NOUNS[noun]).equals(table)
    assert not back.schema.metadata


def test_a_reader_keeps_its_version_while_others_are_published(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(1))
    reader = again(case).tables()
    for count in range(2, 12):
        case.publish(tables(count))
    assert reader["flow"].num_rows == reader["evidence"].num_rows == 1
    assert versions.numbers(case.path) == [1, 7, 8, 9, 10, 11]
    reader.close()
    case.publish(tables(12))
    assert versions.numbers(case.path) == [8, 9, 10, 11, 12]
    with pytest.raises(CaseError, match="version 1 "):
        case.tables(1)
    assert case.tables(9)["flow"].num_rows == 9


def test_drafts_of_a_killed_writer_go(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(1))
    shutil.copytree(case.path / "versions" / "1", case.path / "versions" / "2.tmp")
    shutil.copytree(case.path / "versions" / "1", case.path / "versions" / "2")
    (case.path / "tables.tmp").symlink_to("versions/2")
    assert again(case).tables().version == 1
    again(case).append("audit", {})
    assert sorted(p.name for p in (case.path / "versions").iterdir()) == ["1"]
    assert not (case.path / "tables.tmp").is_symlink()
    assert case.publish(tables(2)) == 2


def test_a_version_that_reached_the_ledger_becomes_the_current_one(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(1))
    case.publish(tables(2))
    (case.path / "tables").unlink()
    (case.path / "tables").symlink_to("versions/1")
    assert again(case).tables()["flow"].num_rows == 1
    again(case).append("audit", {})
    assert again(case).tables()["flow"].num_rows == 2


def test_no_finished_version_goes_because_the_ledger_is_lost(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(1))
    (case.path / "ledger.jsonl").unlink()
    (case.path / "tables").unlink()
    again(case).append("audit", {})
    assert versions.numbers(case.path) == [1]
    assert again(case).publish(tables(2)) == 2


def test_a_noun_that_an_old_version_does_not_know_is_empty(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(2))
    folder = case.path / "versions" / "1"
    (folder / "place.parquet").unlink()
    found = again(case).tables()
    with pytest.raises(CaseError, match="something of it is missing"):
        found["place"]
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["tables"]["place"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert found["place"].num_rows == 0
    (folder / "manifest.json").unlink()
    (folder / "flow.parquet").unlink()
    with pytest.raises(CaseError, match="manifest"):
        found["flow"]
    with pytest.raises(KeyError):
        found["connection"]


def test_a_version_that_is_gone_is_said(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(2))
    shutil.rmtree(case.path / "versions" / "1")
    with pytest.raises(CaseError, match="version 1 of the tables cannot be opened"):
        again(case).tables()
