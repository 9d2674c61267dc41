"""Need groups of several sources kept apart: what two sources number alike are two groups, not alternatives."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate import model


def apart(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return `need` with a number of its own for each group of each source.

    Args:
        tables: Tables of the case by noun; only `need` is read.

    Returns:
        `need`; the first source that speaks of an asset keeps its numbers, groups of others get the next free ones.
    """
    rows = tables["need"].to_pylist()
    if not rows:
        return {}
    sources: dict[str, dict[str | None, None]] = {}
    taken: dict[str, set[int]] = {}
    listed = sorted(rows, key=_order)
    numbers: dict[tuple[str, str | None, int], int] = {}
    for row in listed:
        asset, source, group = str(row["asset_id"]), row["evidence_id"], row["need_group"] or 0
        sources.setdefault(asset, {}).setdefault(source)
        used = taken.setdefault(asset, set())
        key = (asset, source, group)
        if key not in numbers:
            first = next(iter(sources[asset])) == source
            numbers[key] = group if first and group not in used else max(used, default=0) + 1
            used.add(numbers[key])
    changed = False
    for row in rows:
        number = numbers[str(row["asset_id"]), row["evidence_id"], row["need_group"] or 0]
        changed |= number != row["need_group"]
        row["need_group"] = number
    return {"need": model.stamp(model.rows(model.NEED, rows), model.NEED)} if changed else {}


def _order(row: Mapping[str, object]) -> tuple[object, ...]:
    """Return the order of sources: the declaration first, since people name its groups by number."""
    group = row["need_group"]
    return (str(row["asset_id"]), row["stance"] != "declared", str(row["evidence_id"]), group or 0)
