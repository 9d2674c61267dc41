"""Figures of a claim as little calculations: one divided by another, and between which bounds it would be likely."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flagstate.report import figures
from flagstate.report.view import View

Row = dict[str, Any]

COUNTED = ("count_at_most", "figure_consistent_with")
"""Parts of a test that count persons, records or devices."""
VERB = "figure_consistent_with"


def number(value: float, language: str = "en") -> str:
    """Return a number as a person writes it: whole ones with their thousands apart, others with three figures."""
    if isinstance(value, int) or value.is_integer():
        return figures.count(int(value), language)
    text = f"{value:.3g}"
    return text.replace(".", ",") if language == "fr" else text


def amount(low: object, high: object, unit: object, language: str = "en") -> str:
    """Return bounds with their unit; equal bounds are one number, and what is no number is left out."""
    known = [one for one in (low, high) if isinstance(one, int | float) and not isinstance(one, bool)]
    words = list(dict.fromkeys(number(one, language) for one in known))
    return " ".join(filter(None, (" – ".join(words), raised(unit) if words else "")))


def raised(unit: object) -> str:
    """Return a unit as a person writes it: m², not m**2."""
    return str(unit or "").replace("**2", "²").replace("**3", "³").replace("^2", "²").replace("^3", "³")


def question(view: View, said: Row) -> str:
    """Return what two figures are asked: `mass per parcels between 0.1 and 2.5 kg`."""
    low, high = _bounds(said)
    return view.t(
        "claims.per_asked",
        figure=str(said.get("figure") or "–").replace("_", " "),
        per=str(said.get("per") or "–").replace("_", " "),
        range=amount(low, high, said.get("unit"), view.meta.language),
    )


def sums(view: View, row: Row, values: Iterable[str | None]) -> Row | None:
    """Return the calculation of a claim's test of its own figures; null: it has none.

    Args:
        view: The report in the making.
        row: The claim.
        values: `values` of its findings: what came out stands there as lo, hi and unit, if it could be worked out.
    """
    test, known = told(row["test"]).get(VERB), told(row["claim_figures"])
    if not isinstance(test, dict):
        return None
    above, below = known.get(str(test.get("figure"))), known.get(str(test.get("per")))
    if not isinstance(above, dict) or not isinstance(below, dict):
        return None
    language = view.meta.language
    given = next((one for one in map(told, values) if one.get("lo") is not None and "between" in one), {})
    low, high = _bounds(test)
    return {
        "above": amount(above.get("lo"), above.get("hi"), above.get("unit"), language),
        "below": amount(below.get("lo"), below.get("hi"), below.get("unit"), language),
        "result": amount(given.get("lo"), given.get("hi"), given.get("unit"), language),
        "likely": amount(low, high, test.get("unit"), language),
        "because": str(test.get("because") or ""),
    }


def _bounds(said: Row) -> tuple[object, object]:
    between = said.get("between")
    return (between[0], between[-1]) if isinstance(between, list) and between else (None, None)


def told(text: str | None) -> Row:
    """Return an object of JSON; what is none counts as empty."""
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): value for key, value in said.items()} if isinstance(said, dict) else {}
