"""The DORA register: laid out as the EBA's taxonomy says, only with what is known, and every gap listed."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest

import filings_worlds as worlds
from flagstate.report.countries import names as countries
from flagstate.report.filings.dora_form import form
from flagstate.report.filings.dora_register import lei_ok

DATA = Path(__file__).parent / "data/eba_dora"
TAXONOMIES = {
    path.stem: {one["code"].replace("-", "."): one for one in json.loads(path.read_text())["tables"]}
    for path in sorted(DATA.glob("*.json"))
}
REFERS = [
    ("B_02.02", "c0010", "B_02.01", "c0010"),
    ("B_02.02", "c0020", "B_01.02", "c0010"),
    ("B_02.02", "c0030", "B_05.01", "c0010"),
    ("B_02.02", "c0050", "B_06.01", "c0010"),
    ("B_03.01", "c0010", "B_02.01", "c0010"),
    ("B_03.02", "c0010", "B_02.01", "c0010"),
    ("B_03.02", "c0020", "B_05.01", "c0010"),
    ("B_04.01", "c0010", "B_02.01", "c0010"),
    ("B_04.01", "c0020", "B_01.02", "c0010"),
    ("B_05.02", "c0010", "B_02.01", "c0010"),
    ("B_05.02", "c0030", "B_05.01", "c0010"),
    ("B_05.02", "c0060", "B_05.01", "c0010"),
    ("B_07.01", "c0010", "B_02.01", "c0010"),
    ("B_07.01", "c0020", "B_05.01", "c0010"),
]
"""Columns that point to another template, as the regulation relates them."""

SHAPES = {
    "date": r"\d{4}-\d\d-\d\d",
    "number": r"\d+(\.\d+)?",
    "country": r"eba_GA:[A-Z]{2}",
    "currency": r"eba_CU:[A-Z]{3}",
    "service": r"eba_TA:S(0[1-9]|1[0-9])",
    "yes_no": r"eba_BT:x2[89]",
    "assessed": r"eba_BT:x(28|29|21)",
    "code_type": r"eba_qCO:qx200[02]",
    "person_type": r"eba_CT:x21[23]",
    "hierarchy": r"eba_RP:x\d+",
    "link": "true",
    "lei": r"[0-9A-Z]{18}\d\d",
}


def _rows(name: str) -> dict[str, list[dict[str, str]]]:
    files = worlds.files(name, "dora-register", "csv")
    return {
        code: list(csv.DictReader(io.StringIO(files[f"reports/{one.file}"]))) for code, one in form().templates.items()
    }


@pytest.mark.parametrize("taxonomy", TAXONOMIES)
def test_columns_and_keys_are_those_of_the_taxonomy(taxonomy: str) -> None:
    tables = TAXONOMIES[taxonomy]
    assert set(tables) == set(form().templates)
    for code, template in form().templates.items():
        assert [one.code for one in template.fields] == [one["code"] for one in tables[code]["columns"]], code
        keys = {f"c{number}" for number in tables[code]["open_keys_mapping"].values()}
        assert {one.code for one in template.fields if one.key} == keys, code
        assert template.file == tables[code]["url"]


@pytest.mark.parametrize("name", ["bank", "bank_moved", "clinic", "nothing"])
def test_files_are_laid_out_as_the_taxonomy_says(name: str) -> None:
    files = worlds.files(name, "dora-register", "csv")
    for code, table in TAXONOMIES["dora_dora_4.0"].items():
        body = list(csv.reader(io.StringIO(files[f"reports/{table['url']}"])))
        assert body[0] == [one["code"] for one in table["columns"]], code
        assert {len(line) for line in body} == {len(body[0])}
    told = list(csv.DictReader(io.StringIO(files["reports/FilingIndicators.csv"])))
    assert sorted(one["templateID"] for one in told) == sorted(form().templates)
    assert json.loads(files["reports/report.json"])["documentInfo"]["extends"] == [form().entry_point]
    assert "missing.md" in files


@pytest.mark.parametrize("name", ["bank", "bank_moved", "clinic"])
def test_values_have_their_type_and_refer_to_rows_that_exist(name: str) -> None:
    rows = _rows(name)
    for code, template in form().templates.items():
        for line in rows[code]:
            for one in template.fields:
                value = line[one.code]
                assert not value or re.fullmatch(SHAPES.get(one.takes, ".*"), value), (code, one.code, value)
                if one.takes == "date" and value:
                    date.fromisoformat(value)
                if one.takes == "country" and value:
                    assert value.removeprefix("eba_GA:") in countries("en")
        keys = [one.code for one in template.fields if one.key]
        whole = [tuple(line[key] for key in keys) for line in rows[code] if all(line[key] for key in keys)]
        assert len(set(whole)) == len(whole), code
    for code, column, other, target in REFERS:
        known = {line[target] for line in rows[other]}
        assert {line[column] for line in rows[code]} - {""} <= known, (code, column)


def test_ends_come_after_starts_and_a_legal_person_has_a_code_of_the_right_type() -> None:
    """Two validation rules of the EBA: v8816_m and v8817_m."""
    rows = _rows("bank")
    assert all(one["c0080"] > one["c0070"] for one in rows["B_02.02"] if one["c0070"] and one["c0080"])
    for one in rows["B_05.01"]:
        if one["c0070"] == "eba_CT:x212" and one["c0010"]:
            assert one["c0020"] in ("eba_qCO:qx2000", "eba_qCO:qx2002")


def test_check_digits_of_an_lei_agree_with_another_implementation() -> None:
    lei = pytest.importorskip("stdnum.lei")
    for text in ("FLAGSTATEBANK0000154", "FLAGSTATECLOUD000106", "FLAGSTATEPARENT00118", "FLAGSTATESUBCON00198"):
        for wrong in range(10):
            changed = f"{text[:-1]}{wrong}"
            assert lei_ok(changed) == lei.is_valid(changed), changed
    shown = {
        line[c.code]
        for t, ls in _rows("bank").items()
        for line in ls
        for c in form().templates[t].fields
        if c.takes == "lei"
    }
    assert shown - {""}
    assert all(lei.is_valid(one) for one in shown - {""})


def test_what_is_known_of_a_contract_stands_in_its_row() -> None:
    rows = _rows("bank")
    first, second, letters = rows["B_02.02"]
    assert first == {
        "c0010": "hosting", "c0020": "FLAGSTATEBANK0000154", "c0030": "FLAGSTATECLOUD000106", "c0040": "eba_qCO:qx2000",
        "c0050": "F1", "c0060": "eba_TA:S17", "c0070": "2025-01-01", "c0080": "2028-01-01", "c0090": "", "c0100": "",
        "c0110": "", "c0120": "eba_GA:IE", "c0130": "", "c0140": "eba_BT:x28", "c0150": "eba_GA:DE",
        "c0160": "eba_GA:DE", "c0170": "", "c0180": "",
    }  # fmt: skip
    assert second == {**first, "c0160": "eba_GA:IN"}, "staff that administers from India processes from there"
    assert {key for key, value in letters.items() if value} == {"c0010", "c0020", "c0050"}
    assert rows["B_05.01"][0]["c0110"] == "FLAGSTATEPARENT00118"
    assert [(one["c0030"], one["c0050"], one["c0060"]) for one in rows["B_05.02"][:2]] == [
        ("FLAGSTATECLOUD000106", "1", ""),
        ("FLAGSTATESUBCON00198", "2", "FLAGSTATECLOUD000106"),
    ]
    assert [(one["c0080"], one["c0110"]) for one in rows["B_07.01"]] == [("eba_BT:x28", "eba_BT:x29"), ("", "")]
    assert rows["B_06.01"][1]["c0050"] == "", "that nobody called it critical says nothing"


def test_an_lei_with_wrong_check_digits_is_left_out_and_said() -> None:
    files = worlds.files("bank", "dora-register", "csv")
    assert not any("FLAGSTATESUBCON00199" in text for text in files.values())
    assert "Mail Three" in files["missing.md"]
    assert "fails its check digits" in files["missing.md"]


def test_places_that_differ_are_not_filled_but_said() -> None:
    rows = _rows("bank_moved")
    assert {one["c0150"] for one in rows["B_02.02"] if one["c0010"] == "hosting"} == {""}
    points = [one.text for s in worlds.document("bank_moved", "dora-register").sections for one in s.points]
    assert any("sources differ on where it stands" in one and "DE" in one and "SG" in one for one in points)


@pytest.mark.parametrize("name", ["bank", "bank_moved", "nothing"])
def test_every_empty_cell_of_a_row_is_listed_as_missing(name: str) -> None:
    document = worlds.document(name, "dora-register")
    grid = next(one.grid for one in document.sections if one.title == "What is missing")
    assert grid is not None
    listed = {(line[0].text, line[1].text.split(" ")[0]) for line in grid.rows}
    rows = _rows(name)
    for code, template in form().templates.items():
        for one in template.fields:
            gap = not rows[code] or any(not line[one.code] for line in rows[code])
            assert ((code, one.code) in listed) == gap, (code, one.code)


def test_nothing_known_gives_headings_and_no_row() -> None:
    assert all(not lines for lines in _rows("nothing").values())
    assert "no row is known" in worlds.files("nothing", "dora-register", "csv")["missing.md"]
