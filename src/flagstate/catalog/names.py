"""Given names, family names and ordinary words: what a person's name looks like inside another name."""

from __future__ import annotations

import gzip
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

SPELT = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


@dataclass(frozen=True)
class Names:
    """The dictionary; every entry is folded."""

    given: frozenset[str]
    """Forenames."""
    family: frozenset[str]
    """Surnames."""
    words: frozenset[str]
    """Ordinary English words of three letters and more; a name may be one."""
    technical: frozenset[str]
    """Words of our trade that stand beside a forename without being a surname."""


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the text in lower case without accents, as the dictionary holds it.

    Scripts other than Latin keep their letters.
    """
    if text.isascii():
        return text.strip().lower()
    lowered = text.strip().lower().translate(SPELT)
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


@cache
def load() -> Names:
    """Return the dictionary, read once.

    It cannot see names that are not in it: some 30,000 forenames and 37,000 surnames, well for Western Europe
    and the Americas, thinly for other scripts.
    """
    sections: dict[str, set[str]] = {"given": set(), "family": set(), "word": set(), "technical": set(), "name": set()}
    folder = resources.files("flagstate.catalog").joinpath("data")
    words = folder.joinpath("ordinary_words.txt").read_text(encoding="utf-8")
    for text in (gzip.decompress(folder.joinpath("names.txt.gz").read_bytes()).decode(), words):
        current = sections["given"]
        for line in text.split("\n"):
            if line.startswith("["):
                current = sections[line[1:-1]]
            elif not line.startswith("#"):
                current.update(line.split(" ") if text is words else [line])
    for members in sections.values():
        members.discard("")
    sections["word"] -= sections["name"]
    return Names(*(frozenset(sections[title]) for title in ("given", "family", "word", "technical")))
