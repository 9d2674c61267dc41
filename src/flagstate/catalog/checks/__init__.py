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

__all__ = ["CHECKS", "FORMS", "PARTS", "RAW", "Check", "compact"]

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
