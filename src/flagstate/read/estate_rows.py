"""The rows that a declaration makes while its sections are read, each remembered with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache

from flagstate import model
from flagstate.catalog.countries import CODES
from flagstate.catalog.country_names import country_name
from flagstate.catalog.form import as_date
from flagstate.catalog.strict import Node, fail
from flagstate.read.estate_names import Names

Row = dict[str, object]

_STOP = re.compile(r"(?<=[a-zà-ÿ0-9)\]”»][.;:!?])\s+")
_LEAD = frozenset(
    {"In", "From", "To", "Of", "Only", "No", "Not", "Outside", "Within", "For", "That", "And", "Dans", "En"}
)
"""Words with a capital letter that may stand before a country at the beginning of a sentence."""
_PIECE = 180
"""Letters that are masked at once; a longer piece without a stop is cut, as any name."""


@dataclass
class Collected:
    """The rows of one declaration, while its sections are read."""

    root: Node
    names: Names
    mask: Callable[[str], str]
    host: Callable[[str], str]
    rows: dict[str, list[Row]] = field(default_factory=dict)
    first: dict[tuple[object, ...], tuple[Row, Node]] = field(default_factory=dict)

    def add(self, noun: str, node: Node, row: Row) -> None:
        """Add a row; the same said twice counts once, and the same key said differently is an error."""
        row = {**validity(node), **row}
        key = (noun, *(_frozen(row.get(k)) for k in model.NOUNS[noun].key))
        earlier = self.first.get(key)
        if earlier is None:
            self.first[key] = (row, node)
            self.rows.setdefault(noun, []).append(row)
        elif earlier[0] | {"source": None} != row | {"source": None}:
            raise fail(node, f"This contradicts line {earlier[1].line}", "Keep one of the two, or say how they differ")

    def section(self, name: str) -> Mapping[str, Node]:
        """Return the entries of a section by key."""
        found = self.root.get(name)
        return found.pairs if found else {}

    def shown(self, node: Node, key: str) -> str | None:
        """Return the text under a key, masked."""
        text = node.text(key)
        return None if text is None else self.mask(text)

    def source(self, node: Node) -> str:
        """Return where it is said: the source named, or file and line."""
        return self.shown(node, "source") or f"{node.file}:{node.line}"


def prose(text: str, mask: Callable[[str], str]) -> str:
    """Return sentences masked piece by piece, so that long ones stay whole; no name goes over a stop behind a word."""
    pieces = [""]
    for part in _STOP.split(text):
        if pieces[-1] and len(pieces[-1]) + len(part) >= _PIECE:
            pieces.append(part)
        else:
            pieces[-1] = f"{pieces[-1]} {part}".strip()
    return " ".join(_masked(one, mask) for one in pieces)


def _masked(text: str, mask: Callable[[str], str]) -> str:
    """Mask a piece, names of countries left out where they stand by themselves: France is a given name, too."""
    found: list[str] = []

    def hold(match: re.Match[str]) -> str:
        before = re.search(r"(\w+)[ .-]+$", text[: match.start()])
        if before and before[1][0].isupper() and before[1] not in _LEAD:
            return match[0]
        found.append(match[0])
        return f"qqland{len(found) - 1}qq"

    held = mask(_countries().sub(hold, text))
    return re.sub(r"qqland([0-9]{1,4})qq", lambda m: found[int(m[1])] if int(m[1]) < len(found) else m[0], held)


@lru_cache(maxsize=1)
def _countries() -> re.Pattern[str]:
    names = sorted({name for code in CODES for name in (country_name(code), country_name(code, language="fr"))})
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # Beside another word with a capital letter it may be a person's: Israel Meyer, Anna France.
    return re.compile(rf"\b(?:{listed})\b(?!\s+[A-ZÀ-Þ])(?![-'’@]|\.\w)")


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def day(node: Node, key: str) -> date | None:
    """Return the date under a key, or None."""
    text = node.text(key)
    return as_date(text) if text else None


def validity(node: Node) -> Row:
    """Return from when until when an entry holds, as far as it says.

    Raises:
        DeclarationError: The end is not after the beginning.
    """
    since, until = day(node, "since"), day(node, "until")
    if since and until and since >= until:
        raise fail(node.pairs["until"], "The end is not after the beginning", "Write a later day, or exchange the two")
    row: Row = {}
    for name, bound in (("valid_from", since), ("valid_to", until)):
        if bound:
            row[name] = datetime.combine(bound, time(), UTC)
    return row


def texts(node: Node | None) -> list[str] | None:
    """Return a text or a list of texts as a list; None where nothing is said."""
    if node is None:
        return None
    return [str(item.value) for item in node.items] if node.kind == "array" else [str(node.value)]


def bounds(node: Node | None) -> tuple[float | None, float | None]:
    """Return a number or two bounds as two bounds, in order.

    Raises:
        DeclarationError: The lower bound is above the upper one.
    """
    if node is None:
        return None, None
    if node.kind != "array":
        return node.value, node.value
    low, high = (item.value for item in node.items)
    if low > high:
        raise fail(node, "The lower bound is above the upper one", "Exchange the two")
    return low, high


def value(node: Node, key: str) -> object:
    """Return the value under a key, or None."""
    found = node.get(key)
    return None if found is None else found.value


def plain(node: Node, mask: Callable[[str], str]) -> object:
    """Return a tree as plain values with every text masked, fit for JSON."""
    if node.kind == "object":
        return {key: plain(value, mask) for key, value in node.pairs.items()}
    if node.kind == "array":
        return [plain(item, mask) for item in node.items]
    return mask(node.value) if isinstance(node.value, str) else node.value
