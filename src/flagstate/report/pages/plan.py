"""Plan: the cheapest set of measures under which nothing unwanted remains, or the proof that there is none."""

from __future__ import annotations

from typing import Any

from flagstate.report.view import View

NAME = "plan"

CURED = 6
"""Findings that are named per measure."""


def build(view: View) -> dict[str, Any]:
    """Return the plans in their order, each with its measures, what they cure and what they open."""
    messages = {row["finding_id"]: row["message"] for row in view.table("finding").to_pylist()}
    plans: dict[int, dict[str, Any]] = {}
    for row in view.table("plan").to_pylist():
        one = plans.setdefault(
            row["rank"] or 0,
            {"rank": row["rank"], "state": row["state"], "total": row["total"], "measures": [], "proofs": []},
        )
        if row["measure"]:
            cured = [messages.get(key, key) for key in row["cures"] or ()]
            one["measures"].append(row | {"cured": cured[:CURED], "cured_more": max(len(cured) - CURED, 0)})
        elif row["proof"]:
            one["proofs"].append(row["proof"])
        elif row["words"]:
            one["proofs"].append(row["words"])
    return {"plans": [plans[rank] for rank in sorted(plans)]}
