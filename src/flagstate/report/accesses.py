"""Accesses as a table: who touched what, from where, and to whom access was given; what asks for attention first."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from flagstate.report import figures
from flagstate.report.grid import Field, Grid, grid
from flagstate.report.view import View

Row = dict[str, Any]

LISTED = 1000
"""Rows that the page holds; the rest is in tables/activity.parquet."""

RANK = (
    *("stop_logging", "share", "unshare", "login", "decrypt", "read", "write", "admin", "unknown", "inspect"),
    "start_logging",
)
"""Actions in the order in which they ask for attention."""


def accesses(view: View) -> Row | None:
    """Return the table of accesses and its sums; null: none was observed.

    Accesses are put together by group, origin, action and party; an address has the country and the operator that the
    sources agree on, and none otherwise.
    """
    found = view.table("activity")
    seen = found.filter(pc.equal(found["stance"], "observed"))
    if not seen.num_rows:
        return None
    rows = sorted(_together(seen.to_pylist(), view), key=_order)
    outside = sorted({row["country"] for row in rows if row["country"]})
    return {
        "times": sum(row["times"] for row in rows),
        "refused": sum(row["refused"] for row in rows),
        "groups": len({row["who"] for row in rows}),
        "countries": outside,
        "shares": sum(row["times"] - row["refused"] for row in rows if row["action"] == "share"),
        "table": _table(view, rows),
    }


def _together(listed: list[Row], view: View) -> list[Row]:
    ends = {row["addr"]: row for row in view.table("endpoint").to_pylist()}
    made: dict[tuple[object, ...], Row] = {}
    for row in listed:
        key = (row["principal"], row["from_place"], row["action"], row["to_party"])
        into = made.get(key)
        if into is None:
            end = ends.get(row["from_place"]) or {}
            into = made[key] = {
                "who": row["principal"] or "–",
                "from": row["from_place"] or "–",
                "country": _country(row["from_place"], end),
                "operator": view.entity(end["operator_id"]) if end.get("operator_id") else end.get("as_name") or "",
                "action": row["action"] or "unknown",
                "party": row["to_party"],
                "assets": {},
                "times": 0,
                "refused": 0,
                "bytes": None,
                "first": row["day"],
                "last": row["day"],
            }
        _add(into, row)
    return list(made.values())


def _add(into: Row, row: Row) -> None:
    times = row["count"] or 0
    into["times"] += times
    into["refused"] += row["failed"] or 0
    into["assets"][row["asset_id"]] = into["assets"].get(row["asset_id"], 0) + times
    if row["bytes"] is not None:
        into["bytes"] = (into["bytes"] or 0) + row["bytes"]
    for name, chosen in (("first", min), ("last", max)):
        days = [day for day in (into[name], row["day"]) if day is not None]
        into[name] = chosen(days) if days else None


def _country(place: str | None, end: Row) -> str:
    if place and len(place) == 2 and place.isalpha():
        return place
    return (end.get("host_country") or "") if end.get("confidence") in ("sure", "likely") else ""


def _order(row: Row) -> tuple[object, ...]:
    rank = RANK.index(row["action"]) if row["action"] in RANK else len(RANK)
    return (rank, row["times"] == row["refused"], not row["country"], -row["times"], row["who"], row["from"])


def _what(view: View, row: Row) -> tuple[str, str]:
    """Return the asset that was touched most, and how many others were."""
    ordered = sorted(row["assets"].items(), key=lambda item: (-item[1], str(item[0])))
    rest = len(ordered) - 1
    return view.entity(ordered[0][0]), view.t("accesses.more", n=rest) if rest else ""


def _days(row: Row) -> tuple[str, str]:
    first, last = figures.day(row["first"]), figures.day(row["last"])
    return (first, "" if first == last else last)


def _table(view: View, rows: list[Row]) -> Grid:
    t = view.t
    fields = (
        Field(t("col.who"), "text", lambda r: r["who"], title=t("tip.who")),
        Field(t("col.action"), "chip", lambda r: view.chip("action", r["action"])),
        Field(t("col.touched"), "two", lambda r: _what(view, r), wide=True),
        Field(t("col.party"), "text", lambda r: r["party"] or "–", title=t("tip.party")),
        Field(t("col.origin"), "two", lambda r: (r["from"], r["operator"]), title=t("tip.origin")),
        Field(t("col.host"), "country", lambda r: r["country"], title=t("tip.host")),
        Field(t("col.times"), "count", lambda r: r["times"]),
        Field(t("col.refused"), "count", lambda r: r["refused"], title=t("tip.refused")),
        Field(t("col.size"), "bytes", lambda r: r["bytes"]),
        Field(t("col.days"), "span", _days),
    )
    return grid("activity", fields, rows[:LISTED], total=len(rows), more="activity", most=LISTED)
