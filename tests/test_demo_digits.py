"""Numbers of the demonstration have right check digits, by rules written apart from them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.catalog.checks import CHECKS
from flagstate.demo import digits
from flagstate.demo.parcels import BANKS

MANY = np.random.default_rng(1).integers(0, 10**12, 500)


def test_postal_items_declarations_waybills_and_wares_pass_their_checks() -> None:
    eight = digits.spread(MANY, 8)
    made = {
        "s10": digits.text(500, "LX", eight, digits.s10(eight), "CN"),
        "mrn": digits.movement(MANY % 2_000_000_000, MANY, "H"),
        "awb": digits.text(500, "999-", digits.spread(MANY % 10**7, 7), digits.seven(MANY % 10**7)),
        "gtin": digits.text(500, digits.spread(MANY, 12), digits.gs1(digits.spread(MANY, 12))),
    }
    for check, numbers in made.items():
        assert all(map(CHECKS[check], numbers.to_pylist())), check


@pytest.mark.parametrize("country", BANKS)
def test_accounts_pass_their_check_and_are_in_no_bank(country: str) -> None:
    code, bank, size = BANKS[country]
    numbers = digits.iban(code, bank, digits.spread(MANY, size)).to_pylist()
    assert all(map(CHECKS["iban"], numbers))
    assert {number[4 : 4 + len(bank)] for number in numbers} == {bank}
    assert not set(bank) - set("9ZX")


@given(st.lists(st.integers(0, 10**11 - 1), min_size=1), st.integers(1, 12))
def test_digits_are_those_of_the_number(numbers: list[int], width: int) -> None:
    made = digits.text(len(numbers), digits.spread(np.array(numbers), width)).to_pylist()
    assert made == [f"{number:0{width}d}"[-width:] for number in numbers]


@given(st.lists(st.integers(0, 5)), st.lists(st.sampled_from("abc"), min_size=6, max_size=6))
def test_codes_mean_what_they_stood_for_and_no_entry_stands_twice(places: list[int], pool: list[str]) -> None:
    made = digits.coded(np.array(places, np.int64), pa.array(pool))
    assert made.to_pylist() == [pool[place] for place in places]
    assert sorted(made.dictionary.to_pylist()) == sorted({pool[place] for place in places})


def test_chance_is_spread_evenly_and_repeats() -> None:
    bits = digits.mix(np.arange(100_000), 7)
    assert (bits == digits.mix(np.arange(100_000), 7)).all()
    for below, begin in ((10, 0), (1000, 16), (10**6, 32)):
        some = digits.part(bits, begin, below)
        assert some.min() >= 0
        assert some.max() < below
        assert abs((some.mean() + 0.5) / below - 0.5) < 0.01
