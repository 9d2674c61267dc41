"""Cut-off: what stops working, and when, if somebody switches a part off."""

from __future__ import annotations

from typing import Any

from flagstate.report import stops
from flagstate.report.grid import Field, Grid, grid
from flagstate.report.view import View

NAME = "cutoff"

POINTS = 30
"""Hidden points that are listed."""


def build(view: View) -> dict[str, Any]:
    """Return the matrix of cuts and services, concentration, hidden points and the table."""
    rows = view.table("cutoff").to_pylist()
    hidden = stops.points(
        view.table("need").to_pylist(),
        view.table("interest").to_pylist(),
        view.table("asset").to_pylist(),
        view.entities,
    )
    return {
        "answer": view.answer(NAME),
        "matrix": stops.matrix(rows, view.entities),
        "concentration": stops.concentration(view.table("concentration").to_pylist(), view.entities),
        "points": hidden[:POINTS],
        "points_more": max(len(hidden) - POINTS, 0),
        "table": _table(view, rows),
    }


def _table(view: View, rows: list[dict[str, Any]]) -> Grid:
    t = view.t
    rows = sorted(rows, key=lambda r: (not r["critical"], r["at_h"] or 0, r["cut"], r["asset_id"]))
    fields = (
        Field(t("col.cut"), "text", lambda r: cut_words(view, r["cut"])),
        Field(t("col.service"), "text", lambda r: view.entity(r["asset_id"])),
        Field(t("col.stops_after"), "text", lambda r: hours_words(view, r["at_h"])),
        Field(t("col.critical"), "text", lambda r: t("critical") if r["critical"] else "–"),
        Field(t("col.stance"), "chip", lambda r: view.chip("stance", r["stance"])),
        Field(t("col.why"), "text", lambda r: r["proof"] or "–", wide=True),
    )
    return grid("cutoff", fields, rows, more="cutoff")


def cut_words(view: View, cut: str) -> str:
    """Return who switches off, as a person reads it."""
    kind, _, rest = cut.partition(":")
    return view.country(rest) if kind == "government" else view.entity(rest)


def hours_words(view: View, hours: float | None) -> str:
    """Return when a service stops."""
    return view.t("cutoff.at_once") if not hours else view.t("cutoff.hours", n=f"{hours:g}")
