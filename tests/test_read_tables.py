"""Real odd tables, tables in every encoding, and texts that are no tables."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.errors import EvidenceError
from table_runs import CANARIES, read, run, written

DATA = Path(__file__).parent / "data" / "tables-dataprofiler"

GOLDEN: dict[str, tuple[str, list[tuple[int, int]]] | None] = {
    "LICENSE": None,
    "all-strings-skip-header-author.csv": ("table comma-separated utf-8", [(5, 4)]),
    "all-strings-skip-header.csv": ("table comma-separated utf-8", [(10, 4)]),
    "all-strings-skip-partial-header.csv": ("table comma-separated utf-8", [(5, 4)]),
    "all-strings-standard-header-data-quotes.csv": ("table comma-separated utf-8", [(10, 4)]),
    "all-strings-standard-header-quotes.csv": ("table comma-separated utf-8", [(10, 4)]),
    "all-strings-standard-header.csv": ("table comma-separated utf-8", [(10, 4)]),
    "blogposts.csv": ("table comma-separated utf-8", [(25, 4)]),
    "complex_nested.json": ("json", [(1, 2), (3, 4), (2, 2), (1, 3)]),
    "daily-activity-sheet-@-singlequote.csv": ("table other-separated utf-8", [(30, 4)]),
    "daily-activity-sheet-@.csv": ("table other-separated utf-8", [(30, 4)]),
    "daily-activity-sheet-int-description.csv": ("table comma-separated utf-8", [(30, 4)]),
    "daily-activity-sheet-tab.csv": ("table tab-separated utf-8", [(30, 4)]),
    "dual_payloads.json": ("json", [(2, 2), (3, 2), (1, 1)]),
    "empty.csv": None,
    "empty_rows.txt": ("table comma-separated utf-8", [(8, 2)]),
    "flight_delays.csv": ("table comma-separated utf-8", [(20, 8)]),
    "graph-data-input-json.json": ("json", [(1, 3)]),
    "graph-data-input-positive-header.csv": ("table comma-separated utf-8", [(8, 7)]),
    "graph-differentiator-input-negative.csv": ("table comma-separated utf-8", [(3, 7)]),
    "graph-differentiator-input-positive.csv": ("table comma-separated utf-8", [(8, 7)]),
    "graph-differentiator-input-standard-positive.csv": ("table comma-separated utf-8", [(3, 7)]),
    "graph_data_csv_identify.csv": ("table comma-separated utf-8", [(200, 4)]),
    "gzip-nation.impala.parquet": ("parquet", [(25, 4)]),
    "honeypot": ("json lines", [(14, 6)]),
    "honeypot_intentially_mislabeled_file.parquet": ("json lines", [(14, 6)]),
    "iris-utf-16.csv": ("table comma-separated utf-16", [(150, 6)]),
    "iris-utf-32.csv": ("table comma-separated utf-32", [(150, 6)]),
    "iris-utf-8.csv": ("table comma-separated utf-8", [(150, 6)]),
    "iris-with-null-rows.csv": ("table comma-separated utf-8", [(24, 6)]),
    "iris.csv": ("table comma-separated utf-8", [(150, 6)]),
    "iris.parq": ("parquet", [(150, 5)]),
    "iris_intentionally_mislabled_file.json": ("table comma-separated utf-8", [(150, 6)]),
    "iris_intentionally_mislabled_file.parquet": ("table comma-separated utf-8", [(150, 6)]),
    "iris_intentionally_mislabled_file.txt": ("table comma-separated utf-8", [(150, 6)]),
    "iris_no_header.csv": ("table comma-separated utf-8", [(20, 6)]),
    "log_data_long.txt": ("table comma-separated utf-8", [(753, 3)]),
    "log_data_sparse.txt": ("table comma-separated utf-8", [(20, 3)]),
    "log_data_super_sparse.txt": ("table comma-separated utf-8", [(20, 6)]),
    "mixed_datetime_data_col.parquet": ("parquet", [(4, 2)]),
    "mixed_string_data_col.parquet": ("parquet", [(4, 2)]),
    "multiple-col-delimiter-last.txt": ("table comma-separated utf-8", [(5, 4)]),
    "names-col-empty.txt": None,
    "names-col-without-space.txt": None,
    "names-col.txt": None,
    "nation.dict.parquet": ("parquet", [(25, 4)]),
    "nation.plain.intentionally_mislabled_file.csv": ("parquet", [(25, 4)]),
    "nation.plain.intentionally_mislabled_file.json": ("parquet", [(25, 4)]),
    "nation.plain.intentionally_mislabled_file.txt": ("parquet", [(25, 4)]),
    "nation.plain.parquet": ("parquet", [(25, 4)]),
    "num-negative-title-large.csv": ("table comma-separated utf-8", [(5, 1)]),
    "num-negative-title.csv": ("table comma-separated utf-8", [(5, 1)]),
    "preferred-check-small-num.csv": ("table comma-separated utf-8", [(5, 2)]),
    "quote-test-singlequote.txt": None,
    "quote-test.txt": None,
    "sentence-4x.txt": None,
    "simple-list.json": ("json lines", [(3, 1)]),
    "simple.json": ("json", [(2, 2), (1, 1)]),
    "small-num-negative.csv": ("table comma-separated utf-8", [(5, 1)]),
    "small-num-spaces.csv": ("table comma-separated utf-8", [(5, 2)]),
    "small-num.csv": ("table comma-separated utf-8", [(5, 1)]),
    "snappy-nation.impala.parquet": ("parquet", [(25, 4)]),
    "sparse-columns-test.csv": ("table comma-separated utf-8", [(25, 36)]),
    "sparse-first-and-last-column-empty-first-row.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-first-and-last-column-header-and-author-description.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-first-and-last-column-header-and-author.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-first-and-last-column-no-header.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-first-and-last-column-skip-header.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-first-and-last-column-two-headers.txt": ("table comma-separated utf-8", [(10, 3)]),
    "sparse-first-and-last-column.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-first-column.txt": ("table comma-separated utf-8", [(9, 2)]),
    "sparse-interchange-none.txt": ("table comma-separated utf-8", [(9, 3)]),
    "sparse-last-column.txt": ("table comma-separated utf-8", [(9, 2)]),
}


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda p: p.name)
def test_every_sample_is_read_or_left_alone(path: Path) -> None:
    outcome = run(path)
    shapes = outcome and (outcome.kind, [table.shape for table in outcome.tables.values()])
    assert shapes == GOLDEN[path.name]


def test_the_same_table_in_another_form_has_the_same_values() -> None:
    tables = [read(DATA / f"iris{name}").table for name in ("-utf-8.csv", "-utf-16.csv", "-utf-32.csv")]
    assert all(table.equals(tables[0]) for table in tables)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "\x1f", "^"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    rows = [["id", "name", "city"], *([str(n), f"Ann {n}", "Liège"] for n in range(50))]
    path = written(tmp_path, end.join(delimiter.join(row) for row in rows) + end)
    table = read(path).table
    assert table.column_names == rows[0]
    assert table.to_pylist()[7] == {"id": "7", "name": "Ann 7", "city": "Liège"}
    assert table.num_rows == 50


ENCODED = {
    "utf-8": "straße,größe\nKöln,3\nMünchen,4\n",
    "utf-8-sig": "straße,größe\nKöln,3\nMünchen,4\n",
    "utf-16": "straße,größe\nKöln,3\nMünchen,4\n",
    "utf-16-le": "straße,größe\nKöln,3\nMünchen,4\n",
    "utf-16-be": "straße,größe\nKöln,3\nMünchen,4\n",
    "utf-32": "straße,größe\nKöln,3\nMünchen,4\n",
    "utf-32-be": "straße,größe\nKöln,3\nMünchen,4\n",
    "latin-1": "straße,größe\n" + "Köln,3\nMünchen,4\nWürzburg,5\nLübeck,6\n" * 20,
    "gb18030": "姓名,城市\n" + "王小明,北京市\n李小红,上海市\n张伟强,广州市\n" * 20,
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = ENCODED[encoding]
    table = read(written(tmp_path, text.encode(encoding))).table
    assert [table.column_names, *map(list, zip(*table.to_pydict().values(), strict=True))] == [
        line.split(",") for line in text.splitlines()
    ]


def test_ragged_rows_are_rejected_by_number(tmp_path: Path) -> None:
    lines = ["id,name,city", *(f"{n},x,y" for n in range(2, 30))]
    lines[4], lines[9] = "4,ottokar.zwengel@kanari.example", "9,a,b,4556737586899855"
    outcome = read(written(tmp_path, "\n".join(lines)))
    assert [reject.line for reject in outcome.rejects] == [5, 10]
    assert outcome.rows == 26
    assert not any(canary in outcome.said() for canary in CANARIES)


@pytest.mark.parametrize(
    "rows",
    [
        ["ottokar.zwengel@kanari.example;12;x", "a@b.example;13;y"],
        ["Maximilian Oberhuber;Rue Haute 5;Luik", "Lena Schmidt;Rue Basse 6;Gent"],
        ["Zwrdlik Oktavkova;Hauptstr. 5;Luik", "Prvnika Dtmalova;Seestr. 6;Gent"],
        ["RB123456785GB;x;y", "RB123456785US;x;y"],
        ["4556737586899855;x;y", "4111111111111111;x;y"],
        ["1968-12-08;x;y", "1999-01-02;x;y"],
        ["true;x;y", "false;x;z"],
    ],
)
def test_a_headerless_first_row_names_nothing(tmp_path: Path, rows: list[str]) -> None:
    outcome = read(written(tmp_path, "\n".join(rows * 6)))
    assert outcome.table.column_names == ["column_1", "column_2", "column_3"]
    assert outcome.rows == 12
    first = rows[0].split(";")[0]
    assert first not in outcome.said()


@pytest.mark.parametrize(
    "header",
    ["id,customer name,e-mail", "OrderID,ShipCity,Freight", "Blog Post,Date,Subject", "kundennr,vorname,ort", "a,b,c"],
)
def test_a_header_names_the_columns(tmp_path: Path, header: str) -> None:
    body = "".join(f"{n},Word {n % 7} and more,x{n}@y.example\n" for n in range(1, 20))
    assert read(written(tmp_path, f"{header}\n{body}")).table.column_names == header.split(",")


def test_column_names_are_masked_unique_and_inert(tmp_path: Path) -> None:
    header = "id,id,ID,,ottokar zwengel,\x1b[31mred,=cmd()"
    names = read(written(tmp_path, f"{header}\n" + "1,2,3,4,5,6,7\n" * 5)).table.column_names
    assert names[:4] == ["id", "id_2", "ID_3", "column_4"]
    assert "\x1b" not in str(names)
    assert len({name.casefold() for name in names}) == 7


def test_bad_bytes_cost_only_themselves(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, b"id,name\n" + b"1,ab\n" * 900 + b"2,a\xff\xfe\x00b\n" + b"3,c\n" * 900))
    assert outcome.rows == 1801
    assert len(outcome.notes) >= 1


def test_a_quote_that_is_never_closed_is_said(tmp_path: Path) -> None:
    body = '1,"a b"\n' * 50 + '2,"open\n' + "3,c\n" * 50
    outcome = read(written(tmp_path, "id,name\n" + body))
    assert outcome.rows >= 50
    assert outcome.notes or outcome.rejected


def test_quoted_line_ends_stay_in_their_value(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, "id,note\n" + '1,"two\nlines, really"\n2,one\n' * 20))
    assert outcome.table.shape == (40, 2)
    assert not outcome.notes


def test_ten_thousand_columns(tmp_path: Path) -> None:
    wide = ",".join(f"c{n}" for n in range(10_000)) + "\n" + (",".join(["1"] * 10_000) + "\n") * 3
    assert read(written(tmp_path, wide)).table.shape == (3, 10_000)


def test_it_stops_after_so_many_rows() -> None:
    assert read(DATA / "iris.csv", max_rows=10).rows >= 10


NO_TABLES = {
    "empty.csv": "",
    "blank.csv": "\n\n \n",
    "prose.txt": "It was late, and cold.\nNobody came, or so it seemed.\nThen, at last, a sound.\n" * 20,
    "prose.csv": "This is a long sentence without any columns in it whatever one does.\n" * 10,
    "app.log": "2026-01-02 10:00:00,123 INFO started\n2026-01-02 10:00:01,456 WARN slow, very\n" * 20,
    "web.log": '203.0.113.7 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 12 "-" "Mozilla/5.0"\n' * 20,
    "dump.sql": "INSERT INTO t VALUES (1,'a');\nINSERT INTO t VALUES (2,'b');\n" * 20,
    "code.py": "import os\ndef f(a, b):\n    return a, b\n" * 20,
    "page.html": "<html><body><p>a, b</p></body></html>\n" * 9,
    "conf.ini": "[main]\na = 1\nb = 2\n" * 9,
    "notes.md": "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_is_no_table_is_left_alone(tmp_path: Path, name: str) -> None:
    assert run(written(tmp_path, NO_TABLES[name], name)) is None


def test_binaries_are_left_alone(tmp_path: Path) -> None:
    noise = random.Random(5).randbytes(5000)
    for start in (b"", b"\x89PNG\r\n", b"\xd4\xc3\xb2\xa1", b"\x1f\x8b", b"PK\x03\x04"):
        assert run(written(tmp_path, start + noise)) is None


SEEDS = [
    DATA / name
    for name in ("iris-utf-16.csv", "daily-activity-sheet-@.csv", "nation.plain.parquet", "honeypot", "simple.json")
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SEEDS), st.integers(0, 10_000), st.binary(max_size=6), st.booleans())
def test_no_damage_makes_a_reader_crash(tmp_path: Path, seed: Path, at: int, noise: bytes, cut: bool) -> None:
    whole = seed.read_bytes()
    at %= len(whole)
    path = written(tmp_path, whole[:at] + noise + (b"" if cut else whole[at + len(noise) :]), "damaged.bin")
    with suppress(EvidenceError):
        outcome = run(path)
        assert outcome is None or outcome.rows <= 400


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_a_reader_crash(tmp_path: Path, data: bytes) -> None:
    with suppress(EvidenceError):
        run(written(tmp_path, data, "any.csv"))
