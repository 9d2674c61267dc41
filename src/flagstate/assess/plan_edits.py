"""What a measure changes in the tables: rows that it deletes, cells that it updates, rows that it inserts.

Edits are bound to rows of the tables as they were, so that measures can be applied in any order with one result: first
all deletes, then all updates, then all inserts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.interest_kinds import interest_kinds

PLANNED = "planned"
"""The evidence of every row that a measure inserts: there is none yet."""

_ID_COLUMNS = ("entity_id", "asset_id", "holder_id", "subject_id", "needs_id", "runs_on", "agreement_id", "key_ids")

KEY_COLUMNS = {"endpoint": "addr"}
"""What tells the rows of a noun apart, where it is not their fact_id."""

Tables = Mapping[str, pa.Table]
Cell = tuple[str, str, str]
"""Noun, fact_id and column."""
Row = tuple[tuple[str, object], ...]
"""A row that can be hashed: pairs of column and value, lists as tuples."""


@dataclass(frozen=True)
class Edits:
    """What one measure changes, bound to the rows of a world."""

    deletes: frozenset[tuple[str, str]] = frozenset()
    """Noun and fact_id of every row that goes."""
    updates: Mapping[Cell, object] = field(default_factory=dict)
    """The new value of every cell that changes; lists as tuples."""
    inserts: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    """The new rows by noun and fact_id."""

    @property
    def rows(self) -> frozenset[str]:
        """Return the fact_ids that it deletes, or changes into other facts."""
        changed = {fact for noun, fact, column in self.updates if (noun, column) not in GUARDED}
        return frozenset({fact for _, fact in self.deletes} | changed)

    def __bool__(self) -> bool:
        """Return whether it changes anything."""
        return bool(self.deletes or self.updates or self.inserts)


def planned_row(noun: str, row: Mapping[str, object]) -> tuple[str, Row]:
    """Return the fact_id and the frozen form of a row that a measure inserts: configured, on planned evidence."""
    key = [row.get(column) for column in model.NOUNS[noun].key]
    fact = model.digest(noun, *key, "configured", PLANNED)
    return fact, freeze({**row, "stance": "configured", "evidence_id": PLANNED, "fact_id": fact})


def freeze(row: Mapping[str, object]) -> Row:
    """Return a row that can be hashed, without its nulls."""
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in sorted(row.items())
        if value is not None
    )


def apply(tables: Tables, chosen: Iterable[Edits]) -> dict[str, pa.Table]:
    """Return the tables as they would be with measures in force: all deletes, then all updates, then all inserts.

    Args:
        tables: Facts by noun.
        chosen: What the measures change, in any order; a row that one deletes is not updated by another.

    Returns:
        The tables; those that nothing changes are the same objects. Changed rows have fact_ids of their own.

    Raises:
        ValueError: Two of them write different values to one cell or one new row.
    """
    deletes: dict[str, set[str]] = {}
    cells: dict[str, dict[str, dict[str, object]]] = {}
    inserts: dict[str, dict[str, Row]] = {}
    for edits in chosen:
        for noun, fact in edits.deletes:
            deletes.setdefault(noun, set()).add(fact)
        for (noun, fact, column), value in edits.updates.items():
            row = cells.setdefault(noun, {}).setdefault(fact, {})
            if row.setdefault(column, value) != value:
                raise ValueError(f"two measures write different values to {column} of one row of {noun}")
        for (noun, fact), new in edits.inserts.items():
            if inserts.setdefault(noun, {}).setdefault(fact, new) != new:
                raise ValueError(f"two measures insert one row of {noun} with different values")
    made = dict(tables)
    for noun in sorted({*deletes, *cells, *inserts}):
        made[noun] = _changed(
            tables[noun], model.NOUNS[noun], deletes.get(noun, set()), cells.get(noun, {}), inserts.get(noun, {})
        )
    return made


def _changed(
    table: pa.Table,
    noun: model.Noun,
    gone: set[str],
    cells: Mapping[str, Mapping[str, object]],
    new: Mapping[str, Row],
) -> pa.Table:
    key = KEY_COLUMNS.get(noun.name, "fact_id")
    touched = pc.is_in(table[key], value_set=pa.array(sorted(gone | set(cells)), pa.string()))
    parts = [table.filter(pc.invert(touched))]
    changed = []
    for row in table.filter(touched).to_pylist():
        fact = str(row[key])
        if fact not in gone:
            changed.append(
                row | {c: _thaw(v) for c, v in cells[fact].items()} | {"fact_id": version(noun.name, fact, cells[fact])}
            )
    added = [{name: _thaw(value) for name, value in new[fact]} for fact in sorted(new)]
    if changed or added:
        parts.append(model.rows(noun, [*changed, *added]))
    return pa.concat_tables(parts)


GUARDED = frozenset({("holding", "marks")})
"""Cells that a proof reads only as its guards say: a row in which they alone change is the same fact."""


def version(noun: str, fact: str, cells: Mapping[str, object]) -> str:
    """Return the fact_id of a row some cells of which a measure changed: another fact, as it says something else."""
    read = sorted(column for column in cells if (noun, column) not in GUARDED)
    return model.digest(PLANNED, fact, *(f"{column}={cells[column]}" for column in read)) if read else fact


def _thaw(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def ids_of(row: Mapping[str, object]) -> Iterator[str]:
    """Yield the ids of entities, assets and agreements that a row mentions."""
    for column in _ID_COLUMNS:
        value = row.get(column)
        if isinstance(value, list | tuple):
            yield from map(str, value)
        elif value is not None:
            yield str(value)


def guards_of(noun: str, row: Mapping[str, object]) -> Iterator[str]:
    """Yield the guards on which a row bears: a proof that names one of them may stand or fall with such rows."""
    if noun == "control":
        yield f"control:{row['subject_id']}:{row['control']}"
        if row["control"] == "attestation":
            yield f"confidential:{row['subject_id']}"
    elif noun == "need":
        yield f"alternative:{row['asset_id']}:{row['need_group']}"
    elif noun == "holding":
        yield f"holding:{row['asset_id']}"
        if row.get("key_ids"):
            yield f"key:{row['asset_id']}"
        marks = row.get("marks")
        if isinstance(marks, list | tuple) and "confidential" in marks:
            yield f"confidential:{row['asset_id']}"
    elif noun == "interest":
        kind = interest_kinds().get(str(row["kind"]))
        if row["kind"] == "protects":
            yield f"key:{row['subject_id']}"
        elif kind is not None and kind.control != "none":
            yield f"owner:{row['subject_id']}"
            yield f"control:{row['subject_id']}"
