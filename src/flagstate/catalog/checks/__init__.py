"""Check digits and value ranges that the data classes name, each written once from its specification and run twice.

Every check is a plain function `name(text, size)`: the codes of a value and their number. Interpreted, the codes are
`bytes`; `numba.njit` compiles the same function for a uint8 array, once each of `PARTS` was passed to
`numba.extending.register_jitable` (the checks share functions, and that is how one compiled function calls another):

    for part in checks.PARTS:
        numba.extending.register_jitable(part)
    compiled = numba.njit(checks.FORMS["iban"])

The codes are those of the compacted value: separators (space - . / _ U+00A0 U+202F) taken out, capital letters; for
the checks in `RAW` they are those of the trimmed value as written. None of them raises, whatever the codes are.
A check with one digit passes about 10 % of random digits (`CHANCE`): decide per column, never per value.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType

from flagstate.catalog.checks import (
    arithmetic,
    couriers,
    customs,
    gs1,
    moment,
    money,
    network,
    person_eu,
    person_world,
    transport,
    vat,
    vat_east,
)
from flagstate.catalog.checks.compact import Check, compact, on_text

__all__ = ["CHANCE", "CHECKS", "FORMS", "PARTS", "RAW", "Check", "compact"]

_NAMES = {
    couriers: "ups_1z ups_waybill fedex usps dhl dhl_ecommerce dpd yunexpress cainiao four_px sf amazon canada_post "
    "ontrac old_dominion purolator lasership regional",
    customs: "mrn grn eori ioss",
    gs1: "gs1 gtin gln gsin sscc",
    moment: "date position_pair",
    money: "luhn card iban lei isin bic",
    network: "imei imsi phone ipv4 ipv6 mac",
    person_eu: "be_nn de_idnr nl_bsn fr_nir lu_matricule it_cf es_dni pt_nif pl_pesel",
    person_world: "ssn itin gb_nino gb_nhs cn_ric in_aadhaar in_pan br_cpf",
    transport: "iso6346 imo awb s10 vin",
    vat: "eu_vat",
}

FORMS: dict[str, Check] = {name: getattr(room, name) for room, names in _NAMES.items() for name in names.split()}
"""The checks that a data class may name, over codes."""

RAW = frozenset({"date", "ipv4", "ipv6", "mac", "phone", "position_pair"})
"""Checks that see the value with its separators and small letters."""

CHECKS: dict[str, Callable[[str], bool]] = {name: on_text(form, raw=name in RAW) for name, form in FORMS.items()}
"""The same checks over text; text beyond ASCII, or longer than 64 characters, passes none."""


def parts(room: ModuleType) -> tuple[Check, ...]:
    """Return the functions over codes that a module defines."""
    own = [f for f in vars(room).values() if inspect.isfunction(f) and f.__module__ == room.__name__]
    return tuple(f for f in own if f.__annotations__["return"] in ("bool", "int"))


PARTS: tuple[Check, ...] = tuple(part for room in (arithmetic, vat_east, *_NAMES) for part in parts(room))
"""Every function that a check is made of, the checks themselves among them."""

CHANCE: dict[str, float] = {
    "amazon": 1, "awb": 0.1, "be_nn": 0.002, "bic": 1, "br_cpf": 0.01, "cainiao": 1, "canada_post": 0.1, "card":
    0.03, "cn_ric": 0.0001, "date": 0.001, "de_idnr": 0.0038, "dhl": 0.1, "dhl_ecommerce": 1, "dpd": 0.03, "eori": 1,
    "es_dni": 0.04, "eu_vat": 0.1, "fedex": 0.1, "four_px": 1, "fr_nir": 0.0045, "gb_nhs": 0.09, "gb_nino": 1,
    "gln": 0.1, "grn": 0.1, "gs1": 0.1, "gsin": 0.1, "gtin": 0.1, "iban": 0.01, "imei": 0.1, "imo": 0.1, "imsi":
    0.25, "in_aadhaar": 0.08, "in_pan": 1, "ioss": 0.03, "ipv4": 0.12, "ipv6": 1, "isin": 0.11, "iso6346": 0.1,
    "it_cf": 0.03, "itin": 0.05, "lasership": 0.3, "lei": 0.01, "lu_matricule": 0.0001, "luhn": 0.1, "mac": 1, "mrn":
    0.1, "nl_bsn": 0.09, "old_dominion": 0.0018, "ontrac": 0.1, "phone": 1, "pl_pesel": 0.02, "position_pair": 0.9,
    "pt_nif": 0.08, "purolator": 0.06, "regional": 1, "s10": 0.1, "sf": 1, "sscc": 0.1, "ssn": 0.9, "ups_1z": 0.1,
    "ups_waybill": 0.1, "usps": 0.2, "vin": 1, "yunexpress": 1,
}  # fmt: skip
"""Share of random digits, in the place of the digits of a right value, that pass; 1 where the form is all there is.

Measured over the form that most pass of, among forms of digits alone where a check has any (dhl, fedex, purolator),
with the letters of a right value kept elsewhere. It says what a column of any numbers of that form would show.
"""
