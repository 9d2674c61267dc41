"""Each check passes what its specification passes, and one wrong digit is not that class."""

from __future__ import annotations

import datetime as dt
import ipaddress
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from check_samples import VALID, WRONG, chance
from flagstate.catalog import check_digits
from flagstate.catalog.checks import CHANCE, CHECKS, FORMS, PARTS, RAW, compact


@pytest.mark.parametrize("name", FORMS)
def test_samples_pass_and_wrong_ones_do_not(name: str) -> None:
    for value in VALID[name]:
        assert CHECKS[name](value), value
    for value in (*WRONG.get(name, ()), "", "A", "é" * 12, "0" * 65, "\x00" * 13):
        assert not CHECKS[name](value), value


def test_names_are_those_of_the_functions() -> None:
    assert set(VALID) == set(FORMS)
    assert all(form.__name__ == name and form in PARTS and form.__doc__ for name, form in FORMS.items())
    assert set(FORMS) >= RAW
    assert check_digits.CHECKS is CHECKS


def mutants(text: str) -> list[str]:
    """The texts that differ from one in a single digit."""
    return [
        text[:place] + other + text[place + 1 :]
        for place, char in enumerate(text)
        if char.isdigit()
        for other in "0123456789"
        if other != char
    ]


SEES_ALL = ("card", "luhn", "iban", "sscc", "gsin", "gln", "isin", "lei", "imei", "nl_bsn", "de_idnr", "gb_nhs",
            "in_aadhaar", "canada_post", "es_dni", "lu_matricule", "dpd")  # fmt: skip
"""Checks of which no single wrong digit escapes."""

SEES_MOST = {
    "be_nn": "two centuries are tried, so that a wrong digit may be right in the other",
    "br_cpf": "remainders 0 and 10 are both written 0",
    "pt_nif": "remainders 0 and 1 are both written 0",
    "pl_pesel": "none by the digits alone",
    "fedex": "remainders 0 and 10 are both written 0, and digits in front of the sum are not part of it",
}
"""Checks of which few wrong digits escape, and why."""


@pytest.mark.parametrize("name", SEES_MOST)
def test_most_wrong_digits_are_seen(name: str) -> None:
    for value in VALID[name]:
        text = compact(value)
        if len(text) < 20:
            assert sum(map(CHECKS[name], mutants(text))) * 20 <= len(mutants(text)), value


@pytest.mark.parametrize("name", SEES_ALL)
def test_one_wrong_digit_is_seen(name: str) -> None:
    for value in VALID[name]:
        text = compact(value)
        # A letter may stand for the wrong digit elsewhere: a card may become one of another issuer, never a right one.
        assert [m for m in mutants(text) if CHECKS[name](m)] == [], value


@pytest.mark.parametrize("name", ["iso6346", "mrn", "s10"])
def test_blind_spots_are_those_of_two_remainders_written_alike(name: str) -> None:
    """A wrong digit that passes moves the sum from a remainder to the other one that is written the same."""
    for value in VALID[name]:
        text = compact(value)
        for mutant in mutants(text):
            if CHECKS[name](mutant):
                assert {remainder(name, text), remainder(name, mutant)} in ({0, 10}, {0, 6}), mutant


def remainder(name: str, text: str) -> int:
    """The remainder by 11 before it is written as a digit, by the words of the specification."""
    if name == "s10":
        return sum(int(d) * w for d, w in zip(text[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    values: dict[str, int] = {str(d): d for d in range(10)}
    number = 10
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        number += number % 11 == 0
        values[letter] = number
        number += 1
    return sum(values[c] * 2**place for place, c in enumerate(text[:-1])) % 11


def test_the_air_waybill_is_blind_by_seven_and_to_its_prefix() -> None:
    for value in VALID["awb"]:
        text = compact(value)
        passing = [m for m in mutants(text) if CHECKS["awb"](m)]
        for mutant in passing:
            place = next(i for i in range(11) if text[i] != mutant[i])
            assert place < 3 or (place < 10 and abs(int(text[place]) - int(mutant[place])) == 7)
        assert not [m for m in passing if m[-1] != text[-1]]


def test_the_ship_number_is_blind_where_weights_share_a_factor_with_ten() -> None:
    for value in VALID["imo"]:
        text = compact(value).removeprefix("IMO")
        for mutant in mutants(text):
            place = next(i for i in range(7) if text[i] != mutant[i])
            alike = place < 6 and (7 - place) * (int(text[place]) - int(mutant[place])) % 10 == 0
            assert CHECKS["imo"](mutant) == alike, mutant


@pytest.mark.parametrize("name", ["ups_1z", "ups_waybill", "ontrac"])
def test_doubled_places_are_blind_by_five(name: str) -> None:
    for value in VALID[name]:
        text = compact(value)
        for mutant in mutants(text):
            if CHECKS[name](mutant):
                place = next(i for i in range(len(text)) if text[i] != mutant[i])
                assert abs(int(text[place]) - int(mutant[place])) == 5, mutant


def test_containers_are_blind_to_letters_of_one_remainder() -> None:
    assert CHECKS["iso6346"]("CSQU3054383")
    seen = [a for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if CHECKS["iso6346"](f"CS{a}U3054383")]
    assert seen == ["G", "Q"]


def test_the_known_movement_reference() -> None:
    assert [d for d in "0123456789" if CHECKS["mrn"]("10NL5663962BE1E82" + d)] == ["5"]


@settings(max_examples=300, deadline=None)
@given(st.ip_addresses().map(str) | st.text("0123456789abF:.", max_size=24) | st.text("0:1", max_size=17))
def test_addresses_agree_with_the_standard_library(text: str) -> None:
    for name, made in (("ipv4", ipaddress.IPv4Address), ("ipv6", ipaddress.IPv6Address)):
        try:
            expected = bool(made(text))
        except ValueError:
            expected = False
        assert CHECKS[name](text) == expected


@settings(max_examples=200, deadline=None)
@given(st.integers(1790, 2210), st.integers(0, 13), st.integers(0, 32))
def test_dates_agree_with_the_calendar(year: int, month: int, day: int) -> None:
    try:
        expected = bool(dt.date(year, month, day)) and 1800 <= year <= 2199
    except ValueError:
        expected = False
    assert CHECKS["date"](f"{year}-{month:02}-{day:02}") == expected
    assert CHECKS["date"](f"{year}{month:02}{day:02}") == expected
    if day > 12 or month > 12:
        assert CHECKS["date"](f"{day}.{month}.{year}") == expected or month > 12


@settings(max_examples=200, deadline=None)
@given(st.floats(-95, 95), st.floats(-185, 185))
def test_positions_agree_with_their_numbers(latitude: float, longitude: float) -> None:
    text = f"{latitude:.6f},{longitude:.6f}"
    assert CHECKS["position_pair"](text) == (
        math.fabs(float(text.split(",")[0])) <= 90 and math.fabs(float(text.split(",")[1])) <= 180
    )


def test_separators_do_not_matter_and_other_alphabets_never_pass() -> None:
    for separator in " -./_\u00a0\u202f":
        assert CHECKS["card"](separator.join("4111111111111111"))
    assert CHECKS["iban"]("de89370400440532013000")
    assert not CHECKS["card"]("４１１１１１１１１１１１１１１１")
    # The long s has an ASCII capital.
    assert not CHECKS["eu_vat"]("\u017fI50223054")


@pytest.mark.parametrize("name", FORMS)
def test_the_chance_of_random_digits_is_as_said(name: str) -> None:
    said, draws = CHANCE[name], 2500
    assert 0 < said <= 1
    # Four standard deviations of the draws, and what rounding took.
    assert abs(chance(name, draws) - said) <= 4 * math.sqrt(said * (1 - said) / draws) + max(0.001, said * 0.1)


def test_every_chance_is_said() -> None:
    assert set(CHANCE) == set(FORMS)
