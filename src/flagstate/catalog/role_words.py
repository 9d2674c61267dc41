"""Which names of accounts stand for a task: `app_reader` does, a name that nobody knows may be a person's."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_LIST = Path(__file__).parent / "data" / "role_words.txt"
_LONG_NUMBER = re.compile(r"\d{4}")


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=4096)
def impersonal(name: str) -> bool:
    """Return whether the name of an account is made of words for tasks only.

    Args:
        name: The name, such as shop_reader2. One with a longer number, which may be somebody's, is not.

    It cannot see that a person is called by such a word, and takes a task that is named otherwise for a person.
    """
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    return bool(words) and name.isascii() and set(words) <= _words() and not _LONG_NUMBER.search(name)
