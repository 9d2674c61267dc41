"""Small worlds of holdings and populations for the tests of counts: real samples of named persons, told or seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.catalog import sketch
from flagstate.enrich.person_count import person_count

Row = dict[str, Any]
DAY = date(2026, 11, 22)
FINANCIAL = "us_28cfr202/personal_financial"
COVERED = "us_28cfr202/covered_personal_identifier"


def mark(person: object) -> int:
    """Return the fingerprint of a person."""
    return int.from_bytes(hashlib.blake2b(str(person).encode(), digest_size=8).digest(), "little")


def sample(people: Iterable[object], largest: int = sketch.LARGEST) -> bytes:
    """Return the sketch of some people."""
    marks = b"".join(number.to_bytes(8, "little") for number in sorted({mark(one) for one in people}))
    return sketch.pack(marks, 0, largest)


def entry(classes: Sequence[str], low: int | None, high: int | None, **more: Any) -> list[Row]:
    """Return one entry of a declaration: a row per class."""
    base: Row = {"asset_id": "est:wms", "container": "orders", "about": "est:buyers", "stance": "declared",
                 "evidence_id": "estate", "state": "stored", "subjects_lo": low, "subjects_hi": high}  # fmt: skip
    return [base | {"data_class": name} | more for name in classes]


def held(name: str, records: int, **more: Any) -> Row:
    """Return an observed holding."""
    return entry([name], None, None, about=None, stance="observed", evidence_id="file", records=records, **more)[0]


def population(classes: Sequence[str], people: Sequence[object], month: str | None, blank: int = 0, **more: Any) -> Row:
    """Return an observed population: people that a key names, and rows that name nobody."""
    named = len(set(people))
    return {
        "asset_id": "est:wms", "container": "orders", "data_classes": sorted(classes), "about": None, "month": month,
        "records": len(people) + blank, "unit": "persons", "subject_class": "email", "subjects_lo": max(named, 1),
        "subjects_hi": named + blank, "sketch": sample(people), "marks": None, "stance": "observed",
        "evidence_id": "file",
    } | more  # fmt: skip


def counted(
    holdings: Iterable[Row] = (),
    populations: Iterable[Row] = (),
    as_of: date = DAY,
    heads: int | None = None,
    evidence: Iterable[Row] = (),
) -> pa.Table:
    """Return the counts of a world."""
    told, seen = model.rows(model.HOLDING, holdings), model.rows(model.POPULATION, populations)
    group = model.rows(model.LEGAL_ENTITY, [{"entity_id": "est:buyers", "kind": "group", "head_count": heads}])
    tables = {
        "holding": model.stamp(told, model.HOLDING),
        "population": model.stamp(seen, model.POPULATION),
        "legal_entity": model.stamp(group, model.LEGAL_ENTITY, stance="declared", evidence_id="estate"),
        "evidence": model.rows(model.EVIDENCE, evidence),
    }
    return person_count(tables, as_of)


def one(table: pa.Table, wanted: str | Sequence[str], unit: str = "persons", **where: Any) -> Row:
    """Return the only row of a category, or of classes that stand together."""
    category = isinstance(wanted, str)
    rows = [
        row for row in table.to_pylist()
        if row["unit"] == unit and (row["category"] == wanted if category else
                                    row["kind"] == "linked" and row["data_classes"] == sorted(wanted))
        and all(row[name] == value for name, value in where.items())
    ]  # fmt: skip
    assert len(rows) == 1, rows
    found: Row = rows[0]
    return found


def bounds(row: Row) -> tuple[int | None, int | None]:
    """Return at least and at most."""
    return row["subjects_lo"], row["subjects_hi"]
