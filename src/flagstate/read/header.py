"""Where a table begins in a list of rows, and whether its first row names the columns or is data.

Doubt goes to data: a first row that holds anything like a value (an e-mail address, a number, a date, a person's name)
is not a header, its columns are called `column_1` and so on, and nothing of it is ever shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from flagstate.catalog.data_class import load

VALUE = re.compile(
    r"""[-+(]?[$€£¥]?\s?\d[\d\s.,'’:/\-()]*%?\)?      # numbers, dates, times
    |\S+@\S+\.\S+                                     # addresses
    |(?:https?|ftp|s3)://\S+
    |(?:true|false|yes|no|null|none|nan|n/?a)""",
    re.VERBOSE | re.IGNORECASE,
)
TYPED = re.compile(r"[-+]?[$€£¥]?\s?\d[\d\s.,'’:/\-TZ]*%?|true|false", re.IGNORECASE)
SHAPES = re.compile(r"‹(?!name›)[a-z]+›")
NAME = "‹name›"
USUAL = frozenset(
    re.findall(
        "[a-z]+",
        """account action active address age agent amount area author brand browser carrier category city class client
        code col color column comment comments company contact content cost count country created currency customer
        data date datetime day department description destination device direction domain duration email end event
        fee field file first flag freight from gender group hash height host hour id index ip item key kind label lang
        language last latitude length level line link list location longitude method mode model module month msg name
        names node note notes num number order origin owner page parent path payment percent phone port position post
        postal price product protocol quantity qty rank rate rating ratio reason ref reference region remote request
        required response result role row salary score seller sender serial service session sex ship size sku source
        species src start state status street subject supplier supplies tag target tax tel term text time timestamp
        title to total type unit units updated url user username uuid value version weight width year zip zone
        nombre nom prenom ville rue adresse code fecha datum plz ort strasse anzahl betrag preis menge naam straat""",
    )
)
WORDS = re.compile(r"[^\W\d_]+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
LONGEST = 80
LOOKED_AT = 200


@dataclass(frozen=True)
class Layout:
    """Where a table begins and what its columns are called."""

    skip: int
    """Rows before the first data row: titles, authors, blank rows, the header."""
    names: tuple[str, ...]
    """Column names, masked and unique."""
    header: bool
    """Whether a row named them."""


def lay_out(rows: Sequence[Sequence[str]], width: int, mask: Callable[[str], str]) -> Layout:
    """Return where the data begin and the names of the columns.

    Args:
        rows: The first rows, blank ones as they are.
        width: Number of columns.
        mask: As the context gives it.
    """
    start = _first(rows, width)
    body = [row for row in rows[start + 1 : start + 1 + LOOKED_AT] if len(row) == width]
    if start < len(rows) and is_header(rows[start], body, mask):
        return Layout(start + 1, unique([mask(cell.strip()) for cell in rows[start]], width), True)
    return Layout(start, unique([], width), False)


def _first(rows: Sequence[Sequence[str]], width: int) -> int:
    """The first row that belongs to the table; before it stand titles and authors."""
    for place, row in enumerate(rows):
        filled = sum(bool(cell.strip()) for cell in row)
        later = rows[place + 1 : place + 6]
        alone = filled == 1 and width >= 3 and any(sum(bool(c.strip()) for c in r) > 1 for r in later)
        if len(row) == width and filled and not (alone and row[0].strip()):
            return place
    return len(rows)


def is_header(first: Sequence[str], body: Sequence[Sequence[str]], mask: Callable[[str], str]) -> bool:
    """Whether a row names the columns of the rows that follow it.

    Args:
        first: The row in question.
        body: Rows after it, of the same width; may be empty.
        mask: As the context gives it.
    """
    cells = [cell.strip() for cell in first]
    filled = [cell for cell in cells if cell]
    if not filled or any(len(cell) > LONGEST or VALUE.fullmatch(cell) for cell in filled):
        return False
    masked = [mask(cell) for cell in filled]
    if any(SHAPES.search(text) for text in masked):
        return False
    known = sum(bool(USUAL.intersection(_words(cell))) or cell.casefold() in _named() for cell in filled)
    if any(NAME in text for text in masked) and known * 2 < len(filled):
        return False
    if any(cell and sum(row[at].strip() == cell for row in body) > len(body) // 50 for at, cell in enumerate(cells)):
        return known * 2 > len(filled) and len(body) < 10
    if known * 3 >= len(filled):
        return True
    if any(_typed(column) for column in zip(*body, strict=True)):
        return True
    alike = sum(_shape(cell) == _usual(row[at] for row in body) for at, cell in enumerate(cells) if cell)
    return bool(body) and alike * 5 < len(filled) * 3


@cache
def _named() -> frozenset[str]:
    """Column names that a data class knows, in any language."""
    return frozenset(header for made in load() for header in made.headers)


def _words(cell: str) -> list[str]:
    return [word.lower() for word in WORDS.findall(CAMEL.sub(" ", cell))]


def _typed(column: Sequence[str]) -> bool:
    values = [value.strip() for value in column if value.strip()]
    return len(values) >= 1 and sum(bool(TYPED.fullmatch(value)) for value in values) * 5 >= len(values) * 4


def _shape(text: str) -> str:
    shape = re.sub(r"[^\W\d_]", lambda m: "A" if m.group().isupper() else "a", text.strip())
    return re.sub(r"(.)\1+", r"\1", re.sub(r"\d", "9", shape))


def _usual(values: object) -> str:
    counts = Counter(_shape(v) for v in values if v.strip())  # type: ignore[attr-defined]
    return counts.most_common(1)[0][0] if counts else ""


def unique(names: Sequence[str], width: int) -> tuple[str, ...]:
    """Return one name per column: empty ones numbered, equal ones (whatever their case) told apart by a number."""
    taken: set[str] = set()
    made = []
    for place in range(width):
        base = (names[place] if place < len(names) else "") or f"column_{place + 1}"
        name, again = base, 2
        while name.casefold() in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name.casefold())
        made.append(name)
    return tuple(made)
