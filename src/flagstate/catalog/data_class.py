"""Data classes: what counts as an e-mail address, a card number, a consignee, and under which law category.

One YAML entry each, in `data_classes/*.yaml` (a file per group; the order of files and entries does not matter):

    - id: card                       # stable, snake case; unique
      says: A payment card number.   # the sentence that a report prints
      group: financial               # identity, contact, financial, technical, movement, trade
      unit: persons                  # what a distinct value counts: persons, devices; none: nobody
      identifies: yes                # one value stands for one of them, so distinct values are a lower bound; none
      law: [us_28cfr202/personal_financial, eu_gdpr/personal]   # law/category
      dpv: pd:PaymentCardNumber      # W3C Data Privacy Vocabulary term, or none
      decide: check                  # what decides a column: `shape` alone, `check` (shape and check),
                                     # `header` (header word, and values that do not speak against it)
      shape: '(?:[0-9][ -]?){12,18}[0-9]'   # RE2, matches one whole trimmed value; none: any text
      check: card                    # a function of check_digits.CHECKS; none
      token: card                    # a name that contains one shows ‹card›; none: names are not searched for it
      find: …                        # how it is searched inside names, where that differs from shape; none
      headers: {en: [card number], de: [kartennummer]}   # words of column names, lower case, words split by one space
      examples: ["4111 1111 1111 1111"]      # these are the tests: each matches shape and passes check
      counter_examples: ["4111 1111 1111 1112"]

Every scalar is text; `none` stands for nothing. Unknown keys are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import yaml

from flagstate.catalog.check_digits import CHECKS
from flagstate.errors import CatalogError

GROUPS = ("identity", "contact", "financial", "technical", "movement", "trade")
DECIDES = ("shape", "check", "header")
REQUIRED = ("id", "says", "group", "decide", "examples", "counter_examples")


@dataclass(frozen=True)
class DataClass:
    """A class of data."""

    id: str
    """Stable name."""
    says: str
    """The sentence that a report prints."""
    group: str
    """One of GROUPS."""
    unit: str
    """persons, devices, or empty."""
    identifies: str
    """yes, or empty: whether one value stands for one person or device."""
    law: tuple[str, ...]
    """law/category, as the laws name them."""
    dpv: str
    """Term of the Data Privacy Vocabulary, or empty."""
    decide: str
    """One of DECIDES."""
    shape: str
    """RE2 for one whole value; empty: any text."""
    check: str
    """Name in CHECKS, or empty."""
    token: str
    """Shape token that stands for it inside names; empty: names are not searched for it."""
    find: str
    """RE2 that finds it inside names; empty: shape."""
    headers: tuple[str, ...]
    """Words of column names, in several languages."""
    examples: tuple[str, ...]
    """Values that are of the class."""
    counter_examples: tuple[str, ...]
    """Values that are not."""

    @property
    def verify(self) -> Callable[[str], bool] | None:
        """Its check, or null."""
        return CHECKS[self.check] if self.check else None

    def holds(self, value: str) -> bool:
        """Whether one trimmed value has the shape and passes the check; for `header` classes that is weak evidence."""
        if self.shape and not re.fullmatch(self.shape, value):
            return False
        return not self.check or CHECKS[self.check](value)


def parse(text: str, where: str) -> tuple[DataClass, ...]:
    """Return the classes of one YAML text.

    Args:
        text: A list of entries as the module describes.
        where: File name for errors.

    Raises:
        CatalogError: The text is not YAML, or an entry has an unknown or missing key or a wrong word.
    """
    try:
        entries = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506  only text
    except yaml.YAMLError as error:
        raise CatalogError("The data classes are not valid YAML", where=where) from error
    if not isinstance(entries, list):
        raise CatalogError("The data classes are not a list", where=where)
    return tuple(_entry(entry, f"{where}, entry {number}") for number, entry in enumerate(entries, 1))


def _entry(entry: object, where: str) -> DataClass:
    if not isinstance(entry, dict):
        raise CatalogError("A data class is not a mapping", where=where)
    known = {field.name for field in fields(DataClass)}
    if unknown := set(entry) - known:
        raise CatalogError(f"A data class has no key {', '.join(sorted(map(str, unknown)))}", where=where)
    if missing := [key for key in REQUIRED if not entry.get(key)]:
        raise CatalogError(f"A data class lacks {', '.join(missing)}", where=where)
    made = DataClass(
        law=_texts(entry.get("law")),
        headers=tuple(dict.fromkeys(word for words in (entry.get("headers") or {}).values() for word in words)),
        examples=_texts(entry["examples"]),
        counter_examples=_texts(entry["counter_examples"]),
        **{k: _text(entry.get(k)) for k in known - {"law", "headers", "examples", "counter_examples"}},
    )
    for value, allowed in ((made.group, GROUPS), (made.decide, DECIDES), (made.check, ("", *CHECKS))):
        if value not in allowed:
            raise CatalogError(f"A data class says {value}", where=where, todo=f"Write one of {', '.join(allowed)}")
    for pattern in (made.shape, made.find):
        try:
            re.compile(pattern)
        except re.error as error:
            raise CatalogError("A data class has a pattern that does not compile", where=where) from error
    return made


def _text(value: object) -> str:
    return "" if value in (None, "none") else str(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


@cache
def load() -> tuple[DataClass, ...]:
    """Return the shipped data classes, sorted by id, read once.

    Raises:
        CatalogError: A shipped file is damaged, or two entries have one id.
    """
    folder = resources.files("flagstate.catalog").joinpath("data_classes")
    found: dict[str, DataClass] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        for made in parse(file.read_text(encoding="utf-8"), file.name):
            if made.id in found:
                raise CatalogError(f"Two data classes are called {made.id}", where=file.name)
            found[made.id] = made
    return tuple(found[name] for name in sorted(found))


@cache
def by_id() -> dict[str, DataClass]:
    """Return the shipped data classes by id."""
    return {made.id: made for made in load()}
