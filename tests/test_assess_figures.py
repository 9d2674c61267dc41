"""Figures and units of claims."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.assess import figures


def figure(value: float | list[float], unit: str | None = None) -> dict[str, object]:
    lo, hi = value if isinstance(value, list) else (value, value)
    return {"lo": lo, "hi": hi} | ({"unit": unit} if unit else {})


def test_a_parcel_of_two_figures_weighs_what_it_weighs() -> None:
    made = figures.quotient(
        {"mass": figure(1.1, "Mt"), "parcels": figure(326_000_000, "parcel")}, "mass", "parcels", "kg"
    )
    assert made.lo == made.hi == pytest.approx(3.3742, rel=1e-4)
    assert made.words == "1.1 Mt / 326,000,000 parcel = 3.37 kg"
    assert made.french == "1,1 Mt / 326\u202f000\u202f000 parcel = 3,37 kg"


def test_bounds_are_as_wide_as_those_of_the_figures() -> None:
    made = figures.quotient({"a": figure([10, 20], "t"), "b": figure([2, 4])}, "a", "b", "kg")
    assert (made.lo, made.hi) == (pytest.approx(2500), pytest.approx(10_000))
    minus = figures.quotient({"a": figure([-10, 20]), "b": figure([2, 4])}, "a", "b", None)
    assert (minus.lo, minus.hi) == (-5, 10)


def test_figures_of_one_kind_give_a_bare_number() -> None:
    made = figures.quotient({"a": figure(100_000, "m**2"), "b": figure(30_000, "ft**2")}, "a", "b", None)
    assert (made.unit, made.lo) == ("", pytest.approx(35.88, rel=1e-3))
    assert figures.span((0, 50), "USD") == "at most 50 USD"
    assert figures.span((0, 0), None, "fr") == "0"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"a": figure(1, "t"), "b": figure(0)}, "b may be nothing"),
        ({"a": figure(1, "t"), "b": figure([-1, 4])}, "b may be nothing"),
        ({"a": figure(1, "t")}, "the figure b has no number"),
        ({"b": figure(1)}, "the figure a has no number"),
        ({"a": {"lo": None, "hi": "x"}, "b": figure(1)}, "the figure a has no number"),
        ({"a": figure(1, "m"), "b": figure(1)}, "m is not counted in kg"),
    ],
)
def test_what_cannot_be_worked_out_says_why(given: dict[str, dict[str, object]], why: str) -> None:
    made = figures.quotient(given, "a", "b", "kg")
    assert (made.lo, made.hi, made.words) == (None, None, why)
    assert made.french


@pytest.mark.parametrize(
    ("one", "other", "times"),
    [
        ("m**2", "ft**2", 10.7639),
        ("m²", "square_foot", 10.7639),
        ("t", "kg", 1000),
        ("km/h", "m/s", 1 / 3.6),
        ("EUR/parcels", "EUR/parcel", 1),
        ("EUR", "USD", None),
        ("kg", "m", None),
        ("degC", "K", None),
        ("dBm", "W", None),
        (None, "parcel", None),
        ("bags", "kg", None),
        ("units", "nit", None),
        ("links", "m", None),
        ("pcs", "parsec", None),
        ("PCS", "pieces", 1),
        ("kg/boxes", "kg/box", 1),
        ("tons", "kg", 1000),
        ("Ton", "t", 1),
        ("short_ton", "kg", 907.185),
        ("kt", "t", 1000),
        ("KG", "kg", 1),
        (None, "", 1),
    ],
)
def test_units_are_compared_by_what_they_measure(one: str | None, other: str | None, times: float | None) -> None:
    found = figures.comparable(one, other)
    assert found == (None if times is None else pytest.approx(times, rel=1e-4))


COUNTED = ["bags", "points", "chains", "hands", "cups", "poles", "slugs", "counts", "units", "dots", "boxes", "parcels"]


@pytest.mark.parametrize("word", COUNTED)
def test_a_word_that_counts_is_no_unit_of_nature(word: str) -> None:
    made = figures.quotient({"mass": figure(1000, "t"), "many": figure(50_000, word)}, "mass", "many", None)
    assert (made.unit, made.lo) == (f"t/{word}", pytest.approx(0.02))
    assert figures.unit(word).base == figures.unit({"boxes": "box"}.get(word, word[:-1])).base


def test_tons_say_how_they_were_read() -> None:
    given = {"mass": figure(1_100_000, "tons"), "parcels": figure(326_000_000, "parcel")}
    made = figures.quotient(given, "mass", "parcels", "kg")
    assert made.lo == pytest.approx(3.374, rel=1e-3), "metric, not short tons"
    assert made.words == "1,100,000 tons / 326,000,000 parcel = 3.37 kg (tons read as metric, 1,000 kg)"
    assert made.french.endswith("(tons lu comme métrique, 1\u202f000 kg)")
    assert "read as" not in figures.quotient(given, "mass", "parcels", None).words, "nothing was converted"
    assert figures.doubts(["kg/Tons", "kt", "t"]) == " (Tons read as metric, 1,000 kg; kt read as metric, 1,000,000 kg)"


@pytest.mark.parametrize(
    "text",
    ["m**999999", "m**9**9**9", "__import__('os').system('true')", "1e9*m", "m m", "(m", "m*" * 40 + "m", "x" * 500],
)
def test_no_unit_is_an_expression(text: str) -> None:
    assert figures.unit(text) == figures.Unit(1.0, ((text.casefold(), 1),), text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(2787.09, 2790, True), (49.7, 50, True), (322_917.3, 323_000, True), (30_000, 34_000, False), (2018, 2021, False),
     (0, 50, False), (0, 0, True), (-3.78, -3.8, True), (-3.78, -2.3, False), (50, 49, False)],
)  # fmt: skip
def test_rounding_is_no_change(one: float, other: float, same: bool) -> None:
    assert figures.same((one, one), (other, other)) is same
    assert figures.same((other, other), (one, one)) is same


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=80), st.from_regex(r"[a-zA-Zµ°%]{1,12}([*/^][a-zA-Z]{1,8}(\*\*-?[0-9]{1,3})?){0,9}")
    )
)
def test_any_text_is_some_unit(text: str) -> None:
    made = figures.unit(text)
    assert 0 < made.factor < 1e131
    assert figures.comparable(text, text) == 1


@settings(max_examples=100, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=5).map(
            json.dumps
        ),
        st.dictionaries(
            st.sampled_from("ab"), st.fixed_dictionaries({"lo": st.floats(), "hi": st.floats() | st.integers()})
        ).map(json.dumps),
    )
)
def test_figures_of_any_text_divide_or_say_why(text: str) -> None:
    made = figures.quotient(figures.figures(text), "a", "b", None)
    assert (made.lo is None) == (made.hi is None)
    assert made.lo is None or made.hi is None or made.lo <= made.hi
    assert made.words


def test_the_table_of_units_is_not_loaded_for_equal_units() -> None:
    code = (
        "import sys; from flagstate.assess import figures; "
        "figures.quotient({'a': {'lo': 1, 'hi': 1, 'unit': 'kg'}, 'b': {'lo': 2, 'hi': 2}}, 'a', 'b', 'kg'); "
        "sys.exit('pint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
