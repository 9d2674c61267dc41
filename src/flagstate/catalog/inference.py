"""What goods, topics and customs codes tell of the person who gets them: terms in five languages, by topic of art. 9.

The entries are data (`data/inference.yaml`); each has examples and counter-examples, which are its tests. A term is
weak evidence about one person and strong evidence about a table: only counts leave the classification.

Sources: Regulation (EU) 2016/679 art. 9(1); CJEU C-184/20 (data that reveal by inference are special-category data);
names of topics from the IAB Content Taxonomy 3.1 (CC-BY-3.0); HS codes from the Harmonized System.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from flagstate.errors import CatalogError

LANGUAGES = ("en", "fr", "de", "nl", "zh")
KEYS = {"id", "says", "law", "terms", "not", "topics", "hs", "examples", "counter_examples"}
ENDINGS = "(?:'?s|es|e|n|en|er|x)?"
"""Plurals of the Latin-script languages; a term that is no plural takes one of these."""


@dataclass(frozen=True)
class Topic:
    """One topic of art. 9, and what tells it."""

    id: str
    """Stable name; begins with `inferred_`."""
    says: str
    """The sentence that a report prints."""
    law: tuple[str, ...]
    """law/category, as the laws name them."""
    terms: tuple[str, ...]
    """Terms of all languages, folded."""
    unless: tuple[str, ...]
    """Phrases in which a term means something else, folded."""
    topics: tuple[str, ...]
    """Names of the content taxonomy, for columns of categories."""
    hs: tuple[str, ...]
    """Prefixes of HS codes."""
    examples: tuple[str, ...]
    """Texts that tell it."""
    counter_examples: tuple[str, ...]
    """Texts that do not."""

    @property
    def pattern(self) -> str:
        """RE2 that finds a term or a topic in folded text (lower case, without accents)."""
        words = sorted({*self.terms, *(topic.lower() for topic in self.topics)})
        spaced = [_escaped(word) for word in words if word.isascii()]
        joined = [re.escape(word) for word in words if not word.isascii()]
        parts = [rf"\b(?:{'|'.join(spaced)}){ENDINGS}\b", *joined]
        return "|".join(parts)

    @property
    def excuse(self) -> str:
        """RE2 of the phrases that are taken out before; empty: there are none."""
        return "|".join(
            rf"\b(?:{_escaped(phrase)})s?\b" if phrase.isascii() else re.escape(phrase) for phrase in self.unless
        )


def _escaped(word: str) -> str:
    return r"[\s_\-]+".join(re.escape(part) for part in word.split(" "))


def parse(text: str, where: str) -> tuple[Topic, ...]:
    """Return the topics of one YAML text.

    Args:
        text: A list of entries.
        where: File name for errors.

    Raises:
        CatalogError: An entry has an unknown or a missing key, or lacks a language.
    """
    try:
        entries = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506  only text
    except yaml.YAMLError as error:
        raise CatalogError("The topics are not valid YAML", where=where) from error
    made = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        if not isinstance(entry, dict) or set(entry) != KEYS:
            raise CatalogError("A topic has not exactly its keys", where=f"{where}, entry {number}")
        terms = entry["terms"]
        if not isinstance(terms, dict) or set(terms) != set(LANGUAGES):
            raise CatalogError("A topic lacks a language", where=f"{where}, entry {number}")
        words = tuple(dict.fromkeys(word for language in LANGUAGES for word in terms[language]))
        made.append(
            Topic(
                id=entry["id"],
                says=entry["says"],
                law=tuple(entry["law"]),
                terms=words,
                unless=tuple(entry["not"]),
                topics=tuple(entry["topics"]),
                hs=tuple(entry["hs"]),
                examples=tuple(entry["examples"]),
                counter_examples=tuple(entry["counter_examples"]),
            )
        )
    return tuple(made)


@cache
def load() -> tuple[Topic, ...]:
    """Return the shipped topics, read once, in the order of their file."""
    file = resources.files("flagstate.catalog").joinpath("data").joinpath("inference.yaml")
    return parse(file.read_text(encoding="utf-8"), "inference.yaml")
