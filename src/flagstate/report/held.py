"""What the holdings page shows beside its tables: a heat map, legal categories, what is inferred, trade in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from math import log10
from typing import Any

from flagstate.catalog import inference
from flagstate.catalog.data_class import LAWS, DataClass, by_id

Row = dict[str, Any]

CONTAINERS = 24
"""Rows of the heat map."""

BULK = "trade_flow"
OTHER = "other"
GROUPS = ("identity", "contact", "financial", "movement", "technical", "trade", "secrets", "intellectual", "inferred")
"""Columns of the heat map; a group that is not here comes last, as `other`."""

SPECIAL = ("art9", "art10")


def group(name: str) -> str:
    """Return the group of a class: that of its catalogue entry, `inferred`, or `trade` for what tells in bulk."""
    if name.startswith("inferred_"):
        return "inferred"
    made = by_id().get(name)
    found = made.group if made else "trade" if name == BULK else OTHER
    return next((known for known in GROUPS if found.startswith(known)), OTHER)


def special(name: str) -> bool:
    """Whether a class is of a special category (GDPR art. 9) or about criminal matters (art. 10)."""
    made = by_id().get(name)
    return name.startswith("inferred_") or (made is not None and getattr(made, "sense", "") in SPECIAL)


def says(name: str) -> str:
    """Return the sentence of a class, empty if the catalogue has none."""
    made: DataClass | inference.Topic | None = by_id().get(name)
    if made is None:
        made = next((topic for topic in inference.load() if topic.id == name), None)
    if name == BULK:
        return "Who sells which goods, in which volume, and where they go: harmless by row, telling in bulk."
    return made.says if made else ""


def laws(name: str) -> tuple[str, ...]:
    """Return the legal categories of a class, as law/category."""
    made: DataClass | inference.Topic | None = by_id().get(name)
    if made is None:
        made = next((topic for topic in inference.load() if topic.id == name), None)
    if name == BULK:
        return ("trade_secret/flow",)
    return made.law if made else ()


def thresholds() -> dict[str, int]:
    """Return the bulk bars of the laws: law/category → the number above which it applies."""
    from flagstate.catalog import bulk

    return bulk.limits()


def heat(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the heat map: containers by group of classes.

    Args:
        rows: Rows of `holding` that were found, not declared.

    Returns:
        `groups` that occur, in their order; `rows` with name, asset and a cell per group (classes, records, special,
        level 0 to 4 by the power of ten of the records), the most telling container first; `left_out`, a count.
    """
    cells: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        key = (row["container"] or row["asset_id"] or "–", row["asset_id"] or "")
        cell = cells.setdefault(key, {}).setdefault(
            group(row["data_class"]), {"classes": set(), "records": 0, "special": False}
        )
        cell["classes"].add(row["data_class"])
        cell["records"] = max(cell["records"], row["records"] or 0)
        cell["special"] |= special(row["data_class"])
    ordered = sorted(cells.items(), key=lambda item: (-_weight(item[1]), item[0]))
    used = {name for _, by_group in ordered[:CONTAINERS] for name in by_group}
    columns = [name for name in (*GROUPS, OTHER) if name in used]
    shown = [
        {"name": name, "asset": asset, "cells": [_cell(by_group.get(column)) for column in columns]}
        for (name, asset), by_group in ordered[:CONTAINERS]
    ]
    return {"groups": columns, "rows": shown, "left_out": max(0, len(ordered) - CONTAINERS)}


def _weight(by_group: dict[str, dict[str, Any]]) -> float:
    return sum((len(cell["classes"]) + 3 * cell["special"]) * log10(cell["records"] + 10) for cell in by_group.values())


def _cell(cell: dict[str, Any] | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    level = min(4, int(log10(max(cell["records"], 1)) / 1.5))
    return {
        "count": len(cell["classes"]),
        "classes": sorted(cell["classes"]),
        "records": cell["records"],
        "special": cell["special"],
        "level": level,
    }


def categories(rows: Iterable[Row], thresholds: dict[str, int]) -> list[dict[str, Any]]:
    """Return the legal categories that the found classes touch.

    Args:
        rows: Rows of `holding` that were found, not declared.
        thresholds: law/category → the number of persons or devices above which a bar applies.

    Returns:
        By law and category: its classes, containers, subjects (at least: the largest container; at most: the sum of
        the containers, the same person may be in several), the threshold, and how the two stand to it.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for law in laws(row["data_class"]):
            entry = found.setdefault(law, {"classes": set(), "containers": {}})
            entry["classes"].add(row["data_class"])
            key = (row["container"], row["asset_id"])
            low, high = entry["containers"].get(key, (0, 0))
            entry["containers"][key] = (max(low, row["subjects_lo"] or 0), max(high, row["subjects_hi"] or 0))
    made = []
    for law, entry in sorted(found.items()):
        low = max(low for low, _ in entry["containers"].values())
        high = sum(high for _, high in entry["containers"].values())
        limit = thresholds.get(law)
        made.append(
            {
                "name": LAWS.get(law, law),
                "law": law,
                "classes": sorted(entry["classes"]),
                "containers": len(entry["containers"]),
                "low": low,
                "high": high,
                "limit": limit,
                "state": _against(low, high, limit),
                "bar": _bar(low, high, limit) if limit and high else None,
            }
        )
    return made


def _against(low: int, high: int, limit: int | None) -> str:
    if limit is None or not high:
        return "none"
    return "above" if low > limit else "below" if high <= limit else "open"


def _bar(low: int, high: int, limit: int) -> dict[str, float]:
    """Places on a scale of powers of ten from 1 to 10^8, in per cent."""
    left, right, mark = (round(100 * min(1.0, log10(max(n, 1)) / 8), 1) for n in (low, high, limit))
    return {"left": left, "width": max(1.0, round(right - left, 1)), "mark": mark}


def populations(rows: Iterable[Row]) -> list[Row]:
    """Return which classes stand together, over all months.

    Args:
        rows: Rows of `population`.

    Returns:
        One row per container, set of classes and residence; subjects at least as many as in the fullest month, at
        most the sum of the months.
    """
    made: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = (row["asset_id"], row["container"], tuple(row["data_classes"] or ()), row["about"])
        entry = made.setdefault(key, row | {"records": 0, "subjects_lo": 0, "subjects_hi": 0, "from": None, "to": None})
        entry["records"] += row["records"] or 0
        entry["subjects_lo"] = max(entry["subjects_lo"], row["subjects_lo"] or 0)
        entry["subjects_hi"] += row["subjects_hi"] or 0
        if row["month"]:
            entry["from"] = min(entry["from"] or row["month"], row["month"])
            entry["to"] = max(entry["to"] or row["month"], row["month"])
    return sorted(made.values(), key=lambda r: (-r["records"], str(r["container"]), str(r["data_classes"])))


def marked(row: Row, prefix: str) -> str:
    """Return the text of a mark such as `grain:…`, empty if the row has none."""
    return next((m.removeprefix(prefix) for m in row["marks"] or () if m.startswith(prefix)), "")
