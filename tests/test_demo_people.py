"""The persons of the demonstration: as many as are said, each with one address, and none of them real."""

from __future__ import annotations

import re

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.catalog.checks import CHECKS
from flagstate.demo import people, places
from flagstate.demo.hub import YEAR, Hub
from flagstate.demo.people import Population


@pytest.mark.parametrize("scale", [1_000, 20_000, 250_000])
def test_no_two_persons_have_one_address_and_countries_are_counted(scale: int) -> None:
    everybody = Population.of(Hub(scale, 3))
    columns = everybody.columns(np.arange(everybody.count))
    assert pc.count_distinct(columns["email"]).as_py() == everybody.count
    counts = {
        row["values"]: row["counts"] for row in pc.value_counts(columns["country"].dictionary_decode()).to_pylist()
    }
    assert counts == {code: count for code, count in everybody.by_country.items() if count}
    assert all(columns[name].null_count == 0 for name in columns if name != "phone")
    assert 0.05 < columns["phone"].null_count / everybody.count < 0.11


def test_persons_of_the_largest_hub_are_a_third_of_its_parcels_and_still_apart() -> None:
    everybody = Population.of(Hub(YEAR, 1))
    assert 100e6 < everybody.count < YEAR / 2
    some = np.concatenate([np.arange(1000), everybody.count - 1 - np.arange(1000)])
    assert len(set(everybody.columns(some)["email"].to_pylist())) == 2000


@given(st.integers(1, 400), st.integers(0, 10**6))
def test_a_permutation_is_one(count: int, seed: int) -> None:
    times, shift = people.permutation(count, seed)
    assert sorted((np.arange(count) * times + shift) % count) == list(range(count))


@pytest.mark.parametrize("place", places.ALL, ids=lambda place: place.code)
def test_a_country_has_as_many_names_as_the_counters_count_on(place: places.Place) -> None:
    assert len({people.fold(name) for name in place.given}) == len(place.given) == places.GIVEN
    assert len({people.fold(name) for name in place.family}) == len(place.family) == places.FAMILY
    assert len(set(place.streets)) == len(place.streets) == places.STREETS
    assert len(dict(place.towns)) == places.TOWNS
    assert all("#" in street and "_" not in street and "@" not in street for street in place.streets)
    assert all(re.fullmatch("[a-z]+", people.fold(name)) for name in (*place.given, *place.family))


def test_mail_leads_nowhere_and_numbers_are_telephone_numbers() -> None:
    columns = Population.of(Hub(20_000, 1)).columns(np.arange(3_000))
    assert all(email.endswith(".example") for email in columns["email"].to_pylist())
    phones = list(filter(None, columns["phone"].to_pylist()))
    assert all(map(CHECKS["phone"], phones))
    # Ranges that regulators keep for stories, where they have one.
    told = {"FR": "+3363998", "DE": "+493023125", "IE": "+3532091"}
    # Beginnings of which libphonenumber 9.0.43 knows no valid number.
    told |= {"ES": "+3420", "IT": "+39288", "PL": "+4810", "NL": "+3160", "BE": "+3240", "AT": "+43600"}
    told |= {"LU": "+352600"}
    assert told.keys() == {place.code for place in places.ALL}
    for country, phone in zip(columns["country"].to_pylist(), columns["phone"].to_pylist(), strict=True):
        assert phone is None or phone.startswith(told[country])


def test_a_thousand_persons_are_a_thousand() -> None:
    assert sum(place.permille for place in places.ALL) == 1000
