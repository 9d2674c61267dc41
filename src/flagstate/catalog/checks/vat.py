"""VAT numbers of the European Union, and of western and northern member states (the others: vat_east).

Each national function takes the national part as places in the text. Source of lengths: European Commission, VIES;
of the rules: the national tax administrations, as collected in "VAT identification number structure" (DG TAXUD) and
"BMF: UID-Konstruktionsregeln" (Austrian Ministry of Finance), which publishes all of them.
"""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    Text,
    hybrid11,
    is_alnum,
    is_digits,
    is_letters,
    left97,
    luhn10,
    number,
    pair,
    pairs,
    weighted,
)
from flagstate.catalog.checks.person_eu import NIF_LETTERS, dutch11
from flagstate.catalog.checks.vat_east import eu_vat_east

AT, BE, DE, DK, EL, ES, FI, FR, GR, IE, IT, LU, NL, PT, SE = pairs("AT BE DE DK EL ES FI FR GR IE IT LU NL PT SE")
DANISH = bytes((2, 7, 6, 5, 4, 3, 2, 1))
FINNISH = bytes((7, 9, 10, 5, 8, 4, 2, 1))
PORTUGUESE = bytes((9, 8, 7, 6, 5, 4, 3, 2))
IRISH = bytes((8, 7, 6, 5, 4, 3, 2))
IRISH_LETTERS = b"WABCDEFGHIJKLMNOPQRSTUV"
FRENCH = bytes(
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ".find(chr(48 + code)) & 63 for code in range(43)
)  # 63 where I, O and the codes between digits and letters stand
COMPANY_LETTERS = b"ABCDEFGHJNPQRSUVW"


def eu_vat(text: Text, size: int) -> bool:
    """A VAT number of a member state or Northern Ireland, by its national rule.

    Source: VIES; each country's rule is at its function.
    """
    if size < 4 or not is_letters(text, 0, 2) or not is_alnum(text, 2, size):
        return False
    code = pair(text, 0)
    if code == AT:
        return austrian(text, 2, size)
    if code == BE:
        return belgian(text, 2, size)
    if code == DE:
        return german(text, 2, size)
    if code == DK:
        return danish(text, 2, size)
    if code in (EL, GR):
        return greek(text, 2, size)
    if code == ES:
        return spanish(text, 2, size)
    if code == FI:
        return finnish(text, 2, size)
    if code == FR:
        return french(text, 2, size)
    if code == IE:
        return irish(text, 2, size)
    if code == IT:
        return italian(text, 2, size)
    if code == LU:
        return luxembourgish(text, 2, size)
    if code == NL:
        return dutch(text, 2, size)
    if code == PT:
        return portuguese(text, 2, size)
    if code == SE:
        return swedish(text, 2, size)
    return eu_vat_east(text, size)


def austrian(text: Text, start: int, stop: int) -> bool:
    """AT: U, seven digits, and 96 minus their Luhn-like sum."""
    if stop - start != 9 or text[start] != 85 or not is_digits(text, start + 1, stop):
        return False
    total = 4
    for place in range(8):
        digit = (text[start + 1 + place] - 48) * (1 + place % 2 if place < 7 else 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def belgian(text: Text, start: int, stop: int) -> bool:
    """BE: ten digits from 0 or 1 in front; 97 minus the remainder by 97."""
    if stop - start != 10 or not is_digits(text, start, stop) or text[start] > 49:
        return False
    return 97 - number(text, start, stop - 2) % 97 == number(text, stop - 2, stop) and number(text, start, stop) > 97


def german(text: Text, start: int, stop: int) -> bool:
    """DE: nine digits, ISO 7064 MOD 11,10."""
    return stop - start == 9 and is_digits(text, start, stop) and text[start] != 48 and hybrid11(text, start, stop)


def danish(text: Text, start: int, stop: int) -> bool:
    """DK: eight digits, weights 2 7 6 5 4 3 2 1, mod 11."""
    if stop - start != 8 or not is_digits(text, start, stop) or text[start] == 48:
        return False
    return weighted(text, start, DANISH) % 11 == 0


def greek(text: Text, start: int, stop: int) -> bool:
    """EL: nine digits, powers of 2 from the right, mod 11 mod 10."""
    if stop - start != 9 or not is_digits(text, start, stop):
        return False
    total = 0
    for place in range(start, stop - 1):
        total = total * 2 + (text[place] - 48)
    return total * 2 % 11 % 10 == text[stop - 1] - 48 and total > 0


def spanish(text: Text, start: int, stop: int) -> bool:
    """ES: a person's number (DNI, NIE, or K, L, M in front) or a company's (letter, Luhn as digit or letter)."""
    if stop - start != 9 or not is_alnum(text, start, stop) or not is_digits(text, start + 1, stop - 1):
        return False
    first = text[start]
    last = text[stop - 1]
    if first < 58:
        return last == NIF_LETTERS[number(text, start, stop - 1) % 23]
    if 88 <= first <= 90:
        return last == NIF_LETTERS[((first - 88) * 10000000 + number(text, start + 1, stop - 1)) % 23]
    if 75 <= first <= 77:
        return last == NIF_LETTERS[number(text, start + 1, stop - 1) % 23]
    known = False
    for letter in COMPANY_LETTERS:
        if first == letter:
            known = True
    digit = 0
    for place in range(7):
        value = (text[start + 1 + place] - 48) * (2 - place % 2)
        digit += value - 9 if value > 9 else value
    digit = (10 - digit % 10) % 10
    return known and (last == digit + 48 or last == (64 + digit if digit > 0 else 74))


def finnish(text: Text, start: int, stop: int) -> bool:
    """FI: eight digits, weights 7 9 10 5 8 4 2 1, mod 11."""
    return stop - start == 8 and is_digits(text, start, stop) and weighted(text, start, FINNISH) % 11 == 0


def french(text: Text, start: int, stop: int) -> bool:
    """FR: a key of two characters and a SIREN (Luhn, but not for Monaco, 000)."""
    if stop - start != 11 or not is_alnum(text, start, start + 2) or not is_digits(text, start + 2, stop):
        return False
    siren = number(text, start + 2, stop)
    if siren == 0 or (siren >= 1000000 and luhn10(text, start + 2, stop) != 0):
        return False
    if is_digits(text, start, start + 2):
        return number(text, start, start + 2) == (siren * 100 + 12) % 97
    first, second = FRENCH[text[start] - 48] + 0, FRENCH[text[start + 1] - 48] + 0
    if first == 63 or second == 63:
        return False
    key = first * 24 + second - 10 if first < 10 else first * 34 + second - 100
    return (siren + 1 + key // 11) % 11 == key % 11


def irish(text: Text, start: int, stop: int) -> bool:
    """IE: seven digits and a letter (mod 23), perhaps a second letter; or the old form with a letter in place two."""
    length = stop - start
    if length not in (8, 9) or not is_alnum(text, start, stop) or is_digits(text, stop - 1, stop):
        return False
    if is_digits(text, start, start + 7):
        total = weighted(text, start, IRISH)
        if length == 9:
            second = 0 if text[stop - 1] == 87 else text[stop - 1] - 64
            if second > 22:
                return False
            total += 9 * second
        return text[start + 7] == IRISH_LETTERS[total % 23]
    if length != 8 or not is_digits(text, start, start + 1) or not is_digits(text, start + 2, start + 7):
        return False
    total = 2 * (text[start] - 48)
    for place in range(5):
        total += (7 - place) * (text[start + 2 + place] - 48)
    return text[stop - 1] == IRISH_LETTERS[total % 23]


def italian(text: Text, start: int, stop: int) -> bool:
    """IT: seven digits, a tax office, Luhn."""
    if stop - start != 11 or not is_digits(text, start, stop) or number(text, start, start + 7) == 0:
        return False
    office = number(text, start + 7, start + 10)
    return (1 <= office <= 100 or office in (120, 121, 888, 999)) and luhn10(text, start, stop) == 0


def luxembourgish(text: Text, start: int, stop: int) -> bool:
    """LU: six digits and their remainder by 89."""
    if stop - start != 8 or not is_digits(text, start, stop):
        return False
    front = number(text, start, stop - 2)
    return front % 89 == number(text, stop - 2, stop) and front > 0


def dutch(text: Text, start: int, stop: int) -> bool:
    """NL: nine digits, B, two digits: the 11-test, or since 2020 MOD 97-10 of the whole."""
    if stop - start != 12 or not is_digits(text, start, start + 9) or text[start + 9] != 66:
        return False
    if not is_digits(text, start + 10, stop) or number(text, start + 10, stop) == 0:
        return False
    if number(text, start, start + 9) == 0:
        return False
    return dutch11(text, start) or left97(text, start, stop, 2321 % 97) == 1


def portuguese(text: Text, start: int, stop: int) -> bool:
    """PT: nine digits, weights 9 to 2, 11 minus the remainder by 11, from 10 on 0."""
    if stop - start != 9 or not is_digits(text, start, stop) or text[start] == 48:
        return False
    digit = 11 - weighted(text, start, PORTUGUESE) % 11
    return (0 if digit > 9 else digit) == text[stop - 1] - 48


def swedish(text: Text, start: int, stop: int) -> bool:
    """SE: an organisation or person number (ten digits, Luhn) and 01."""
    if stop - start != 12 or not is_digits(text, start, stop) or number(text, stop - 2, stop) != 1:
        return False
    return luhn10(text, start, start + 10) == 0 and number(text, start, start + 10) > 0
