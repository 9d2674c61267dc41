"""Short names of countries in English and French, and the members of the groups that a policy may name, by date.

The names (`data/countries.csv`) are everyday short names, written for this project; they say nothing about anybody's
status. `XK` (Kosovo) is not in ISO 3166-1: it is the user-assigned code that most data sets use. A code is whatever a
source calls a country or territory: Hong Kong, Puerto Rico and the Cayman Islands have codes of their own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path

_LIST = Path(__file__).parent / "data" / "countries.csv"

_EU_JOINED = {
    date(1958, 1, 1): "BE DE FR IT LU NL",
    date(1973, 1, 1): "DK GB IE",
    date(1981, 1, 1): "GR",
    date(1986, 1, 1): "ES PT",
    date(1995, 1, 1): "AT FI SE",
    date(2004, 5, 1): "CY CZ EE HU LT LV MT PL SI SK",
    date(2007, 1, 1): "BG RO",
    date(2013, 7, 1): "HR",
}
# The United Kingdom left at the end of 31 January 2020 in Brussels. Its law followed the Union's until the end of that
# year, but a group is about membership, so the day of leaving counts.
_EU_LEFT = {date(2020, 2, 1): "GB"}
# The EEA joined Iceland, Norway and, a year later, Liechtenstein to the Union.
_EEA_JOINED = {date(1994, 1, 1): "IS NO", date(1995, 5, 1): "LI"}
_WRITTEN = {"UK": "GB", "EL": "GR"}
# Parts of a member that have codes of their own and to which the Treaties apply (TFEU art. 349 and 355(1) and (4)).
_PARTS = {"FR": "GF GP MF MQ RE YT", "FI": "AX"}


@lru_cache(maxsize=1)
def names() -> dict[str, tuple[str, str]]:
    """Return English and French short name by code."""
    with _LIST.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: (row["en"], row["fr"]) for row in csv.DictReader(lines)}


def country_name(code: str | None, *, language: str = "en") -> str:
    """Return the short name of a country, or the code itself where we do not know it.

    Args:
        code: ISO 3166-1 alpha-2, upper case; None reads as "not known".
        language: en or fr.
    """
    if code is None:
        return "inconnu" if language == "fr" else "not known"
    known = names().get(code)
    return code if known is None else known[1 if language == "fr" else 0]


def _members(joined: dict[date, str], left: dict[date, str], day: date) -> frozenset[str]:
    inside = {code for since, listed in joined.items() if since <= day for code in listed.split()}
    return frozenset(inside - {code for since, listed in left.items() if since <= day for code in listed.split()})


def members(group: str, *, on: date) -> frozenset[str]:
    """Return the countries of a group on a day.

    Args:
        group: EU or EEA.
        on: The day; the European Communities count as the Union, and before 1994 the EEA is empty.

    Raises:
        KeyError: No such group.
    """
    union = _members(_EU_JOINED, _EU_LEFT, on)
    if group == "EU":
        return union
    if group == "EEA":
        return union | _members(_EEA_JOINED, {}, on) if on >= date(1994, 1, 1) else frozenset()
    raise KeyError(group)


def expand(listed: Iterable[str], *, on: date) -> tuple[frozenset[str], tuple[str, ...]]:
    """Turn countries and groups, as a policy names them, into countries.

    Args:
        listed: Codes and groups; `UK` and `EL` are read as GB and GR, as the Union writes them.
        on: The day on which membership counts.

    Returns:
        The countries, and the names that are neither a country nor a group, in order.
    """
    found: set[str] = set()
    strange: list[str] = []
    for name in sorted(set(listed)):
        code = _WRITTEN.get(name.upper(), name.upper())
        if code in ("EU", "EEA"):
            found |= members(code, on=on)
        elif code in names():
            found.add(code)
        else:
            strange.append(name)
    return frozenset(found), tuple(strange)


def with_parts(listed: Iterable[str], *, on: date) -> frozenset[str]:
    """Turn countries and groups into countries, with the parts of members of the Union that have codes of their own.

    Args:
        listed: Codes and groups, as `expand` reads them.
        on: The day on which membership counts.

    It knows only parts to which the Union's treaties apply, such as Réunion; whether another territory with a code of
    its own belongs to a country it does not say.
    """
    found = expand(listed, on=on)[0]
    return found | {part for code in found for part in _PARTS.get(code, "").split()}
