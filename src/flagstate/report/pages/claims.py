"""Claims: what was asserted, by whom, who said it first, and what the evidence says of it."""

from __future__ import annotations

from typing import Any

from flagstate.report import asserted, figures, lineage
from flagstate.report.grid import SHOWN, Field, Grid, grid
from flagstate.report.view import View

NAME = "claims"

SHEETS = 100
"""Claims that get a sheet; the table has more."""
ROOM = 300_000
"""Letters that sheets may take of the file; a long one costs others their sheet, which stay in the table."""
OPEN = 3
"""Sheets that are unfolded at first, if they are of claims that a test decided or could have."""

Row = dict[str, Any]


def build(view: View) -> Row:
    """Return the sheets by verdict, the drawing of the sources, and a row per claim."""
    rows = asserted.claims(view)
    made = lineage.lineage(view)
    sheets = _sheets(view, made, rows)
    answer = view.answer(NAME)
    told = {part["finding"] for sheet in sheets for part in sheet["parts"]}
    drawn = lineage.draw(view, made) if len(made.above) > 1 else None
    return {
        "answer": answer,
        "tally": asserted.tally(rows),
        "groups": [
            (word, [sheet for sheet in sheets if sheet["found"] == word], count) for word, count in asserted.tally(rows)
        ],
        "open": [sheet["anchor"] for sheet in sheets if sheet["found"] != "not_testable"][:OPEN],
        "left_out": len(rows) - len(sheets),
        "total": len(rows),
        "graph": drawn if drawn and drawn["lines"] else None,
        "others": [row for row in answer.findings if row["finding_id"] not in told],
        "table": _table(view, rows) if rows else None,
    }


def _sheets(view: View, made: lineage.Lineage, rows: list[Row]) -> list[Row]:
    """Return as many sheets as have room, those of the first page among them; what has none is not linked to."""
    makes, first = asserted.Sheets(view), {row["claim_id"] for row in asserted.three(rows)}
    sheets: list[Row] = []
    room = ROOM
    for row in sorted(rows, key=lambda row: row["claim_id"] not in first)[:SHEETS]:
        sheet = makes.sheet(row) | {"chain": lineage.shown(view, made, row), "found": row["found"]}
        room -= len(repr(sheet))
        if room < 0 and row["claim_id"] not in first:
            break
        sheets.append(sheet)
    known = {sheet["anchor"] for sheet in sheets}
    linked = [one for sheet in sheets for one in sheet["changes"]]
    linked += [node for sheet in sheets for column in sheet["chain"] for node in column]
    for one in linked:
        one["anchor"] = one["anchor"] if one["anchor"] in known else ""
    order = {asserted.anchor("claim", row["claim_id"]): at for at, row in enumerate(rows)}
    return sorted(sheets, key=lambda sheet: order[sheet["anchor"]])


def _table(view: View, rows: list[Row]) -> Grid:
    t, makes = view.t, asserted.Sheets(view)
    fields = (
        Field(t("col.claim"), "two", lambda r: (r["sentence"] or "–", asserted.short(r["claim_id"])), wide=True),
        Field(t("col.verdict"), "chip", lambda r: asserted.chip(view, r["found"]), title=t("tip.claim_verdict")),
        Field(t("col.speaker"), "two", lambda r: (r["speaker"] or "–", r["outlet"] or "")),
        Field(t("col.date"), "text", lambda r: figures.day(r["on_date"])),
        Field(t("col.kind"), "text", lambda r: view.code("claim_kind", r["claim_kind"])),
        Field(t("col.sources"), "text", makes.counted, title=t("tip.sources")),
        Field(t("col.others"), "text", lambda r: "; ".join(makes.said(r)) or "–", wide=True),
    )
    return grid("claim", fields, rows[:SHOWN], total=len(rows), more="claim")
