"""Numbers of ships, containers, vehicles, air waybills and letters."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    POSTAL,
    Text,
    is_country,
    is_digits,
    is_letters,
    number,
    powers11,
    weighted,
)

S10_WEIGHTS = bytes((8, 6, 4, 2, 3, 5, 9, 7))
IMO_WEIGHTS = bytes((7, 6, 5, 4, 3, 2))
VIN_WEIGHTS = bytes((8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2))
VIN_LETTERS = bytes((1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9))
"""Value of a letter in a VIN; I, O and Q never stand in one."""


def iso6346(text: Text, size: int) -> bool:
    """A freight container: owner, category U, J or Z, six digits, check digit.

    It cannot see that A stands for K, and other pairs 10 apart; a remainder of 10 counts as 0, so that a digit change
    between both goes unseen too. Source: ISO 6346:2022, annex A.
    """
    if size != 11 or not is_letters(text, 0, 4) or not is_digits(text, 4, 11):
        return False
    if text[3] != 85 and text[3] != 74 and text[3] != 90:
        return False
    return powers11(text, 10) == text[10] - 48


def imo(text: Text, size: int) -> bool:
    """An IMO ship number: weights 7 to 2 over six digits, the last digit of the sum. Source: IMO A.1117(30)."""
    start = size - 7
    if (start != 0 and start != 3) or not is_digits(text, start, size):
        return False
    if start == 3 and (text[0] != 73 or text[1] != 77 or text[2] != 79):
        return False
    return weighted(text, start, IMO_WEIGHTS) % 10 == text[size - 1] - 48 and number(text, start, size) > 0


def awb(text: Text, size: int) -> bool:
    """An air waybill: airline prefix, seven digits, and their remainder by 7.

    It cannot see that a digit changed by 7 (0 and 7, 1 and 8, 2 and 9). Source: IATA Resolution 600a.
    """
    if size != 11 or not is_digits(text, 0, 11):
        return False
    serial = number(text, 3, 10)
    return serial % 7 == text[10] - 48 and serial > 0 and number(text, 0, 3) > 0


def s10(text: Text, size: int) -> bool:
    """A postal item: two letters, eight digits, a check digit (weights 8 6 4 2 3 5 9 7, mod 11), a country.

    Remainders 0 and 6 both give 5, so that some digit changes go unseen. Source: UPU S10-12.
    """
    if size != 13 or not is_letters(text, 0, 2) or not is_digits(text, 2, 11) or not is_country(text, 11, POSTAL):
        return False
    digit = 11 - weighted(text, 2, S10_WEIGHTS) % 11
    if digit == 10:
        digit = 0
    elif digit == 11:
        digit = 5
    return digit == text[10] - 48


def vin(text: Text, size: int) -> bool:
    """A vehicle: 17 characters without I, O and Q, the last four digits, a letter among the first three.

    The check digit in place 9 is required where it is the law, in North America (first character 1 to 5); elsewhere
    the form is all there is, so that any such text passes. Source: ISO 3779:2009; 49 CFR 565.15.
    """
    if size != 17 or not is_digits(text, 13, 17) or text[0] == 48 or is_digits(text, 0, 3):
        return False
    total = 0
    for place in range(17):
        code = text[place]
        if 48 <= code <= 57:
            value = code - 48
        elif 65 <= code <= 90:
            value = VIN_LETTERS[code - 65] + 0
            if value == 0:
                return False
        else:
            return False
        total += value * VIN_WEIGHTS[place]
    if text[0] < 49 or text[0] > 53:
        return True
    left = total % 11
    return text[8] == 88 if left == 10 else text[8] - 48 == left
