"""Check digits and value ranges that the data classes name, each written from its specification.

Every check takes one value as text, ignores the separators that its form allows, and returns whether it passes.
None of them raises. A check with one digit passes about 10 % of random digits: decide per column, never per value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

SEPARATORS = str.maketrans("", "", " -./_\u00a0\u202f")

IBAN_LENGTHS = {
    code: int(length)
    for code, length in re.findall(
        "([A-Z]{2}):([0-9]+)",
        """
    AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DJ:27
    DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HN:28 HR:21 HU:28
    IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22
    MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 RU:33 SA:24
    SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20 YE:30
    """,
    )
}
"""Length of an IBAN by country, from the SWIFT IBAN registry."""

COUNTRIES = frozenset(
    re.findall(
        "[A-Z]{2}",
        """
    AD AE AF AG AI AL AM AN AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI XK YE YP YT ZA ZM ZW
    """,
    )
)
"""ISO 3166-1 codes, with XK, XI and the postal YP of some senders."""


def compact(value: str) -> str:
    """Return the value in upper case without separators."""
    return value.translate(SEPARATORS).upper()


def _digits(text: str, *lengths: int) -> bool:
    return text.isascii() and text.isdigit() and (not lengths or len(text) in lengths)


def luhn(value: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled; the sum is a multiple of 10."""
    text = compact(value)
    if not _digits(text) or len(text) < 2:
        return False
    total = 0
    for place, char in enumerate(reversed(text)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def card(value: str) -> bool:
    """A payment card number: an issuer range that is in use, its length, and Luhn."""
    text = compact(value)
    if not _digits(text) or not luhn(text) or len(set(text)) < 2:
        return False
    size, two, three, four, six = len(text), int(text[:2]), int(text[:3]), int(text[:4]), int(text[:6])
    return (
        (text[0] == "4" and size in (13, 16, 19))
        or (size == 16 and (51 <= two <= 55 or 222100 <= six <= 272099))
        or (size == 15 and two in (34, 37))
        or (size in (14, 16, 17, 18, 19) and (two in (36, 38, 39) or 300 <= three <= 305))
        or (16 <= size <= 19 and (two in (62, 65, 81) or four == 6011 or 644 <= three <= 649))
        or (16 <= size <= 19 and 3528 <= four <= 3589)
        or (12 <= size <= 19 and four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763))
        or (size == 16 and 2200 <= four <= 2204)
    )


def mod97(text: str) -> bool:
    """ISO 7064 MOD 97-10 over letters and digits (A = 10): the remainder is 1."""
    if not text.isascii() or not text.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in text)) % 97 == 1


def iban(value: str) -> bool:
    """ISO 13616: the length of its country and MOD 97-10; national structure is not checked."""
    text = compact(value)
    return len(text) == IBAN_LENGTHS.get(text[:2], 0) and mod97(text[4:] + text[:4])


def lei(value: str) -> bool:
    """ISO 17442: 18 characters and two check digits, MOD 97-10."""
    text = compact(value)
    return len(text) == 20 and text[18:].isdigit() and mod97(text)


def s10(value: str) -> bool:
    """UPU S10: two letters, eight digits, a check digit (weights 8 6 4 2 3 5 9 7, mod 11), an ISO country."""
    text = compact(value)
    if len(text) != 13 or not _digits(text[2:11]) or not text[:2].isalpha() or text[11:] not in COUNTRIES:
        return False
    total = sum(int(d) * w for d, w in zip(text[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = 11 - total % 11
    return int(text[10]) == {10: 0, 11: 5}.get(check, check)


def ups_1z(value: str) -> bool:
    """UPS 1Z: 15 characters (a letter counts (its code - 63) mod 10), even places doubled, mod 10."""
    text = compact(value)
    if (
        len(text) != 18
        or not text.startswith("1Z")
        or not text.isascii()
        or not text.isalnum()
        or not text[-1].isdigit()
    ):
        return False
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in text[2:17]]
    total = sum(v * (1 + place % 2) for place, v in enumerate(values))
    return (10 - total % 10) % 10 == int(text[-1])


def gs1(value: str) -> bool:
    """GS1 mod 10 (weights 3 and 1 from the right) of GTIN, GLN, GSIN and SSCC."""
    text = compact(value)
    if not _digits(text, 8, 12, 13, 14, 17, 18):
        return False
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(reversed(text)))
    return total % 10 == 0


def sscc(value: str) -> bool:
    """GS1 SSCC-18, with or without its application identifier 00."""
    text = compact(value).replace("(00)", "")
    return (
        _digits(text[-18:], 18)
        and len(text) in (18, 20)
        and (len(text) == 18 or text.startswith("00"))
        and gs1(text[-18:])
    )


def letter_values() -> dict[str, int]:
    """Values of ISO 6346: digits themselves, A = 10, B = 12 and on, without multiples of 11."""
    values = {str(d): d for d in range(10)}
    number = 10
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        if number % 11 == 0:
            number += 1
        values[letter] = number
        number += 1
    return values


LETTERS = letter_values()


def iso6346(value: str) -> bool:
    """Freight container: owner, category U, J or Z, six digits, check digit; blind to some swaps such as A for K."""
    text = compact(value)
    if not re.fullmatch(r"[A-Z]{3}[UJZ][0-9]{7}", text):
        return False
    return sum(LETTERS[c] << place for place, c in enumerate(text[:10])) % 11 % 10 == int(text[10])


def mrn(value: str) -> bool:
    """Customs movement reference number (18): values of ISO 6346 times powers of 2, mod 11 (DG XXI/0879/99 Rev.1)."""
    text = compact(value)
    if not re.fullmatch(r"[0-9]{2}[A-Z]{2}[A-Z0-9]{13}[0-9]", text) or text[2:4] not in COUNTRIES:
        return False
    return sum(LETTERS[c] << place for place, c in enumerate(text[:17])) % 11 % 10 == int(text[17])


def awb(value: str) -> bool:
    """Air waybill: airline prefix, seven digits, and their remainder by 7."""
    text = compact(value)
    return _digits(text, 11) and int(text[3:10]) % 7 == int(text[10])


def imo(value: str) -> bool:
    """IMO ship number: weights 7 to 2, the last digit of the sum."""
    text = compact(value).removeprefix("IMO")
    return _digits(text, 7) and sum(int(d) * w for d, w in zip(text[:6], range(7, 1, -1), strict=True)) % 10 == int(
        text[6]
    )


def imei(value: str) -> bool:
    """IMEI: 15 digits with Luhn."""
    text = compact(value)
    return _digits(text, 15) and luhn(text) and len(set(text)) > 2


def ssn(value: str) -> bool:
    """US social security number: no check digit; areas 000, 666, 900-999, group 00 and serial 0000 are never issued."""
    text = compact(value)
    return (
        _digits(text, 9)
        and text[:3] not in ("000", "666")
        and text[0] != "9"
        and text[3:5] != "00"
        and text[5:] != "0000"
    )


def be_nn(value: str) -> bool:
    """Belgian national number: 97 minus the remainder by 97, with a leading 2 for births since 2000."""
    text = compact(value)
    if not _digits(text, 11) or int(text[2:4]) > 12 or int(text[4:6]) > 31:
        return False
    return int(text[9:]) in (97 - int(text[:9]) % 97, 97 - int("2" + text[:9]) % 97)


def de_idnr(value: str) -> bool:
    """German tax identification number: ISO 7064 MOD 11,10, and one digit occurs twice or thrice."""
    text = compact(value)
    if not _digits(text, 11) or text[0] == "0":
        return False
    counts = sorted(text[:10].count(d) for d in set(text[:10]))
    if counts[-1] not in (2, 3) or counts[-2] > 1:
        return False
    product = 10
    for char in text[:10]:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(text[10])


def nl_bsn(value: str) -> bool:
    """Dutch citizen service number: weights 9 to 2 and -1, a multiple of 11."""
    text = compact(value).zfill(9)
    if not _digits(text, 9) or int(text) == 0:
        return False
    return sum(int(d) * w for d, w in zip(text, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0


def fr_nir(value: str) -> bool:
    """French social security number: 97 minus the remainder by 97; 2A and 2B count as 19 and 18."""
    text = compact(value)
    if not re.fullmatch(r"[1-478][0-9]{4}(?:[0-9]{2}|2A|2B)[0-9]{8}", text):
        return False
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(number) % 97 == int(text[13:])


def cn_ric(value: str) -> bool:
    """Chinese resident identity number: birth date inside, ISO 7064 MOD 11-2."""
    text = compact(value)
    if not re.fullmatch(
        r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]", text
    ):
        return False
    total = sum((10 if c == "X" else int(c)) * (2 ** (17 - place) % 11) for place, c in enumerate(text))
    return bool(total % 11 == 1)


def phone(value: str) -> bool:
    """A telephone number by length: 8 to 15 digits (E.164), three of them different; it may be unassigned."""
    text = re.sub(r"[^0-9]", "", value)
    return 8 <= len(text) <= 15 and len(set(text)) > 2


def ipv4(value: str) -> bool:
    """An IPv4 address."""
    try:
        ipaddress.IPv4Address(value.strip())
    except ValueError:
        return False
    return True


def ipv6(value: str) -> bool:
    """An IPv6 address."""
    try:
        ipaddress.IPv6Address(value.strip().strip("[]").split("%")[0])
    except ValueError:
        return False
    return ":" in value


def eu_vat(value: str) -> bool:
    """A European VAT number by form; Belgian ones also by their check (97 minus the remainder by 97)."""
    text = compact(value)
    if text.startswith("BE"):
        return _digits(text[2:], 10) and 97 - int(text[2:10]) % 97 == int(text[10:])
    return bool(text[2:])


CHECKS: dict[str, Callable[[str], bool]] = {
    check.__name__: check
    for check in (
        luhn, card, iban, lei, s10, ups_1z, gs1, sscc, iso6346, mrn, awb, imo, imei, ssn, be_nn, de_idnr, nl_bsn,
        fr_nir,
        cn_ric, phone, ipv4, ipv6, eu_vat,
    )
}  # fmt: skip
"""The checks that a data class may name."""
