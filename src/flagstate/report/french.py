"""The French texts of a finding, where it has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

TEXTS = ("message", "title")
LISTS = ("missing", "measures")


def translated(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return message, title, measures and what is missing in French, as far as a finding has them.

    Args:
        row: A row of `finding`.

    What has not the form of `french` counts as not translated, so that no text is lost.
    """
    try:
        told = json.loads(row["french"] or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    texts = {key: told[key] for key in TEXTS if isinstance(told.get(key), str)}
    return texts | {
        key: told[key]
        for key in LISTS
        if isinstance(told.get(key), list) and all(isinstance(one, str) for one in told[key])
    }
