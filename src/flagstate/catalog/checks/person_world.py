"""National numbers of persons outside the European Union."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    Text,
    is_day,
    is_digits,
    is_letters,
    kinds,
    number,
    verhoeff10,
    weighted,
)

NHS = bytes((10, 9, 8, 7, 6, 5, 4, 3, 2))
RIC = bytes((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
CPF_FIRST = bytes((10, 9, 8, 7, 6, 5, 4, 3, 2))
CPF_SECOND = bytes((11, 10, 9, 8, 7, 6, 5, 4, 3, 2))
NO_FIRST = b"DFIQUV"
NO_PREFIX = bytes("BG GB KN NK NT TN ZZ", "ascii")
PROVINCES = bytes(
    number in (11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
               61, 62, 63, 64, 65, 71, 81, 82, 83, 91) for number in range(100)
)  # fmt: skip
"""Provinces by GB/T 2260, with 71 Taiwan, 81 Hong Kong, 82 Macau, 83 their residents' permits, 91 abroad."""
PAN_HOLDERS = b"ABCEFGHJKLPT"


def ssn(text: Text, size: int) -> bool:
    """A US social security number: no check digit; areas 000, 666, 900-999, group 00 and serial 0000 are never issued.

    Three numbers that were printed in advertisements are refused too. Source: 20 CFR 422.103; SSA, POMS RM 10201.035.
    """
    if size != 9 or not is_digits(text, 0, 9):
        return False
    area, whole = number(text, 0, 3), number(text, 0, 9)
    if area == 0 or area == 666 or area >= 900 or number(text, 3, 5) == 0 or number(text, 5, 9) == 0:
        return False
    return whole != 78051120 and whole != 219099999 and whole != 457555462


def itin(text: Text, size: int) -> bool:
    """A US taxpayer number: 9 in front, group 50 to 65, 70 to 88, 90 to 92 or 94 to 99; no check digit.

    Source: IRS, Internal Revenue Manual 3.21.263.
    """
    if size != 9 or not is_digits(text, 0, 9) or text[0] != 57:
        return False
    group = number(text, 3, 5)
    return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99


def gb_nino(text: Text, size: int) -> bool:
    """A British national insurance number: prefixes in use, six digits, A to D; no check digit. HMRC, NIM39110."""
    if size != 9 or not is_letters(text, 0, 2) or not is_digits(text, 2, 8) or text[8] < 65 or text[8] > 68:
        return False
    if text[1] == 79:
        return False
    for place in range(len(NO_FIRST)):
        if text[0] == NO_FIRST[place] or text[1] == NO_FIRST[place]:
            return False
    for place in range(0, len(NO_PREFIX), 3):
        if text[0] == NO_PREFIX[place] and text[1] == NO_PREFIX[place + 1]:
            return False
    return True


def gb_nhs(text: Text, size: int) -> bool:
    """A British NHS number: ten digits, weights 10 to 2, 11 minus the remainder by 11; 10 is never issued.

    Source: NHS data dictionary, NHS NUMBER.
    """
    if size != 10 or not is_digits(text, 0, 10) or number(text, 0, 10) == 0:
        return False
    digit = 11 - weighted(text, 0, NHS) % 11
    return (0 if digit == 11 else digit) == text[9] - 48


def cn_ric(text: Text, size: int) -> bool:
    """A Chinese resident identity number: province, birth date, ISO 7064 MOD 11-2. Source: GB 11643-1999."""
    if size != 18 or not is_digits(text, 0, 17) or (text[17] != 88 and not is_digits(text, 17, 18)):
        return False
    year = number(text, 6, 10)
    if PROVINCES[number(text, 0, 2)] == 0 or not 1850 <= year <= 2099:
        return False
    if not is_day(year, number(text, 10, 12), number(text, 12, 14)):
        return False
    last = 10 if text[17] == 88 else text[17] - 48
    return (weighted(text, 0, RIC) + last) % 11 == 1


def in_aadhaar(text: Text, size: int) -> bool:
    """An Indian Aadhaar number: twelve digits, no 0 or 1 in front, no palindrome, Verhoeff's check. Source: UIDAI."""
    if size != 12 or not is_digits(text, 0, 12) or text[0] < 50 or not verhoeff10(text, 11, 11):
        return False
    for place in range(6):  # noqa: SIM110  a loop compiles, a generator does not
        if text[place] != text[11 - place]:
            return True
    return False


def in_pan(text: Text, size: int) -> bool:
    """An Indian PAN: three letters, the kind of holder, a letter, four digits, a letter whose rule is not published.

    Source: Income Tax Department of India.
    """
    if size != 10 or not is_letters(text, 0, 5) or not is_digits(text, 5, 9) or not is_letters(text, 9, 10):
        return False
    known = False
    for place in range(len(PAN_HOLDERS)):
        if text[3] == PAN_HOLDERS[place]:
            known = True
    return known and number(text, 5, 9) > 0


def br_cpf(text: Text, size: int) -> bool:
    """A Brazilian CPF: eleven digits, two check digits by weights mod 11; one repeated digit is none.

    Source: Receita Federal, instrução normativa 1548/2015.
    """
    if size != 11 or not is_digits(text, 0, 11) or kinds(text, 0, 11) < 2:
        return False
    first = weighted(text, 0, CPF_FIRST) * 10 % 11 % 10
    return first == text[9] - 48 and weighted(text, 0, CPF_SECOND) * 10 % 11 % 10 == text[10] - 48
