"""How a delimited text is written: its delimiter, its quote, its line end, and whether it is a table at all."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass

USUAL = (",", ";", "\t", "|")
UNUSUAL = ("\x1f", "\x01", "^", "~", "@")
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".psv")
CODE = re.compile(
    r"\s*(?:--|//|/\*|#!|#|<[!?/a-zA-Z]|INSERT |CREATE |ALTER |DROP |SET |SELECT |import |from |def |class |package |"
    r"function |var |const |let |return |@[a-z]+:|\}|\{)",
    re.IGNORECASE,
)
LOG_LINE = re.compile(r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
PROSE = re.compile(r"[.!?]\s*$")
FIRST_ROWS = 400


@dataclass(frozen=True)
class Dialect:
    """How the rows are written."""

    delimiter: str
    quote: str
    width: int
    """Columns."""
    carriage: bool
    """Lines end with a bare carriage return."""
    multiline: bool
    """Some quoted value holds a line end."""
    quoted: bool = True
    """Quotes stand around some value; else a quote is a character like any other."""


def detect(text: str, suffix: str, *, whole: bool) -> Dialect | None:
    """Return how a text is written as a table, or null: it is not one, or not clearly.

    Args:
        text: Its beginning, decoded.
        suffix: Last suffix of the file's name; it lowers the bar for one column or few rows, and never decides alone.
        whole: Whether the text is all there is; else its last line is left out.
    """
    carriage = "\r" in text and "\n" not in text
    if carriage or "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not whole:
        text = text[: text.rfind("\n") + 1]
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or _is_code(lines):
        return None
    named = suffix in TABLE_SUFFIXES
    best: tuple[float, Dialect] | None = None
    for quote in ('"', "'"):
        for delimiter in (*USUAL, *UNUSUAL):
            if delimiter not in text or (quote == "'" and "'" not in text):
                continue
            scored = _score(text, delimiter, quote, named=named, closed=not whole or text.count(quote) % 2 == 0)
            if scored and (best is None or scored[0] > best[0]):
                quoted = _quoted(text, delimiter, quote)
                best = (scored[0], Dialect(delimiter, quote, scored[1], carriage, scored[2], quoted))
    if best:
        return best[1]
    if named and _is_column(lines):
        return Dialect(_absent(text), '"', 1, carriage, False, False)
    return None


def rows(text: str, dialect: Dialect, most: int = FIRST_ROWS) -> list[list[str]]:
    r"""Return the first rows of a text, blank ones left out.

    Args:
        text: Its beginning with `\\n` as line end.
        dialect: As detected.
        most: Stop after so many rows.
    """
    found: list[list[str]] = []
    try:
        for row in csv.reader(
            text.split("\n") if not dialect.multiline else text.splitlines(keepends=True),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
        ):
            if row:
                found.append(row)
            if len(found) >= most:
                break
    except csv.Error:
        pass
    return found


def _quoted(text: str, delimiter: str, quote: str) -> bool:
    between = re.escape(delimiter)
    return bool(re.search(rf"(?:^|{between}){quote}[^{quote}]*{quote}(?:{between}|$)", text, re.MULTILINE))


def _is_code(lines: list[str]) -> bool:
    first = lines[0].lstrip("\ufeff").lstrip()
    if first[:1] in "{[<" or first.startswith(("#separator", "%PDF", "-----BEGIN")):
        return True
    sample = lines[:200]
    return sum(bool(CODE.match(line)) for line in sample) * 5 >= len(sample)


def _score(text: str, delimiter: str, quote: str, *, named: bool, closed: bool) -> tuple[float, int, bool] | None:
    """How well one delimiter explains the rows: score, columns, and whether values span lines."""
    parsed = rows(text, Dialect(delimiter, quote, 0, False, '"' in text or "'" in text))
    parsed = [row for row in parsed if any(cell.strip() for cell in row) or len(row) > 1]
    if not parsed:
        return None
    counts = Counter(len(row) for row in parsed)
    width = max(counts, key=lambda w: (counts[w] * (w > 1), w))
    if width < 2 or (delimiter == "@" and width < 3):
        return None
    start = next(place for place, row in enumerate(parsed) if len(row) == width)
    body = parsed[start:]
    share = sum(len(row) == width for row in body) / len(body)
    least = 0.7 if named and delimiter in USUAL else 0.9 if delimiter in USUAL else 0.98
    if share < least or len(body) < (1 if named else 3) or start > 20:
        return None
    if not named and (_is_prose(body, delimiter) or _is_layout(body, delimiter)):
        return None
    multiline = closed and any("\n" in cell for row in body for cell in row)
    broken = sum(cell[:1] == quote or cell[-1:] == quote for row in body for cell in row) / (len(body) * width)
    return (
        share + min(width, 20) / 100 - broken - 0.05 * (quote == "'") - 0.1 * (delimiter in UNUSUAL),
        width,
        multiline,
    )


def _is_prose(body: list[list[str]], delimiter: str) -> bool:
    """Sentences or log lines that happen to have the same number of commas."""
    stamped = sum(bool(LOG_LINE.match(row[0])) and bool(re.match(r"\d{3}\b", row[1])) for row in body if len(row) > 1)
    if stamped * 2 > len(body):
        return True
    ended = sum(bool(PROSE.search(row[-1])) and len(row[-1].split()) > 3 for row in body)
    long = sum(len(cell.split()) > 8 for row in body for cell in row)
    return ended * 2 > len(body) or (delimiter == "," and long * 2 > sum(map(len, body)))


def _is_layout(body: list[list[str]], delimiter: str) -> bool:
    """Lists in code, ruled tables in prose, indented text: delimiters that divide nothing."""
    if len(body[0]) == 2 and not any(row[-1].strip() for row in body if len(row) == 2):
        return True
    if delimiter == "|" and any(re.fullmatch(r"[\s:-]{3,}", cell) for row in body[:4] for cell in row):
        return True
    indented = sum(row[0][:1] in " \t" and len(row[0]) > 3 and bool(row[0].strip()) for row in body)
    return indented * 3 > len(body)


def _is_column(lines: list[str]) -> bool:
    """Whether lines without a delimiter are one column of short values."""
    if any(LOG_LINE.match(line) for line in lines[:5]):
        return False
    short = sum(len(line) <= 100 and len(line.split()) <= 6 and not PROSE.search(line) for line in lines)
    return len(lines) >= 2 and short * 10 >= len(lines) * 9


def _absent(text: str) -> str:
    return next(char for char in (",", ";", "|", "\t", "\x1f", "\x1e", "\x1d") if char not in text)
