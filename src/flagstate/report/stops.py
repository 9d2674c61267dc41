"""Cuts against services, as a matrix to look at first; concentration; and the points on which services hang unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

COLUMNS, ROWS = 10, 40
"""Services and cuts that the matrix holds."""

KINDS = ("government", "entity", "asset")
"""Who switches off, in the order in which they are shown."""

POINTS = {
    "resolves": "dns",
    "registers": "registrar",
    "certifies": "ca",
    "authenticates": "identity",
    "licenses": "licence",
    "updates": "updates",
}
"""Interests through which a service hangs on somebody unseen, and the word for it."""

Row = dict[str, Any]


def matrix(rows: Iterable[Row], names: Mapping[str, str]) -> dict[str, Any]:
    """Return when each service stops under each cut; critical services and the widest cuts first.

    Args:
        rows: Rows of `cutoff`.
        names: Names of entities and assets by id.
    """
    cells: dict[tuple[str, str], Row] = {}
    critical: dict[str, bool] = {}
    for row in rows:
        cells[row["cut"], row["asset_id"]] = row
        critical[row["asset_id"]] = critical.get(row["asset_id"], False) or bool(row["critical"])
    services = sorted(critical, key=lambda a: (not critical[a], -sum(k[1] == a for k in cells), names.get(a, a)))
    shown = services[:COLUMNS]

    def rank(cut: str) -> tuple[object, ...]:
        hit = [a for c, a in cells if c == cut]
        return (KINDS.index(cut.partition(":")[0]), -sum(critical[a] for a in hit), -len(hit), cut)

    cuts = sorted({cut for cut, _ in cells}, key=rank)
    return {
        "columns": [{"id": s, "name": names.get(s, s.removeprefix("est:")), "critical": critical[s]} for s in shown],
        "rows": [
            {
                "cut": cut,
                "kind": cut.partition(":")[0],
                "who": cut.partition(":")[2],
                "name": names.get(cut.partition(":")[2], cut.partition(":")[2].removeprefix("est:")),
                "total": sum(c == cut for c, _ in cells),
                "cells": [cells.get((cut, s)) for s in shown],
            }
            for cut in cuts[:ROWS]
        ],
        "more_columns": max(len(services) - COLUMNS, 0),
        "more_rows": max(len(cuts) - ROWS, 0),
    }


def concentration(rows: Iterable[Row], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return how much hangs on each parent and each country, with the index of each.

    Args:
        rows: Rows of `concentration`.
        names: Names of entities by id.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["by"], []).append(row)
    return [
        {
            "by": by,
            "hhi_services": listed[0]["hhi_services"],
            "hhi_bytes": listed[0]["hhi_bytes"],
            "members": [
                row | {"name": names.get(row["member"] or "", row["member"] or "")}
                for row in sorted(listed, key=lambda r: (-(r["services"] or 0), -(r["orig_bytes"] or 0)))[:12]
            ],
            "more": max(len(listed) - 12, 0),
        }
        for by in ("parent", "country")
        if (listed := groups.get(by))
    ]


def points(
    needs: Iterable[Row], interests: Iterable[Row], assets: Iterable[Row], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return what services hang on without a declaration saying so.

    Args:
        needs: Rows of `need`.
        interests: Rows of `interest`.
        assets: Rows of `asset`, for what a point is.
        names: Names of entities and assets by id.
    """
    kinds = {row["asset_id"]: row["kind"] or "service" for row in assets}
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def add(what: str, point: str, service: str, source: str | None) -> None:
        shown, name = (names.get(key, key.removeprefix("est:")) for key in (point, service))
        one = found.setdefault((what, point), {"what": what, "point": shown, "of": [], "why": source})
        if name not in one["of"]:
            one["of"].append(name)

    for row in needs:
        if row["stance"] != "declared":
            add(kinds.get(row["needs_id"], "service"), row["needs_id"], row["asset_id"], row.get("source"))
    for row in interests:
        if row["kind"] in POINTS and row["stance"] != "declared" and row["holder_id"]:
            add(POINTS[row["kind"]], row["holder_id"], row["subject_id"], row["source"])
    return sorted(found.values(), key=lambda one: (-len(one["of"]), one["what"], one["point"]))
