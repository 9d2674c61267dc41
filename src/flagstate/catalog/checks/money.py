"""Numbers of accounts, cards, banks, securities and legal entities."""

from __future__ import annotations

import re

from flagstate.catalog.checks.arithmetic import (
    COUNTRIES,
    Text,
    country_table,
    is_alnum,
    is_country,
    is_digits,
    is_letters,
    kinds,
    left97,
    luhn10,
    number,
)
from flagstate.catalog.countries import CODES

_IBAN = """
AD8n12c AE19n AL8n16c AT16n AZ4a20c BA16n BE12n BG4a6n8c BH4a14c BI23n BR23n1a1c BY4c4n16c CH5n12c CR18n CY8n16c
CZ20n DE18n DJ23n DK14n DO4c20n EE16n EG25n ES20n FI14n FK2a12n FO14n FR10n11c2n GB4a14n GE2a16n GI4a15c GL14n
GR7n16c GT24c HN4a20n HR17n HU24n IE4a14n IL19n IQ4a15n IS22n IT1a10n12c JO4a4n18c KW4a22c KZ3n13c LB4n20c LC4a24c
LI5n12c LT16n LU3n13c LV4a13c LY21n MC10n11c2n MD20c ME18n MK3n10c2n MN16n MR23n MT4a5n18c MU4a19n3a NI4a20n NL4a10n
NO11n OM3n16c PK4a16c PL24n PS4a21c PT21n QA4a21c RO4a16c RS18n RU14n15c SA2n18c SC4a20n3a SD14n SE20n SI15n SK20n
SM1a10n12c SO19n ST21n SV4a20n TL19n TN20n TR6n16c UA6n19c VA18n VG4a16n XK16n YE4a4n18c
"""
"""The national part by country: n digits, a capital letters, c either. SWIFT IBAN registry, release 101."""

LONGEST = 30
"""Characters of the longest national part that ISO 13616 allows."""


def iban_forms() -> bytes:
    """Return LONGEST kinds per pair of letters: 1 digit, 2 letter, 3 either, 0 nothing."""
    table = bytearray(676 * LONGEST)
    for code, form in re.findall("([A-Z]{2})([0-9nac]+)", _IBAN):
        at = ((ord(code[0]) - 65) * 26 + ord(code[1]) - 65) * LONGEST
        said = b"".join(bytes(["nac".index(kind) + 1]) * int(count) for count, kind in re.findall("([0-9]+)(.)", form))
        table[at : at + len(said)] = said
    return bytes(table)


IBAN = iban_forms()

ISSUED = country_table(CODES | {"EU", "QS", "QT", "XA", "XB", "XC", "XD", "XF", "XS", "AN"})
"""Prefixes of ISIN: countries, and those for international and depository issues."""


def luhn(text: Text, size: int) -> bool:
    """Luhn: every second digit from the right is doubled; the sum is a multiple of 10. Source: ISO/IEC 7812-1."""
    return size >= 2 and is_digits(text, 0, size) and luhn10(text, 0, size) == 0


def card(text: Text, size: int) -> bool:
    """A payment card number: an issuer range that is in use, its length, and Luhn.

    Source: ISO/IEC 7812-1 and the ranges that the card schemes publish (Visa, Mastercard with 2-series, American
    Express, Diners, Discover, JCB, UnionPay, RuPay, Maestro, Mir). It cannot see whether the card was issued.
    """
    if size < 12 or size > 19 or not is_digits(text, 0, size) or kinds(text, 0, size) < 2:
        return False
    if luhn10(text, 0, size) != 0:
        return False
    two, three, four, six = number(text, 0, 2), number(text, 0, 3), number(text, 0, 4), number(text, 0, 6)
    if text[0] == 52:
        return size in (13, 16, 19)
    if size == 15 and two in (34, 37):
        return True
    if size == 16 and (51 <= two <= 55 or 222100 <= six <= 272099 or 2200 <= four <= 2204):
        return True
    if size >= 16 and (two in (62, 65, 81) or four == 6011 or 644 <= three <= 649 or 3528 <= four <= 3589):
        return True
    if size != 12 and size != 13 and size != 15 and (two in (36, 38, 39) or 300 <= three <= 305):
        return True
    return four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)


def iban(text: Text, size: int) -> bool:
    """An account number: the length and the places of digits and letters of its country, and MOD 97-10.

    Check digits inside the national part (Belgium, Spain and others) are not looked at. Source: ISO 13616; SWIFT IBAN
    registry 101.
    """
    if size < 15 or size > 34 or not is_letters(text, 0, 2) or not is_digits(text, 2, 4):
        return False
    at = ((text[0] - 65) * 26 + (text[1] - 65)) * LONGEST - 4
    for place in range(4, size):
        kind = IBAN[at + place]
        code = text[place]
        digit = 48 <= code <= 57
        if kind == 0 or (digit and kind == 2) or (not digit and (kind == 1 or code < 65 or code > 90)):
            return False
    if size < 34 and IBAN[at + size] != 0:
        return False
    check = number(text, 2, 4)
    # 00, 01 and 99 leave the right remainder too, but are never computed.
    return 2 <= check <= 98 and left97(text, 0, 4, left97(text, 4, size, 0)) == 1


def lei(text: Text, size: int) -> bool:
    """A legal entity: 18 characters and two check digits, MOD 97-10. Source: ISO 17442."""
    if size != 20 or not is_alnum(text, 0, 18) or not is_digits(text, 18, 20):
        return False
    return left97(text, 0, 20, 0) == 1


def isin(text: Text, size: int) -> bool:
    """A security: a country or an international prefix, nine characters, Luhn over them as digits. Source: ISO 6166.

    It cannot see that a letter stands for one whose digits have the same sum.
    """
    if size != 12 or not is_country(text, 0, ISSUED) or not is_alnum(text, 2, 11) or not is_digits(text, 11, 12):
        return False
    total = 0
    doubled = False
    for back in range(12):
        code = text[11 - back]
        value = code - 48 if code < 58 else code - 55
        ones, tens = value % 10, value // 10
        total += ones * 2 - (9 if ones > 4 else 0) if doubled else ones
        doubled = not doubled
        if code > 57:
            total += tens * 2 if doubled else tens
            doubled = not doubled
    return total % 10 == 0


def bic(text: Text, size: int) -> bool:
    """A bank by its business identifier: four letters, a country, two or five characters; form only. ISO 9362."""
    if (size != 8 and size != 11) or not is_letters(text, 0, 4) or not is_country(text, 4, COUNTRIES):
        return False
    return is_alnum(text, 6, size)
