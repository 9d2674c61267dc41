"""The walk through JSON: the same rows as a plain parser gives, wherever blocks end; nothing is lost without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.catalog.mask import mask
from flagstate.read import json_walk, jsontable
from table_runs import read, run, written

KEYS = st.sampled_from(["id", "name", "who", "x", "Größe", "a b", "k\n", '"', "\\", "tags", "value", "é\u4e2d"])
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), TEXTS,
    st.sampled_from(["a\u0000b", "\ud83d\ude00", "\\u0041", '"}', "[1,2]", "é" * 20, "/", "line\nend\ttab\x7f"]),
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)
ROWS = st.lists(
    st.dictionaries(KEYS, st.one_of(VALUES, st.lists(SCALARS, max_size=3)), max_size=5), min_size=1, max_size=12
)


def expected(value: Any, prefix: str, row: dict[str, Any]) -> dict[str, Any]:
    """Lay one value out as the reader promises to; arrays stay what they are."""
    if isinstance(value, dict):
        for key, inner in value.items():
            expected(inner, f"{prefix}.{mask(key)}" if prefix else mask(key), row)
    elif isinstance(value, list):
        row.setdefault(prefix, value)
    elif value is not None:
        said = str(value).lower() if isinstance(value, bool) else str(value)
        row.setdefault(prefix or "value", said.replace("\0", ""))
    return row


def found(row: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """A row as it was read, without its nulls; JSON text is parsed where an array is expected."""
    return {
        name: json.loads(said) if isinstance(like.get(name), list) else said
        for name, said in row.items()
        if said is not None
    }


@pytest.mark.parametrize("form", ["lines", "array", "pretty", "inside"])
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, ascii_=st.booleans(), block=st.sampled_from([7, 64, 1 << 20]))
def test_the_same_rows_as_a_parser(tmp_path_factory: pytest.TempPathFactory, form: str, rows: Any, ascii_: bool,
                                   block: int) -> None:  # fmt: skip
    def dumped(value: Any, indent: int | None = None) -> str:
        return (
            json.dumps(value, ensure_ascii=ascii_, indent=indent)
            .encode("utf-8", "surrogatepass")
            .decode("utf-8", "replace")
        )

    text = {
        "lines": "".join(dumped(row) + "\n" for row in rows),
        "array": dumped(rows),
        "pretty": dumped(rows, 2),
        "inside": dumped({"a": {"b": rows}, "n": [1, 2]}),
    }[form]
    path = written(tmp_path_factory.getbasetemp(), text, "walk.json")
    before = json_walk.BLOCK
    json_walk.BLOCK = block
    try:
        outcome = run(path)
    finally:
        json_walk.BLOCK = before
    if outcome is None:  # too small, or more controls than a text has (1 %)
        assert len(text) < 200 or text.count("\x7f") > len(text) // 100
        return
    assert [note.reason for note in outcome.notes] == []
    single = form == "lines" and len(rows) == 1
    want = [expected(row, "", {}) for row in json.loads(dumped(rows))]
    if single:
        return
    if not any(want):
        return
    table = outcome.tables["a.b" if form == "inside" else "walk.json"].to_pylist()
    assert [found(row, like) for row, like in zip(table, want, strict=True)] == want


def test_arrays_of_objects_inside_rows_are_tables(tmp_path: Path) -> None:
    rows = [
        {"id": n, "items": [{"hs": f"{n}{k}", "parts": [{"p": k}]} for k in range(3)], "tags": [1, 2]} for n in range(5)
    ]
    tables = read(written(tmp_path, json.dumps(rows), "orders.json")).tables
    assert {name: (table.num_rows, table.column_names) for name, table in tables.items()} == {
        "orders.json": (5, ["id", "tags"]),
        "items": (15, ["hs"]),
        "items.parts": (15, ["p"]),
    }
    assert tables["items"].column("hs").to_pylist() == [f"{n}{k}" for n in range(5) for k in range(3)]


def test_a_damaged_line_costs_itself(tmp_path: Path) -> None:
    lines = [f'{{"id": {n}, "a": "x"}}' for n in range(30)]
    lines[7], lines[11], lines[20] = '{"id": 7, "a": ', '{"id": 11 "a": 1}', "no json; ottokar.zwengel@kanari.example"
    outcome = read(written(tmp_path, "\n".join(lines) + "\n", "t.jsonl"))
    assert [reject.line for reject in outcome.rejects] == [8, 12, 21]
    assert outcome.table.column("id").to_pylist() == [str(n) for n in range(30) if n not in (7, 11, 20)]
    assert "ottokar" not in outcome.said()


def test_values_beside_the_tables_are_one_row(tmp_path: Path) -> None:
    text = '{"customer": {"email": "a@b.example", "n": 1}, "orders": [{"id": 1}], "also": {"iban": "DE"}, "none": []}'
    tables = read(written(tmp_path, text, "t.json")).tables
    assert tables["t.json"].to_pylist() == [{"customer.email": "a@b.example", "customer.n": "1", "also.iban": "DE"}]
    assert tables["orders"].to_pylist() == [{"id": "1"}]


def test_more_keys_than_are_told_apart_are_searched_together(tmp_path: Path) -> None:
    """Every value is in some column, whatever the file calls its keys."""
    rows = [{f"k{n}x{m}": f"value {n} {m}" for m in range(8)} for n in range(4_000)]
    outcome = read(written(tmp_path, "\n".join(map(json.dumps, rows)) + "\n", "t.jsonl"))
    table = outcome.table
    assert table.num_columns <= 2_003
    assert outcome.rows == 4_000
    values = {value for column in table.columns for value in column.to_pylist() if value}
    kept = sum(f"value {n} 0" in values for n in range(4_000))
    assert kept == 4_000, "the first value of each row stays, with a column of its own or without"
    assert any("more keys" in note.reason for note in outcome.notes)


def test_a_huge_string_costs_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_walk, "LONGEST", 3 << 20)
    text = '{"rows": [{"id": 1}, {"id": 2, "blob": "' + "x" * (8 << 20) + '"}, {"id": 3}]}'
    outcome = read(written(tmp_path, text, "t.json"))
    assert outcome.table.column("id").to_pylist() == ["1", "2", "3"]
    assert len(outcome.table.column("blob")[1].as_py()) <= json_walk.STRING
    assert ["1 string is longer" in note.reason for note in outcome.notes] == [True]


def test_a_huge_record_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_walk, "LONGEST", 1 << 20)
    monkeypatch.setattr(json_walk, "BLOCK", 1 << 18)
    huge = json.dumps({"id": 2, "more": {f"k{n}": "x" * 900 for n in range(4_000)}})
    lines = read(written(tmp_path, f'{{"id": 1}}\n{huge}\n{{"id": 3}}\n', "t.jsonl"))
    assert [reject.line for reject in lines.rejects] == [2]
    assert lines.table.column("id").to_pylist() == ["1", "3"]
    array = read(written(tmp_path, f'[{{"id": 1}}, {huge}, {{"id": 3}}]', "t.json"))
    assert array.table.column("id").to_pylist() == ["1"]
    assert any("more than" in note.reason and "what follows" in note.reason for note in array.notes)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_makes_it_crash(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    text = bytearray(json.dumps({"a": [{"k": [1, {"x": "\u00e9\n"}], "e": -1.5e3, "n": None, "t": True}] * 3}).encode())
    for _ in range(more.draw(st.integers(1, 4))):
        text[more.draw(st.integers(0, len(text) - 1))] = more.draw(st.sampled_from(b'{}[]",:\\ \nu0d8-\xff\x00'))
    path = written(tmp_path_factory.getbasetemp(), bytes(text[: more.draw(st.integers(1, len(text)))]), "bad.json")
    before = json_walk.BLOCK
    json_walk.BLOCK = more.draw(st.sampled_from([5, 1 << 20]))
    try:
        outcome = run(path)
    except jsontable.EvidenceError:
        return
    finally:
        json_walk.BLOCK = before
    for table in outcome.tables.values() if outcome else ():
        table.validate(full=True)
