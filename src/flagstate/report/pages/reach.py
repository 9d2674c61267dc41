"""Reach: which governments could make somebody hand the data over, each with its proofs as sentences."""

from __future__ import annotations

import json
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


STANDS = ("adverse", "open", "none", "accepted")
"""How a government stands to the policy, what asks for attention first; none: no policy says."""


def _stands(view: View) -> dict[str, str]:
    """Return the governments that the policy does not accept, and those for which that is not decided."""
    found: dict[str, str] = {}
    for row in view.table("finding").to_pylist():
        if row["question"] != NAME or row["verdict"] not in ("yes", "unknown"):
            continue
        tried = json.loads(row["values"])["governments"] if row["rule_id"] == "reach-attempts" else ()
        for government in filter(None, (row["counterparty"], *tried)):
            if found.get(government) != "adverse":
                found[government] = "adverse" if row["verdict"] == "yes" else "open"
    return found


def build(view: View) -> dict[str, Any]:
    """Return the governments with their proofs: first those that the policy does not accept, the most direct first."""
    order = {level: at for at, level in enumerate(REACH_LEVELS)}
    found: dict[str, list[dict[str, Any]]] = {}
    without: list[str] = []
    for row in view.table("reach").to_pylist():
        if row["government"] and row["level"] != "none_found":
            found.setdefault(row["government"], []).append(row)
        else:
            without.append(row["proof"] or row["subject_id"] or "")
    stands = _stands(view)
    said = any(str(name).startswith("accept_reach") for name in view.table("policy")["policy"].to_pylist())
    otherwise = "accepted" if said else "none"
    governments = []
    for government, rows in found.items():
        rows.sort(key=lambda r: (order.get(r["level"], 99), bool(r["contested"]), r["subject_id"] or ""))
        governments.append(
            {
                "code": government,
                "stand": stands.get(government, otherwise),
                "level": rows[0]["level"],
                "total": len(rows),
                "subjects": len({row["subject_id"] for row in rows}),
                "levels": Counter(row["level"] for row in rows).most_common(),
                "proofs": rows[:SHOWN],
            }
        )
    governments.sort(
        key=lambda g: (
            STANDS.index(str(g["stand"])),
            order.get(str(g["level"]), 99),
            -int(str(g["total"])),
            str(g["code"]),
        )
    )
    by_level = [(level, [g["code"] for g in governments if g["level"] == level]) for level in REACH_LEVELS]
    return {
        "answer": view.answer(NAME),
        "governments": governments,
        "index": [(level, codes) for level, codes in by_level if codes],
        "without": sorted(set(without))[:WITHOUT],
        "without_total": len(set(without)),
        "open": OPEN,
    }
