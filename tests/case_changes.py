"""Changes of worlds, for the properties that hold over all worked cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date

import msgspec
import pyarrow as pa

from flagstate import model
from flagstate.catalog.compulsion import Law
from flagstate.catalog.country_names import expand
from flagstate.model.codes import REACH_LEVELS

Tables = dict[str, pa.Table]
Row = dict[str, object]
Edit = Callable[[str, Row], Row | None]

COUNTRIES = (
    "organised_in", "principal_place", "located_in", "nationality", "serves", "country", "from_place", "about",
    "host_country", "host_country_second", "registrant_country", "as_country", "provider_country",
)  # fmt: skip
IN_JSON = {"agreement": "terms", "claim": "test"}
"""Columns of JSON in which countries stand."""
GROUPS = ("EU", "EEA")


def edited(tables: Mapping[str, pa.Table], edit: Edit) -> Tables:
    """Return the tables with every row changed, or left out where the edit says None; each fact has its id anew."""
    found = {}
    for noun, table in tables.items():
        rows = [made for row in table.to_pylist() if (made := edit(noun, row)) is not None]
        made_rows, kind = model.rows(model.NOUNS[noun], rows), model.NOUNS[noun]
        found[noun] = model.stamp(made_rows, kind) if kind.group == "fact" else made_rows
    return found


def added(tables: Mapping[str, pa.Table], noun: str, *rows: Row) -> Tables:
    """Return the tables with rows more; they count as configured."""
    kind = model.NOUNS[noun]
    more = model.stamp(model.rows(kind, rows), kind, stance="configured", evidence_id="case:added")
    before = tables.get(noun, model.empty(kind))
    return {**tables, noun: pa.concat_tables([before, more])}


def _each(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    return [_each(one, change) for one in value] if isinstance(value, list) else value


def swapped(tables: Mapping[str, pa.Table], change: Callable[[str], str], as_of: date) -> Tables:
    """Return the tables with countries exchanged; groups in policies are written out before."""

    def edit(noun: str, row: Row) -> Row:
        if noun == "policy":
            return row | {"value": change(str(row["value"]))}
        if noun == "measure" and row["params"]:
            params = json.loads(str(row["params"]))
            if "place" in params:
                params["place"] = change(params["place"])
            return row | {"params": json.dumps(params, sort_keys=True)}
        if (column := IN_JSON.get(noun)) and row[column]:
            said = {key: _each(value, change) for key, value in json.loads(str(row[column])).items()}
            row = row | {column: json.dumps(said, sort_keys=True)}
        return row | {name: _each(row[name], change) for name in COUNTRIES if name in row}

    return edited(written_out(tables, as_of), edit)


def written_out(tables: Mapping[str, pa.Table], as_of: date) -> Tables:
    """Return the tables with the groups of countries that a policy names replaced by their members."""
    if "policy" not in tables:
        return dict(tables)
    rows: list[Row] = []
    for row in tables["policy"].to_pylist():
        named = row["value"] in GROUPS
        members = sorted(expand([row["value"]], on=as_of)[0]) if named else [row["value"]]
        rows += [row | {"value": one} for one in members]
    return {**tables, "policy": model.stamp(model.rows(model.POLICY, rows), model.POLICY)}


def swapped_laws(laws: tuple[Law, ...], change: Callable[[str], str]) -> tuple[Law, ...]:
    """Return the laws with countries exchanged."""
    return tuple(
        msgspec.structs.replace(
            law,
            gov=change(law.gov),
            exempt=tuple(msgspec.structs.replace(one, country=change(one.country)) for one in law.exempt),
        )
        for law in laws
    )


def renamed(tables: Mapping[str, pa.Table], change: Callable[[str], str]) -> Tables:
    """Return the tables with every id of the world changed, wherever it stands, and the names left out."""

    def edit(_noun: str, row: Row) -> Row:
        return {name: None if name == "name" else _each(value, change) for name, value in row.items()}

    return edited(tables, edit)


def side_by_side(worlds: Mapping[str, Mapping[str, pa.Table]]) -> Tables:
    """Return many worlds as one, each with ids of its own: one derivation tries a change in all of them.

    Policies and measures are left out, for they speak of a whole world.
    """
    found: dict[str, list[pa.Table]] = {}
    for name, tables in worlds.items():
        kept = {noun: table for noun, table in tables.items() if noun not in ("policy", "measure")}
        for noun, table in renamed(kept, _apart(name)).items():
            if noun == "holding":
                # What is split has a name of its own, which is no id.
                splits = [one and f"{name}/{one}" for one in table["split"].to_pylist()]
                table = table.set_column(table.column_names.index("split"), "split", pa.array(splits, pa.string()))
            found.setdefault(noun, []).append(table)
    return {noun: pa.concat_tables(listed) for noun, listed in found.items()}


def _apart(world: str) -> Callable[[str], str]:
    return lambda text: text.replace("est:", f"est:{world}/", 1) if text.startswith("est:") else text


def ids_of(tables: Mapping[str, pa.Table]) -> list[str]:
    """Return the ids of all entities and assets of a world."""
    entities = tables["legal_entity"]["entity_id"].to_pylist() if "legal_entity" in tables else []
    assets = tables["asset"]["asset_id"].to_pylist() if "asset" in tables else []
    return sorted({*entities, *assets})


def answers(tables: Mapping[str, pa.Table], change: Callable[[str], str] = str) -> dict[str, list[str]]:
    """Return what was concluded, without words and without ids of facts, in an order that names do not decide.

    Args:
        tables: What was derived.
        change: Applied to every country and id before.
    """
    columns = {
        "control_chain": ("holder_id", "subject_id", "steps", "kind", "verdict", "contested"),
        "ultimate_parent": ("entity_id", "parent_id", "kind", "verdict"),
        "owned_share": ("holder_id", "subject_id", "share_lo_pct", "share_hi_pct"),
        "contradiction": ("about_id", "noun", "column"),
        "compelled": ("government", "entity_id", "basis", "level", "via_id", "contested", "disputed"),
        "reach": (
            "government",
            "subject_id",
            "container",
            "data",
            "answer",
            "level",
            "contested",
            "disputed",
            "entities",
            "key_ids",
        ),
        "cutoff": ("cut", "asset_id", "at_h", "contested", "verdict"),
        "finding": ("question", "rule_id", "subject", "counterparty", "verdict", "confidence"),
    }
    found = {}
    for noun, names in columns.items():
        rows = []
        for row in tables[noun].select(list(names)).to_pylist():
            if row.get("kind") == "circle":
                # It is named by its first member, which is a matter of names.
                row["parent_id"] = None
            values = [_each(row[name], change) for name in names]
            rows.append(repr([sorted(v) if isinstance(v, list) else v for v in values]))
        found[noun] = sorted(rows)
    return found


def clear(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str, str, str], int]:
    """Return who reaches clear data of what, in either answer, and how directly at best (0: the most direct)."""
    found: dict[tuple[str, str, str, str], int] = {}
    for row in tables["reach"].to_pylist():
        if row["data"] != "clear" or row["government"] is None:
            continue
        both = ("evidenced", "declared") if row["answer"] in ("both", None) else (row["answer"],)
        for answer in both:
            key = (row["government"], row["subject_id"], str(row["container"]), answer)
            found[key] = min(found.get(key, 99), REACH_LEVELS.index(row["level"]))
    return found


def without_keys(noun: str, row: Row) -> Row | None:
    """Leave out every key fact."""
    if noun == "interest" and row["kind"] in ("protects", "holds_key", "uses_key"):
        return None
    return row | {"key_ids": None} if noun == "holding" else row
