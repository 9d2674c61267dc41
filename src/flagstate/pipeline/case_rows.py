"""Rows of nouns that a worked case gives beside its declaration: what was seen, as no declaration can say it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.catalog import form, strict
from flagstate.catalog.strict import Node

_REFERS = frozenset({"from_asset", "to_asset", "scope", "about", "principal", "subject", "runs_on"})
"""Columns that may name something of the world though their names do not say so."""


def lay(
    tables: dict[str, pa.Table], rows: Node, *, known: Collection[str], ident: Callable[[str], str], evidence_id: str
) -> dict[str, pa.Table]:
    """Return the tables of a world with its rows of other nouns laid beside them.

    Args:
        tables: The world.
        rows: Rows by noun; facts count as observed unless they say otherwise.
        known: Names of the world.
        ident: Gives the id of a name.
        evidence_id: What the rows rest on.

    Raises:
        DeclarationError: There is no such noun or column.
    """
    made = dict(tables)
    for name, listed in rows.pairs.items():
        noun = model.NOUNS.get(name)
        if noun is None or noun.group == "stream":
            raise strict.fail(listed, f"There is no noun {name}", "docs/tables.md lists them")
        found = [_row(noun, item, known, ident) for item in listed.items]
        table = model.rows(noun, found)
        if noun.group == "fact":
            stance = found[0].get("stance") or "observed"
            table = model.stamp(table, noun, stance=str(stance), evidence_id=evidence_id)
        made[name] = pa.concat_tables([made[name], table]) if name in made else table
    return made


def plain(node: Node) -> Any:  # noqa: ANN401  a tree of plain values has no narrower type
    """Return a part of a case as plain values."""
    if node.kind == "object":
        return {key: plain(value) for key, value in node.pairs.items()}
    return [plain(item) for item in node.items] if node.kind == "array" else node.value


def _row(noun: model.Noun, item: Node, known: Collection[str], ident: Callable[[str], str]) -> dict[str, object]:
    types = dict(zip(noun.schema.names, noun.schema.types, strict=True))
    row: dict[str, object] = {}
    for name, node in item.pairs.items():
        if name not in types:
            near = form.near(name, types)
            raise strict.fail(node, f"{noun.name} has no column {name}", f"Did you mean {near}?" if near else "")
        value = plain(node)
        if name.endswith("_id") or name in _REFERS:
            value = ident(value) if value in known else value
        elif name.endswith("_ids"):
            value = [ident(part) if part in known else part for part in value]
        if types[name] == pa.date32():
            value = date.fromisoformat(value)
        elif pa.types.is_timestamp(types[name]):
            value = datetime.fromisoformat(value).replace(tzinfo=UTC)
        row[name] = value
    return row
