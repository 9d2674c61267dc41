"""National numbers of persons in the European Union; birth dates inside them must exist."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    Text,
    hybrid11,
    is_alnum,
    is_day,
    is_digits,
    is_letters,
    kinds,
    luhn10,
    number,
    pair,
    verhoeff10,
    weighted,
)

FUTURE = 400000000
"""Belgian numbers from here on are of births before 2000: nobody is born in 2040 yet."""

DUTCH = bytes((9, 8, 7, 6, 5, 4, 3, 2))
NIF_LETTERS = b"TRWAGMYFPDXBNJZSQVHLCKE"
PORTUGUESE = bytes((9, 8, 7, 6, 5, 4, 3, 2))
PESEL = bytes((1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1))
EGN = bytes((2, 4, 8, 5, 10, 9, 7, 3, 6))
CNP = bytes((2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9))
LATVIAN_PERSON = bytes((10, 5, 8, 4, 2, 1, 6, 3, 7, 9))
CORSICA_NORTH = pair(b"2B", 0)
CORSICA_SOUTH = pair(b"2A", 0)
ODD_DIGITS = bytes((1, 0, 5, 7, 9, 13, 15, 17, 19, 21))
ODD_LETTERS = bytes((1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23))
OMOCODE = b"LMNPQRSTUV"
"""Letters that stand for the digits 0 to 9 where two Italians would have one code."""
CODE_MONTHS = b"ABCDEHLMPRST"


def be_nn(text: Text, size: int) -> bool:
    """A Belgian national number or BIS number: 97 minus the remainder by 97, with a leading 2 for births since 2000.

    Month and day may be 0 where the birth date was unknown; BIS numbers add 20 or 40 to the month. Source: royal decree
    of 3 April 1984; of 8 February 1991 for BIS numbers.
    """
    if size != 11 or not is_digits(text, 0, 11):
        return False
    month = number(text, 2, 4)
    if month > 52 or month % 20 > 12 or number(text, 4, 6) > 31 or number(text, 6, 9) == 0:
        return False
    front, last = number(text, 0, 9), number(text, 9, 11)
    return last == 97 - front % 97 or (front < FUTURE and last == 97 - (2000000000 + front) % 97)


def de_idnr(text: Text, size: int) -> bool:
    """A German tax identification number: ISO 7064 MOD 11,10, and one of ten digits occurs twice or thrice.

    Source: section 139b AO; Bundeszentralamt für Steuern, Aufbau der Identifikationsnummer.
    """
    if size != 11 or not is_digits(text, 0, 11) or text[0] == 48:
        return False
    # Four bits for each digit's count.
    counts = 0
    for place in range(10):
        counts += 1 << ((text[place] - 48) * 4)
    repeated = 0
    for digit in range(10):
        count = counts >> (digit * 4) & 15
        if count > 3:
            return False
        if count > 1:
            repeated += 1
    for place in range(8):
        if text[place] == text[place + 1] and text[place] == text[place + 2]:
            return False
    return repeated == 1 and hybrid11(text, 0, 11)


def dutch11(text: Text, start: int) -> bool:
    """The Dutch 11-test over nine digits: weights 9 to 2 and -1."""
    return (weighted(text, start, DUTCH) - (text[start + 8] - 48)) % 11 == 0


def nl_bsn(text: Text, size: int) -> bool:
    """A Dutch citizen service number, nine digits, or eight without its leading zero: the 11-test.

    Source: Besluit burgerservicenummer; Logisch ontwerp BSN.
    """
    if size == 8:
        if not is_digits(text, 0, 8) or number(text, 0, 8) == 0:
            return False
        total = 0
        for place in range(7):
            total += (text[place] - 48) * (8 - place)
        return (total - (text[7] - 48)) % 11 == 0
    return size == 9 and is_digits(text, 0, 9) and number(text, 0, 9) > 0 and dutch11(text, 0)


def fr_nir(text: Text, size: int) -> bool:
    """A French social security number: 97 minus the remainder by 97; 2A and 2B count as 19 and 18.

    Months beyond 12 (20, 30 to 42, from 50 on) are those of incomplete records. Source: decree 82-103 of 1982; INSEE.
    """
    if size != 15 or not is_digits(text, 0, 5) or not is_digits(text, 7, 15):
        return False
    first, month = text[0] - 48, number(text, 3, 5)
    if first in (0, 5, 6, 9) or month == 0 or 13 <= month <= 19 or 21 <= month <= 29 or 43 <= month <= 49:
        return False
    front = number(text, 0, 5) * 100
    if is_digits(text, 5, 7):
        front += number(text, 5, 7)
    elif pair(text, 5) == CORSICA_SOUTH:
        front += 19
    elif pair(text, 5) == CORSICA_NORTH:
        front += 18
    else:
        return False
    return 97 - (front * 1000000 + number(text, 7, 13)) % 97 == number(text, 13, 15)


def lu_matricule(text: Text, size: int) -> bool:
    """A Luxembourg person: birth date, three digits, a Luhn digit and a Verhoeff digit over the first eleven.

    Source: règlement grand-ducal of 28 November 2013; OECD, TIN of Luxembourg.
    """
    if size != 13 or not is_digits(text, 0, 13):
        return False
    year = number(text, 0, 4)
    if not 1800 <= year <= 2199 or not is_day(year, number(text, 4, 6), number(text, 6, 8)):
        return False
    return luhn10(text, 0, 12) == 0 and verhoeff10(text, 11, 12)


def it_cf(text: Text, size: int) -> bool:
    """An Italian tax code of a person: 16 characters, a birth date inside, and a control letter.

    Digits may be letters where two persons would have one code. Source: decreto ministeriale of 23 December 1976.
    """
    if size != 16 or not is_letters(text, 0, 6) or not is_alnum(text, 6, 16):
        return False
    if not is_letters(text, 8, 9) or not is_letters(text, 11, 12) or not is_letters(text, 15, 16):
        return False
    month = code_month(text[8] - 0)
    day = code_digit(text[9] - 0) * 10 + code_digit(text[10] - 0)
    year = code_digit(text[6] - 0) * 10 + code_digit(text[7] - 0)
    for place in (6, 7, 9, 10, 12, 13, 14):
        if code_digit(text[place] - 0) < 0:
            return False
    # A year of two digits may be a leap year in one century or the other.
    if month == 0 or day > 71 or not is_day(2000 + year, month, day % 40):
        return False
    total = 0
    for place in range(15):
        code = text[place] - 0
        if place % 2 == 1:
            total += code - 48 if code < 58 else code - 65
        else:
            total += ODD_DIGITS[code - 48] if code < 58 else ODD_LETTERS[code - 65]
    return total % 26 + 65 == text[15]


def code_month(code: int) -> int:
    """The month that a letter of the Italian tax code says, or 0."""
    for month in range(12):
        if CODE_MONTHS[month] == code:
            return month + 1
    return 0


def code_digit(code: int) -> int:
    """The digit that a character of the Italian tax code says, or a number far below 0."""
    if code < 58:
        return code - 48
    for digit in range(10):
        if OMOCODE[digit] == code:
            return digit
    return -999


def es_dni(text: Text, size: int) -> bool:
    """A Spanish identity number: eight digits, or X, Y, Z and seven, and a letter by the remainder by 23.

    Source: real decreto 1553/2005; orden INT/2058/2008 for foreigners.
    """
    if size != 9 or not is_digits(text, 1, 8) or not is_letters(text, 8, 9) or number(text, 1, 8) == 0:
        return False
    front = number(text, 1, 8)
    if text[0] >= 88 and text[0] <= 90:
        front += (text[0] - 88) * 10000000
    elif is_digits(text, 0, 1):
        front += (text[0] - 48) * 10000000
    else:
        return False
    return text[8] == NIF_LETTERS[front % 23]


def pt_nif(text: Text, size: int) -> bool:
    """A Portuguese tax number: nine digits from 1 to 3, 5 to 9 or 45, weights 9 to 2, mod 11.

    Source: decreto-lei 14/2013.
    """
    if size != 9 or not is_digits(text, 0, 9) or text[0] == 48 or (text[0] == 52 and text[1] != 53):
        return False
    digit = 11 - weighted(text, 0, PORTUGUESE) % 11
    return (0 if digit > 9 else digit) == text[8] - 48 and kinds(text, 0, 9) > 1


def pl_pesel(text: Text, size: int) -> bool:
    """A Polish person: a birth date, whose month says the century, weights 1 3 7 9, mod 10.

    Source: act on population registration of 24 September 2010, art. 15.
    """
    if size != 11 or not is_digits(text, 0, 11) or weighted(text, 0, PESEL) % 10 != 0:
        return False
    month = number(text, 2, 4)
    century = month // 20
    year = number(text, 0, 2) + (1800 if century == 4 else 1900 + 100 * century)
    return is_day(year, month % 20, number(text, 4, 6))


def birth_number(text: Text, start: int, stop: int) -> bool:
    """A Czech birth number: nine digits until 1953, then ten whose last is the rest by 11. Source: act 133/2000."""
    length = stop - start
    if length != 9 and length != 10:
        return False
    year, month = 1900 + number(text, start, start + 2), number(text, start + 2, start + 4) % 50 % 20
    if length == 9:
        if year >= 1980:
            year -= 100
        if year > 1953:
            return False
    elif year < 1954:
        year += 100
    if not is_day(year, month, number(text, start + 4, start + 6)):
        return False
    return length == 9 or number(text, start, stop - 1) % 11 % 10 == text[stop - 1] - 48


def bulgarian_person(text: Text, start: int) -> bool:
    """A Bulgarian person (EGN): a birth date whose month says the century; weights, mod 11 mod 10."""
    year, month = 1900 + number(text, start, start + 2), number(text, start + 2, start + 4)
    if month > 40:
        year, month = year + 100, month - 40
    elif month > 20:
        year, month = year - 100, month - 20
    if not is_day(year, month, number(text, start + 4, start + 6)):
        return False
    return weighted(text, start, EGN) % 11 % 10 == text[start + 9] - 48


def romanian_person(text: Text, start: int) -> bool:
    """A Romanian person (CNP): sex and century, birth date, county; weights, mod 11, 10 is written 1."""
    first = text[start] - 48
    century = 2000 if 5 <= first <= 6 else 1800 if 3 <= first <= 4 else 1900
    county = number(text, start + 7, start + 9)
    if first == 0 or not (1 <= county <= 48 or 51 <= county <= 52 or county in (70, 80, 81, 82, 83)):
        return False
    year = century + number(text, start + 1, start + 3)
    if not is_day(year, number(text, start + 3, start + 5), number(text, start + 5, start + 7)):
        return False
    left = weighted(text, start, CNP) % 11
    return (1 if left == 10 else left) == text[start + 12] - 48


def latvian_person(text: Text, start: int) -> bool:
    """A Latvian person: birth date and century, or 32 in front since 2017; weights, mod 11 mod 10."""
    if number(text, start, start + 2) != 32:
        year = 1800 + (text[start + 6] - 48) * 100 + number(text, start + 4, start + 6)
        if not is_day(year, number(text, start + 2, start + 4), number(text, start, start + 2)):
            return False
    return (1 + weighted(text, start, LATVIAN_PERSON)) % 11 % 10 == text[start + 10] - 48
