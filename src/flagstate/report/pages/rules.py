"""Rules: which legal bar is crossed, by which facts, under which paragraph, and what would cure it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.model.nouns import FACTS
from flagstate.report import meter, rulings
from flagstate.report.french import translated
from flagstate.report.grid import Field, Grid, grid
from flagstate.report.view import View

NAME = "rules"

OPEN = 3
"""Laws that are unfolded at first, if something adverse stands in them."""
LAWS = 60
"""Laws that get a part of the page of their own; the table has all."""
OTHERS = 4
"""Counterparties and rules that a meter names."""
REFUSED = 40
"""Laws that did not run and are named."""

Row = dict[str, Any]


def build(view: View) -> dict[str, Any]:
    """Return what did not run, the laws with their findings, the counts against their bars, and a row per rule."""
    found = rulings.rulings(view.table("finding"))
    # An audit that heard no law names none: that its laws found nobody would not be true.
    known = view.meta.laws if found.num_rows and _heard(found) else {}
    book = rulings.book(found, known)
    shown = book["laws"][:LAWS]
    meters, meters_more = meter.meters(found, view.table("person_count"))
    rows = [row for law in shown for group in law["groups"] for row in group["rows"]]
    origins = _origins(view, rows)
    for law in book["laws"]:
        told = known.get(law["id"], {})
        law["title"] = _spoken(view, told.get("title"))
        law["citation"] = told.get("citation", "")
        law["shown"] = [(name, law["counts"][name]) for name in rulings.KINDS if law["counts"][name]]
        law["parts"] = [
            (name, [_group(view, told, group, origins) for group in law["groups"] if group["kind"] == name])
            for name in rulings.KINDS
            if any(group["kind"] == name for group in law["groups"])
        ]
    refused = rulings.refused(found)
    return {
        "answer": view.answer(NAME),
        "refused": refused[:REFUSED],
        "refused_more": max(len(refused) - REFUSED, 0),
        "kinds": [name for name in rulings.KINDS if book["counts"][name]],
        "laws": [law for law in book["laws"] if law["total"]],
        "quiet": [law["title"] or law["id"] for law in book["laws"] if not law["total"]],
        "parts": [law for law in shown if law["total"]],
        "open": [law["id"] for law in shown if any(law["counts"][name] for name in rulings.ADVERSE)][:OPEN],
        "folded": rulings.FOLDED,
        "meters": [_meter(view, one) for one in meters],
        "meters_more": meters_more,
        "size": (meter.WIDE, meter.HIGH),
        "table": _table(view, book["laws"]),
    }


def _heard(found: pa.Table) -> bool:
    return any(rule != rulings.NOT_BUILT for rule in found["rule_id"].to_pylist())


def _spoken(view: View, text: Mapping[str, str] | None) -> str:
    return (text or {}).get(view.meta.language, "")


def _origins(view: View, rows: Sequence[Row]) -> dict[str, str]:
    wanted = [fact for row in rows for fact in (row["facts"] or ())[: rulings.FACTS]]
    return rulings.origins(((name, view.table(name)) for name in FACTS), view.table("evidence"), wanted)


def _group(view: View, told: Mapping[str, Any], group: Row, origins: Mapping[str, str]) -> Row:
    """Return the findings of one rule and outcome with what they share: title, citation, status and measures."""
    rows = [_finding(view, row, origins) for row in group["rows"]]
    first = rows[0]
    titles = told.get("rules", {}).get(group["rule"])
    return group | {
        "rows": rows,
        "title": _spoken(view, titles) or first["title"],
        "citation": first["citation"],
        "status": first["text"],
        "stands": first["stands"],
        "measures": list(dict.fromkeys(text for row in rows for text in row["measures"] or ())),
    }


def _finding(view: View, row: Row, origins: Mapping[str, str]) -> Row:
    french = translated(row) if view.meta.language == "fr" else {}
    status, stands = rulings.status(row["status"])
    values = rulings.figures(row["values"])
    facts = row["facts"] or []
    applied, _, exemption = (row["exemption"] or "").partition(": ")
    return row | french | {
        "title": french.get("title", ""),
        "text": status,
        "stands": stands,
        "would": str(values.get("would_be") or ""),
        "figures": [(key, _scalar(view, value)) for key, value in values.items() if not key.startswith("would_")],
        "bounds": [(key, _scalar(view, value)) for key, value in rulings.figures(row["bounds"]).items()],
        "named": [(fact, origins.get(fact, "")) for fact in facts[: rulings.FACTS]],
        "facts_more": max(len(facts) - rulings.FACTS, 0),
        "exempt": applied if exemption and applied in ("applied", "refused") else "",
        "exemption": exemption if applied in ("applied", "refused") else row["exemption"] or "",
    }  # fmt: skip


def _scalar(view: View, value: object) -> str:
    if isinstance(value, bool):
        return view.t("rules.yes") if value else view.t("rules.no")
    if isinstance(value, int | float):
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return view.filters["count"](whole) if isinstance(whole, int) else f"{whole:g}"
    if isinstance(value, list):
        return ", ".join(_scalar(view, one) for one in value)
    return "–" if value is None else view.entity(value) if isinstance(value, str) else str(value)


def _meter(view: View, one: Row) -> Row:
    """Return a meter with its words."""
    others = [view.entity(key) for key in one["others"]]
    named = list(one["rules"])
    count = view.filters["count"]
    return one | {
        "subject": view.entity(one["subject"]),
        "rules": named[:OTHERS],
        "rules_more": max(len(named) - OTHERS, 0),
        "others": others[:OTHERS],
        "others_more": max(len(others) - OTHERS, 0),
        "of": one["of"].rpartition("/")[2].replace("_", " "),
        "span": _span(view, one["low"], one["high"]),
        "words": _distance(view, one),
        "limit_words": count(one["limit"]),
    }


def _span(view: View, low: int, high: int | None) -> str:
    count = view.filters["count"]
    if high is None:
        return view.t("meter.least", lo=count(low))
    return str(count(low)) if low == high else view.t("holdings.subjects", lo=count(low), hi=count(high))


def _distance(view: View, one: Row) -> str:
    """Return how far a count is from its bar, in words."""
    count = view.filters["count"]
    if one["state"] == "open":
        if one["high"] is None:
            key = "distance.open_end" if one["over"] < 0 else "distance.open_end_at"
            return view.t(key, n=count(-one["over"]))
        return view.t("distance.open", under=count(-one["over"]), over=count(-one["under"]))
    distance = {"above": one["over"], "at": 0, "below": one["under"]}[one["state"]]
    exact = "" if one["low"] == one["high"] else "_span"
    return view.t(f"distance.{one['state']}{exact}", n=count(distance))


def _table(view: View, laws: Sequence[Row]) -> Grid:
    """Return a row per rule that found somebody, with how often each way."""
    t = view.t
    rules: dict[tuple[str, str], Row] = {}
    for law in laws:
        for name, groups in law["parts"]:
            for group in groups:
                one = rules.setdefault((law["id"], group["rule"]), group | {"law": law["title"] or law["id"]})
                one[f"n {name}"] = group["total"]
    kinds = [name for name in rulings.KINDS if any(f"n {name}" in one for one in rules.values())]
    fields = (
        Field(t("col.rule"), "two", lambda r: (r["rule"], r["title"])),
        Field(t("col.law"), "text", lambda r: r["law"]),
        Field(t("col.citation"), "text", lambda r: r["citation"] or "–"),
        Field(t("col.status"), "chip", lambda r: _badge(view, r["status"])),
        *(Field(view.code("ruling", name), "count", _counted(name), t("rules.findings")) for name in kinds),
    )
    return grid("rules", fields, rules.values(), more="finding")


def _badge(view: View, status: str) -> tuple[str, str]:
    return ("ok" if status == "sourced" else "warn", view.code("status", status))


def _counted(name: str) -> Any:  # noqa: ANN401  a function from a row to its cell
    return lambda row: row.get(f"n {name}", 0)
