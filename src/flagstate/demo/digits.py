"""Numbers as text, and their check digits, for many rows at once: parcels (S10), declarations, waybills, accounts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]
Digits = npt.NDArray[np.uint8]
"""One row of characters, or of digits 0 to 9, per value."""

ZERO = np.uint8(ord("0"))
_S10 = np.array([8, 6, 4, 2, 3, 5, 9, 7])
_WORTH = np.array([*range(10), *[0] * 7, *(n for n in range(10, 39) if n % 11)])
"""Values of ISO 6346 from the character 0 on."""


def spread(numbers: Numbers, width: int) -> Digits:
    """Return the decimal digits of numbers, with zeros in front; digits beyond the width are dropped."""
    made = np.empty((len(numbers), width), np.uint8)
    rest = numbers.astype(np.uint64)
    for place in range(width - 1, -1, -1):
        high = rest // np.uint64(10)
        made[:, place] = (rest - high * np.uint64(10)).astype(np.uint8)
        rest = high
    return made


def text(rows: int, *parts: Digits | str) -> pa.StringArray:
    """Return texts of one width: parts are characters of each row (below 10: digits), or the same for all."""
    blocks = []
    for part in parts:
        if isinstance(part, str):
            same = np.frombuffer(part.encode(), np.uint8)
            blocks.append(np.broadcast_to(same, (rows, len(same))))
        else:
            blocks.append(np.where(part < 10, part + ZERO, part))
    matrix = np.concatenate(blocks, axis=1, dtype=np.uint8)
    offsets = np.arange(0, matrix.size + 1, matrix.shape[1], dtype=np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix)))


def s10(serial: Digits) -> Digits:
    """Return the check digit of eight digits of a postal item (UPU S10)."""
    total = np.zeros(len(serial), np.int64)
    for place, weight in enumerate(_S10):
        total += serial[:, place] * weight
    rest = 11 - total % 11
    return np.where(rest == 10, 0, np.where(rest == 11, 5, rest)).astype(np.uint8)[:, None]


def movement(times: Numbers, serial: Numbers, kind: str) -> pa.StringArray:
    """Return movement reference numbers of Belgian customs, with right check digits.

    Args:
        times: Seconds since 1970: the year stands in front.
        serial: Numbers of up to twelve digits, which tell them apart.
        kind: A letter that tells the procedure.
    """
    years = times.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    both = np.tile(np.frombuffer(f"BE{kind}".encode(), np.uint8), (len(times), 1))
    front = np.concatenate([spread(years, 2) + ZERO, both[:, :2], spread(serial, 12) + ZERO, both[:, 2:]], axis=1)
    return text(len(times), front, _iso6346(front))


def _iso6346(characters: Digits) -> Digits:
    """Values of characters times powers of two, mod 11."""
    total = np.zeros(len(characters), np.int64)
    for place in range(characters.shape[1]):
        total += _WORTH[characters[:, place] - ZERO] << place
    return (total % 11 % 10).astype(np.uint8)[:, None]


def seven(serial: Numbers) -> Digits:
    """Return the check digit of the seven digits of an air waybill (IATA, mod 7)."""
    return (serial % 7).astype(np.uint8)[:, None]


def gs1(body: Digits) -> Digits:
    """Return the check digit of the digits of a trade item (GS1)."""
    weights = np.where(np.arange(body.shape[1])[::-1] % 2 == 0, 3, 1)
    made: Digits = ((-(body * weights).sum(axis=1)) % 10).astype(np.uint8)[:, None]
    return made


def iban(country: str, bank: str, account: Digits) -> pa.StringArray:
    """Return account numbers of a country with right check digits (ISO 13616, mod 97).

    Args:
        country: Two letters.
        bank: Code of the bank, digits or letters.
        account: Digits of each row.
    """
    rest = np.zeros(len(account), np.int64)
    for letter in bank:
        rest = _carry(rest, int(letter, 36))
    for place in range(account.shape[1]):
        rest = (rest * 10 + account[:, place]) % 97
    for letter in (*country, "0", "0"):
        rest = _carry(rest, int(letter, 36))
    return text(len(account), country, spread(98 - rest, 2), bank, account)


def _carry(rest: Numbers, value: int) -> Numbers:
    made: Numbers = (rest * (100 if value > 9 else 10) + value) % 97
    return made


def mix(numbers: Numbers, salt: int) -> npt.NDArray[np.uint64]:
    """Return 64 bits for each number that look like chance and are always the same (SplitMix64)."""
    bits = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt & (2**64 - 1))
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def part(bits: npt.NDArray[np.uint64], begin: int, below: int) -> Numbers:
    """Return a number below a bound from 16 of the bits, or from 32 where the bound is large."""
    width = 16 if below <= 1 << 14 else 32
    some = (bits >> np.uint64(begin)) & np.uint64((1 << width) - 1)
    made: Numbers = ((some * np.uint64(below)) >> np.uint64(width)).astype(np.int64)
    return made


def coded(places: Numbers, pool: pa.Array) -> pa.DictionaryArray:
    """Return entries of a pool as codes of a dictionary that has no more than what is used, in the order of the pool.

    Args:
        places: Entry of each row.
        pool: Texts.
    """
    used = np.zeros(len(pool), np.bool_)
    used[places] = True
    # A text that stands twice in a pool becomes one entry: files with doubled entries are not the same at every run.
    kept = pool.filter(pa.array(used)).dictionary_encode()
    order = (np.cumsum(used) - 1)[places]
    return pa.DictionaryArray.from_arrays(pa.array(kept.indices.to_numpy()[order]), kept.dictionary)
