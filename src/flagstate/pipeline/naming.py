"""What a person calls an entity or asset, and which id that is; a name that fits several is refused."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate.catalog.form import near
from flagstate.catalog.mask import plain
from flagstate.errors import UsageError

_ID = {"entity": ("legal_entity", "entity_id"), "asset": ("asset", "asset_id")}


def names(tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """Return the name of every entity and asset by its id; the id without its prefix where there is none."""
    found: dict[str, str] = {}
    for noun, column in _ID.values():
        table = tables[noun]
        for key, name in zip(table[column].to_pylist(), table["name"].to_pylist(), strict=True):
            if key is not None:
                short = str(key).removeprefix("est:")
                if found.get(key, short) == short:
                    found[key] = name or short
    return found


def find(tables: Mapping[str, pa.Table], text: str, kind: str) -> str:
    """Return the id of what a person names.

    Args:
        tables: The tables of the case.
        text: An id, the key of the declaration, an LEI, or the whole name.
        kind: entity or asset.

    Raises:
        UsageError: Nothing has that name, or several things have.
    """
    noun, column = _ID[kind]
    table = tables[noun]
    ids = {str(key) for key in table[column].to_pylist() if key is not None}
    for key in (text, f"est:{text}", f"ent:{text}", f"lei:{text}"):
        if key in ids:
            return key
    columns = ["name", *(["lei"] if kind == "entity" else ["server_name", "addr"])]
    hits = {
        str(row[column])
        for row in table.select([column, *columns]).to_pylist()
        if row[column] and any(str(row[c] or "").casefold() == text.casefold() for c in columns)
    }
    if len(hits) == 1:
        return hits.pop()
    if hits:
        raise UsageError(
            f"{plain(text)!a} names {len(hits)} {kind} ids", todo=f"Write one of: {', '.join(sorted(hits)[:8])}."
        )
    close = near(text, (key.removeprefix("est:") for key in ids))
    todo = f"Did you mean {plain(close)}?" if close else "`flagstate report --format csv --out DIR` lists all."
    raise UsageError(f"the case has no {kind} {plain(text)!a}", todo=todo)
