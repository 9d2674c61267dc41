"""The report's own words, English and French side by side, by message id."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources

import yaml

LANGUAGES = ("en", "fr")

Words = Callable[..., str]
"""A function from a message id and its values to the sentence."""


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every message: id → language → text with {placeholders}.

    A line of the file is `id: [English, French]`.
    """
    text = resources.files("flagstate.report").joinpath("words.yaml").read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (a safe loader)
    return {str(key): dict(zip(LANGUAGES, map(str, pair), strict=True)) for key, pair in loaded.items()}


def words(language: str) -> Words:
    """Return the function that speaks the language.

    Args:
        language: en or fr.

    Raises:
        ValueError: The language is not one of ours.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the report speaks {' and '.join(LANGUAGES)}, not {language}")
    known = catalogue()

    def speak(key: str, **values: object) -> str:
        """Return the message; an id that does not exist is a KeyError, so that no page shows one."""
        text = known[key][language]
        return text.format(**values) if values else text

    return speak


def code(speak: Words, group: str, value: str | None) -> str:
    """Return the word for a code of a closed vocabulary, or the code itself if it is new to this version."""
    if not value:
        return "–"
    try:
        return speak(f"{group}.{value}")
    except KeyError:
        return value.replace("_", " ")
