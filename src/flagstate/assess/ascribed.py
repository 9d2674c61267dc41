"""Stores that were given as files, put to the asset whose containers they hold by their names."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate import model
from flagstate.catalog.containers import same

STORE = "store:"
_COUNTED = ("holding", "population", "person_count")

Row = dict[str, object]


def ascribe(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return what was found in given stores also under the asset that the declaration names for it.

    Args:
        tables: holding, population and person_count.

    Returns:
        The three tables; what was found in a store stands a second time, under the asset whose declared containers
        match most of the containers of the store. Where two match alike, or none does, nothing is added.

    What it cannot see: a store that was renamed, and two assets with tables of the same names.
    """
    rows = tables["holding"].to_pylist()
    found = _assets(rows)
    if not found:
        return {}
    made = {}
    for noun in _COUNTED:
        table = tables[noun]
        listed = table.to_pylist()
        more = [row | {"asset_id": found[row["asset_id"]]} for row in listed if row["asset_id"] in found]
        made[noun] = pa.concat_tables([table, model.rows(model.NOUNS[noun], more)])
    return made


def _assets(rows: list[Row]) -> dict[object, str]:
    """Return the asset of each store."""
    declared: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    for row in rows:
        asset, container = str(row["asset_id"]), row["container"]
        if row["stance"] == "declared" and container and row["state"] != "moved":
            declared.setdefault(asset, set()).add(str(container))
        elif row["stance"] == "observed" and asset.startswith(STORE):
            held.setdefault(asset, set()).update({str(container or ""), asset.removeprefix(STORE)} - {""})
    found: dict[object, str] = {}
    for store, names in held.items():
        fits = {
            asset: sum(any(same(wanted, name) for name in names) for wanted in patterns)
            for asset, patterns in declared.items()
        }
        best = max(fits.values(), default=0)
        winners = [asset for asset, fit in fits.items() if fit == best]
        if best and len(winners) == 1:
            found[store] = winners[0]
    return found
