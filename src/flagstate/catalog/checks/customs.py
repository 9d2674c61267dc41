"""Numbers of customs: movement and guarantee references, traders, the one-stop shop."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    CUSTOMS,
    EURO_NUMBERS,
    Text,
    is_alnum,
    is_country,
    is_digits,
    is_text,
    luhn10,
    number,
    pair,
    pairs,
    powers11,
)
from flagstate.catalog.checks.person_eu import dutch11
from flagstate.catalog.checks.vat import danish, finnish, greek, irish, italian, portuguese, spanish
from flagstate.catalog.checks.vat_east import british, croatian, polish, slovenian

BE, DE, DK, EL, ES, FI, FR, GB, GR, HR, IE, IT, NL, PL, PT, SI, XI = pairs(
    "BE DE DK EL ES FI FR GB GR HR IE IT NL PL PT SI XI"
)
MEMBERS = bytes("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK GB XI EL", "ascii")


def mrn(text: Text, size: int) -> bool:
    """A customs movement: year, country, 13 characters and a check digit: values of ISO 6346 times powers of 2, mod 11.

    Remainders 0 and 10 both give 0, and characters 11 apart in value are one to it. Source: DG XXI/0879/99 Rev. 1.
    """
    return size == 18 and reference(text, 18)


def grn(text: Text, size: int) -> bool:
    """A customs guarantee: as a movement reference with 17 characters, and a letter and six digits for a voucher."""
    if size == 24 and (not is_alnum(text, 17, 18) or text[17] < 65 or not is_digits(text, 18, 24)):
        return False
    return (size == 17 or size == 24) and reference(text, 17)


def reference(text: Text, size: int) -> bool:
    """Year, country, characters, and the check digit in the last place of the size."""
    if not is_digits(text, 0, 2) or not is_country(text, 2, CUSTOMS) or not is_alnum(text, 4, size):
        return False
    return powers11(text, size - 1) == text[size - 1] - 48


def ioss(text: Text, size: int) -> bool:
    """A number of the one-stop shop: IM and 10 digits, or EU and 9, beginning with a member state; form only.

    The check digit's rule is not published. Source: Regulation (EU) 2020/194, annex; DG TAXUD, guide to the VAT OSS.
    """
    if size == 12:
        return is_text(text, 0, b"IM") and is_digits(text, 2, 12) and EURO_NUMBERS[number(text, 2, 5)] == 1
    return size == 11 and is_text(text, 0, b"EU") and is_digits(text, 2, 11) and EURO_NUMBERS[number(text, 2, 5)] == 1


def eori(text: Text, size: int) -> bool:
    """An economic operator: a member state, XI or GB, and its national number of at most 15 characters.

    The national number is checked for BE (mod 97), DK, ES, FI, FR (SIRET), GB and XI (VAT and 000), GR, HR, IE, IT,
    NL (11-test), PL (tax number in front), PT and SI; of the others only the form. Traders from outside the Union get
    numbers that follow no such rule. Source: Regulation (EU) 2015/2446, annex B; DG TAXUD, EORI national formats.
    """
    if size < 6 or size > 17 or not is_alnum(text, 0, size):
        return False
    known = False
    for place in range(0, len(MEMBERS), 3):
        if text[0] == MEMBERS[place] and text[1] == MEMBERS[place + 1]:
            known = True
    digits = 0
    for place in range(2, size):
        if text[place] < 58:
            digits += 1
    if not known or digits < 4:
        return False
    code = pair(text, 0)
    if code in (GB, XI):
        return size == 14 and is_digits(text, 2, 14) and british(text, 2, 14) and number(text, 11, 14) == 0
    if code == FR:
        return size == 16 and is_digits(text, 2, 16) and siret(text, 2)
    if code == NL:
        return size == 11 and is_digits(text, 2, 11) and dutch11(text, 2)
    if code == BE:
        return size == 12 and is_digits(text, 2, 12) and 97 - number(text, 2, 10) % 97 == number(text, 10, 12)
    if code == DE:
        return is_digits(text, 2, size)
    if code == PL:
        return size == 17 and is_digits(text, 2, 17) and polish(text, 2, 12)
    return eori_tax(text, size, code)


def eori_tax(text: Text, size: int, code: int) -> bool:
    """The national number where it is the tax number of the country; any form elsewhere."""
    if code == IT:
        return italian(text, 2, size) if size == 13 else size == 17 and not is_digits(text, 2, 8)
    if code == ES:
        return spanish(text, 2, size)
    if code == PT:
        return portuguese(text, 2, size)
    if code == DK:
        return danish(text, 2, size)
    if code == FI:
        return finnish(text, 2, size)
    if code in (EL, GR):
        return greek(text, 2, size)
    if code == HR:
        return croatian(text, 2, size)
    if code == SI:
        return slovenian(text, 2, size)
    if code == IE:
        return irish(text, 2, size)
    return True


def siret(text: Text, start: int) -> bool:
    """A French establishment: 14 digits, Luhn; of La Poste (356000000) the digits sum to a multiple of 5."""
    if luhn10(text, start, start + 14) == 0:
        return number(text, start, start + 14) > 0
    total = 0
    for place in range(start, start + 14):
        total += text[place] - 48
    return is_text(text, start, b"356000000") and total % 5 == 0
