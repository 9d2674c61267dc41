"""Classes that the values of a column suggest where its name says nothing: names, addresses, towns.

First what a column alone suggests, then what it suggests beside others: a column of towns is told by the post codes
next to it, a date of birth by names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from flagstate.enrich.classify.features import NUMBERED, POSTCODES, Sight

ABOUT = frozenset(
    [
        "person_name",
        "given_name",
        "family_name",
        "email",
        "phone",
        "sex",
        "us_ssn",
        "be_national_number",
        "nl_bsn",
        "fr_nir",
        "de_tax_id",
        "pl_pesel",
        "passport",
        "gb_nhs",
        "gb_nino",
        "it_codice_fiscale",
        "es_dni",
        "pt_nif",
        "cn_resident_id",
        "in_aadhaar",
        "br_cpf",
        "marital_status",
        "nationality",
    ]
)
"""Classes beside which a date may be one of birth."""
MOBILE = re.compile(
    r"1[3-9][0-9]{9}|0[1-79][0-9]{8,9}|0[1-9](?:[ ./-][0-9]{2}){4}|\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4}"
)
SPANISH = re.compile(r"[6-9][0-9]{2}(?: ?[0-9]{2}){3}|[6-9][0-9]{2} [0-9]{3} [0-9]{3}")
GROUPED = re.compile(r"(?:\+|00)[1-9][0-9 ().\-/]{6,20}|\(?0[0-9]{1,4}\)?[ /.-][0-9][0-9 ./-]{4,12}[0-9]")

HOUSE = re.compile(
    r"[0-9]{1,5}[A-Za-z]?(?: [^\W\d_][\w'’.-]{2,}){2,5}"
    r"|(?:[^\W\d_][\w'’.-]*,?\s){1,6}[0-9]{1,4} ?[A-Za-z]?(?: (?:bis|ter|bus .*))?"
)
"""A number before or after some words."""
COARSE = re.compile(r"[+-]?[0-9]{1,2}\.[0-9]{1,2} ?[,;] ?[+-]?[0-9]{1,3}\.[0-9]{1,2}")

Guess = tuple[str, float, str]
"""Class, score and why."""


def alone(sight: Sight) -> Guess | None:
    """Return what the values of a column suggest by themselves."""
    if sight.column.kind != "text" or not sight.texts:
        return None
    if len(sight.texts) < 3:
        return _sexes(sight)
    if sight.share(COARSE.fullmatch) >= 0.8:
        return "coarse_position", 6.0, "are pairs of degrees with few decimals"
    return _sexes(sight) or _phones(sight) or _addresses(sight) or _names(sight) or _codes(sight)


def _names(sight: Sight) -> Guess | None:
    if len(sight.texts) < 5 or sight.lettered < 0.8 or sight.size > 40:
        return None
    found = sight.persons
    plain = found.ordinary
    if found.full >= 0.35 and found.full + found.partly >= 0.55 and plain < 0.5:
        return "person_name", 8 * found.full + 2, "are known names"
    if found.single < 0.75 or plain > 0.45:
        return None
    if found.given >= 0.6 and found.only_given >= found.only_family:
        return "given_name", 6 * found.given, "are known forenames"
    if found.family >= 0.55 and found.only_family > found.only_given:
        return "family_name", 5 * found.family, "are known surnames"
    return None


def _addresses(sight: Sight) -> Guess | None:
    return ("postal_address", 8 * sight.streets, "name a street and a number") if sight.streets >= 0.5 else None


def _phones(sight: Sight) -> Guess | None:
    if sight.dated > 0.3 or len(sight.texts) < 5:
        return None
    grouped = sight.share(GROUPED.fullmatch)
    if grouped >= 0.7:
        return "phone", 8 * grouped, "are written as telephone numbers"
    mobile = sight.share(MOBILE.fullmatch)
    if mobile >= 0.9 and sight.unique > 0.3 and len(sight.texts) >= 10:
        return "phone", 6 * mobile, "are written as telephone numbers"
    both = sight.share(lambda t: GROUPED.fullmatch(t) or MOBILE.fullmatch(t) or SPANISH.fullmatch(t))
    return ("phone", 5 * both, "are written as telephone numbers") if both >= 0.85 and grouped >= 0.2 else None


def _codes(sight: Sight) -> Guess | None:
    share = sight.share(POSTCODES.fullmatch)
    if share >= 0.9 and len(sight.texts) >= 5 and sight.dated < 0.1:
        return "postcode", 5 * share, "are written as post codes"
    return None


def _sexes(sight: Sight) -> Guess | None:
    if len(sight.texts) > 6 or sight.column.filled < 8:
        return None
    listed = {text.lower().strip(".") for text in sight.texts}
    women = listed & {
        "f",
        "female",
        "w",
        "weiblich",
        "femme",
        "vrouw",
        "v",
        "woman",
        "mujer",
        "femenino",
        "女",
        "frau",
        "feminin",
    }
    men = listed & {
        "m",
        "male",
        "männlich",
        "maennlich",
        "homme",
        "man",
        "h",
        "hombre",
        "masculino",
        "男",
        "mann",
        "masculin",
    }
    more = {
        "d",
        "x",
        "u",
        "divers",
        "other",
        "unknown",
        "diverse",
        "autre",
        "anders",
        "otro",
        "n",
        "o",
        "non-binary",
        "其他",
    }
    if women and men and listed <= women | men | more:
        return "sex", 7.0, "are words for both sexes"
    return None


def beside(sights: Sequence[Sight], found: Mapping[str, frozenset[str]]) -> list[tuple[Sight, Guess]]:
    """Return what columns suggest next to others.

    Args:
        sights: The columns that nothing was decided about and whose names say nothing, in the order of the table.
        found: Names of the columns by class that was decided before.
    """
    out: list[tuple[Sight, Guess]] = []
    if "postal_address" not in found and (persons_ := ABOUT & set(found) or {"city", "postcode"} & set(found)):
        housed = [s for s in sights if persons_ and _housed(s)]
        near = _nearest(housed, found, ("city", "postcode", *sorted(ABOUT & set(found))))
        if near:
            out.append((near, ("postal_address", 5.0, "are words with a number, beside a person or place")))
    places = "postal_address" in found or "postcode" in found or "city" in found
    persons = bool(ABOUT & set(found))
    left = [sight for sight in sights if len(sight.texts) >= 3]
    if persons:
        out += [(s, ("birth_date", 6.0, "are dates of a lifetime, beside a person")) for s in left if _born(s)]
    if places or persons:
        numeric = [s for s in left if _numeric_codes(s)]
        near = _nearest(numeric, found, ("city", "postal_address"))
        if near and "postcode" not in found and ("city" in found or "postal_address" in found):
            out.append((near, ("postcode", 5.0, "have the form of post codes, beside an address")))
            places = True
    if places and "city" not in found:
        towns = [s for s in left if _towns(s)]
        near = _nearest(towns, found, ("postcode", "postal_address"))
        if near:
            out.append((near, ("city", 4.0, "are names, beside a post code or address")))
    out += _positions(left)
    if "hs_code" in found and "goods_description" not in found:
        taken = {id(s) for s, _ in out}
        texts = [s for s in left if id(s) not in taken and _goods(s)]
        if texts:
            best = _nearest(texts, found, ("hs_code",)) or texts[0]
            out.append((best, ("goods_description", 4.0, "are texts beside tariff codes")))
    return out


def _born(sight: Sight) -> bool:
    if sight.dated < 0.9 or len(sight.years) < 5:
        return False
    years = sorted(sight.years)
    low, high = years[len(years) // 20], years[-1 - len(years) // 20]
    return high - low >= 20 and low >= 1915 and high <= 2014 and years[len(years) // 2] <= 2005


def _numeric_codes(sight: Sight) -> bool:
    if sight.column.kind not in ("text", "whole") or sight.digits < 0.95 or sight.dated > 0.5:
        return False
    if not 3 <= sight.column.shortest <= sight.column.longest <= 6 or sight.column.longest - sight.column.shortest > 1:
        return False
    numbers = sorted(sight.numbers)
    if not numbers or (all(1900 <= n <= 2100 for n in numbers)):
        return False
    return numbers[-1] - numbers[0] >= 3 * len(numbers) and numbers[-1] >= 1000


def _towns(sight: Sight) -> bool:
    if sight.column.kind != "text" or sight.lettered < 0.9 or not 3 <= sight.size <= 24 or len(sight.texts) < 3:
        return False
    found = sight.persons
    capital = sight.share(lambda t: t[:1].isupper() or not t.isascii())
    return (
        found.full < 0.25 and found.ordinary < 0.4 and capital > 0.8 and sight.share(NUMBERED.search) < 0.05
        and not (sight.upper > 0.9 and sight.column.longest <= 4)
    )  # fmt: skip


def _housed(sight: Sight) -> bool:
    if sight.column.kind != "text" or len(sight.texts) < 5 or sight.unique < 0.4 or sight.upper > 0.5:
        return False
    return sight.share(HOUSE.fullmatch) >= 0.75


def _goods(sight: Sight) -> bool:
    return (
        sight.column.kind == "text"
        and sight.lettered > 0.8
        and sight.size >= 6
        and sight.persons.full < 0.2
        and not sight.column.inside
    )


def _nearest(sights: Sequence[Sight], found: Mapping[str, frozenset[str]], classes: Sequence[str]) -> Sight | None:
    places = [int(name.rpartition("\0")[2]) for made in classes for name in found.get(made, ())]
    if not sights or not places:
        return None
    return min(sights, key=lambda s: (min(abs(s.column.place - p) for p in places), s.column.place))


def _positions(sights: Sequence[Sight]) -> list[tuple[Sight, Guess]]:
    """Two columns side by side with four decimals and more, the first within 90, the second within 180."""
    out: list[tuple[Sight, Guess]] = []
    for one, other in pairwise(sights):
        if other.column.place != one.column.place + 1 or not (_angles(one, 90) and _angles(other, 180)):
            continue
        if max(map(abs, one.numbers)) > 1 and max(map(abs, other.numbers)) > 1:
            out.append((one, ("latitude", 4.0, "are decimal degrees, beside a longitude")))
            out.append((other, ("longitude", 4.0, "are decimal degrees, beside a latitude")))
    return out


def _angles(sight: Sight, most: int) -> bool:
    if sight.numeric < 0.95 or len(sight.numbers) < 5:
        return False
    decimals = sight.share(lambda t: len(t.rpartition(".")[2]) >= 4 and "." in t)
    return decimals >= 0.8 and max(map(abs, sight.numbers)) <= most
