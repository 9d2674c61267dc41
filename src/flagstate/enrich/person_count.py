"""Counts of distinct persons and devices per container, made once for every law: by category, and by what is linked.

What was seen and what was told are both kept: a declaration may raise the lower bound, and its upper bound stands only
where none was seen. Copies of one container do not add up; containers are rows of their own, which a law adds: at
least the largest, at most the sum.

What it cannot see: that two containers, groups or months hold the same person under other names; how many more rows a
class has than were counted is about nobody (`about` is null).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.enrich.person_count_entries import Entry, either, entries
from flagstate.enrich.person_count_part import COLUMNS, Key, Part, Said, row, unit
from flagstate.enrich.person_count_seen import seen
from flagstate.enrich.person_count_windows import days

Row = dict[str, Any]
Place = tuple[str | None, str | None, str | None]
"""Asset, container and group of persons."""

HELD = (
    "fact_id", "stance", "evidence_id", "asset_id", "container", "data_class", "about", "records", "unit",
    "subjects_lo", "subjects_hi", "state", "key_ids", "split", "split_needs", "marks",
)  # fmt: skip
ENTRY = ("about", "records", "unit", "subjects_lo", "subjects_hi", "state", "split", "split_needs")


def person_count(tables: Mapping[str, pa.Table], as_of: date) -> pa.Table:
    """Return how many distinct persons or devices each container tells about, in the fullest 12 months up to a day.

    Args:
        tables: holding and population; legal_entity (how many a group has) and evidence (when it was retrieved).
        as_of: Months after this day do not count, nor what ended 12 months before it.

    Returns:
        Rows of `person_count`, sorted.
    """
    holding = _holding_on(tables["holding"], as_of)
    seen_rows = pc.equal(holding.column("stance"), "observed")
    told = _told(_rows(holding.filter(pc.invert(seen_rows))), _heads(tables.get("legal_entity")))
    found = seen(
        _rows(holding.filter(seen_rows)),
        _holding_on(tables["population"], as_of),
        _retrieved(tables.get("evidence")),
        as_of,
    )
    made = []
    for place in sorted({*told, *found}, key=lambda place: tuple(part or "" for part in place)):
        ours, theirs = found.get(place, {}), told.get(place, {})
        for key in sorted({*ours, *theirs}):
            columns = row(ours.get(key), theirs.get(key), as_of)
            made.append((*place, key[0], key[1] or None, key[3], *columns))
    names = ("asset_id", "container", "about", "kind", "category", "unit", *COLUMNS)
    by_name = dict(zip(names, zip(*made, strict=True), strict=True)) if made else {}
    arrays = [pa.array(by_name.get(column.name, ()), column.type) for column in model.PERSON_COUNT.columns]
    return pa.table(arrays, schema=model.PERSON_COUNT.schema)


def _holding_on(table: pa.Table, as_of: date) -> pa.Table:
    """Return the rows that held on some day of the 12 months up to a day."""
    begin, _ = days(None, as_of)
    edges = [
        pa.scalar(datetime.combine(day, time(), UTC), pa.timestamp("us", tz="UTC"))
        for day in (begin, as_of + timedelta(days=1))
    ]
    late = pc.fill_null(pc.greater_equal(table.column("valid_from"), edges[1]), False)
    over = pc.fill_null(pc.less_equal(table.column("valid_to"), edges[0]), False)
    # In the order of their ids, so that what a row names does not depend on the order of the evidence.
    return table.filter(pc.invert(pc.or_(late, over))).sort_by("fact_id")


def _rows(table: pa.Table) -> list[Row]:
    columns = [table.column(name).to_pylist() for name in HELD]
    return [dict(zip(HELD, values, strict=True)) for values in zip(*columns, strict=True)]


def _heads(table: pa.Table | None) -> dict[str, int]:
    """How many persons a group has, at most, by its id."""
    if table is None:
        return {}
    made: dict[str, int] = {}
    for entity_id, heads in zip(table["entity_id"].to_pylist(), table["head_count"].to_pylist(), strict=True):
        if heads is not None:
            made[entity_id] = max(heads, made.get(entity_id, 0))
    return made


def _retrieved(table: pa.Table | None) -> dict[str, int]:
    """Month in which each artefact was retrieved, counted from year 0."""
    if table is None:
        return {}
    pairs = zip(table["evidence_id"].to_pylist(), table["retrieved_at"].to_pylist(), strict=True)
    return {evidence_id: at.year * 12 + at.month - 1 for evidence_id, at in pairs if at is not None}


def _told(rows: Iterable[Row], heads: Mapping[str, int]) -> dict[Place, dict[Key, Part]]:
    """Return what declarations and configurations say, by place."""
    places: dict[Place, dict[object, list[Row]]] = {}
    for held in rows:
        place = (held["asset_id"], held["container"], held["about"])
        source = (held["stance"], held["evidence_id"])
        places.setdefault(place, {}).setdefault(source, []).append(held)
    return {
        place: either([entries(list(_entries(listed)), heads.get(place[2] or "")) for _, listed in _sorted(sources)])
        for place, sources in places.items()
    }


def _sorted(sources: Mapping[object, list[Row]]) -> list[tuple[object, list[Row]]]:
    return sorted(sources.items(), key=lambda item: str(item[0]))


def _entries(rows: Iterable[Row]) -> Iterator[Entry]:
    """Rows of one place and source that share all but their class are one entry: classes that stand together."""
    by: dict[tuple[object, ...], list[Row]] = {}
    for held in rows:
        key = (*(held[name] for name in ENTRY), *(_frozen(held[name]) for name in ("key_ids", "marks")))
        by.setdefault(key, []).append(held)
    for listed in by.values():
        first, classes = listed[0], frozenset(str(held["data_class"]) for held in listed)
        whom = first["unit"] or _unit(classes, first)
        if whom:
            said = Said()
            for held in sorted(listed, key=lambda held: str(held["data_class"])):
                said.take(held)
            yield Entry(classes, str(whom), _count(first["subjects_lo"]), _count(first["subjects_hi"]), said)


def _unit(classes: Iterable[str], held: Row) -> str:
    """Whom an entry counts that does not say it; empty: nobody."""
    units = {unit(name) for name in classes} - {""}
    if units:
        return "devices" if units == {"devices"} else "persons"
    return "persons" if held["about"] is not None or held["subjects_hi"] is not None else ""


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None
