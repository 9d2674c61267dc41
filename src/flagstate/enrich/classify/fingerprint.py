"""Keyed fingerprints of values: SipHash-1-3 with a key of 128 bits, as 64-bit numbers.

Without the key nobody can tell which value a fingerprint is of, nor choose values that collide. The functions are
written for the kernel, which compiles them; `of` runs them as they stand, for tests and single values.

Source: Aumasson and Bernstein, SipHash: a fast short-input PRF (2012); 1 round per word and 3 at the end.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

MASK = 2**64 - 1
START = tuple(
    np.uint64(word) for word in (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
)
E1, E2, E3, E4, E5, E6, E7, E8, E13, E16, E17 = (np.uint64(n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 17))
E21, E24, E32, E40, E43, E47, E48, E51 = (np.uint64(n) for n in (21, 24, 32, 40, 43, 47, 48, 51))
E56, E64, E255 = (np.uint64(n) for n in (56, 64, 255))


def of(value: bytes, key: bytes) -> int:
    """Return the fingerprint of one value, slowly.

    Args:
        value: Any bytes.
        key: 16 bytes.
    """
    k0, k1 = struct.unpack("<QQ", key)
    v: list[int] = [(k1 if place % 2 else k0) ^ int(word) for place, word in enumerate(START)]
    whole = len(value) // 8 * 8
    tail = int.from_bytes(value[whole:], "little") | (len(value) & 255) << 56
    for word in (*struct.unpack(f"<{whole // 8}Q", value[:whole]), tail):
        v[3] ^= word
        _round(v)
        v[0] ^= word
    v[2] ^= 255
    for _ in range(3):
        _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _turn(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & MASK


def _round(v: list[int]) -> None:
    v[0] = (v[0] + v[1]) & MASK
    v[1] = _turn(v[1], 13) ^ v[0]
    v[0] = _turn(v[0], 32)
    v[2] = (v[2] + v[3]) & MASK
    v[3] = _turn(v[3], 16) ^ v[2]
    v[0] = (v[0] + v[3]) & MASK
    v[3] = _turn(v[3], 21) ^ v[0]
    v[2] = (v[2] + v[1]) & MASK
    v[1] = _turn(v[1], 17) ^ v[2]
    v[2] = _turn(v[2], 32)


def keyed(key: bytes) -> tuple[np.uint64, np.uint64]:
    """Return the two words of a key of 16 bytes.

    Raises:
        ValueError: The key is not 16 bytes long.
    """
    if len(key) != 16:
        raise ValueError("A key of fingerprints has 16 bytes")
    first, second = struct.unpack("<QQ", key)
    return np.uint64(first), np.uint64(second)


def siphash(data: Any, size: Any, start: Any, stop: Any, k0: Any, k1: Any) -> Any:  # noqa: ANN401
    """Return the fingerprint of data[start:stop]; for the compiler: every number is unsigned with 64 bits.

    `size` is that of the data: bytes up to there may be read.
    """
    v0, v1 = k0 ^ START[0], k1 ^ START[1]
    v2, v3 = k0 ^ START[2], k1 ^ START[3]
    at = start
    while at + E8 <= stop:
        word = load(data, at)
        v0, v1, v2, v3 = mix(v0, v1, v2, v3 ^ word)
        v0 ^= word
        at += E8
    word = (stop - start) << E56
    rest = (stop - at) << E3
    if rest:
        if stop - start >= E8:
            word |= load(data, stop - E8) >> (E64 - rest)
        elif start + E8 <= size:
            word |= load(data, start) & ((E1 << rest) - E1)
        else:
            while at < stop:
                word |= np.uint64(data[at]) << ((at - start) << E3)
                at += E1
    v0, v1, v2, v3 = mix(v0, v1, v2, v3 ^ word)
    v0 ^= word
    v0, v1, v2, v3 = mix(v0, v1, v2 ^ E255, v3)
    v0, v1, v2, v3 = mix(v0, v1, v2, v3)
    v0, v1, v2, v3 = mix(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def mix(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:  # noqa: ANN401
    """One round; for the compiler."""
    v0 += v1
    v1 = (v1 << E13 | v1 >> E51) ^ v0
    v0 = v0 << E32 | v0 >> E32
    v2 += v3
    v3 = (v3 << E16 | v3 >> E48) ^ v2
    v0 += v3
    v3 = (v3 << E21 | v3 >> E43) ^ v0
    v2 += v1
    v1 = (v1 << E17 | v1 >> E47) ^ v2
    return v0, v1, v2 << E32 | v2 >> E32, v3


def load(data: Any, at: Any) -> Any:  # noqa: ANN401
    """Return eight bytes as one word; the compiler makes one load of it."""
    return (
        np.uint64(data[at])
        | np.uint64(data[at + E1]) << E8
        | np.uint64(data[at + E2]) << E16
        | np.uint64(data[at + E3]) << E24
        | np.uint64(data[at + E4]) << E32
        | np.uint64(data[at + E5]) << E40
        | np.uint64(data[at + E6]) << E48
        | np.uint64(data[at + E7]) << E56
    )
