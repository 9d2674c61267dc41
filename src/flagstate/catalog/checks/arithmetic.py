"""The arithmetic that check digits share: ranges of digits and letters, weighted sums, Luhn, ISO 7064, Verhoeff, dates.

Every function takes the codes of a text (bytes, or a uint8 array once compiled) and places in it. They use integers,
loops and constant bytes alone, so that the same source runs interpreted and compiled. A caller looks at the size first.
"""

from __future__ import annotations

from flagstate.catalog.countries import CODES

Text = bytes
"""Codes of a text; a compiled check takes a uint8 array in its place."""

ISO6346 = bytes(
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27,
     28, 29, 30, 31, 32, 34, 35, 36, 37, 38)
)  # fmt: skip
"""Value by code - 48 in ISO 6346: digits themselves, A = 10, B = 12 and on, without multiples of 11."""

_PERMUTE = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip
PERMUTE = bytes(digit for row in _PERMUTE for digit in row)
"""Verhoeff's permutations, row by row: the place modulo 8, then the digit."""

MULTIPLY = bytes(
    [(i + j) % 5 if j < 5 else 5 + (i + j) % 5 for i in range(5) for j in range(10)]
    + [5 + (i - j) % 5 if j < 5 else (i - j) % 5 for i in range(5, 10) for j in range(10)]
)
"""Verhoeff's multiplication in the dihedral group of ten elements, row by row."""

MONTH_DAYS = bytes((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))


def pairs(codes: str) -> tuple[int, ...]:
    """Return countries, split by blanks, as `pair` says them."""
    return tuple(ord(code[0]) * 256 + ord(code[1]) for code in codes.split())


def country_table(codes: frozenset[str]) -> bytes:
    """Return 676 flags, one per pair of letters."""
    return bytes(a + b in codes for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def number_table(numbers: str) -> bytes:
    """Return 1,000 flags, one per number of three digits."""
    known = frozenset(numbers.split())
    return bytes(f"{number:03}" in known for number in range(1000))


COUNTRIES = country_table(CODES)
"""ISO 3166-1 and XK."""

CUSTOMS = country_table(CODES | {"XI", "EU"})
"""Countries, and what customs write beside them: XI (Northern Ireland), EU."""

POSTAL = country_table(CODES | {"AN", "YP"})
"""Countries, the Antilles that posts still write, and YP, which a Chinese consolidator does."""

EURO_NUMBERS = number_table(
    "040 056 100 191 196 203 208 233 246 250 276 300 348 372 380 428 440 442 470 528 616 620 642 703 705 724 752 900"
)
"""Member states by ISO 3166-1 number, and 900, Northern Ireland."""


def is_digits(text: Text, start: int, stop: int) -> bool:
    """Whether a part is made of digits and is not empty."""
    for place in range(start, stop):
        if text[place] < 48 or text[place] > 57:
            return False
    return stop > start


def is_letters(text: Text, start: int, stop: int) -> bool:
    """Whether a part is made of capital letters and is not empty."""
    for place in range(start, stop):
        if text[place] < 65 or text[place] > 90:
            return False
    return stop > start


def is_alnum(text: Text, start: int, stop: int) -> bool:
    """Whether a part is made of digits and capital letters and is not empty."""
    for place in range(start, stop):
        code = text[place]
        if code < 48 or code > 90 or 57 < code < 65:
            return False
    return stop > start


def is_text(text: Text, start: int, word: bytes) -> bool:
    """Whether a word stands at a place; the caller knows that the text is long enough."""
    for place in range(len(word)):  # noqa: SIM110
        if text[start + place] != word[place]:
            return False
    return True


def kinds(text: Text, start: int, stop: int) -> int:
    """How many different digits a part of digits has."""
    # Without branches: digits are random, and a wrong guess of the processor costs more than the work.
    seen = 0
    for place in range(start, stop):
        seen |= 1 << (text[place] - 48)
    count = 0
    for digit in range(10):
        count += seen >> digit & 1
    return count


def number(text: Text, start: int, stop: int) -> int:
    """The number that a part of at most 18 digits says."""
    total = 0
    for place in range(start, stop):
        total = total * 10 + (text[place] - 48)
    return total


def pair(text: Text, at: int) -> int:
    """Two characters as one number, to be compared."""
    return (text[at] - 0) * 256 + (text[at + 1] - 0)


def weighted(text: Text, start: int, weights: bytes) -> int:
    """The sum of digits times weights, one per weight."""
    total = 0
    for place in range(len(weights)):
        total += (text[start + place] - 48) * weights[place]
    return total


def luhn10(text: Text, start: int, stop: int) -> int:
    """ISO/IEC 7812-1: the sum modulo 10, every second digit from the right doubled; 0 is right."""
    total = 0
    for place in range(stop - start):
        digit = text[stop - 1 - place] - 48
        total += digit + (place & 1) * (digit - 9 * (digit > 4))
    return total % 10


def gs10(text: Text, start: int, stop: int) -> int:
    """GS1: the sum modulo 10, weights 1 and 3 from the right; 0 is right."""
    total = 0
    for place in range(stop - start):
        total += (text[stop - 1 - place] - 48) * (1 + 2 * (place % 2))
    return total % 10


def value36(code: int) -> int:
    """A digit itself, a capital letter from A = 10."""
    return code - 48 if code < 58 else code - 55


def left97(text: Text, start: int, stop: int, left: int) -> int:
    """ISO 7064 MOD 97-10 of a part of digits and letters, going on from what was left; 1 at the end is right."""
    for place in range(start, stop):
        letter = text[place] > 57
        left = left * (10 + 90 * letter) + (text[place] - 48 - 7 * letter)
        # Divided as rarely as 63 bits allow.
        if left > 10**15:
            left %= 97
    return left % 97


def hybrid11(text: Text, start: int, stop: int) -> bool:
    """ISO 7064 MOD 11,10 over a part of digits whose last one is the check digit."""
    product = 10
    for place in range(start, stop - 1):
        total = (text[place] - 48 + product) % 10
        if total == 0:
            total = 10
        product = total * 2 % 11
    return (11 - product) % 10 == text[stop - 1] - 48


def verhoeff10(text: Text, stop: int, check: int) -> bool:
    """Verhoeff's check over the digits before a place, with the check digit at another."""
    state = text[check] - 48
    for place in range(stop):
        digit = text[stop - 1 - place] - 48
        state = MULTIPLY[state * 10 + PERMUTE[(place + 1) % 8 * 10 + digit]] + 0
    return state == 0


def powers11(text: Text, stop: int) -> int:
    """ISO 6346: the sum of values times powers of 2, modulo 11 and 10, over the digits and letters before a place."""
    total = 0
    for place in range(stop):
        total += (ISO6346[text[place] - 48] + 0) << place
    return total % 11 % 10


def is_country(text: Text, at: int, table: bytes) -> bool:
    """Whether two letters are a country of a table."""
    if not is_letters(text, at, at + 2):
        return False
    return table[(text[at] - 65) * 26 + (text[at + 1] - 65)] == 1


def is_day(year: int, month: int, day: int) -> bool:
    """Whether a day exists in the Gregorian calendar."""
    if month < 1 or month > 12 or day < 1:
        return False
    if month == 2 and day == 29:
        return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= MONTH_DAYS[month - 1]
