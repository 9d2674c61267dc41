"""Reach: which governments could make somebody hand the data over, each with its proofs as sentences."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flagstate.model.codes import REACH_LEVELS
from flagstate.report.view import View

NAME = "reach"

SHOWN = 12
"""Proofs that are listed per government."""

OPEN = 6
"""Governments whose proofs are unfolded at first."""

WITHOUT = 40
"""Subjects without a path that are named."""


def build(view: View) -> dict[str, Any]:
    """Return the governments, the most direct first, with their proofs."""
    order = {level: at for at, level in enumerate(REACH_LEVELS)}
    found: dict[str, list[dict[str, Any]]] = {}
    without: list[str] = []
    for row in view.table("reach").to_pylist():
        if row["government"] and row["level"] != "none_found":
            found.setdefault(row["government"], []).append(row)
        else:
            without.append(row["proof"] or row["subject_id"] or "")
    governments = []
    for government, rows in found.items():
        rows.sort(key=lambda r: (order.get(r["level"], 99), bool(r["contested"]), r["subject_id"] or ""))
        governments.append(
            {
                "code": government,
                "level": rows[0]["level"],
                "total": len(rows),
                "subjects": len({row["subject_id"] for row in rows}),
                "levels": Counter(row["level"] for row in rows).most_common(),
                "proofs": rows[:SHOWN],
            }
        )
    governments.sort(key=lambda g: (order.get(str(g["level"]), 99), -int(str(g["total"])), str(g["code"])))
    by_level = [(level, [g["code"] for g in governments if g["level"] == level]) for level in REACH_LEVELS]
    return {
        "answer": view.answer(NAME),
        "governments": governments,
        "index": [(level, codes) for level, codes in by_level if codes],
        "without": sorted(set(without))[:WITHOUT],
        "without_total": len(set(without)),
        "open": OPEN,
    }
