"""Dates and positions, as written with their separators."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import Text, is_day, is_digits, number


def date(text: Text, size: int) -> bool:
    """A day of the years 1800 to 2199 that exists: year, month, day, or day and month in either order and year.

    A time may follow behind T or a blank; it is not looked at. A year of two digits may be of any century.
    Source: ISO 8601; CLDR short forms.
    """
    if size < 6:
        return False
    stop = 0
    while stop < size and 48 <= text[stop] <= 57:
        stop += 1
    if stop == 8:
        return is_end(text, 8, size) and is_year(number(text, 0, 4), number(text, 4, 6), number(text, 6, 8))
    if stop == 0 or stop > 4 or stop + 3 >= size:
        return False
    split = text[stop]
    if split != 45 and split != 46 and split != 47 and split != 32:
        return False
    second = stop + 1
    middle = second
    while middle < size and 48 <= text[middle] <= 57:
        middle += 1
    if middle == second or middle - second > 2 or middle + 1 >= size or text[middle] != split:
        return False
    third = middle + 1
    end = third
    while end < size and 48 <= text[end] <= 57:
        end += 1
    if end == third or not is_end(text, end, size):
        return False
    first, inner, last = number(text, 0, stop), number(text, second, middle), number(text, third, min(end, third + 9))
    if stop == 4:
        return end - third <= 2 and is_year(first, inner, last)
    if stop > 2 or (end - third != 4 and end - third != 2):
        return False
    year = last if end - third == 4 else 2000 + last
    return is_year(year, inner, first) or is_year(year, first, inner)


def is_year(year: int, month: int, day: int) -> bool:
    """Whether a day exists in the years 1800 to 2199."""
    return 1800 <= year <= 2199 and is_day(year, month, day)


def is_end(text: Text, place: int, size: int) -> bool:
    """Whether nothing follows, or a time does."""
    if place == size:
        return True
    code = text[place]
    if (code != 84 and code != 32) or place + 2 > size or not is_digits(text, place + 1, place + 2):
        return False
    for further in range(place + 1, size):
        code = text[further]
        if not (48 <= code <= 58 or 43 <= code <= 46 or code in (32, 65, 77, 80, 90, 97, 109, 112)):
            return False
    return True


def position_pair(text: Text, size: int) -> bool:
    """A latitude and a longitude in degrees with decimals, split by a comma, a semicolon or blanks. WGS 84."""
    middle = coordinate(text, 0, size, 90)
    if middle < 0 or middle >= size:
        return False
    start = middle
    marks = 0
    while start < size and (text[start] == 32 or text[start] == 44 or text[start] == 59):
        marks += 1 if text[start] != 32 else 0
        start += 1
    return start > middle and marks <= 1 and coordinate(text, start, size, 180) == size


def coordinate(text: Text, start: int, size: int, limit: int) -> int:
    """The place behind a number with decimals of at most a limit, or -1."""
    place = start
    if place < size and (text[place] == 43 or text[place] == 45):
        place += 1
    begun = place
    while place < size and 48 <= text[place] <= 57:
        place += 1
    if place == begun or place - begun > 3 or place >= size or text[place] != 46:
        return -1
    whole = number(text, begun, place)
    point = place
    place += 1
    more = False
    while place < size and 48 <= text[place] <= 57:
        more = more or text[place] != 48
        place += 1
    if place == point + 1 or whole > limit or (whole == limit and more):
        return -1
    return place
