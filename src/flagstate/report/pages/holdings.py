"""Holdings: classes of sensitive data by container."""

from __future__ import annotations

from typing import Any

from flagstate.report import figures
from flagstate.report.grid import Field, grid
from flagstate.report.view import View

NAME = "holdings"


def build(view: View) -> dict[str, Any]:
    """Return the holdings by container and the classes that occur."""
    t = view.t
    rows = view.records("holding", order=[("records", "descending"), ("container", "ascending")])
    classes: dict[str, dict[str, Any]] = {}
    for row in view.table("holding").select(["data_class", "container", "records", "stance"]).to_pylist():
        if row["stance"] == "declared":
            continue  # What is declared was not thereby found.
        entry = classes.setdefault(row["data_class"], {"name": row["data_class"], "containers": 0, "records": None})
        entry["containers"] += 1
        if row["records"] is not None:
            entry["records"] = max(entry["records"] or 0, row["records"])
    listed = sorted(classes.values(), key=lambda e: (-e["containers"], e["name"]))
    fields = (
        Field(t("col.container"), "two", _where, wide=True),
        Field(t("col.class"), "text", lambda r: r["data_class"] or "–"),
        Field(t("col.about"), "text", lambda r: r["about"] or "–"),
        Field(t("col.records"), "count", lambda r: r["records"]),
        Field(t("col.subjects"), "text", lambda r: _span(r, view.meta.language), title=t("tip.subjects")),
        Field(t("col.state"), "chip", lambda r: view.chip("held", r["state"])),
        Field(t("col.keys"), "text", lambda r: ", ".join(r["key_ids"] or ()) or "–"),
        Field(t("col.confidence"), "chip", lambda r: view.chip("conf", r["confidence"])),
        Field(t("col.stance"), "chip", lambda r: view.chip("stance", r["stance"])),
        Field(t("col.why"), "text", lambda r: "; ".join(r["reasons"] or ()) or "–"),
    )
    made = grid("holding", fields, rows, total=view.table("holding").num_rows, more="holding")
    return {"answer": view.answer(NAME), "classes": listed[:40], "table": made}


def _where(row: dict[str, Any]) -> tuple[str, str]:
    """Return container and asset; one that only repeats the other stands alone."""
    container, asset = row["container"] or "", row["asset_id"] or ""
    return (container or asset or "–", asset if container and asset != f"store:{container}" else "")


def _span(row: dict[str, Any], language: str) -> str:
    low, high = row["subjects_lo"], row["subjects_hi"]
    if low is None and high is None:
        return "–"
    if low == high:
        return figures.count(low, language)
    return f"{figures.count(low, language)} … {figures.count(high, language)}"
