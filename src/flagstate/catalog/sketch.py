"""Sketches of distinct subjects: sorted keyed fingerprints below a threshold, with their bounds and their union.

A sketch is one byte, its level, then the fingerprints that are below 2**64 / 2**level, eight bytes each, lowest byte
first, in rising order. At level 0 it is every subject, so the count is exact. Fingerprints are keyed per case: sketches
of two cases cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

import numpy as np

LARGEST = 1 << 14
"""Fingerprints that one stored sketch keeps; three standard errors are then about 2.4 %."""


def bounds(kept: int, level: int, blank: int, records: int) -> tuple[int, int]:
    """Return at least and at most how many subjects stand behind a sample: exact, or three standard errors each way.

    Args:
        kept: Fingerprints in the sample.
        level: Its level.
        blank: Rows without a subject: each may be one more, or none.
        records: Rows in all.
    """
    low = high = kept
    if level:
        # Each of N subjects is kept with the same chance; for few, the tail is longer than three errors say.
        scale, spread = 1 << level, 3 * sqrt(kept + 2)
        low = max(kept, int((kept - spread) * scale))
        high = int((kept + spread + 5) * scale)
    low = min(max(low, 1), records)
    return low, max(low, min(high + blank, records))


def joined(parts: Sequence[bytes]) -> bytes:
    """Return the union of sorted fingerprints."""
    if len(parts) == 1:
        return parts[0]
    return np.unique(np.concatenate([np.frombuffer(part, "<u8") for part in parts])).tobytes()


def cut(marks: bytes, level: int) -> bytes:
    """Return the fingerprints that stay at a level."""
    if not level:
        return marks
    every = np.frombuffer(marks, "<u8")
    return every[: np.searchsorted(every, np.uint64(1 << (64 - level)))].tobytes()


def pack(marks: bytes, level: int, largest: int = LARGEST) -> bytes:
    """Return the sketch of sorted fingerprints; too many are thinned to a higher level.

    Args:
        marks: Sorted fingerprints, all below the level's threshold.
        level: Their level.
        largest: Fingerprints at most.
    """
    while len(marks) > 8 * largest:
        level += 1
        marks = cut(marks, level)
    return bytes([level]) + marks


def merge(sketches: Sequence[bytes]) -> bytes:
    """Return the sketch of the union of subjects of the same kind; none gives an empty one."""
    if not sketches:
        return b"\0"
    level = max(sketch[0] for sketch in sketches)
    return pack(joined([cut(sketch[1:], level) for sketch in sketches]), level)


def union(rows: Iterable[Mapping[str, object]]) -> tuple[int, int]:
    """Return at least and at most how many distinct subjects several populations have together.

    Args:
        rows: Rows of `population`. Sketches are united only where the subjects are of the same class; between
            different classes the lower bound is the largest, the upper bound the sum.
    """
    by: dict[object, list[Mapping[str, object]]] = {}
    for number, row in enumerate(rows):
        alike = (
            (row.get("unit"), row.get("subject_class")) if row.get("sketch") and row.get("subject_class") else number
        )
        by.setdefault(alike, []).append(row)
    parts = [_alike(listed) for listed in by.values()]
    return max((low for low, _ in parts), default=0), sum(high for _, high in parts)


def _alike(rows: Sequence[Mapping[str, object]]) -> tuple[int, int]:
    lows, highs, records = (
        [_number(row.get(name)) for row in rows] for name in ("subjects_lo", "subjects_hi", "records")
    )
    if len(rows) == 1:
        return lows[0], highs[0]
    both = merge([made for row in rows if isinstance(made := row.get("sketch"), bytes) and made])
    blank = sum(_nameless(row) for row in rows)
    low, high = bounds((len(both) - 1) // 8, both[0], blank, max(sum(records), sum(highs)))
    least = max(low, *lows)
    return least, max(least, min(high, sum(highs)))


def _nameless(row: Mapping[str, object]) -> int:
    """Return how many subjects a population may have at most beside those that its sketch stands for."""
    sketch, marks = row.get("sketch"), row.get("marks")
    low, high, records = (_number(row.get(name)) for name in ("subjects_lo", "subjects_hi", "records"))
    if not isinstance(sketch, bytes) or not sketch:
        return high
    kept, level = (len(sketch) - 1) // 8, sketch[0]
    if not level:
        return max(0, high - kept)
    if not isinstance(marks, list) or "estimate" not in marks or high >= records:
        # Counted exactly though its sketch was thinned, or cut at its records: the span holds them all.
        return high - low
    return max(0, high - bounds(kept, level, 0, records)[1])


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
