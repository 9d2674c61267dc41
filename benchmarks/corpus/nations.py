"""Numbers that states give to persons, with dates, districts and check digits as their rules say."""

from __future__ import annotations

import datetime as dt
from random import Random

from corpus import digits

DISTRICTS = ("110101", "110105", "310115", "440305", "440106", "330106", "320505", "510104", "420111", "350203")
CONSONANTS, VOWELS = "BCDFGLMNPRSTVZ", "AEIOU"


def born(r: Random, first: int = 1935, last: int = 2004) -> dt.date:
    """Return a date of birth."""
    return dt.date(first, 1, 1) + dt.timedelta(days=r.randrange((last - first) * 365))


def some(r: Random, size: int, alphabet: str = "0123456789") -> str:
    """Return so many characters of the alphabet."""
    return "".join(r.choices(alphabet, k=size))


def be_national_number(r: Random) -> str:
    """Return a Belgian national number; a third with the usual dots."""
    day, serial = born(r, last=2012), f"{r.randrange(1, 998):03d}"
    plain = f"{day:%y%m%d}{serial}"
    check = 97 - int(("2" if day.year >= 2000 else "") + plain) % 97
    return f"{plain}{check:02d}"


def be_dotted(r: Random) -> str:
    """Return one as cards print it."""
    n = be_national_number(r)
    return f"{n[:2]}.{n[2:4]}.{n[4:6]}-{n[6:9]}.{n[9:]}"


def fr_nir(r: Random) -> str:
    """Return a French social security number with its key."""
    day = born(r)
    place = f"{r.randrange(1, 95):02d}" if r.random() > 0.02 else "99"
    body = f"{r.choice('12')}{day:%y%m}{place.replace('20', '21')}{r.randrange(1, 600):03d}{r.randrange(1, 400):03d}"
    return f"{body}{97 - int(body) % 97:02d}"


def de_tax_id(r: Random) -> str:
    """Return a German tax id: of its first ten digits exactly one occurs twice."""
    ten = r.sample("0123456789", 9)
    ten.insert(r.randrange(10), r.choice(ten))
    while ten[0] == "0":
        r.shuffle(ten)
    body = "".join(ten)
    return body + digits.mod11_10(body)


def nl_bsn(r: Random) -> str:
    """Return a Dutch citizen number."""
    while True:
        body = str(r.randrange(10_000_000, 30_000_000))
        last = digits.weighed(body, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if last < 10:
            return body + str(last)


def lu_matricule(r: Random) -> str:
    """Return a Luxembourg national number, with Luhn's and Verhoeff's digits."""
    body = f"{born(r):%Y%m%d}{r.randrange(1, 999):03d}"
    return body + digits.luhn(body) + digits.verhoeff(body)


def it_codice_fiscale(r: Random) -> str:
    """Return an Italian tax code."""
    day, female = born(r), r.random() < 0.5
    town = f"{r.choice('ABCDEFGHIL')}{r.randrange(1, 960):03d}"
    body = (some(r, 3, CONSONANTS) + some(r, 2, CONSONANTS) + r.choice(CONSONANTS + VOWELS)
            + f"{day:%y}{'ABCDEHLMPRST'[day.month - 1]}{day.day + 40 * female:02d}{town}")  # fmt: skip
    return body + digits.codice_fiscale(body)


def es_dni(r: Random) -> str:
    """Return a Spanish DNI, at times a NIE."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    if r.random() < 0.15:
        lead, rest = r.randrange(3), r.randrange(10_000_000)
        return f"{'XYZ'[lead]}{rest:07d}{letters[(lead * 10_000_000 + rest) % 23]}"
    number = r.randrange(1_000_000, 79_000_000)
    return f"{number:08d}{letters[number % 23]}"


def pt_nif(r: Random) -> str:
    """Return a Portuguese tax number of a person."""
    body = r.choice("123") + some(r, 7)
    return body + digits.nif(body)


def pl_pesel(r: Random) -> str:
    """Return a Polish PESEL."""
    day = born(r)
    body = f"{day:%y}{day.month + (20 if day.year >= 2000 else 0):02d}{day:%d}{some(r, 4)}"
    return body + str(-digits.weighed(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def gb_nino(r: Random) -> str:
    """Return a British national insurance number."""
    while True:
        lead = r.choice("ABCEGHJKLMNOPRSTWXYZ") + r.choice("ABCEGHJKLMNPRSTWXYZ")
        if lead not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}:
            return lead + some(r, 6) + r.choice("ABCD")


def nino_spaced(r: Random) -> str:
    """Return one in pairs."""
    n = gb_nino(r)
    return " ".join((n[:2], n[2:4], n[4:6], n[6:8], n[8]))


def gb_nhs(r: Random) -> str:
    """Return an NHS number."""
    while True:
        body = r.choice("4567") + some(r, 8)
        last = 11 - digits.weighed(body, tuple(range(10, 1, -1))) % 11
        if last != 10:
            return body + str(last % 11)


def nhs_spaced(r: Random) -> str:
    """Return one as letters print it."""
    n = gb_nhs(r)
    return f"{n[:3]} {n[3:6]} {n[6:]}"


def us_ssn(r: Random) -> str:
    """Return a United States social security number."""
    area = r.choice([a for a in (r.randrange(1, 900), r.randrange(1, 900)) if a != 666] or [101])
    return f"{area:03d}-{r.randrange(1, 100):02d}-{r.randrange(1, 10000):04d}"


def us_itin(r: Random) -> str:
    """Return an individual taxpayer number."""
    group = r.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])
    return f"9{r.randrange(100):02d}-{group}-{r.randrange(1, 10000):04d}"


def cn_resident_id(r: Random) -> str:
    """Return a Chinese resident identity number."""
    body = f"{r.choice(DISTRICTS)}{born(r):%Y%m%d}{r.randrange(1, 999):03d}"
    return body + digits.mod11_2(body)


def in_aadhaar(r: Random) -> str:
    """Return an Aadhaar number."""
    body = r.choice("23456789") + some(r, 10)
    return body + digits.verhoeff(body)


def aadhaar_spaced(r: Random) -> str:
    """Return one in fours."""
    n = in_aadhaar(r)
    return f"{n[:4]} {n[4:8]} {n[8:]}"


def in_pan(r: Random) -> str:
    """Return an Indian permanent account number of a person."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return some(r, 3, letters) + "P" + r.choice(letters) + f"{r.randrange(1, 10000):04d}" + r.choice(letters)


def br_cpf(r: Random) -> str:
    """Return a Brazilian CPF as forms print it."""
    body = some(r, 9)
    whole = body + digits.cpf(body)
    return f"{whole[:3]}.{whole[3:6]}.{whole[6:9]}-{whole[9:]}"


def br_plain(r: Random) -> str:
    """Return one without points."""
    return br_cpf(r).replace(".", "").replace("-", "")


def passport(r: Random) -> str:
    """Return a number in the form of some passport."""
    letters = "CFGHJKLMNPRTVWXYZ"
    return r.choice((
        lambda: r.choice("CFGHJK") + some(r, 8, letters + "0123456789"),
        lambda: some(r, 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") + some(r, 6),
        lambda: r.choice("EG") + some(r, 8),
        lambda: some(r, 2) + some(r, 2, "ABCDEFGHIJ") + some(r, 5),
        lambda: some(r, 3, "ABCDEFX") + some(r, 6),
    ))()  # fmt: skip


def driving_licence(r: Random) -> str:
    """Return a number in the form of some licence to drive."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return r.choice((
        lambda: some(r, 1, letters) + some(r, 7),
        lambda: some(r, 10),
        lambda: some(r, 2, letters) + some(r, 7) + r.choice(letters),
        lambda: r.choice("BJNK") + some(r, 3, "0123456789") + some(r, 5, "0123456789ABCD") + some(r, 2),
    ))()  # fmt: skip
