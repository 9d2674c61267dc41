"""What the values of a column say for one class: form, check digit, membership in a list.

A check digit alone proves nothing: of random numbers one in ten or eleven passes. So the share that passes is weighed
against chance: how improbable is it that so many of so many distinct values pass by luck?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log

import numpy as np

from flagstate.catalog import checks, dictionaries
from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify.features import Mask, Sight

SHAPE_CHANCE = 0.001
"""Chance that an arbitrary value has the form of a class that is decided by its form."""
COMPANY = 0.5
"""Of the values with the form, those that must pass the check."""


@dataclass(frozen=True)
class Evidence:
    """What the values say."""

    hits: int
    """Distinct values that are of the class."""
    share: float
    """Of the distinct values."""
    passing: float
    """Of the values with the form, those that pass the check; 1 without a check."""
    surprise: float
    """Orders of magnitude by which luck is ruled out."""
    places: Mask
    """Which values of the sample these are."""


WEAK = 0.2
"""A check that passes more often by luck is no more than a form."""
STRUCTURE = 0.05
"""How often an arbitrary value mixes letters, digits and separators just as a form wants."""

# Rates of checks that are ranges or forms more than sums, of values that have the form.
_RATES: Mapping[str, float] = {
    "bic": 0.3, "eori": 0.5, "gb_nino": 0.5, "in_pan": 0.5, "ipv6": 0.3, "mac": 0.1, "vin": 0.5, "four_px": 0.1,
    "cainiao": 0.3, "sf": 0.3, "yunexpress": 0.3, "amazon": 0.1, "dhl_ecommerce": 0.5,
}  # fmt: skip

NOTHING = Evidence(0, 0.0, 0.0, 0.0, np.zeros(0, np.bool_))


def chance(check: str) -> float:
    """Return how often an arbitrary value of the form passes a check."""
    measured = checks.CHANCE.get(check, 0.999)
    return max(1e-9, min(0.999, _RATES.get(check, 0.999) if measured >= 1 else measured))


def formal(check: str) -> bool:
    """Return whether a check looks at the form only: it has no digit that could be wrong."""
    return checks.CHANCE.get(check, 0.0) >= 1


def luck(hits: int, tried: int, rate: float) -> float:
    """Return how improbable so many hits are by luck, in orders of magnitude (Chernoff's bound).

    Args:
        hits: Values that passed.
        tried: Values that were tried.
        rate: Chance of each.
    """
    if not tried or hits / tried <= rate:
        return 0.0
    p = hits / tried
    more = p * log(p / rate) + ((1 - p) * log((1 - p) / (1 - rate)) if p < 1 else 0.0)
    return tried * more / log(10)


def weigh(made: DataClass, sight: Sight, bit: int | None) -> Evidence:
    """Return what the values of a column say for a class.

    Args:
        made: The class.
        sight: The column.
        bit: Place of the class in the bits of the sample; null: it has none.
    """
    if made.dictionary:
        return _listed(made, sight)
    if bit is None or not made.shape or not sight.any >> bit & 1:
        return NOTHING
    places = sight.places(bit)
    hits = int(np.count_nonzero(places))
    formed, held = sight.column.formed.get(made.id, 0), sight.column.held.get(made.id, 0)
    passing = held / formed if formed and made.check else 1.0
    tried = max(hits, round(hits / passing)) if passing else hits
    rate = chance(made.check) if made.check else SHAPE_CHANCE if made.decide == "shape" else 0.5
    if (
        made.check
        and made.decide != "header"
        and _structured([sight.seen[at].text for at in np.flatnonzero(places)[:50].tolist()])
    ):
        rate *= STRUCTURE
    return Evidence(hits, hits / len(sight.seen), passing, luck(hits, tried, rate), places)


def _structured(texts: Sequence[str]) -> bool:
    """Whether values mix letters, digits and separators: numbers and words alone have the form of many things."""
    return sum(not (text.isdigit() or text.isalpha()) for text in texts) >= 0.9 * len(texts)


def _listed(made: DataClass, sight: Sight) -> Evidence:
    texts = sight.texts
    if not texts or sight.size > 80:
        return NOTHING
    # Most lists are ruled out by the first values.
    if len(texts) > 40 and not any(dictionaries.has(made.dictionary, text) for text in texts[:40]):
        return NOTHING
    found = [at for at, text in enumerate(texts) if dictionaries.has(made.dictionary, text)]
    if not found:
        return NOTHING
    rates = [rate(made.dictionary, texts[at]) for at in found]
    mean = max(1e-6, min(0.9, sum(rates) / len(rates)))
    places = np.zeros(len(sight.seen), np.bool_)
    places[found] = True
    if len(found) >= 0.9 * len(texts):
        places[len(texts) :] = True
    return Evidence(len(found), len(found) / len(texts), 1.0, luck(len(found), len(texts), mean), places)


@cache
def _sizes(name: str) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for entry in dictionaries.load(name):
        found[(len(entry), _alphabet(entry))] = found.get((len(entry), _alphabet(entry)), 0) + 1
    return found


def _alphabet(text: str) -> str:
    return "digits" if text.isdigit() else "letters" if text.isascii() and text.isalpha() else "other"


def rate(name: str, text: str) -> float:
    """Return how often an arbitrary value of this length and alphabet is in a list."""
    key = dictionaries.key(name, text)
    kind = _alphabet(key)
    if kind == "other" or len(key) > 8:
        return 1e-4
    space = (10 if kind == "digits" else 26) ** len(key)
    # Real values are not random letters: words of three letters and more are met far more often than chance says.
    least = 1e-4 if kind == "digits" else 0.02 if len(key) <= 4 else 1e-3
    return max(least, min(0.9, _sizes(name).get((len(key), kind), 0) / float(space)))
