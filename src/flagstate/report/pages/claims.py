"""Claims: what was asserted, by whom, and what the evidence says of it."""

from __future__ import annotations

from typing import Any

from flagstate.report import figures
from flagstate.report.grid import Field, grid
from flagstate.report.view import View

NAME = "claims"


def build(view: View) -> dict[str, Any]:
    """Return the answer and the claims that were recorded."""
    t = view.t
    verdicts = {row["subject"]: row["verdict"] for row in view.answer(NAME).findings}
    fields = (
        Field(t("col.claim"), "two", lambda r: (r["sentence"] or "–", r["claim_id"] or "")),
        Field(t("col.speaker"), "two", lambda r: (r["speaker"] or "–", r["outlet"] or "")),
        Field(t("col.date"), "text", lambda r: figures.day(r["on_date"])),
        Field(t("col.repeats"), "text", lambda r: r["derived_from"] or "–"),
        Field(t("col.contradicted"), "chip", lambda r: view.chip("verdict", verdicts.get(r["claim_id"], "unknown"))),
    )
    rows = view.records("claim", order=[("on_date", "ascending"), ("claim_id", "ascending")])
    made = grid("claim", fields, rows, total=view.table("claim").num_rows, more="claim")
    return {"answer": view.answer(NAME), "table": made}
