"""Holdings: which sensitive data is held, by container, by law, inferred, and in bulk."""

from __future__ import annotations

from typing import Any

from flagstate.report import figures, held
from flagstate.report.grid import Field, Grid, grid
from flagstate.report.view import View

NAME = "holdings"


def build(view: View) -> dict[str, Any]:
    """Return the heat map, the legal categories, what is inferred, trade in bulk, and the tables."""
    rows = view.records("holding", order=[("records", "descending"), ("container", "ascending")])
    # What is declared was not thereby found.
    found = [row for row in rows if row["stance"] != "declared"]
    counted = view.table("population").to_pylist()
    # Findings and categories rest on all rows, not on those that the table has room for.
    every = [row for row in view.table("holding").to_pylist() if row["stance"] != "declared"]
    return {
        "answer": view.answer(NAME),
        "heat": held.heat(found),
        "categories": held.categories(every, held.thresholds(), counted),
        "inferred": [_inferred(row) for row in found if row["data_class"].startswith("inferred_")][:12],
        "trade": [_trade(row) for row in found if row["data_class"] == "trade_flow"][:12],
        "table": grid("holding", _fields(view), rows, total=view.table("holding").num_rows, more="holding"),
        "together": _together(view, held.populations(counted)),
    }


def _inferred(row: dict[str, Any]) -> dict[str, Any]:
    keys = ("data_class", "container", "records", "subjects_lo", "subjects_hi")
    return {key: row[key] for key in keys} | {"says": held.says(row["data_class"])}


def _trade(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "container": row["container"],
        "records": row["records"],
        "grain": held.marked(row, "grain:"),
        "unit": held.marked(row, "per:"),
        "from": held.marked(row, "from:"),
        "to": held.marked(row, "to:"),
        "reason": "; ".join(row["reasons"] or ()),
    }


def _fields(view: View) -> tuple[Field, ...]:
    t = view.t
    return (
        Field(t("col.container"), "two", _where, wide=True),
        Field(t("col.class"), "two", lambda r: (r["data_class"] or "–", held.says(r["data_class"] or ""))),
        Field(t("col.about"), "text", lambda r: r["about"] or "–"),
        Field(t("col.records"), "count", lambda r: r["records"]),
        Field(t("col.subjects"), "text", lambda r: _span(r, view.meta.language), title=t("tip.subjects")),
        Field(t("col.state"), "chip", lambda r: view.chip("held", r["state"])),
        Field(t("col.keys"), "text", lambda r: ", ".join(r["key_ids"] or ()) or "–"),
        Field(t("col.confidence"), "chip", lambda r: view.chip("conf", r["confidence"])),
        Field(t("col.stance"), "chip", lambda r: view.chip("stance", r["stance"])),
        Field(t("col.why"), "text", lambda r: "; ".join(r["reasons"] or ()) or "–", wide=True),
    )


def _together(view: View, rows: list[dict[str, Any]]) -> Grid:
    t = view.t
    fields = (
        Field(t("col.container"), "two", _where, wide=True),
        Field(t("col.classes"), "text", lambda r: ", ".join(r["data_classes"] or ()), wide=True),
        Field(t("col.about"), "text", lambda r: r["about"] or "–", title=t("tip.residence")),
        Field(t("col.months"), "span", lambda r: (r["from"] or "–", r["to"] if r["to"] != r["from"] else "")),
        Field(t("col.records"), "count", lambda r: r["records"]),
        Field(t("col.subjects"), "text", lambda r: _span(r, view.meta.language), title=t("tip.subjects")),
    )
    return grid("population", fields, rows[:2000], total=len(rows), more="population")


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
