"""What registers of owners have in common: countries, days, shares, identifiers, and rows that are said once.

A claim that cannot be read is left out and named by its line, never guessed: `Flaws` keeps these. Reasons never hold a
value of the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.countries import CODES
from flagstate.catalog.mask import mask
from flagstate.model.counted import counted
from flagstate.model.noun import SEPARATOR
from flagstate.read.part import Facts, Note, Part, Reject, Tally

Row = dict[str, object]
Json = dict[str, object]

OPEN = 1e-6
"""Per cent by which a bound that is not included lies within the others: more than 50 per cent is not 50."""

BATCH = 50_000
"""Rows that are kept as objects before they become a table."""

LISTED = 1000
"""Rejects that are listed one by one."""

SHOWN = 5
"""Lines that a note names."""

TWICE = "[interest stands|interests stand] twice and became one; where the shares differ it is contested"

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}", re.ASCII)
_SCHEME = re.compile(r"[A-Z0-9][A-Z0-9-]{1,23}", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z ./&-]{0,46}[0-9A-Za-z])?", re.ASCII)
_PRIVATE = re.compile("‹(?!(?:number|id|date)›)")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
_PLACE = re.compile(r"([A-Za-z]{2})(?:-[A-Za-z0-9]{1,3})?", re.ASCII)


def country(code: object) -> str | None:
    """Return the country of a code of ISO 3166-1 or 3166-2, such as US for `US-DE`, or None."""
    found = _PLACE.fullmatch(code.strip()) if isinstance(code, str) else None
    known = found[1].upper() if found else ""
    return known if known in CODES else None


def day(value: object) -> datetime | None:
    """Return the beginning (UTC) of the day, month or year that a date or a time of day names, or None.

    The time of day and its zone are left out: registers mean the day.
    """
    return _day(value.strip()[:40]) if isinstance(value, str) else None


@lru_cache(maxsize=32_768)
def _day(text: str) -> datetime | None:
    """One object for all that happened on a day: registers have many rows of few days."""
    found = _DATE.fullmatch(text[:10]) if len(text) <= 10 or text[10] in "T " else None
    if found is None:
        return None
    try:
        return datetime(int(found[1]), int(found[2] or 1), int(found[3] or 1), tzinfo=UTC)
    except ValueError:
        return None


def lei(value: object) -> str | None:
    """Return a Legal Entity Identifier whose check digits are right (ISO 17442), or None."""
    text = value.strip().upper() if isinstance(value, str) else ""
    if not _LEI.fullmatch(text):
        return None
    return text if int("".join(str(int(letter, 36)) for letter in text)) % 97 == 1 else None


def registration(scheme: object, number: object) -> str | None:
    """Return `SCHEME:number` of a register, or None where it is no such identifier.

    Numbers of registers are kept as they are, since they identify; one that is a card, an account, an address, a parcel
    or the number of a person is none.
    """
    if not isinstance(scheme, str) or not isinstance(number, str):
        return None
    scheme, number = scheme.strip().upper(), " ".join(number.split())
    if not _SCHEME.fullmatch(scheme) or not _NUMBER.fullmatch(number):
        return None
    return None if _PRIVATE.search(mask(scheme) + mask(number)) else f"{scheme}:{number}"


def per_cent(value: object) -> float | None:
    """Return a number from 0 to 100, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= 100 else None


def text(value: object) -> str | None:
    """Return a text that says something, or None."""
    return value if isinstance(value, str) and value.strip() else None


def mapping(value: object) -> Json:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list) else []


@dataclass
class Flaws:
    """What could not be taken, by line, and in part."""

    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0
    kinds: dict[tuple[str, str, bool], list[int]] = field(default_factory=dict)
    counts: dict[tuple[str, str, bool], int] = field(default_factory=dict)

    def reject(self, line: int, reason: str) -> None:
        """A record or claim was not taken."""
        if len(self.rejects) < LISTED:
            self.rejects.append(Reject(line, reason))
        else:
            self.unlisted += 1

    def note(self, line: int, reason: str, todo: str = "", *, lost: bool = True) -> None:
        """Something was taken in part, or differently; `reason` goes on after a number, see `counted`."""
        key = (reason, todo, lost)
        self.counts[key] = self.counts.get(key, 0) + 1
        lines = self.kinds.setdefault(key, [])
        if len(lines) <= SHOWN and (not lines or lines[-1] != line):
            lines.append(line)

    def parts(self, read: int) -> Iterator[Part]:
        """Yield rejects, counts and notes."""
        yield from self.rejects
        yield Tally(rows_read=read, rows_rejected=self.unlisted)
        for key, lines in self.kinds.items():
            reason, todo, lost = key
            shown = ", ".join(f"{at:,}" for at in lines[:SHOWN])
            where = f"line {shown}" if len(lines) == 1 else f"lines {shown}{'…' if len(lines) > SHOWN else ''}"
            yield Note(f"{counted(self.counts[key], reason)} ({where})", todo, lost)


@dataclass
class Ids:
    """Ids from names, masked and still distinct."""

    prefix: str
    mask: Callable[[str], str]
    evidence_id: str
    made: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """Return the id of a name; one that mask changes is told apart by the evidence and a number."""
        masked = self.mask(name)
        if masked == name:
            return f"{self.prefix}:{name}"
        found = self.made.get(name)
        if found is None:
            found = f"{self.prefix}:{masked}~{model.digest(self.evidence_id)[:6]}.{len(self.made)}"
            self.made[name] = found
        return found


class Rows:
    """Rows of one noun; they become tables as they come, and each key is said once."""

    def __init__(self, noun: str, join: Callable[[list[Row]], Row]) -> None:
        """Begin.

        Args:
            noun: A fact.
            join: Makes one row of several with the same key.
        """
        self._noun = model.NOUNS[noun]
        self._join = join
        self._rows: list[Row] = []
        self._tables: list[pa.Table] = []
        self.joined = 0
        """Rows that were joined with another."""

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        self._rows.extend(rows)
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._tables.append(model.rows(self._noun, self._rows))
            self._rows = []

    def parts(self) -> Iterator[Part]:
        """Yield the rows as facts of stance recorded."""
        self._flush()
        if not self._tables:
            return
        table = pa.concat_tables(self._tables)
        again = self._again(table)
        if again is not None:
            twice = table.filter(again).to_pylist()
            table = table.filter(pc.invert(again))
            groups: dict[tuple[object, ...], list[Row]] = {}
            for row in twice:
                groups.setdefault(tuple(row[name] for name in self._noun.key), []).append(row)
            self.joined = len(twice) - len(groups)
            made = [self._join(group) for group in groups.values()]
            table = pa.concat_tables([table, model.rows(self._noun, made)])
        yield Facts(self._noun.name, table, "recorded")

    def _again(self, table: pa.Table) -> pa.ChunkedArray | None:
        """Which rows have the key of another; null: none."""
        keys = [table.column(name).cast(pa.string()) for name in self._noun.key]
        joined = pc.binary_join_element_wise(*keys, SEPARATOR, null_handling="replace", null_replacement="")
        counts = pc.value_counts(joined)
        often = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        return pc.is_in(joined, value_set=often) if len(often) else None


def join_interests(rows: list[Row]) -> Row:
    """Return one interest for several with the same key: its share lies anywhere that one of them says."""
    first = rows[0]
    merged: Row = dict(first)
    pairs = {(_number(row.get("share_lo_pct")), _number(row.get("share_hi_pct"))) for row in rows}
    shares = pairs - {(None, None)}
    lows, highs = [low for low, _ in shares], [high for _, high in shares]
    if len(shares) > 1:
        merged["contested"] = True
    # A share that is not told widens nothing; a bound that is not told is open.
    merged["share_lo_pct"] = min((low for low in lows if low is not None), default=None) if None not in lows else None
    merged["share_hi_pct"] = (
        max((high for high in highs if high is not None), default=None) if None not in highs else None
    )
    ends = [row.get("valid_to") for row in rows]
    merged["valid_to"] = None if None in ends else max(ends, key=str)
    said = sorted({str(row["unknown_reason"]) for row in rows if row.get("unknown_reason")})
    merged["unknown_reason"] = ", ".join(said) or None
    merged["contested"] = True if any(row.get("contested") for row in rows) else merged.get("contested")
    merged["beneficial"] = True if any(row.get("beneficial") for row in rows) else first.get("beneficial")
    return merged


def join_entities(rows: list[Row]) -> Row:
    """Return one entity for several with the same id: what one of them leaves open, another may say."""
    merged: Row = dict(rows[0])
    for row in rows[1:]:
        for name, value in row.items():
            before = merged.get(name)
            if isinstance(before, list) and isinstance(value, list):
                merged[name] = [*before, *(item for item in value if item not in before)]
            elif before is None:
                merged[name] = value
    return merged


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def said(row: Mapping[str, object]) -> tuple[object, ...]:
    """Return what a row says, apart from where it is said, fit for comparing."""
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in sorted(row.items())
        if name != "source" and value is not None
    )
