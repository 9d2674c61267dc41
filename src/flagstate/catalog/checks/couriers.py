"""Parcel numbers of couriers: one function per courier, or per algorithm where a courier has several.

Source of forms and weights: tracking_number_data (https://github.com/jkeen/tracking_number_data, MIT), whose test
numbers are ours; DPD: Parcel Label Specification 2.4.1. A function without arithmetic says so: it is a form only.
"""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import (
    Text,
    gs10,
    is_alnum,
    is_digits,
    is_letters,
    is_text,
    kinds,
    luhn10,
    number,
    value36,
    weighted,
)

FEDEX_EXPRESS = bytes((3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1))
FEDEX_GROUND = bytes((1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1))
DHL_ECOMMERCE = b"GMLXRXUVCNSGTHINHKMY"


def doubled10(text: Text, start: int, stop: int) -> int:
    """The sum modulo 10 with every second value doubled; a letter counts (its code - 3) mod 10."""
    total = 0
    for place in range(stop - start):
        code = text[start + place]
        value = code - 48 if code < 58 else (code - 3) % 10
        total += value * (1 + place % 2)
    return total % 10


def ups_1z(text: Text, size: int) -> bool:
    """A parcel of UPS: 1Z, 15 characters and a check digit, every second value doubled, mod 10."""
    if size != 18 or text[0] != 49 or text[1] != 90 or not is_alnum(text, 2, 17) or not is_digits(text, 17, 18):
        return False
    return (10 - doubled10(text, 2, 17)) % 10 == text[17] - 48


def ups_waybill(text: Text, size: int) -> bool:
    """A waybill of UPS: A, H, J, K, T or V, nine digits and a check digit as in 1Z numbers."""
    if size != 11 or not is_digits(text, 1, 11) or not is_alnum(text, 0, 1):
        return False
    first = text[0]
    if first != 65 and first != 72 and first != 74 and first != 75 and first != 84 and first != 86:
        return False
    return (10 - doubled10(text, 1, 10)) % 10 == text[10] - 48


def fedex(text: Text, size: int) -> bool:
    """A parcel of FedEx: 12, 15, 18, 22 (96), 32 (3) or 34 digits, each with its check digit.

    Express weighs 3 1 7 mod 11 mod 10, so that remainders 0 and 10 are one; Ground is GS1's mod 10.
    """
    if size not in (12, 15, 18, 22, 32, 34) or not is_digits(text, 0, size) or kinds(text, 0, size) < 2:
        return False
    last = text[size - 1] - 48
    if size == 12:
        return weighted(text, 0, FEDEX_EXPRESS) % 11 % 10 == last
    if size in (15, 18):
        return gs10(text, 0, size) == 0
    if size == 22:
        # The application identifier and service in front are not part of the sum.
        return text[0] == 57 and text[1] == 54 and gs10(text, 7, 22) == 0
    if size == 32:
        return text[0] == 51 and weighted(text, 16, FEDEX_EXPRESS) % 11 % 10 == text[27] - 48
    if text[0] == 57 and text[1] != 54:
        return False
    return weighted(text, 20, FEDEX_GROUND) % 11 % 10 == last


def usps(text: Text, size: int) -> bool:
    """A parcel of the United States Postal Service: 20, 22, 26 or 30 digits, with or without 420 and the post code.

    GS1's mod 10; of 20 digits the sum counts with or without the 91 that older labels leave out, so one random number
    in five passes.
    """
    if size < 20 or size > 42 or not is_digits(text, 0, size) or kinds(text, 0, size) < 2:
        return False
    if is_text(text, 0, b"420"):
        if size in (28, 30, 34, 38) and impb(text, 8, size):
            return True
        if size in (32, 34, 38, 42) and impb(text, 12, size):
            return True
    return impb(text, 0, size)


def impb(text: Text, start: int, size: int) -> bool:
    """The part of a postal service number behind the post code."""
    length = size - start
    left = gs10(text, start, size)
    if length == 20:
        # 91 in front adds 9 x 3 + 1.
        return left == 0 or (left + 28) % 10 == 0
    if left != 0 or length not in (22, 26, 30) or text[start] != 57:
        return False
    code = text[start + 1] - 48
    nine = text[start + 5] == 57
    if length == 30:
        return code == 4 and nine
    if code == 1:
        return length == 22
    return code in (4, 5) or (code == 2 and nine) or (code == 3 and not nine)


def dhl(text: Text, size: int) -> bool:
    """A waybill of DHL Express (10 or 11 digits, mod 7), or a piece of it (JD, JJD, JVGL: form only)."""
    if size in (10, 11) and is_digits(text, 0, size):
        return number(text, 0, size - 1) % 7 == text[size - 1] - 48 and kinds(text, 0, size) > 2
    if size < 12 or size > 14 or text[0] != 74 or not is_letters(text, 0, 3):
        return False
    start = 4 if is_letters(text, 3, 4) else 3
    return 9 <= size - start <= 10 and is_digits(text, start, size)


def dhl_ecommerce(text: Text, size: int) -> bool:
    """A parcel of DHL eCommerce: 14 digits, or GM, LX, RX, UV, CN, SG, TH, IN, HK, MY and 10 to 39; form only."""
    if size == 14 and is_digits(text, 0, 14):
        return True
    if size < 12 or size > 41 or not is_alnum(text, 0, size):
        return False
    known = False
    for place in range(0, 20, 2):
        if text[0] == DHL_ECOMMERCE[place] and text[1] == DHL_ECOMMERCE[place + 1]:
            known = True
    return known and not is_letters(text, 2, size)


def dpd(text: Text, size: int) -> bool:
    """A parcel of DPD: 14 or 27 digits and a check digit or letter, ISO 7064 MOD 37,36."""
    if size not in (15, 28) or not is_digits(text, 0, size - 1) or not is_alnum(text, size - 1, size):
        return False
    left = 36
    for place in range(size - 1):
        left += text[place] - 48
        if left > 36:
            left -= 36
        left *= 2
        if left > 36:
            left -= 37
    left = 37 - left
    if left == 36:
        left = 0
    return left == value36(text[size - 1]) and kinds(text, 0, size - 1) > 1


def yunexpress(text: Text, size: int) -> bool:
    """A parcel of YunExpress: YT and 16 digits; form only."""
    return size == 18 and is_text(text, 0, b"YT") and is_digits(text, 2, 18)


def cainiao(text: Text, size: int) -> bool:
    """A parcel of Cainiao: LP or CAINIAO and 14 to 16 digits; form only, from labels and public trackers."""
    if size < 16:
        return False
    if is_text(text, 0, b"LP"):
        return size <= 18 and is_digits(text, 2, size)
    return 21 <= size <= 23 and is_text(text, 0, b"CAINIAO") and is_digits(text, 7, size)


def four_px(text: Text, size: int) -> bool:
    """A parcel of 4PX: 4PX, 13 digits, CN; form only, from labels and public trackers."""
    return size == 18 and is_text(text, 0, b"4PX") and is_digits(text, 3, 16) and is_text(text, 16, b"CN")


def sf(text: Text, size: int) -> bool:
    """A parcel of SF Express: SF and 12 to 15 digits; form only, from labels and public trackers."""
    return 14 <= size <= 17 and is_text(text, 0, b"SF") and is_digits(text, 2, size)


def amazon(text: Text, size: int) -> bool:
    """A parcel of Amazon: TBA, TBC or TBM and 12 digits, or A, C or F and 10; form only."""
    if size == 15:
        last = text[2]
        return is_text(text, 0, b"TB") and (last == 65 or last == 67 or last == 77) and is_digits(text, 3, 15)
    return size == 11 and is_digits(text, 1, 11) and (text[0] == 65 or text[0] == 67 or text[0] == 70)


def canada_post(text: Text, size: int) -> bool:
    """A parcel of Canada Post: 16 digits with GS1's check digit."""
    return size == 16 and is_digits(text, 0, 16) and gs10(text, 0, 16) == 0 and kinds(text, 0, 16) > 1


def ontrac(text: Text, size: int) -> bool:
    """A parcel of OnTrac: C or D, 13 digits and a check digit; the sum counts a 4 or 5 in front of them."""
    if size != 15 or not is_digits(text, 1, 15) or (text[0] != 67 and text[0] != 68):
        return False
    front = text[0] - 63
    if text[1] - 48 == front:
        total = doubled10(text, 1, 14)
    else:
        # One digit in front turns the places that are doubled.
        total = front
        for place in range(13):
            total += (text[1 + place] - 48) * (2 - place % 2)
    return (10 - total % 10) % 10 == text[14] - 48


def old_dominion(text: Text, size: int) -> bool:
    """A shipment of Old Dominion: 11 digits that begin with 072, 777, 778, 780 or 80, Luhn."""
    if size != 11 or not is_digits(text, 0, 11) or luhn10(text, 0, 11) != 0:
        return False
    front = number(text, 0, 3)
    return front in (72, 777, 778, 780) or 800 <= front <= 809


def purolator(text: Text, size: int) -> bool:
    """A parcel of Purolator: 12 digits from 0 to 5 in front, Luhn, or three letters and nine digits (form only)."""
    if size != 12:
        return False
    if is_digits(text, 0, 12):
        return text[0] <= 53 and luhn10(text, 0, 12) == 0 and kinds(text, 0, 12) > 1
    return is_letters(text, 0, 3) and is_digits(text, 3, 12)


def lasership(text: Text, size: int) -> bool:
    """A parcel of LaserShip: LX, LA, LI, LE, LH or LN and 8 digits, 1LS7 or 1LSCX numbers; form only."""
    if size == 10 and text[0] == 76 and is_digits(text, 2, 10):
        second = text[1]
        known = second == 65 or second == 73 or second == 69 or second == 72 or second == 78 or second == 88
        return known and 49 <= text[2] <= 51
    if size < 15 or not is_text(text, 0, b"1LS"):
        return False
    if text[3] == 55 and (text[4] == 49 or text[4] == 50):
        if size == 15:
            return is_digits(text, 5, 15)
        # The hyphen of the long form is lost with the separators.
        long = size == 17 and is_digits(text, 5, 17) and is_text(text, 7, b"01")
        return long and 49 <= text[9] <= 52 and text[16] == 49
    return size == 15 and is_text(text, 3, b"CX") and is_alnum(text, 5, 15)


def regional(text: Text, size: int) -> bool:
    """A parcel of Canpar, GOFO, Landmark, Spee-Dee or Yodel: their letters and number of digits; form only."""
    if size == 22 and is_digits(text, 1, 22):
        first = text[0]
        low = first == 67 or first == 68 or first == 75 or first == 76
        return low or first == 83 or first == 85 or first == 88 or first == 90
    if size == 18 and is_text(text, 0, b"GFUS"):
        return is_digits(text, 4, 18)
    if size == 13 and is_text(text, 0, b"LTN"):
        return is_digits(text, 3, 11) and is_text(text, 11, b"N1")
    if size == 20 and is_text(text, 0, b"SP"):
        return is_digits(text, 2, 20)
    if size == 18 and is_text(text, 0, b"JD"):
        return is_digits(text, 2, 18)
    return size == 19 and is_text(text, 0, b"JJD") and is_digits(text, 3, 19)
