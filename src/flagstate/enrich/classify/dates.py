"""Dates as text: their forms, their years, and the month of each value of a column.

What it cannot see: whether 03/04 is in March or in April where no value of the column tells; then the day comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int32]

YEAR_FIRST = re.compile(r"([12][0-9]{3})([-/.年]?)([01]?[0-9])\2?月?([0-3]?[0-9])日?(?:[T ].*)?", re.S)
DAY_FIRST = re.compile(r"([0-3]?[0-9])[-/. ]([0-3]?[0-9])[-/. ]([12][0-9]{3}|[0-9]{2})(?:[T ,].*)?", re.S)
WORDS = re.compile(r"([0-3]?[0-9])[- ]([A-Za-z]{3})[a-z]*[- ]([12][0-9]{3})(?:[T ,].*)?", re.S)
MONTHS = {
    name: at
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
EARLIEST, LATEST = 1850, 2100
SECONDS = (315_532_800, 4_102_444_800)
"""1980 to 2099 as seconds since 1970."""


def parse(text: str, *, month_first: bool = False) -> tuple[int, int, int] | None:
    """Return year, month and day of a date or time as text, or null.

    Args:
        text: One trimmed value.
        month_first: Whether 03/04/2020 is 4 March.
    """
    if found := YEAR_FIRST.fullmatch(text):
        if not found[2] and len(found[3] + found[4]) != 4:
            return None
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    elif found := DAY_FIRST.fullmatch(text):
        day, month, year = int(found[1]), int(found[2]), int(found[3])
        if month_first:
            day, month = month, day
        if len(found[3]) == 2:
            year += 2000 if year < 30 else 1900
    elif found := WORDS.fullmatch(text):
        day, month, year = int(found[1]), MONTHS.get(found[2].lower(), 0), int(found[3])
    else:
        return None
    if not (1 <= month <= 12 and 1 <= day <= 31 and EARLIEST <= year < LATEST):
        return None
    return year, month, day


def american(texts: Iterable[str]) -> bool:
    """Whether the month comes first: more values are dates that way than with the day first."""
    listed = list(texts)
    return sum(parse(t, month_first=True) is not None for t in listed) > sum(parse(t) is not None for t in listed)


def years(texts: Sequence[str]) -> list[int]:
    """Return the years of those texts that are dates."""
    first = american(texts)
    return [made[0] for text in texts if (made := parse(text, month_first=first))]


def epoch(number: float) -> int | None:
    """Return the month (12 * year + month - 1) of seconds, milliseconds, micro- or nanoseconds since 1970, or null."""
    for unit in (1, 10**3, 10**6, 10**9):
        if SECONDS[0] <= number / unit < SECONDS[1]:
            return int(np.datetime64(int(number // unit), "s").astype("datetime64[M]").astype(int)) + 12 * 1970
    return None


def months(values: pa.Array, *, month_first: bool, seconds: bool) -> Numbers:
    """Return the month of each value (12 * year + month - 1), -1: none.

    Args:
        values: Dates or times as text.
        month_first: As `parse`.
        seconds: Whether they are counted since 1970.
    """
    coded = values if pa.types.is_dictionary(values.type) else _encoded(values, seconds=seconds)
    numbers = [-1]
    for raw in coded.dictionary.to_pylist():
        text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else str(raw)
        numbers.append(_month(text.strip(), month_first=month_first, seconds=seconds))
    places = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    made: Numbers = np.asarray(numbers, np.int32)[places]
    return made


def _encoded(values: pa.Array, *, seconds: bool) -> pa.Array:
    """Times of one day are the same day: what follows the day is cut before distinct values are looked for."""
    return pc.dictionary_encode(values if seconds else pc.binary_slice(values.cast(pa.binary()), 0, 11))


def _month(text: str, *, month_first: bool, seconds: bool) -> int:
    if seconds:
        try:
            made = epoch(float(text[:32]))
        except ValueError:
            return -1
        return -1 if made is None else made
    day = parse(text, month_first=month_first)
    return -1 if day is None else 12 * day[0] + day[1] - 1
