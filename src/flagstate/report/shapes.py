"""Behaviours as cards: what was seen, its rhythm, the scores behind it, and the best innocent explanation."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.report import figures
from flagstate.report.grid import Field, Grid, grid
from flagstate.report.view import View

Row = dict[str, Any]

CARDS = 24
"""Behaviours that are drawn; the table below holds more."""
LISTED = 500
"""Behaviours that the table holds; the rest is in tables/behaviour.parquet."""
SAID = 0.5
"""From this score on a behaviour is said; those below are only counted."""
WIDE, HIGH = 480, 56
"""Size of the drawing of a rhythm."""
_RANK = {"no": 0, "unknown": 1, "yes": 2, "inside": 3}
"""What asks for attention first: what nothing declares."""
_UNITS = (("_us", 1e-6), ("_s", 1.0), ("_min", 60.0), ("_h", 3600.0), ("_days", 86_400.0))


def shapes(view: View) -> Row:
    """Return the cards, the table of all, and how many are below the score from which they are said."""
    found = view.table("behaviour")
    said = found.filter(pc.greater_equal(pc.fill_null(found["score"], 0.0), SAID))
    rows = sorted(said.to_pylist(), key=_order)
    judged = _judged(view)
    for row in rows:
        row["judged"] = judged.get(_key(row["kind"], row["facts"]))
    return {
        "cards": [_card(view, row) for row in rows[:CARDS]],
        "left_out": max(0, len(rows) - CARDS),
        "below": found.num_rows - said.num_rows,
        "kinds": _kinds(view, said),
        "table": _table(view, rows) if rows else None,
        "size": (WIDE, HIGH),
    }


def _judged(view: View) -> dict[tuple[str, frozenset[str]], str]:
    """Return what people said of findings of behaviours, by kind and flows."""
    found = view.table("finding")
    said = found.filter(pc.and_(found["judged"].is_valid(), pc.starts_with(found["rule_id"], "behaviour-")))
    rows = said.select(["rule_id", "facts", "judged"]).to_pylist()
    return {_key(row["rule_id"].removeprefix("behaviour-"), row["facts"]): row["judged"] for row in rows}


def _key(kind: str, facts: list[str] | None) -> tuple[str, frozenset[str]]:
    return kind, frozenset(facts or ())


def _order(row: Row) -> tuple[object, ...]:
    return (_RANK.get(row["standing"] or "unknown", 1), row["attempted"] or False, -row["score"], row["behaviour_id"])


def _kinds(view: View, said: pa.Table) -> list[Row]:
    counts = said.group_by("kind", use_threads=False).aggregate([("score", "count"), ("orig_bytes", "sum")]).to_pylist()
    counts.sort(key=lambda row: (-row["score_count"], row["kind"]))
    return [
        {"name": view.code("behaviour", row["kind"]), "n": row["score_count"], "sent": row["orig_bytes_sum"] or 0}
        for row in counts
    ]


def _card(view: View, row: Row) -> Row:
    parts = {name: value for name, value in _pairs(row["parts"]) if isinstance(value, int | float)}
    return {
        "row": row,
        "kind": view.code("behaviour", row["kind"]),
        "declared": view.chip("declared", row["standing"] or "unknown"),
        "score": figures.share(row["score"], view.meta.language),
        "benign": figures.share(row["benign"], view.meta.language) if row["benign"] else "",
        "parts": [(name.replace("_", " "), min(1.0, max(0.0, float(value)))) for name, value in parts.items()],
        "figures": [_figure(view, name, value) for name, value in _pairs(row["figures"])],
        "window": figures.window(row["from_ts"], row["to_ts"]),
        "drawing": drawing(row["timeline"]),
        "pcr": row["pcr"],
    }


def _pairs(text: str | None) -> list[tuple[str, object]]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return []
    return [(str(name), value) for name, value in found.items()] if isinstance(found, dict) else []


def _figure(view: View, name: str, value: object) -> tuple[str, str]:
    """Return a figure with its unit, as a person reads it; the unit stands in its name."""
    language = view.meta.language
    if not isinstance(value, int | float) or isinstance(value, bool):
        return name.replace("_", " "), str(value)
    if name.endswith("bytes") or "_bytes" in name:
        return name.replace("_bytes", "").replace("_", " "), figures.size(round(value), language)
    if name.endswith("_pct"):
        return name.removesuffix("_pct").replace("_", " "), f"{value:.3g} %"
    for unit, seconds in _UNITS:
        if name.endswith(unit):
            return name.removesuffix(unit).replace("_", " "), span(value * seconds)
    if isinstance(value, float) and not value.is_integer():
        return name.replace("_", " "), f"{value:.3g}"
    return name.replace("_", " "), figures.count(round(value), language)


def span(seconds: float) -> str:
    """Return a length of time in the unit that a person would choose."""
    for most, size, unit in ((0.1, 1e-3, "ms"), (120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if abs(seconds) < most:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:.3g} d"


def drawing(text: str | None) -> Row | None:
    """Return a rhythm as places of bars; null: there is none to draw.

    Args:
        text: JSON {from_us, step_us, conns, bytes}, as detectors give it.
    """
    told = dict(_pairs(text))
    conns, sent = told.get("conns"), told.get("bytes")
    if not isinstance(conns, list) or not conns or not all(isinstance(n, int | float) for n in conns):
        return None
    most = max(conns)
    if most <= 0:
        return None
    step = WIDE / len(conns)
    given = sent if isinstance(sent, list) and len(sent) == len(conns) else [0] * len(conns)
    bars = [
        (round(at * step, 2), round(HIGH * (1 - n / most), 2), round(HIGH * n / most, 2), bool(size))
        for at, (n, size) in enumerate(zip(conns, given, strict=True))
        if n
    ]
    lines = [f"M{x} {HIGH}V{y}h{max(round(step * 0.8, 2), 0.8)}V{HIGH}z" for x, y, _, _ in bars]
    first, width = told.get("from_us"), told.get("step_us")
    return {
        "sent": _paths([line for line, bar in zip(lines, bars, strict=True) if bar[3]]),
        "tried": _paths([line for line, bar in zip(lines, bars, strict=True) if not bar[3]]),
        "most": round(most),
        "step": span(width / 1e6) if isinstance(width, int | float) else "",
        "from": first if isinstance(first, int) else None,
    }


def _paths(lines: list[str]) -> list[str]:
    """Join bars to paths that are short enough for the page, which cuts every long text."""
    return ["".join(lines[at : at + 40]) for at in range(0, len(lines), 40)]


def _table(view: View, rows: list[Row]) -> Grid:
    t = view.t
    fields = (
        Field(t("col.behaviour"), "text", lambda r: view.code("behaviour", r["kind"])),
        Field(t("col.from"), "mono", lambda r: r["orig_h"] or "–"),
        Field(t("col.to"), "two", lambda r: (r["far"] or "–", f"{r['proto'] or ''} {r['resp_p'] or ''}".strip())),
        Field(t("col.score"), "text", lambda r: figures.share(r["score"], view.meta.language), title=t("tip.score")),
        Field(t("col.declared"), "chip", lambda r: view.chip("declared", r["standing"] or "unknown")),
        *(
            [Field(t("judged"), "text", lambda r: r["judged"] or "–", wide=True)]
            if any(r["judged"] for r in rows)
            else []
        ),
        Field(t("col.sent"), "bytes", lambda r: r["orig_bytes"], title=t("tip.sent")),
        Field(t("col.received"), "bytes", lambda r: r["resp_bytes"]),
        Field(t("col.pcr"), "text", lambda r: "–" if r["pcr"] is None else f"{r['pcr']:+.2f}", title=t("tip.pcr")),
        Field(t("col.conns"), "count", lambda r: r["conns"]),
        Field(t("col.seen"), "span", lambda r: figures.window(r["from_ts"], r["to_ts"])),
        Field(t("col.what"), "two", lambda r: (r["message"] or "", r["innocent"] or ""), wide=True),
    )
    return grid("behaviour", fields, rows[:LISTED], total=len(rows), more="behaviour", most=LISTED)
