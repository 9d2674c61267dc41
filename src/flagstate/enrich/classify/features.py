"""What the values of a column look like: lengths, alphabets, numbers, years, and how many are names of persons.

All of it is computed on at most LOOKED distinct values of the sample, and only when something asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flagstate.catalog import names
from flagstate.catalog.names import fold
from flagstate.catalog.person_shapes import CJK, PARTICLES, person_spans
from flagstate.enrich.classify import dates
from flagstate.enrich.classify.summary import Column
from flagstate.enrich.classify.words import Named

ABSENT = frozenset(
    [
        "n/a",
        "na",
        "#n/a",
        "#na",
        "n.a.",
        "n.a",
        "null",
        "none",
        "nil",
        "nan",
        "nul",
        "unknown",
        "unbekannt",
        "onbekend",
        "inconnu",
        "desconocido",
        "desconhecido",
        "sconosciuto",
        "k.a.",
        "k. a.",
        "n.v.t.",
        "nvt",
        "s/o",
        "s.o.",
        "nc",
        "n.c.",
        "nd",
        "n.d.",
        "n/d",
        "-",
        "--",
        "---",
        ".",
        "?",
        "??",
        "*",
        "x",
        "xx",
        "xxx",
        "tbd",
        "tba",
        "missing",
        "not available",
        "not applicable",
        "not known",
        "(null)",
        "<null>",
        "\\n",
        "无",
        "未知",
        "不详",
        "空",
        "暂无",
        "keine angabe",
        "geen",
        "aucun",
        "ninguno",
        "ninguna",
        "0000-00-00",
        "leer",
        "empty",
        "void",
        "undefined",
    ]
)
"""What people and programs write where there is no value."""

Mask = npt.NDArray[np.bool_]

LOOKED = 300
"""Distinct values that are looked at."""

NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")
TOKENS = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
STREETS = re.compile(
    r"(?i)(?:^|[\s,.])(?:st|str|street|rd|road|ave|avenue|blvd|boulevard|ln|lane|dr|drive|ct|court|way|square|sq|terrace|close|hwy|pkwy|apt|suite|unit"
    r"|rue|av|bd|chemin|chaussee|chaussée|impasse|allee|allée|quai|place|route|cours|calle|c/|avda|avenida|plaza|paseo|carrer|via|viale|corso|piazza"
    r"|rua|travessa|ul|ulica|aleja|am|an der|auf dem|platz|weg)(?=[\s,.0-9]|$)"
    r"|(?:stra(?:ss|ß)e|straat|laan|weg|plein|gasse|platz|allee|steeg|kade|singel|dreef|ring|damm|ufer|str\.|gracht|dijk|pad|hof|markt|lei)(?=[\s,.]|$)"
    r"|[路街道巷弄号]"
)
NUMBERED = re.compile(r"[0-9]")
POSTCODES = re.compile(
    r"[0-9]{4} ?[A-Za-z]{2}|[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}|[0-9]{2}-[0-9]{3}|[0-9]{4}-[0-9]{3}"
    r"|[0-9]{5}-[0-9]{3,4}"
    r"|[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9]|[A-Z]{1,2}-[0-9]{4,5}|[0-9]{3} [0-9]{2}"
)


class Sight:
    """One column, with what its name says and what its values look like."""

    def __init__(self, column: Column, named: Named, looked: int = LOOKED) -> None:
        """Look at the values with the smallest fingerprints.

        Args:
            column: Its summary.
            named: What its name says.
            looked: Values at most.
        """
        self.column, self.named = column, named
        every = [column.sample[mark] for mark in sorted(column.sample)]
        # What stands for no value is none; in a column of few different values it would count as one of them.
        self.seen = [seen for seen in every if seen.text.lower() not in ABSENT] or every
        self.texts = [seen.text for seen in self.seen[:looked]]
        wholes = [seen.whole for seen in self.seen]
        self.any = 0
        for whole in set(wholes):
            self.any |= whole
        self._wholes = wholes

    def places(self, bit: int) -> Mask:
        """Return which distinct values have the form and check of a class, given its bit."""
        if not self.any >> bit & 1:
            return np.zeros(len(self.seen), np.bool_)
        words, at = self._words, bit // 64
        return (words[:, at] >> np.uint64(bit % 64) & np.uint64(1)).astype(np.bool_)

    @cached_property
    def _words(self) -> npt.NDArray[np.uint64]:
        count = max(1, (self.any.bit_length() + 63) // 64)
        raw = b"".join(whole.to_bytes(8 * count, "little") for whole in self._wholes)
        return np.frombuffer(raw, "<u8").reshape(-1, count)

    def share(self, fits: Callable[[str], object]) -> float:
        """Return of the looked-at values those that fit."""
        return sum(bool(fits(text)) for text in self.texts) / len(self.texts) if self.texts else 0.0

    @cached_property
    def size(self) -> float:
        """Mean length in characters."""
        return sum(map(len, self.texts)) / max(1, len(self.texts))

    @cached_property
    def unique(self) -> float:
        """Distinct values per value, at most 1."""
        return min(1.0, sum(self.column.distinct()) / 2 / max(1, self.column.filled))

    @cached_property
    def digits(self) -> float:
        """Share of values of digits only."""
        return self.share(lambda text: text.isdigit())

    @cached_property
    def lettered(self) -> float:
        """Share of values with two letters or more and more letters than digits."""
        return self.share(lambda t: (n := sum(map(str.isalpha, t))) >= 2 and n > sum(map(str.isdigit, t)))

    @cached_property
    def spaced(self) -> float:
        """Share of values with a blank."""
        return self.share(lambda text: " " in text)

    @cached_property
    def upper(self) -> float:
        """Share of values in capitals."""
        return self.share(str.isupper)

    @cached_property
    def numbers(self) -> list[float]:
        """The values that are numbers."""
        return [float(t.replace(",", ".")) for t in self.texts if len(t) < 30 and NUMBER.fullmatch(t)]

    @cached_property
    def numeric(self) -> float:
        """Share of values that are numbers."""
        return len(self.numbers) / max(1, len(self.texts))

    @cached_property
    def years(self) -> list[int]:
        """Years of the values that are dates."""
        if self.column.longest > 60 and self.size > 40:
            return []
        return dates.years(self.texts)

    @cached_property
    def dated(self) -> float:
        """Share of values that are dates."""
        return len(self.years) / max(1, len(self.texts))

    @cached_property
    def streets(self) -> float:
        """Share of values with a word for a street and a number."""
        return self.share(lambda t: len(t) <= 160 and NUMBERED.search(t) and STREETS.search(t))

    @cached_property
    def persons(self) -> Persons:
        """How many values are names."""
        return Persons(self.texts[:200])


class Persons:
    """Shares of values that are names of persons by the dictionary."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Look at the values.

        Args:
            texts: Distinct values.
        """
        known = names.load()
        full = partly = given = family = ordinary = single = only_given = only_family = 0
        for text in texts:
            if len(text) > 60 or any(c.isdigit() or c in "@_/\\<>{}=:;" for c in text):
                continue
            if not text.isascii() and CJK.search(text):
                hit = bool(person_spans(text, "domain"))
                full += hit and len(text) >= 2
                single += 1
                family += text in known.family
                given += text in known.given
                only_given += text in known.given and text not in known.family
                only_family += text in known.family and text not in known.given
                continue
            tokens = [fold(token.strip(".")) for token in TOKENS.findall(text)]
            parts = [p for token in tokens for p in ([token] if token in known.family else re.split(r"[-'’]", token))]
            real = [token for token in parts if len(token) > 1 and token not in PARTICLES]
            if len(tokens) == 1 or (len(tokens) > 1 and not real[1:]):
                single += 1
                word = real[-1] if real else ""
                in_given = all(p in known.given for p in parts) and bool(word)
                in_family = tokens[0] in known.family or word in known.family
                given += in_given
                family += in_family
                only_given += in_given and not in_family
                only_family += in_family and not in_given
                ordinary += word in known.words or word in known.technical
            elif 2 <= len(real) <= 5:
                first, last = real[0], real[-1]
                a = first in known.given or last in known.given
                b = first in known.family or last in known.family
                both = (first in known.given and last in known.family) or (
                    last in known.given and first in known.family
                )
                full += both
                partly += (a or b) and not both
                ordinary += all(p in known.words or p in known.technical for p in real)
        count = max(1, len(texts))
        self.full = full / count
        """Forename and surname."""
        self.partly = partly / count
        """Several words, one of them a forename or surname at the edge."""
        self.given = given / count
        """One word, a forename."""
        self.family = family / count
        """One word, a surname."""
        self.only_given, self.only_family = only_given / count, only_family / count
        self.single = single / count
        """One word."""
        self.ordinary = ordinary / count
        """Only words that a dictionary of English has."""
