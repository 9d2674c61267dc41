"""Sentences of a declaration are masked in pieces: long ones stay whole, and nothing hides at a seam."""

from __future__ import annotations

import pytest

from flagstate.catalog.mask import mask
from flagstate.read.estate_rows import prose

WORDS = "Parcels are stored in the north hall and nobody moved them before the morning shift began to sort."
SECRETS = ("anna.verhoeven@mail.example", "4111 1111 1111 1111", "BE68 5390 0754 7034")


def test_long_sentences_stay_whole() -> None:
    text = " ".join([WORDS] * 15)
    assert prose(text, mask) == text
    assert len(mask(text)) <= 200, "a name would be cut"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", [0, 70, 150, 170, 178, 185, 400])
def test_nothing_hides_at_a_seam(secret: str, before: int) -> None:
    lead = (WORDS + " ") * 5
    made = prose(f"{lead[:before]} {secret} {WORDS} {secret}. {WORDS}", mask)
    assert secret not in made
    assert not any(part in made for part in secret.split() if len(part) > 3 and part.isdigit() and part != "1111")


def test_a_piece_without_a_stop_is_cut_as_any_name() -> None:
    assert len(prose("word " * 300, mask)) <= 200


@pytest.mark.parametrize("country", ["France", "Ireland", "Israel", "Kenya", "Chad", "Germany", "China", "Belgique"])
def test_countries_stay_readable_also_where_one_is_a_given_name(country: str) -> None:
    for text in (f"Data are stored in {country}", f"In {country} nobody can log in.", f"Not {country}, it says"):
        assert prose(text, mask) == text


@pytest.mark.parametrize("name", ["Israel Meyer", "Anna France", "Chad Brown", "france.dubois@mail.example"])
def test_a_person_with_the_name_of_a_country_is_masked(name: str) -> None:
    assert name not in prose(f"It was said by {name} of the desk", mask)
