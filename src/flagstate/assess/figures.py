"""Figures of claims: their units, whether two of them say the same, and one divided by another.

A unit is hostile text: it is read here, name by name, and no expression is ever evaluated. What the library of units
(pint) does not know, such as parcel or EUR, is a unit of its own; so are words that count, whatever the library takes
them for: pcs are pieces, no parsecs. The library is loaded only when two units differ.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pint import UnitRegistry

MAX_UNIT = 60
"""Signs of a unit that are read; a longer one is a word of its own."""
MAX_POWER = 6
"""The largest exponent of a unit; units of nature have smaller ones."""
MAX_PARTS = 8
"""Factors of a unit that are read."""
ROUNDING = 0.02
"""By at most this share two figures differ where one is the other, rounded: 2,787 and 2,790."""

_PART = re.compile(
    r"([*/·×]?)\s*([^\W\d_]+(?:_[^\W\d_]+)*|[°%€$£¥][^\W\d_]*)(?:(?:\*\*|\^)?(-?\d{1,2}))?\s*", re.UNICODE
)
_LARGEST = 300.0
"""Natural logarithm of the largest factor of a unit."""
_RAISED = {"²": "**2", "³": "**3"}

_COUNTED = frozenset([
    "account", "article", "bag", "bale", "barge", "batch", "bin", "bottle", "box", "bunch", "bundle", "call", "can",
    "carton", "case", "cask", "chain", "client", "colli", "consignment", "container", "count", "country", "crate",
    "cup", "customer", "declaration", "device", "dot", "drum", "email", "entry", "file", "firm", "flight", "hand",
    "head", "house", "hub", "item", "jar", "job", "keg", "letter", "line", "link", "load", "lorry", "lot", "mail",
    "message", "order", "pack", "package", "packet", "page", "pair", "pallet", "parcel", "part", "particle", "person",
    "phone", "piece", "point", "pole", "post", "record", "request", "roll", "row", "sack", "seller", "set", "shipment",
    "site", "slug", "stack", "stop", "store", "tin", "tote", "transaction", "tray", "trip", "truck", "unit", "user",
    "van", "vehicle", "visit",
])  # fmt: skip
"""Words that count things, in the singular: never units of nature, though pint knows a bag, a link and a micro-nit."""
_PLURALS = {
    "pc": "piece", "pcs": "piece", "people": "person", "boxes": "box", "batches": "batch", "bunches": "bunch",
    "entries": "entry", "countries": "country", "lorries": "lorry", "pct": "percent",
}  # fmt: skip
"""Plurals and short forms that no s makes."""
_TONNE = (("kilogram", 1),)
_DOUBTFUL = {
    **dict.fromkeys(("ton", "tons"), (1e3, "1,000 kg")),
    **dict.fromkeys(("kt", "kton", "ktons", "kiloton", "kilotons"), (1e6, "1,000,000 kg")),
    **dict.fromkeys(("megaton", "megatons"), (1e9, "1,000,000,000 kg")),
}
"""Words that are metric here and something else there (short tons, knots): in kilograms, and as a reader is told."""

Figures = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Unit:
    """A unit taken apart."""

    factor: float
    """How many base units one of it is."""
    base: tuple[tuple[str, int], ...]
    """Base units with their powers; a word that no table of units knows is a base unit."""
    text: str
    """As it was written."""


@dataclass(frozen=True)
class Quotient:
    """One figure for each of another."""

    lo: float | None
    """Lower bound; null: it cannot be worked out, and `words` says why."""
    hi: float | None
    """Upper bound."""
    unit: str
    """Unit of the bounds."""
    words: str
    """How it was worked out, as a clause."""
    french: str
    """The same in French."""


def figures(text: str | None) -> dict[str, dict[str, object]]:
    """Return the figures of a claim by name; what is not of that form is left out."""
    try:
        said = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {str(k): v for k, v in said.items() if isinstance(v, dict)} if isinstance(said, dict) else {}


def bounds(figure: Mapping[str, object]) -> tuple[float, float] | None:
    """Return the bounds of a figure, or None where it has none that are finite numbers."""
    lo, hi = figure.get("lo"), figure.get("hi")
    if not _number(lo) or not _number(hi):
        return None
    low, high = sorted((float(str(lo)), float(str(hi))))
    return low, high


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 10**300


@cache
def _registry() -> UnitRegistry[Any]:
    """Return the table of units; making it takes half a second, so that it is made once and late."""
    from pint import UnitRegistry

    return UnitRegistry()


@lru_cache(maxsize=4096)
def _name(name: str) -> tuple[float, tuple[tuple[str, int], ...]]:
    """Return what one name of a unit is: a factor and base units, or a base unit of its own."""
    word = name.casefold()
    if word in _DOUBTFUL:
        return _DOUBTFUL[word][0], _TONNE
    word = _PLURALS.get(word, word)
    if (one := word.removesuffix("s")) in _COUNTED:
        return 1.0, ((one, 1),)
    name = word if name.casefold() in _PLURALS else name
    from pint.util import UnitsContainer

    table = _registry()
    read = [prefix + unit for prefix, unit, _ in table.parse_unit_name(name) if not _strange(prefix + unit)]
    if not read:
        return 1.0, (((word[:-1] if len(word) > 3 and word.endswith("s") else word), 1),)
    factor, base = table.get_base_units(UnitsContainer({read[0]: 1}))
    return float(str(factor)), tuple(sorted((name, int(power)) for name, power in _powers(base._units)))


def _powers(base: Mapping[str, object]) -> list[tuple[str, float]]:
    return [(name, float(str(power))) for name, power in base.items()]


@lru_cache(maxsize=4096)
def _strange(unit: str) -> bool:
    """Whether a unit is no plain multiple: zero of it is not zero, as of degrees and decibels, or it has roots."""
    from pint.util import UnitsContainer

    found = _registry().Quantity(0.0, UnitsContainer({unit: 1})).to_base_units()
    return bool(found.magnitude) or any(power != int(power) for _, power in _powers(found.units._units))


@lru_cache(maxsize=4096)
def unit(text: str | None) -> Unit:
    """Return a unit taken apart; a text that is no product of names is a base unit of its own.

    Args:
        text: Such as `m**2`, `m²`, `t`, `EUR/parcel`; null: a bare number.

    What it cannot see: that a word is a short form of another, but for a few; which ton is meant: `doubts` says how
        it was read.
    """
    said = (text or "").strip()
    parts = _parts(said)
    if parts is None:
        return Unit(1.0, ((said.casefold(), 1),), said)
    size, powers = 0.0, dict[str, int]()
    for name, power in parts:
        times, base = _name(name)
        size += abs(math.log(times) * power)
        for one, of_it in base:
            powers[one] = powers.get(one, 0) + of_it * power
    if size > _LARGEST:
        return Unit(1.0, ((said.casefold(), 1),), said)
    factor = math.prod(_name(name)[0] ** power for name, power in parts)
    return Unit(factor, tuple(sorted((n, p) for n, p in powers.items() if p)), said)


def _parts(said: str) -> list[tuple[str, int]] | None:
    """Return names with their powers, or None where a text is not a product of names."""
    for sign, raised in _RAISED.items():
        said = said.replace(sign, raised)
    if len(said) > MAX_UNIT:
        return None
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(said):
        match = _PART.match(said, at)
        # Two names with only a space between them are words, not a product.
        if not match or bool(match[1]) != bool(found) or len(found) >= MAX_PARTS:
            return None
        power = int(match[3] or 1)
        if abs(power) > MAX_POWER:
            return None
        found.append((match[2], -power if match[1] == "/" else power))
        at = match.end()
    return found


def doubts(units: Iterable[str], language: str = "en") -> str:
    """Return how units of more than one meaning were read, such as tons, as a clause in brackets; empty: none is.

    Args:
        units: As they are written.
        language: en or fr.
    """
    names = dict.fromkeys(
        name for text in units for name, _ in _parts(text.strip()) or () if name.casefold() in _DOUBTFUL
    )
    told = ((name, _DOUBTFUL[name.casefold()][1]) for name in names)
    if language == "fr":
        clauses = [f"{name} lu comme métrique, {size.replace(',', chr(0x202F))}" for name, size in told]
    else:
        clauses = [f"{name} read as metric, {size}" for name, size in told]
    return f" ({'; '.join(clauses)})" if clauses else ""


def comparable(one: str | None, other: str | None) -> float | None:
    """Return how many of the other unit one of the first is; None: they cannot be compared.

    Args:
        one: A unit.
        other: Another.
    """
    if (one or "").strip() == (other or "").strip():
        return 1.0
    first, second = unit(one), unit(other)
    if first.base == second.base:
        return first.factor / second.factor
    # KG is no unit: it is kg, badly written.
    alike = first.text.casefold() == second.text.casefold() and (_own(first) or _own(second))
    return 1.0 if alike else None


def _own(made: Unit) -> bool:
    """Whether a unit is a word that no table of units knows."""
    word = made.text.casefold()
    return made.base in (((word, 1),), ((word[:-1], 1),))


def same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two pairs of bounds are the same, or one of them is the other rounded: not 2018 and 2021."""
    return all(map(_agree, one, other))


def _agree(one: float, other: float) -> bool:
    if math.isclose(one, other, rel_tol=1e-9) or not math.isclose(one, other, rel_tol=ROUNDING):
        return math.isclose(one, other, rel_tol=1e-9)
    digits = min(map(_digits, (float(one), float(other))))
    return f"{one:.{digits - 1}e}" == f"{other:.{digits - 1}e}"


def _digits(number: float) -> int:
    """Return how many digits of a number count; the last zeros of a large whole one do not."""
    found = Decimal(repr(number)).normalize()
    whole = abs(number) < 1000 and number.is_integer()
    return max(len(str(abs(int(number)))) if whole else 1, len(found.as_tuple().digits))


def quotient(given: Figures, figure: str, per: str, wanted: str | None) -> Quotient:
    """Return one figure for each of another, in a unit.

    Args:
        given: Figures by name, each with lo, hi and unit.
        figure: What is divided.
        per: By what.
        wanted: The unit of the result, for one of `per`; null: as the figures are written.

    Returns:
        Bounds as wide as those of the figures; without bounds where it cannot be worked out.

    What it cannot see: whether both figures count the same population.
    """
    top, below = given.get(figure, {}), given.get(per, {})
    first, second = bounds(top), bounds(below)
    of, each = _unit(top), _unit(below)
    alike = None if wanted else comparable(of, each)
    shown = wanted or ("" if alike is not None else f"{of or 1}/{each or 1}")
    if first is None or second is None:
        lost = figure if first is None else per
        return Quotient(None, None, shown, f"the figure {lost} has no number", f"le chiffre {lost} n’a pas de nombre")
    if second[0] <= 0:
        return Quotient(None, None, shown, f"{per} may be nothing", f"{per} peut être nul")
    times = comparable(of, wanted) if wanted else 1.0 if alike is None else alike
    if times is None:
        times = comparable(f"{of}/{each}", wanted) if of and each else None
    if times is None:
        return Quotient(
            None, None, shown, f"{of or 'a bare number'} is not counted in {wanted}",
            f"{of or 'un nombre sans unité'} ne se compte pas en {wanted}",
        )  # fmt: skip
    converted = of != wanted if wanted else alike is not None and of != each
    ends = [over / under * times for over in first for under in second]
    lo, hi = min(ends), max(ends)
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return Quotient(None, None, shown, "the result is beyond all bounds", "le résultat dépasse toute borne")
    words, french = (
        f"{span(first, of, language)} / {span(second, each, language)} = {span((lo, hi), shown, language)}"
        + (doubts((of, each, shown), language) if converted else "")
        for language in ("en", "fr")
    )
    return Quotient(lo, hi, shown, words, french)


def _unit(figure: Mapping[str, object]) -> str:
    return str(figure.get("unit") or "")


def span(ends: tuple[float, float], of: str | None, language: str = "en") -> str:
    """Return bounds with their unit as a reader writes them: 30,000 m**2, or 0.1 to 2.5 kg.

    Args:
        ends: Lower and upper bound.
        of: The unit; null: none.
        language: en or fr.
    """
    low, high = (said(end, language) for end in ends)
    to, most = (" à ", "au plus ") if language == "fr" else (" to ", "at most ")
    words = low if low == high else f"{most}{high}" if ends[0] == 0 else f"{low}{to}{high}"
    return words + (f" {of}" if of else "")


def said(number: float, language: str = "en") -> str:
    """Return a number with the digits that matter: whole from 100 on, else three.

    Args:
        number: Finite.
        language: en or fr.
    """
    size = abs(number)
    if size and (size < 0.001 or size >= 1e15):
        text = f"{number:.3g}"
    elif size >= 100 or float(number).is_integer():
        text = f"{number:,.0f}"
    else:
        text = f"{number:,.{max(0, 2 - math.floor(math.log10(size)))}f}".rstrip("0").rstrip(".")
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text
