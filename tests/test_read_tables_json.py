"""JSON as tables: paths, lines, keys that are values, and files that are cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from table_runs import CANARIES, read, written


def test_json_tables_and_their_paths(tmp_path: Path) -> None:
    text = '{"meta": {"n": 2}, "a": {"rows": [{"id": 1, "who": {"x": 5}}, {"id": 2, "tags": [1]}]}, "b": [1, 2, 3]}'
    tables = read(written(tmp_path, text, "t.json")).tables
    assert {name: table.to_pylist() for name, table in tables.items()} == {
        "a.rows": [{"id": "1", "who.x": "5", "tags": None}, {"id": "2", "who.x": None, "tags": "[1]"}],
        "b": [{"value": "1"}, {"value": "2"}, {"value": "3"}],
        "t.json": [{"meta.n": "2"}],
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_lines(tmp_path: Path, encoding: str) -> None:
    text = "".join(f'{{"id": {n}, "name": "Jörg"}}\n' for n in range(20))
    assert read(written(tmp_path, text.encode(encoding), "t.jsonl")).table.to_pylist()[19] == {
        "id": "19",
        "name": "Jörg",
    }


def test_a_cut_line_of_json_is_said(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, '{"id": 1, "a": 2}\n' * 9 + '{"id": 1, "ottokar.zw', "t.jsonl"))
    assert outcome.rows == 9
    assert [note.reason[:18] for note in outcome.notes] == ["The file is cut of"]
    assert "ottokar" not in outcome.said()


@pytest.mark.parametrize("text", ["[" * 200_000, '[{"id": 1, "x": ' + "[" * 50_000, '[{"id": ' + "9" * 20_000 + "}]"])
def test_nesting_and_numbers_without_measure_are_damage(tmp_path: Path, text: str) -> None:
    outcome = read(written(tmp_path, text, "t.json"))
    assert outcome.rows == 0
    assert len(outcome.notes) == 1


def test_json_keys_that_are_values_become_values(tmp_path: Path) -> None:
    outcome = read(
        written(tmp_path, '{"u": [{"ottokar.zwengel@kanari.example": 1}, {"b@kanari.example": 2}]}', "k.json")
    )
    assert not any(canary in outcome.said() for canary in CANARIES)
    assert outcome.table.column_names == ["‹email› (key)", "‹email›"]
    assert outcome.table.column(1).to_pylist() == ["1", "2"]


def test_cut_json_is_read_up_to_the_cut(tmp_path: Path) -> None:
    text = "[" + ",".join('{"id": 1, "name": "x"}' for _ in range(100))
    outcome = read(written(tmp_path, text[:-5], "t.json"))
    assert outcome.rows == 99
    assert any("cut" in note.reason for note in outcome.notes)
