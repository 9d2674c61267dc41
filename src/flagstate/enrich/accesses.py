"""Accesses that several logs tell: one id per asset, and from when to when a log was off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model

Row = dict[str, Any]

RANKS = ("est:", "tf:")
"""Prefixes of ids under which an asset is known, the preferred one first: declaration, infrastructure description."""


def accesses(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Join what logs call an asset to what the case calls it, and close the gaps of logs that were switched on again.

    Args:
        tables: activity, asset and coverage.

    Returns:
        `activity`, in which an asset that the declaration or an infrastructure description knows has its id from there,
        and `coverage`, in which a log that was switched off has its end where the same log was switched on again. Both
        whole.

    Two are one where they answer under one domain name, or where provider, kind and name are the same and nobody else
    has them. It cannot see that two are one whose names differ, or were masked.
    """
    made: dict[str, pa.Table] = {}
    activity = tables["activity"]
    known = _known(tables["asset"]) if activity.num_rows else {}
    if known:
        ids = [known.get(one, one) for one in activity["asset_id"].to_pylist()]
        place = activity.schema.get_field_index("asset_id")
        renamed = activity.set_column(place, "asset_id", pa.array(ids, pa.string()))
        made["activity"] = model.stamp(renamed, model.ACTIVITY)
    if (pc.sum(pc.equal(tables["coverage"]["complete"], "no")).as_py() or 0) > 0:
        made["coverage"] = closed(tables["coverage"], known)
    return made


def _known(asset: pa.Table) -> dict[str, str]:
    """Return the id by which the case knows an observed asset."""
    rows = asset.select(["asset_id", "kind", "name", "provider", "server_name", "stance"]).to_pylist()
    ours = sorted((r for r in rows if str(r["asset_id"]).startswith(RANKS)), key=lambda r: _rank(str(r["asset_id"])))
    seen = {str(r["asset_id"]): r for r in rows if r["stance"] == "observed"}
    found: dict[str, str] = {}
    for told in (_domain, _name):
        by: dict[object, set[str]] = {}
        for row in ours:
            if key := told(row):
                by.setdefault(key, set()).add(str(row["asset_id"]))
        mine: dict[object, set[str]] = {}
        for one, row in seen.items():
            if key := told(row):
                mine.setdefault(key, set()).add(one)
        for key, listed in mine.items():
            best = sorted(by.get(key, ()), key=_rank)
            ranks = [_rank(one)[0] for one in best]
            # Two of the same kind of source are two assets: then nobody knows which one it is.
            if len(listed) == 1 and best and ranks.count(ranks[0]) == 1:
                found.setdefault(next(iter(listed)), best[0])
    return found


def _rank(one: str) -> tuple[int, str]:
    return next((i for i, prefix in enumerate(RANKS) if one.startswith(prefix)), len(RANKS)), one


def _domain(row: Row) -> object:
    name = row["server_name"]
    return name.lower() if name and "‹" not in name else None


def _name(row: Row) -> object:
    if not row["name"] or not row["provider"] or "‹" in row["name"] or row["kind"] == "service":
        return None
    return (row["provider"], row["kind"], row["name"])


def closed(coverage: pa.Table, known: Mapping[str, str] | None = None) -> pa.Table:
    """Return coverage in which every gap of a log ends where the same log was switched on again.

    Args:
        coverage: Rows of coverage; `said_by` names the log. A row `unknown` with only a beginning says that it was
            switched on then.
        known: Ids of assets that have another one in the case.
    """
    names = known or {}
    rows = coverage.to_pylist()
    for row in rows:
        row["scope"], row["said_by"] = (names.get(row[name], row[name]) for name in ("scope", "said_by"))
    begun: dict[tuple[str, str], list[datetime]] = {}
    for row in rows:
        opened = row["complete"] == "unknown" and row["from_ts"] and row["to_ts"] is None
        if opened and (":" in str(row["said_by"] or "") or row["scope"] == row["said_by"]):
            begun.setdefault((row["noun"], row["said_by"]), []).append(row["from_ts"])
    for row in rows:
        if row["complete"] == "no" and row["from_ts"] and row["to_ts"] is None:
            row["to_ts"] = _next(begun.get((row["noun"], row["said_by"]), ()), row["from_ts"])
    return model.rows(model.COVERAGE, rows)


def _next(moments: Iterable[datetime], after: datetime) -> datetime | None:
    return min((moment for moment in moments if moment >= after), default=None)
