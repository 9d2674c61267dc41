"""Bars of the law: above how many persons or devices data are bulk, by category, by date, with citation and status.

The source is `data/bulk.yaml`. A bar is crossed by more than its number: 100,000 is not bulk, 100,001 is. The bars tell
where a count must be exact: a bar that lies between the bounds of a count decides nothing until they are closer.

What it cannot see: whose data they are (the bars count persons and devices of the United States; residence is a proxy),
and what passed between the same two parties in other systems.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources

from flagstate.catalog import strict
from flagstate.catalog.data_class import LAWS
from flagstate.catalog.form import as_date
from flagstate.errors import CatalogError, DeclarationError

FILE = "bulk.yaml"
IDENTIFIER = "us_28cfr202/listed_identifier_"
COVERED = "us_28cfr202/covered_personal_identifier"
STATES = ("sourced", "to verify", "interpretive")
KEYS = {"category", "more_than", "unit", "months", "from", "to", "citation", "status"}


@dataclass(frozen=True)
class Bar:
    """One bar of one law."""

    category: str
    """law/category, of the data classes."""
    more_than: int
    """The bar is crossed by more than this."""
    unit: str
    """persons or devices."""
    months: int
    """Months that are counted together."""
    since: date
    """First day that it holds."""
    until: date | None
    """First day that it no longer holds; null: none is known."""
    citation: str
    """Where the law says so."""
    status: str
    """sourced, to verify or interpretive."""

    def crossed(self, count: int) -> bool:
        """Whether a count of persons or devices is above the bar."""
        return count > self.more_than

    def open(self, lower: int, upper: int) -> bool:
        """Whether the bar lies inside the bounds of a count, so that only an exact count decides.

        Args:
            lower: At least so many.
            upper: At most so many.
        """
        return not self.crossed(lower) and self.crossed(upper)


@dataclass(frozen=True)
class Together:
    """What holds for data of several categories of one law."""

    law: str
    """The law."""
    says: str
    """The rule, as a sentence."""
    since: date
    """First day that it holds."""
    citation: str
    """Where the law says so."""
    status: str
    """sourced, to verify or interpretive."""


def parse(data: bytes, name: str) -> tuple[tuple[Bar, ...], tuple[Together, ...]]:
    """Return the bars of one file, in its order, and what holds for several categories.

    Args:
        data: Strict YAML: `bars` and `together`, two lists; the second is what holds for several categories together.
        name: File name for errors.

    Raises:
        CatalogError: The file is not valid: line, key and what to write.
    """
    try:
        root = strict.load(data, name=name)
        bars = root.get("bars")
        if bars is None or not bars.items:
            raise strict.fail(root, "There are no bars", "Write a list under `bars`")
        together = root.get("together")
        return tuple(map(_bar, bars.items)), tuple(map(_together, together.items if together else ()))
    except DeclarationError as error:
        raise CatalogError(error.what, where=error.where, why=error.why, todo=error.todo) from error


def _bar(node: strict.Node) -> Bar:
    if unknown := sorted(set(node.pairs) - KEYS):
        raise strict.fail(node.pairs[unknown[0]], "A bar has no such key", f"Write one of {', '.join(sorted(KEYS))}")
    return Bar(
        category=_one_of(node, "category", LAWS),
        more_than=_count(node, "more_than"),
        unit=_one_of(node, "unit", ("persons", "devices")),
        months=_count(node, "months"),
        since=_day(node, "from"),
        until=_day(node, "to") if node.get("to") else None,
        citation=node.text("citation") or _missing(node, "citation"),
        status=_one_of(node, "status", STATES),
    )


def _together(node: strict.Node) -> Together:
    return Together(
        law=node.text("law") or _missing(node, "law"),
        says=node.text("says") or _missing(node, "says"),
        since=_day(node, "from"),
        citation=node.text("citation") or _missing(node, "citation"),
        status=_one_of(node, "status", STATES),
    )


def _missing(node: strict.Node, key: str) -> str:
    raise strict.fail(node, f"A bar lacks {key}", f"Write {key}")


def _one_of(node: strict.Node, key: str, allowed: Iterable[str]) -> str:
    text = node.text(key) or _missing(node, key)
    if text not in allowed:
        raise strict.fail(node.pairs[key], f"A bar says {text}", f"Write one of {', '.join(allowed)}")
    return text


def _count(node: strict.Node, key: str) -> int:
    found = node.get(key)
    if found is None or found.kind != "number" or not isinstance(found.value, int) or found.value < 1:
        raise strict.fail(found or node, f"A bar needs a whole number under {key}", "Write a number without a point")
    return found.value


def _day(node: strict.Node, key: str) -> date:
    day = as_date(node.text(key) or "")
    if day is None:
        raise strict.fail(node.get(key) or node, f"A bar needs a date under {key}", "Write YYYY-MM-DD")
    return day


@lru_cache(maxsize=1)
def _book() -> tuple[tuple[Bar, ...], tuple[Together, ...]]:
    folder = resources.files("flagstate.catalog").joinpath("data")
    return parse(folder.joinpath(FILE).read_bytes(), FILE)


def bars() -> tuple[Bar, ...]:
    """Return every bar of every date."""
    return _book()[0]


def together() -> tuple[Together, ...]:
    """Return what the laws say of several categories together."""
    return _book()[1]


def in_force(day: date | None = None) -> tuple[Bar, ...]:
    """Return the bars that hold on a day.

    Args:
        day: The day; null: the latest bar of each category.
    """
    if day is None:
        latest = {bar.category: bar for bar in sorted(bars(), key=lambda b: b.since)}
        return tuple(latest[name] for name in sorted(latest))
    return tuple(bar for bar in bars() if bar.since <= day and (bar.until is None or day < bar.until))


def limits(day: date | None = None) -> dict[str, int]:
    """Return the numbers above which data are bulk: law/category to number.

    Args:
        day: The day; null: the latest bar of each category.
    """
    return {bar.category: bar.more_than for bar in in_force(day)}


def lowest(categories: Iterable[str], day: date | None = None) -> Bar | None:
    """Return the bar for data of these categories together: the lowest of those present, or null if none has one.

    Args:
        categories: law/category of all classes that stand together. Two listed identifiers of different kinds count as
            covered personal identifiers here, so that a count is exact where it may matter; whether the law sees them
            so (contact data alone are not) is for the rules to say.
        day: The day; null: the latest bar of each category.
    """
    present = set(categories)
    if len({name for name in present if name.startswith(IDENTIFIER)}) >= 2:
        present.add(COVERED)
    found = [bar for bar in in_force(day) if bar.category in present]
    return min(found, key=lambda bar: (bar.more_than, bar.category), default=None)
