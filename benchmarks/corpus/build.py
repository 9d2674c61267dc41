"""Build the tables: template × locale × seed, the same every time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from random import Random

from corpus import mess, noise
from corpus.fields import FIELDS, Field
from corpus.headings import HEADINGS
from corpus.meaning import ALIKE, ALSO, RECORDS, tells
from corpus.people import FAKER, Locale, locale
from corpus.table import Column, Table
from corpus.templates import NATIONAL, TEMPLATES, Template
from corpus.words import NOTES

ROWS = (8, 12, 20, 40, 40, 80, 80, 150, 150, 300, 300, 600, 1200)
LEAST = 0.08
"""Share below which a class need not be named, and is no fault."""
EACH = 5
"""Tables of a template."""
HARD_TABLES = 72
MAIN = ("en-US", "de-DE", "fr-BE", "nl-BE", "zh-CN", "es-ES")
"""Locales in which every class has headings; the others have English ones, as exports do."""


def tables(half: str | None = None, *, each: int = EACH, hard: int = HARD_TABLES) -> Iterator[Table]:
    """Yield the corpus, or one half of it: no template and no seed is in both."""
    for number, template in enumerate(TEMPLATES):
        if half in (None, template.half):
            for turn in range(each):
                yield build(template, _place(template, number, turn), _seed(template.half, template.name, turn))
    for number in range(hard):
        where = "train" if number % 2 == 0 else "test"
        if half in (None, where):
            yield hard_table(number, where)


def _seed(half: str, name: str, turn: int) -> int:
    """Return a seed: even in the training half, odd in the test half."""
    return (zlib.crc32(f"{name}/{turn}".encode()) & ~1) | (half == "test")


def _place(template: Template, number: int, turn: int) -> str:
    if "national" in template.columns or turn == 4:
        every = list(FAKER)
        return every[(number * 5 + turn * 3) % len(every)]
    return MAIN[(number + turn) % len(MAIN)]


def build(template: Template, place: str, seed: int) -> Table:
    """Return the table of a template in a locale."""
    r = Random(seed)
    words = locale(place)
    rows = 5000 if seed % 29 == 0 else r.choice(ROWS)
    typed = r.random() < 0.4
    language = words.language if words.language in NOTES and r.random() < 0.8 else "en"
    style, lead = r.choice(STYLES), r.choice(("", "", "", "", "", "", "main_", "dwh_"))
    columns = [_column(Random(r.random()), token, words, language, rows, typed=typed) for token in template.columns]
    seen: dict[str, int] = {}
    for column in columns:
        if column.header:
            named = styled(column.header, style, lead)
            seen[named] = seen.get(named, 0) + 1
            column.header = named if seen[named] == 1 else f"{named}_{seen[named]}"
    name = f"{template.name}.{place}.{seed}"
    held = {name for column in columns for name in column.truth}
    also = {record for record, needed in RECORDS.items() if needed <= held}
    return Table(name, template.name, place, seed, template.half, columns, set(template.whole), also)


STYLES = ("as is", "as is", "snake", "camel", "title", "upper")


def styled(text: str, style: str, lead: str) -> str:
    """Return a header in the style of its table."""
    parts = text.replace("_", " ").split(" ")
    if style == "snake":
        return lead + "_".join(parts).lower()
    if style == "camel" and text.isascii():
        return parts[0].lower() + "".join(p.capitalize() for p in parts[1:])
    if style == "title":
        return " ".join(p[:1].upper() + p[1:] for p in parts)
    if style == "upper":
        return (lead + "_".join(parts)).upper()
    return text


def _column(r: Random, token: str, place: Locale, language: str, rows: int, *, typed: bool) -> Column:
    if token.startswith("."):
        return _noise(r, token[1:], language, rows, typed=typed)
    if token.startswith("note:"):
        return _note(r, token[5:].split(","), place, language, rows)
    sparse, bare, wrong = token.endswith("%") and rows >= 80, token.endswith("?"), token.startswith("!")
    token = token.strip("%?!")
    claimed, _, content = token.rpartition("=")
    if content == "national":
        content = NATIONAL[place.name]
    if content.startswith("."):
        column = _noise(r, content[1:], language, rows, typed=typed)
    else:
        column = _values(r, content.split("+"), place, rows, typed=typed, sparse=sparse, wrong=wrong)
    heading = claimed or FIELDS[r.choice(content.split("+"))].heading
    column.header = "" if bare else r.choice(HEADINGS[heading].get(language, HEADINGS[heading]["en"]))
    _forgive(column, "" if bare else heading)
    if wrong:
        column.truth, column.blind, column.mess = {}, set(), "wrong check digits"
    return column


def _forgive(column: Column, heading: str) -> None:
    """Take from what must be found what neither header nor values tell, and say what is no fault."""
    for name in list(column.truth):
        column.may |= ALSO.get(name, set())
        column.blind_may |= ALIKE.get(name, set())
        said = heading == name or (heading == "parcel_number" and name.startswith("parcel_"))
        if name not in column.blind and not said:
            del column.truth[name]
            column.may.add(name)
    if not heading:
        column.may |= column.blind_may
        column.mess = column.mess or "no header"
    parcels = heading == "parcel_number" and any(name.startswith("parcel_") for name in column.truth)
    if heading in FIELDS and heading not in column.truth and not parcels:
        column.mess = column.mess or "misleading header"
        if not tells(heading):
            column.may.add(heading)


def _values(r: Random, names: list[str], place: Locale, rows: int, *, typed: bool, sparse: bool, wrong: bool) -> Column:
    kinds = [FIELDS.get(name) or _as_field(name) for name in names]
    turn = r.uniform(0.35, 0.65)
    pool = max(8, rows // 4) if r.random() < 0.12 and len(kinds) == 1 else 0
    picks = [0 if len(kinds) == 1 or r.random() < turn else r.randrange(1, len(kinds)) for _ in range(rows)]
    some = [kinds[0].make(r, place) for _ in range(pool)]
    cells = [r.choice(some) if pool else kinds[pick].make(r, place) for pick in picks]
    first = kinds[0]
    if wrong:
        cells = [mess.spoil(r, cell, first.of) for cell in cells]
    cells, how = mess.empty(r, cells, sparse=sparse, typed=typed)
    if not wrong and all(isinstance(c, str) for c in cells if c is not None):
        numbers = mess.whole_numbers(cells) if typed and r.random() < 0.5 else None
        if numbers is not None:
            cells, how = numbers, how or "lost zeros"
        elif len(kinds) == 1:
            cells, more = mess.rough(r, cells, first.of, checked=first.check)
            how = how or more
    if not typed:
        comma = place.language in {"de", "fr", "es", "it", "nl"} and r.random() < 0.5
        exact = first.of in {"latitude", "longitude"}
        cells = [c if c is None else mess.plain(c, comma=comma and not exact) for c in cells]
    column = Column("", cells, mess=how or ("mixed" if len(kinds) > 1 else ""))
    for pick, kind in enumerate(kinds):
        count = picks.count(pick)
        if kind.of and (count < 2 or count / rows < LEAST) and kind.of not in column.truth:
            column.may.add(kind.of)
        elif kind.of:
            column.truth[kind.of] = column.truth.get(kind.of, 0) + count / rows
            if _tells(kind, names[pick], place):
                column.blind.add(kind.of)
    return column


def _tells(kind: Field, name: str, place: Locale) -> bool:
    """Return whether values tell the class here: some postcodes do."""
    return kind.tells or (name == "postcode" and place.name in {"en-GB", "nl-NL", "pt-BR", "pl-PL"})


def _as_field(name: str) -> Field:
    """Return a column of no class as a part of a mixed one."""
    return Field(partial(_noise_value, name))


def _noise_value(name: str, r: Random, _place: Locale) -> object:
    return noise.NOISE[name.lstrip(".")].make(r, r.randrange(10_000))


def _noise(r: Random, name: str, language: str, rows: int, *, typed: bool) -> Column:
    cells: list[object] = [noise.NOISE[name].make(r, i) for i in range(rows)]
    if name != "row_no":
        cells, _ = mess.empty(r, cells, sparse=rows >= 80 and r.random() < 0.08, typed=typed)
    if not typed:
        cells = [c if c is None else mess.plain(c, comma=False) for c in cells]
    column = Column(noise.header(name, language, r), cells)
    if name == "storm":
        column.blind_may |= {"given_name", "family_name", "person_name"}
    return column


def _note(r: Random, names: list[str], place: Locale, language: str, rows: int) -> Column:
    share = {name: r.uniform(0.15, 0.3) for name in names}
    cells: list[object] = []
    count = dict.fromkeys(names, 0)
    for _ in range(rows):
        text = r.choice(NOTES[language])
        for name in names:
            if r.random() < share[name]:
                text = f"{text}{r.choice((' ', ': ', ', '))}{FIELDS[name].make(r, place)}{r.choice(('', '.', ' '))}"
                count[name] += 1
        cells.append(text)
    truth = {FIELDS[name].of: found / rows for name, found in count.items() if found >= 2}
    one_off = {FIELDS[name].of for name, found in count.items() if found < 2}
    header = r.choice(HEADINGS["note"][language])
    return Column(header, cells, truth, one_off, set(truth), mess="inside text")


def hard_table(number: int, half: str) -> Table:
    """Return a table without any class: what looks like identifiers and is none."""
    r = Random(900_000 + number)
    rows, typed = r.choice((*ROWS, 5000)), r.random() < 0.4
    names = r.sample(noise.HARD, r.randrange(8, 13))
    columns = [_noise(Random(r.random()), name, "en", rows, typed=typed) for name in names]
    return Table(f"hard.{number}", "hard", "en-US", 900_000 + number, half, columns, hard=True)
