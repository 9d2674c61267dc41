"""Names of countries and a point on the map for each."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = resources.files("flagstate.report").joinpath("assets", "countries.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def names(language: str) -> dict[str, str]:
    """Return the short common name of each country by its ISO 3166-1 alpha-2 code.

    Names follow common usage and say nothing of anyone's status.
    """
    return {row["code"]: row[language] for row in _rows()}


def points() -> dict[str, tuple[float, float]]:
    """Return a point for each country as longitude and latitude in degrees.

    What it cannot see: where in the country a host stands.
    """
    return {row["code"]: (float(row["lon"]), float(row["lat"])) for row in _rows()}
