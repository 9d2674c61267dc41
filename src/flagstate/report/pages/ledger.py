"""The three-way ledger: what was declared, configured and observed, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc

from flagstate.model.codes import RECONCILED
from flagstate.report import figures
from flagstate.report.grid import Field, grid
from flagstate.report.view import View

NAME = "ledger"

ORDER = ("contradicted", "undeclared", "unknown", "never_seen", "covered")
"""What asks for attention first."""


def build(view: View) -> dict[str, Any]:
    """Return the counts by result and the rows, those that ask for attention first."""
    table = view.table("reconciliation")
    counts = view.counts("reconciliation", "result")
    rank = pc.index_in(table["result"], value_set=pc.cast(list(ORDER), "string"))
    ordered = table.append_column("rank", pc.fill_null(rank, 9)).sort_by(
        [("rank", "ascending"), ("orig_bytes", "descending"), ("conns", "descending"), ("subject", "ascending")]
    )
    results = [{"result": r, "rows": counts.get(r, 0), "text": view.t(f"result_doc.{r}")} for r in ORDER]
    if set(RECONCILED) - set(ORDER):
        raise ValueError("a result of the reconciliation has no place in the report")
    return {
        "results": results,
        "total": table.num_rows,
        "table": grid(
            "reconciliation",
            _fields(view),
            ordered.slice(0, 2000).to_pylist(),
            total=table.num_rows,
            more="reconciliation",
        ),
    }


def _fields(view: View) -> tuple[Field, ...]:
    t = view.t

    def mark(stance: str) -> Callable[[dict[str, Any]], tuple[str, str]]:
        return lambda r: ("on", t(f"stance.{stance}")) if r[stance] else ("off", "–")

    return (
        Field(t("col.result"), "chip", lambda r: view.chip("result", r["result"])),
        Field(t("col.subject"), "two", lambda r: (r["subject"] or "–", view.entities.get(r["operator_id"] or "", ""))),
        Field(t("col.why"), "text", lambda r: (r["remark"] or "").replace("`", ""), wide=True),
        Field(t("stance.declared"), "chip", mark("declared"), t("col.said")),
        Field(t("stance.configured"), "chip", mark("configured"), t("col.said")),
        Field(t("stance.observed"), "chip", mark("observed"), t("col.said")),
        Field(t("stance.recorded"), "chip", mark("recorded"), t("col.said")),
        Field(t("col.egress"), "chip", lambda r: view.chip("egress", r["egress"]), title=t("tip.egress")),
        Field(t("col.host"), "country", lambda r: r["country"] or "", title=t("tip.host")),
        Field(t("col.port"), "text", lambda r: "" if r["resp_p"] is None else str(r["resp_p"])),
        Field(t("col.sent"), "bytes", lambda r: r["orig_bytes"], title=t("tip.sent")),
        Field(t("col.conns"), "count", lambda r: r["conns"]),
        Field(t("col.failed"), "count", lambda r: r["failed_conns"], title=t("tip.failed")),
        Field(t("col.seen"), "span", lambda r: figures.window(r["first_ts"], r["last_ts"])),
    )
