"""How figures are written: bytes, counts, times and shares, in English or French."""

from __future__ import annotations

import datetime as dt

UNITS = {"en": ("B", "kB", "MB", "GB", "TB", "PB"), "fr": ("o", "ko", "Mo", "Go", "To", "Po")}
"""Decimal units: 1 kB is 1,000 bytes."""

THIN = "\u202f"


def count(number: int | None, language: str = "en") -> str:
    """Return a whole number with its thousands apart; null is a dash."""
    if number is None:
        return "–"
    return f"{number:,}".replace(",", THIN if language == "fr" else ",")


def size(number: int | None, language: str = "en") -> str:
    """Return bytes with three figures and a decimal unit; null is a dash."""
    if number is None:
        return "–"
    units = UNITS[language]
    value, unit = float(number), 0
    while value >= 999.5 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    text = f"{value:.{digits}f}"
    return f"{text.replace('.', ',') if language == 'fr' else text} {units[unit]}"


def moment(when: dt.datetime | None) -> str:
    """Return a time as UTC to the minute; null is a dash."""
    return "–" if when is None else when.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")


def window(first: dt.datetime | None, last: dt.datetime | None) -> tuple[str, str]:
    """Return two times as a cell; neither is one dash."""
    return ("–", "") if first is None and last is None else (moment(first), moment(last))


def days(first: dt.datetime | None, last: dt.datetime | None) -> tuple[str, str]:
    """Return the UTC days of two times as a cell; one day stands alone, and neither is one dash."""
    start, end = (day(when and when.astimezone(dt.UTC)) for when in (first, last))
    return (start, "" if start == end else end)


def day(when: dt.date | dt.datetime | None) -> str:
    """Return a day as YYYY-MM-DD; null is a dash."""
    return "–" if when is None else when.strftime("%Y-%m-%d")


def share(part: float | None, language: str = "en") -> str:
    """Return a share of 1 as per cent; null is a dash, and nothing that is not whole is shown as 100 %."""
    if part is None:
        return "–"
    percent = 100 * part
    shown = 99.9 if 99.9 < percent < 100 else percent
    text = f"{shown:.1f}".removesuffix(".0")
    return f"{text.replace('.', ',')}{THIN}%" if language == "fr" else f"{text}%"
