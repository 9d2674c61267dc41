"""Columns are classified on their values; nothing of a value is in what is said of them."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog.check_digits import CHECKS
from flagstate.engine import connect
from flagstate.enrich import classify
from table_runs import run

DATA = Path(__file__).parent / "data" / "tables-dataprofiler"
CON = connect(threads=2)


def relation(**columns: list[object]) -> duckdb.DuckDBPyRelation:
    return CON.from_arrow(pa.table({name.replace("__", " "): values for name, values in columns.items()}))


KEY = bytes(range(16))


def scanned(**columns: list[object]) -> classify.Summary:
    """A summary of a table, with one key."""
    return classify.scan(relation(**columns).to_arrow_reader(1000), key=KEY)


def found(**columns: list[object]) -> dict[str, dict[str, object]]:
    """The holdings of a table by class."""
    table = classify.summarise(relation(**columns), "t")
    assert table.schema.equals(model.HOLDING.schema)
    return {row["data_class"]: row for row in table.to_pylist()}


def cards(count: int) -> list[str]:
    made = []
    for n in range(count):
        body = f"4{n * 7919 + 10**13:014d}"
        made.append(next(body + d for d in "0123456789" if CHECKS["luhn"](body + d)))
    return made


def test_strong_forms_need_no_header() -> None:
    rows = found(
        a=[f"user{n}@kanari.example" for n in range(40)],
        b=cards(40),
        c=[f"203.0.113.{n}" for n in range(40)],
        d=[str(n) for n in range(40)],
    )
    assert {name: row["confidence"] for name, row in rows.items()} == {"email": "high", "card": "high", "ipv4": "high"}
    assert rows["email"]["records"] == rows["email"]["subjects_lo"] == 40
    assert rows["ipv4"]["unit"] == "devices"


def test_random_digits_are_no_cards_parcels_or_imeis() -> None:
    chance = random.Random(3)
    digits = {f"c{n}": [f"4{chance.randrange(10**14, 10**15)}" for _ in range(400)] for n in range(4)}
    waybills = [f"{chance.randrange(10**10, 10**11)}" for _ in range(400)]
    assert not found(**digits, w=waybills)


def test_a_header_alone_is_not_enough() -> None:
    assert "email" not in found(email=["n/a", "none", "later"] * 5)
    assert "card" not in found(card__number=["visa", "master", "amex"])
    assert "latitude" not in found(lat=["north", "south", "x"])


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("BirthDate", "1968-12-08", "birth_date"),
        ("ship_city", "Liège", "city"),
        ("Salary", "70,000", "salary"),
        ("GPS Lat", "50.63373", "latitude"),
        ("consignee_name", "Example BV", "consignee"),
        ("description of goods", "Cotton shirts", "goods_description"),
        ("Declared Value 1", "149.00", "declared_value"),
        ("收件人", "王小明", "consignee"),
        ("voornaam", "Jan", "given_name"),
    ],
)
def test_header_led_classes(name: str, value: str, made: str) -> None:
    rows = found(**{name: [value, value, None, value]})
    assert rows[made]["records"] == 3
    assert rows[made]["subjects_lo"] in (1, None)


@pytest.mark.parametrize("name", ["salary_currency", "email_verified", "address_id", "user_agent_id", "city_code"])
def test_a_word_inside_a_name_does_not_mislead(name: str) -> None:
    assert not found(**{name: ["1", "2", "3", "4"] * 4})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("first name", ["red", "green", "blue", "yellow", "purple", "orange"]),
        ("birth date", [f"2026-01-{n:02d}" for n in range(1, 28)]),
        ("postcode", [str(n) for n in range(1990, 2026)]),
        ("age", [str(n * 1000) for n in range(30)]),
        ("password", ["yes", "no"] * 20),
        ("city", ["red", "green", "blue", "yellow", "purple", "orange"]),
        ("IBAN", [f"DE{n:020d}" for n in range(30)]),
        ("consignee", [str(n) for n in range(30)]),
    ],
)
def test_a_misleading_header_convicts_nothing(name: str, values: list[object]) -> None:
    assert not found(**{name: values * 3})


def test_years_prices_times_and_running_numbers_are_nothing() -> None:
    chance = random.Random(5)
    columns: dict[str, list[object]] = {
        "column_1": [1900 + n % 120 for n in range(400)],
        "column_2": [round(chance.random() * 500, 2) for _ in range(400)],
        "column_3": [1_700_000_000 + chance.randrange(10**7) for _ in range(400)],
        "column_4": list(range(100_000_000, 100_000_400)),
        "column_5": [4_000_000_000_000_000 + n for n in range(400)],
        "column_6": [f"{chance.randrange(10**12, 10**13)}" for _ in range(400)],
        "column_7": [f"AB{chance.randrange(10**8, 10**9)}DE" for _ in range(400)],
        "column_8": [f"MSCU{chance.randrange(10**6, 10**7)}" for _ in range(400)],
    }
    assert not found(**columns)


def test_one_wrong_digit_is_not_that_class() -> None:
    right = cards(60)
    wrong = [card[:-1] + str((int(card[-1]) + 1) % 10) for card in right]
    assert not found(card__number=wrong)
    row = found(card__number=[*right, *wrong[:5]])["card"]
    assert row["records"] == 60


def test_a_column_may_hold_two_classes() -> None:
    values = [f"user{n}@kanari.example" for n in range(40)] + [f"203.0.113.{n}" for n in range(60)]
    rows = found(login__from=values)
    assert (rows["email"]["records"], rows["ipv4"]["records"]) == (40, 60)


def test_markers_for_no_value_are_none() -> None:
    assert found(sex=["M", "N/A", "F", "unknown"] * 10)["sex"]["confidence"] in ("medium", "high")


def test_names_are_known_without_a_header() -> None:
    given, family = ["Lena", "Max", "Ana", "Olga", "Ivan", "Sara"], ["Schmidt", "Jansen", "Garcia", "Novak", "Rossi"]
    rows = found(column_1=[f"{g} {f}" for g in given for f in family])
    assert rows["person_name"]["confidence"] == "medium"


def test_values_inside_longer_texts_are_counted() -> None:
    notes = [f"Please call back, number {n}, thank you" for n in range(90)]
    notes += [f"Write to user{n}@kanari.example or wait for the parcel" for n in range(10)]
    row = found(note=notes)["email"]
    assert row["records"] == 10
    assert "longer text" in str(row["reasons"])


def test_distinct_values_have_bounds() -> None:
    many = [f"user{n}@kanari.example" for n in range(30_000)] * 2
    row = found(mail=many)["email"]
    assert row["records"] == row["subjects_hi"] == 60_000
    assert 25_000 < row["subjects_lo"] <= 30_000


def test_no_value_and_no_raw_name_is_said() -> None:
    plants = ["ottokar.zwengel@kanari.example", "4556737586899855", "RB123456785GB", "Lena Schmidt"]
    table = classify.summarise(relation(**dict.fromkeys(plants, plants)), "Lena Schmidt")
    said = str(table.to_pylist()) + repr(scanned(a=plants))
    assert not [plant for plant in plants if plant in said]
    assert set(table["container"].to_pylist()) <= {"‹name›"}


def test_odd_tables() -> None:
    assert not found(a=[])
    assert not found(a=[None, None])
    assert not found(a=[b"\x00\xff"])
    assert not found(a=[[1, 2]], b=[{"x": 1}], c=[1.5], d=[True])
    assert found(**{'he"llo, "; DROP': ["a@b.example"] * 3})["email"]["records"] == 3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["a@b.example", "x", "", None, "4111111111111111"]), max_size=40), st.integers(0, 40))
def test_summaries_merge_in_any_order(values: list[str | None], cut: int) -> None:
    parts = [scanned(v=[*part, None]) for part in (values[:cut], values[cut:])]
    whole = scanned(v=[*values, None, None])
    assert classify.merge(*parts).columns == classify.merge(*reversed(parts)).columns == whole.columns
    assert classify.merge(*parts) == classify.merge(*reversed(parts))
    assert classify.merge(whole, classify.Summary()) == whole


def test_large_summaries_merge_to_the_same_sample() -> None:
    values = [f"user{n}@kanari.example" for n in range(9000)]
    parts = [scanned(v=values[at::3]) for at in range(3)]
    joined = classify.merge(parts[2], classify.merge(parts[0], parts[1]))
    whole = scanned(v=values)
    assert joined.columns[0].sample == whole.columns[0].sample


GOLDEN = {
    "log_data_long.txt": {"ipv4"},
    "iris.csv": set(),
    "flight_delays.csv": set(),
    "nation.plain.parquet": set(),
    "sparse-first-and-last-column-no-header.txt": {"person_name"},
    "blogposts.csv": set(),
    "graph_data_csv_identify.csv": set(),
    "daily-activity-sheet-tab.csv": set(),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_real_tables(name: str) -> None:
    outcome = run(DATA / name)
    assert outcome is not None
    table = classify.summarise(CON.from_arrow(outcome.table), name)
    assert set(table["data_class"].to_pylist()) == GOLDEN[name]
