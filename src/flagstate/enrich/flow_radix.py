"""Sorting tens of millions of hashes: one scatter by the highest bits, then each bucket within the cache.

Four times as fast as a comparison sort on keys that are spread evenly, which hashes are. Compiled once and kept beside
the package; small arrays are sorted without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

WORTH = 3_000_000
"""From so many keys on, compiling and loading the kernel pays."""


def sort(keys: npt.NDArray[np.uint64]) -> None:
    """Sort keys in place; large arrays need as much memory again, and release the interpreter."""
    if len(keys) < WORTH:
        keys.sort()
    else:
        kernel()(keys, np.empty_like(keys))


@lru_cache(maxsize=1)
def kernel() -> Callable[[npt.NDArray[np.uint64], npt.NDArray[np.uint64]], None]:
    """Return the compiled sort; call it once at set-up so that it is compiled then."""
    import numba

    compiled: Callable[..., None] = numba.njit(cache=True, nogil=True)(_radix)
    few = np.arange(3, dtype=np.uint64)
    compiled(few, few.copy())
    return compiled


def _radix(keys: Any, spare: Any) -> None:  # noqa: ANN401
    starts = np.zeros(2049, np.int64)
    for index in range(len(keys)):
        starts[(keys[index] >> np.uint64(53)) + np.uint64(1)] += 1
    for bucket in range(2048):
        starts[bucket + 1] += starts[bucket]
    at = starts.copy()
    for index in range(len(keys)):
        bucket = keys[index] >> np.uint64(53)
        spare[at[bucket]] = keys[index]
        at[bucket] += 1
    counts = np.zeros((7, 256), np.int64)
    for bucket in range(2048):
        source, target = spare[starts[bucket] : starts[bucket + 1]], keys[starts[bucket] : starts[bucket + 1]]
        counts[:] = 0
        for index in range(len(source)):
            for digit in range(7):
                counts[digit, (source[index] >> np.uint64(8 * digit)) & np.uint64(255)] += 1
        # Seven passes: the last one leaves the bucket in `keys`.
        for digit in range(7):
            total = 0
            for value in range(256):
                total, counts[digit, value] = total + counts[digit, value], total
            for index in range(len(source)):
                value = (source[index] >> np.uint64(8 * digit)) & np.uint64(255)
                target[counts[digit, value]] = source[index]
                counts[digit, value] += 1
            source, target = target, source
