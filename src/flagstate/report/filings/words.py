"""The words of documents for people outside, English and French side by side, by message id."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources

import yaml

LANGUAGES = ("en", "fr")

Words = Callable[..., str]
"""A function from a message id and its values to the sentence."""


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """Return every message: id → (English, French), with {placeholders}."""
    text = resources.files("flagstate.report.filings").joinpath("words.yaml").read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (a safe loader)
    return {str(key): (str(pair[0]), str(pair[1])) for key, pair in loaded.items()}


def words(language: str) -> Words:
    """Return the function that speaks the language.

    Args:
        language: en or fr.

    Raises:
        ValueError: The language is not one of ours.
    """
    at = LANGUAGES.index(language)
    known = catalogue()

    def speak(key: str, **values: object) -> str:
        """Return the message; an id that does not exist is a KeyError, so that no document shows one."""
        text = known[key][at]
        return text.format(**values) if values else text

    return speak
