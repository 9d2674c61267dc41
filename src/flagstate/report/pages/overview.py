"""The overview: six answers, the gravest findings, what was looked at and what was not seen."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from flagstate.model.codes import LEVELS
from flagstate.report.view import View

NAME = "overview"

SHOWN = 6
"""Adverse findings and gaps that the overview lists."""


def build(view: View) -> dict[str, Any]:
    """Return the six cards, the gravest findings, the counts and the gaps."""
    adverse = [row for answer in view.answers for row in answer.findings if row["verdict"] == "yes"]
    adverse.sort(key=lambda row: -LEVELS.index(row["level"] or "info"))
    todo = [(answer.question, step) for answer in view.answers if answer.asked for step in answer.collect[:2]]
    return {
        "answers": view.answers,
        "adverse": adverse[:SHOWN],
        "adverse_total": sum(answer.counts.get("yes", 0) for answer in view.answers),
        "figures": _figures(view),
        "gaps": gaps(view),
        "todo": todo[: 2 * SHOWN],
    }


def _figures(view: View) -> dict[str, Any]:
    evidence = view.table("evidence")
    own = evidence.filter(pc.invert(pc.is_in(evidence["state"], pc.cast(["recorded", "set"], "string"))))
    states = {str(v["values"].as_py()): v["counts"].as_py() for v in pc.value_counts(own["state"])}
    found = view.destinations
    return {
        "artefacts": own.num_rows,
        "not_read": own.num_rows - states.get("read", 0) - states.get("partly_read", 0) - states.get("duplicate", 0),
        "partly": states.get("partly_read", 0),
        "rows": pc.sum(own["rows_read"]).as_py() or 0,
        "rejected": pc.sum(own["rows_rejected"]).as_py() or 0,
        "destinations": found.total,
        "countries": len(found.countries),
        "sent": found.sums["sent"],
        "undeclared": view.counts("reconciliation", "result").get("undeclared", 0),
        "governments": len(view.counts("reach", "government")),
    }


def gaps(view: View) -> list[dict[str, Any]]:
    """Return what coverage says was not, or not wholly, seen."""
    rows = view.records("coverage", most=5000)
    return [row for row in rows if row["complete"] != "yes" and (row["remark"] or row["todo"])][: 2 * SHOWN]
