"""The nouns: every table that the rooms speak in, declared once.

They are loaded when first asked for, so that a command that needs only the words in `codes` starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flagstate.model.nouns import *  # noqa: F403


def __getattr__(name: str) -> object:
    """Load the nouns."""
    # Not `from flagstate.model import nouns`: that asks this function for `nouns`, without end.
    nouns = import_module("flagstate.model.nouns")
    if name.startswith("__") or not hasattr(nouns, name):
        raise AttributeError(name)
    value = getattr(nouns, name)
    globals()[name] = value
    return value
