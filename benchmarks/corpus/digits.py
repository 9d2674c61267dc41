"""Check digits, written from the specifications for the corpus alone: each returns what completes a number.

The corpus must not borrow from what it judges, so nothing here is imported from the product.
"""

from __future__ import annotations

ISO6346 = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))
VERHOEFF_D = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
              [3, 4, 0, 1, 2, 8, 9, 5, 6, 7], [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
              [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
              [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]  # fmt: skip
VERHOEFF_P = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
              [8, 9, 1, 6, 0, 4, 3, 5, 2, 7], [9, 4, 5, 3, 1, 2, 6, 8, 7, 0], [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
              [2, 7, 9, 3, 8, 0, 6, 4, 1, 5], [7, 0, 4, 6, 9, 1, 3, 2, 5, 8]]  # fmt: skip


def weighed(number: str, weights: tuple[int, ...]) -> int:
    """Return the sum of digits times weights."""
    return sum(int(d) * w for d, w in zip(number, weights, strict=True))


def luhn(number: str) -> str:
    """Return the Luhn digit (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def gs1(number: str) -> str:
    """Return the GS1 digit: weights 3 and 1 from the right."""
    return str(-sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(number))) % 10)


def letters97(text: str) -> int:
    """Return the remainder by 97 with letters as 10 to 35."""
    return int("".join(str(int(c, 36)) for c in text)) % 97


def iban(country: str, bban: str) -> str:
    """Return the IBAN (ISO 13616)."""
    return f"{country}{98 - letters97(bban + country + '00'):02d}{bban}"


def lei(first: str) -> str:
    """Return the LEI of eighteen characters (ISO 17442)."""
    return f"{first}{98 - letters97(first + '00'):02d}"


def mod11_10(number: str) -> str:
    """Return the digit of ISO 7064 MOD 11,10."""
    rest = 10
    for digit in number:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return str((11 - rest) % 10)


def mod37_36(text: str) -> str:
    """Return the character of ISO 7064 MOD 37,36."""
    rest = 36
    for char in text:
        rest = (rest + int(char, 36)) % 36 or 36
        rest = rest * 2 % 37
    return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(37 - rest) % 36]


def mod11_2(number: str) -> str:
    """Return the character of ISO 7064 MOD 11-2, as Chinese resident numbers have it."""
    rest = 0
    for digit in number:
        rest = (rest + int(digit)) * 2 % 11
    return "0123456789X"[(12 - rest) % 11]


def iso6346(text: str) -> str:
    """Return the digit of ISO 6346; customs (MRN, GRN) use it with more characters."""
    total = sum((int(c) if c.isdigit() else ISO6346[c]) << i for i, c in enumerate(text))
    return str(total % 11 % 10)


def verhoeff(number: str) -> str:
    """Return the digit of Verhoeff's scheme."""
    state = 0
    for place, digit in enumerate(reversed(number), start=1):
        state = VERHOEFF_D[state][VERHOEFF_P[place % 8][int(digit)]]
    return str(VERHOEFF_D[state].index(0))


def s10(serial: str) -> str:
    """Return the digit of a postal item (UPU S10)."""
    rest = 11 - weighed(serial, (8, 6, 4, 2, 3, 5, 9, 7)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def ups(body: str) -> str:
    """Return the digit of 1Z and fifteen characters."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body]
    return str(-(sum(values[0::2]) + 2 * sum(values[1::2])) % 10)


def fedex12(serial: str) -> str:
    """Return the digit of eleven digits of an express number."""
    return str(weighed(serial, (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)) % 11 % 10)


def vin(text: str) -> str:
    """Return the VIN whose ninth character is its check (49 CFR 565)."""
    worth = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
                     strict=True))  # fmt: skip
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum((int(c) if c.isdigit() else worth[c]) * w for c, w in zip(text, weights, strict=True))
    return text[:8] + "0123456789X"[total % 11] + text[9:]


def isin(text: str) -> str:
    """Return the Luhn digit of an ISIN, letters as two digits."""
    return luhn("".join(str(int(c, 36)) for c in text))


def codice_fiscale(text: str) -> str:
    """Return the last letter of an Italian tax code."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    total = 0
    for place, char in enumerate(text):
        value = int(char) if char.isdigit() else ord(char) - 65
        total += odd[value] if place % 2 == 0 else value
    return chr(65 + total % 26)


def nif(number: str) -> str:
    """Return the digit of eight digits of a Portuguese tax number."""
    rest = weighed(number, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return str(0 if rest < 2 else 11 - rest)


def cpf(number: str) -> str:
    """Return both digits of nine digits of a Brazilian taxpayer."""
    first = weighed(number, tuple(range(10, 1, -1))) * 10 % 11 % 10
    second = weighed(f"{number}{first}", tuple(range(11, 1, -1))) * 10 % 11 % 10
    return f"{first}{second}"
