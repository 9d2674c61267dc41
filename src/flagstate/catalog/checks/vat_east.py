"""VAT numbers of eastern and southern member states, and of Northern Ireland. Sources as in vat."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    Text,
    hybrid11,
    is_digits,
    is_text,
    number,
    pair,
    pairs,
    weighted,
)
from flagstate.catalog.checks.person_eu import birth_number, bulgarian_person, latvian_person, romanian_person

BG, CY, CZ, EE, HR, HU, LT, LV, MT, PL, RO, SI, SK, XI = pairs("BG CY CZ EE HR HU LT LV MT PL RO SI SK XI")
EIGHT_DOWN = bytes((8, 7, 6, 5, 4, 3, 2))
BRITISH = bytes((8, 7, 6, 5, 4, 3, 2, 10, 1))
BULGARIAN_FOREIGNER = bytes((21, 19, 17, 13, 11, 9, 7, 3, 1))
BULGARIAN_OTHER = bytes((4, 3, 2, 7, 6, 5, 4, 3, 2))
CYPRIOT = bytes((1, 0, 5, 7, 9, 13, 15, 17, 19, 21))
ESTONIAN = bytes((3, 7, 1, 3, 7, 1, 3, 7, 1))
HUNGARIAN = bytes((9, 7, 3, 1, 9, 7, 3, 1))
LATVIAN = bytes((9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1))
MALTESE = bytes((3, 4, 6, 7, 8, 9, 10, 1))
POLISH = bytes((6, 5, 7, 2, 3, 4, 5, 6, 7))
ROMANIAN = bytes((7, 5, 3, 2, 1, 7, 5, 3, 2))


def eu_vat_east(text: Text, size: int) -> bool:
    """A VAT number of BG, CY, CZ, EE, HR, HU, LT, LV, MT, PL, RO, SI, SK or XI."""
    code = pair(text, 0)
    if code == CY:
        return cypriot(text, 2, size)
    if code == XI and size == 7:
        # Departments of government and health authorities.
        front = number(text, 4, 7) if is_digits(text, 4, 7) else 1000
        return (is_text(text, 2, b"GD") and front < 500) or (is_text(text, 2, b"HA") and 500 <= front < 1000)
    if not is_digits(text, 2, size):
        return False
    if code == XI:
        return british(text, 2, size)
    if code == BG:
        return bulgarian(text, 2, size)
    if code == CZ:
        return czech(text, 2, size)
    if code == EE:
        return size == 11 and weighted(text, 2, ESTONIAN) % 10 == 0 and number(text, 2, size) > 0
    if code == HR:
        return croatian(text, 2, size)
    if code == HU:
        return size == 10 and weighted(text, 2, HUNGARIAN) % 10 == 0 and number(text, 2, size) > 0
    if code == LT:
        return lithuanian(text, 2, size)
    if code == LV:
        return latvian(text, 2, size)
    if code == MT:
        return size == 10 and text[2] != 48 and weighted(text, 2, MALTESE) % 37 == 0
    if code == PL:
        return polish(text, 2, size)
    if code == RO:
        return romanian(text, 2, size)
    if code == SI:
        return slovenian(text, 2, size)
    return code == SK and slovak(text, 2, size)


def british(text: Text, start: int, stop: int) -> bool:
    """GB, XI: nine digits, weights 8 to 2, 10 and 1, mod 97 leaves 0, 42 or 55; three more for branches."""
    if stop - start not in (9, 12) or not is_digits(text, start, stop) or number(text, start, start + 7) == 0:
        return False
    left = weighted(text, start, BRITISH) % 97
    return left == 0 or (number(text, start, start + 3) >= 100 and (left == 42 or left == 55))


def bulgarian(text: Text, start: int, stop: int) -> bool:
    """BG: nine digits of a company, or ten of a person, a foreigner or another, each with its own rule."""
    last = text[stop - 1] - 48
    if stop - start == 9:
        total = 0
        further = 0
        for place in range(8):
            total += (place + 1) * (text[start + place] - 48)
            further += (place + 3) * (text[start + place] - 48)
        left = total % 11
        return (further % 11 % 10 if left == 10 else left) == last and number(text, start, stop) > 0
    if stop - start != 10:
        return False
    if bulgarian_person(text, start) or weighted(text, start, BULGARIAN_FOREIGNER) % 10 == last:
        return True
    return (11 - weighted(text, start, BULGARIAN_OTHER) % 11) % 11 == last


def cypriot(text: Text, start: int, stop: int) -> bool:
    """CY: eight digits, not 12 in front, and a letter: every second digit is translated, mod 26."""
    if stop - start != 9 or not is_digits(text, start, stop - 1) or number(text, start, start + 2) == 12:
        return False
    total = 0
    for place in range(8):
        digit = text[start + place] - 48
        total += digit if place % 2 == 1 else CYPRIOT[digit]
    return total % 26 + 65 == text[stop - 1]


def czech(text: Text, start: int, stop: int) -> bool:
    """CZ: eight digits of a company, nine from 6 in front, or a birth number."""
    length = stop - start
    last = text[stop - 1] - 48
    if length == 8:
        return text[start] != 57 and (11 - weighted(text, start, EIGHT_DOWN) % 11) % 10 == last
    if length == 9 and text[start] == 54:
        return (8 - (10 - weighted(text, start + 1, EIGHT_DOWN) % 11) % 11) % 10 == last
    return birth_number(text, start, stop)


def croatian(text: Text, start: int, stop: int) -> bool:
    """HR: eleven digits, ISO 7064 MOD 11,10."""
    return stop - start == 11 and is_digits(text, start, stop) and hybrid11(text, start, stop)


def lithuanian(text: Text, start: int, stop: int) -> bool:
    """LT: nine digits, or twelve, a 1 before the last; weights 1 to 9 in turn, mod 11, anew from 3 if 10 is left."""
    length = stop - start
    if (length != 9 and length != 12) or text[stop - 2] != 49:
        return False
    total = 0
    further = 0
    for place in range(length - 1):
        total += (1 + place % 9) * (text[start + place] - 48)
        further += (1 + (place + 2) % 9) * (text[start + place] - 48)
    left = total % 11
    return (further % 11 % 10 if left == 10 else left) == text[stop - 1] - 48


def latvian(text: Text, start: int, stop: int) -> bool:
    """LV: eleven digits: of a company from 4 in front (weights, mod 11 leaves 3), or of a person."""
    if stop - start != 11:
        return False
    return weighted(text, start, LATVIAN) % 11 == 3 if text[start] > 51 else latvian_person(text, start)


def polish(text: Text, start: int, stop: int) -> bool:
    """PL: ten digits, weights 6 5 7 2 3 4 5 6 7, mod 11."""
    if stop - start != 10 or number(text, start, stop) == 0:
        return False
    return weighted(text, start, POLISH) % 11 == text[stop - 1] - 48


def romanian(text: Text, start: int, stop: int) -> bool:
    """RO: two to ten digits, weights 7 5 3 2 1 7 5 3 2 from the right, times 10, mod 11 mod 10; or a person's 13."""
    length = stop - start
    if length == 13:
        return romanian_person(text, start)
    if length < 2 or length > 10 or text[start] == 48:
        return False
    total = 0
    for place in range(length - 1):
        total += (text[start + place] - 48) * ROMANIAN[10 - length + place]
    return total * 10 % 11 % 10 == text[stop - 1] - 48


def slovenian(text: Text, start: int, stop: int) -> bool:
    """SI: eight digits, weights 8 to 2, 11 minus the remainder by 11; 10 is written 0, 11 never occurs."""
    if stop - start != 8 or not is_digits(text, start, stop) or text[start] == 48:
        return False
    digit = 11 - weighted(text, start, EIGHT_DOWN) % 11
    return (0 if digit == 10 else digit) == text[stop - 1] - 48


def slovak(text: Text, start: int, stop: int) -> bool:
    """SK: ten digits divisible by 11, no 0 in front, 2, 3, 4, 7, 8 or 9 in place three."""
    if stop - start != 10 or text[start] == 48 or number(text, start, stop) % 11 != 0:
        return False
    return text[start + 2] - 48 in (2, 3, 4, 7, 8, 9)
