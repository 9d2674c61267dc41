"""What the holdings page shows beside its tables: a heat map, legal categories, what is inferred, trade in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from math import log10
from typing import Any

from flagstate.catalog import inference, sketch
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
    weight: float = sum(
        (len(cell["classes"]) + 3 * cell["special"]) * log10(cell["records"] + 10) for cell in by_group.values()
    )
    return weight


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


def categories(
    rows: Iterable[Row], thresholds: dict[str, int], populations: Iterable[Row] = ()
) -> list[dict[str, Any]]:
    """Return the legal categories that the found classes touch.

    Args:
        rows: Rows of `holding` that were found, not declared.
        thresholds: law/category → the number of persons or devices above which a bar applies.
        populations: Rows of `population`, all of them.

    Returns:
        By law and category: its classes, containers, subjects, the threshold, and how the two stand to it. Subjects of
        containers and months are united where the same class of key tells them apart; else at least those of the
        largest, at most the sum. Persons and devices are never added: the larger of the two stands.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        for law in laws(row["data_class"]):
            found.setdefault(law, []).append(row)
    counted: dict[tuple[object, ...], list[Row]] = {}
    for row in populations:
        counted.setdefault(_place(row), []).append(row)
    made = []
    for law, held in sorted(found.items()):
        low, high = _subjects(held, counted)
        limit = thresholds.get(law)
        made.append(
            {
                "name": LAWS.get(law, law),
                "law": law,
                "classes": sorted({row["data_class"] for row in held}),
                "containers": len({_place(row)[:2] for row in held}),
                "low": low,
                "high": high,
                "limit": limit,
                "state": _against(low, high, limit),
                "bar": _bar(low, high, limit) if limit and high else None,
            }
        )
    return made


def _place(row: Row) -> tuple[object, ...]:
    return row["asset_id"], row["container"], row.get("unit")


def _subjects(rows: list[Row], counted: dict[tuple[object, ...], list[Row]]) -> tuple[int, int]:
    """Return at least and at most how many subjects the rows of one category have, over all its containers."""
    places: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row["subjects_hi"]:
            places.setdefault(_place(row), []).append(row)
    by_unit: dict[object, list[Row]] = {}
    for place, held in places.items():
        names = {row["data_class"] for row in held}
        here = [row for row in counted.get(place, ()) if names.intersection(row["data_classes"] or ())]
        # Rows that no population counts: each may be one subject more.
        most = sum(_uncounted(row, here) for row in held)
        least = max(row["subjects_lo"] or 0 for row in held)
        by_unit.setdefault(place[2], []).extend([*here, {"subjects_lo": least, "subjects_hi": most}])
    spans = [sketch.union(listed) for listed in by_unit.values()]
    low = max((low for low, _ in spans), default=0)
    return low, max([low, *(high for _, high in spans)])


def _uncounted(row: Row, here: Iterable[Row]) -> int:
    counted = [p["records"] or 0 for p in here if row["data_class"] in p["data_classes"]]
    most: int = row["subjects_hi"]
    return min(most, max(0, (row["records"] or 0) - sum(counted))) if counted else most


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
        One row per container, set of classes, residence and unit; subjects of the months are united where the same
        class of key tells them apart, else at least those of the fullest month, at most the sum.
    """
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((*_place(row), tuple(row["data_classes"] or ()), row["about"]), []).append(row)
    made = []
    for listed in groups.values():
        low, high = sketch.union(listed)
        months = sorted(row["month"] for row in listed if row["month"])
        made.append(
            listed[0]
            | {
                "records": sum(row["records"] or 0 for row in listed),
                "subjects_lo": low if high else None,
                "subjects_hi": high if high else None,
                "from": months[0] if months else None,
                "to": months[-1] if months else None,
            }
        )
    return sorted(made, key=lambda r: (-r["records"], str(r["container"]), str(r["data_classes"]), str(r.get("unit"))))


def marked(row: Row, prefix: str) -> str:
    """Return the text of a mark such as `grain:…`, empty if the row has none."""
    return next((m.removeprefix(prefix) for m in row["marks"] or () if m.startswith(prefix)), "")
