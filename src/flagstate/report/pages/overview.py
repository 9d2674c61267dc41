"""The overview: six answers, three claims, the gravest findings, what was looked at and what was not seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flagstate.model.codes import LEVELS
from flagstate.report import asserted
from flagstate.report.view import View

NAME = "overview"

SHOWN = 8
"""Gaps and steps that the overview lists."""
MEASURES = 4
"""Measures of the first plan that the overview names."""
GRAVE = 12
"""Adverse findings that the overview lists."""


def build(view: View) -> dict[str, Any]:
    """Return the six cards, three claims, the gravest findings, the counts and the gaps."""
    adverse = varied([row for answer in view.answers for row in answer.findings if row["verdict"] == "yes"])
    todo = [(answer.question, step) for answer in view.answers if answer.asked for step in answer.collect[:2]]
    missed, claims = gaps(view), asserted.claims(view)
    return {
        "answers": view.answers,
        "adverse": adverse[:GRAVE],
        "adverse_total": sum(answer.counts.get("yes", 0) for answer in view.answers),
        "claims": [asserted.Sheets(view).card(row) for row in asserted.three(claims)],
        "claims_total": len(claims),
        "claims_tally": [(view.code("claim", word), n) for word, n in asserted.tally(claims)],
        "plan": first_plan(view),
        "figures": _figures(view),
        "judged": dict(view.meta.judged) if any(view.meta.judged.values()) else None,
        "open": [row for a in view.answers if a.asked for row in a.findings if row["verdict"] == "unknown"][:SHOWN],
        "gaps": missed[:SHOWN],
        "gaps_left": len(missed) - SHOWN,
        "todo": todo[:SHOWN],
    }


def first_plan(view: View) -> dict[str, Any] | None:
    """Return the first plan in short: its first measures, or why there is none; null: nothing was planned."""
    rows = [row for row in view.table("plan").to_pylist() if row["rank"] == 1]
    if not rows or rows[0]["state"] == "nothing":
        return None
    steps = [row["words"] or row["measure"] for row in rows if row["measure"]]
    proofs = [row["proof"] or row["words"] for row in rows if not row["measure"]]
    said = steps or [text for text in proofs if text]
    left = max(len(said) - MEASURES, 0)
    return {"state": rows[0]["state"], "total": rows[0]["total"], "steps": said[:MEASURES], "left": left}


def varied(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return findings, the gravest first; of each level first one of every rule, so that no rule hides the others."""
    seen: Counter[tuple[str, str]] = Counter()
    keyed = []
    for at, row in enumerate(rows):
        level = LEVELS.index(row["level"]) if row["level"] in LEVELS else 0
        rule = (row["rule_id"] or "", row["level"] or "")
        keyed.append((-level, seen[rule], at))
        seen[rule] += 1
    return [rows[at] for *_, at in sorted(keyed)]


def _figures(view: View) -> dict[str, Any]:
    found, states = view.destinations, view.read
    total = view.artefacts.num_rows
    return {
        "artefacts": total,
        "not_read": total - sum(states.get(state, 0) for state in ("read", "partly_read", "duplicate")),
        "partly": states.get("partly_read", 0),
        "rows": view.rows[0],
        "rejected": view.rows[1],
        "destinations": found.total,
        "countries": len(found.countries),
        "sent": found.sums["sent"],
        "undeclared": view.counts("reconciliation", "result").get("undeclared", 0),
        "governments": len({g for g in view.counts("reach", "government") if g}),
    }


def gaps(view: View) -> list[dict[str, Any]]:
    """Return what coverage says was not, or not wholly, seen; what can be mended comes first, then the whole case."""
    rows = view.records("coverage", most=5000)
    found = [row for row in rows if row["complete"] != "yes" and (row["remark"] or row["todo"])]
    said = {(row["noun"], row["remark"], row["todo"]): row for row in found}
    return sorted(said.values(), key=lambda row: (not row["todo"], row["evidence_id"] is not None))
