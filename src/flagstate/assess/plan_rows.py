"""Rows of a world, looked up by what they say or by their fact_id, without reading large tables whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.assess.plan_edits import KEY_COLUMNS, Tables

MANY = 50_000
"""Above so many rows a table is asked for the rows that are wanted, and not read whole."""
FACTS = ("legal_entity", "asset", "interest", "place", "holding", "need", "control", "agreement", "network", "flow")
"""Where a fact of a proof is looked for, in this order."""
_KEYS_ONLY = frozenset({"flow", "endpoint"})
"""Of these only what tells rows apart is read: a measure deletes them and asks nothing else."""

Record = dict[str, object]


@dataclass
class Rows:
    """The rows of a world by noun, looked up by column and value; each column is indexed when it is first asked for."""

    tables: Tables
    _by: dict[tuple[str, str], dict[object, list[Record]]] = field(default_factory=dict)
    _all: dict[str, list[Record]] = field(default_factory=dict)

    def of(self, noun: str) -> list[Record]:
        """Return all rows of a noun."""
        if noun not in self._all:
            table = self.tables.get(noun)
            self._all[noun] = [] if table is None else table.to_pylist()
        return self._all[noun]

    def at(self, noun: str, column: str, value: object) -> list[Record]:
        """Return the rows of a noun that have a value in a column; of a column of lists, that hold it."""
        known = self._by.setdefault((noun, column), {})
        table = self.tables.get(noun)
        if table is None:
            return []
        if table.num_rows > MANY and not pa.types.is_list(table.schema.field(column).type):
            if value not in known:
                known[value] = _filtered(table, column, [value]).to_pylist()
        elif not known:
            for row in self.of(noun):
                cell = row[column]
                for one in cell if isinstance(cell, list) else (cell,):
                    known.setdefault(one, []).append(row)
        return known.get(value, [])

    def where(self, noun: str, condition: Mapping[str, object]) -> list[Record]:
        """Return the rows that meet a condition: every column has the value, or one of several."""
        if noun in _KEYS_ONLY:
            return self._keys(noun, condition)
        first, values = next(iter(condition.items()))
        found = [row for value in several(values) for row in self.at(noun, first, value)]
        return [row for row in found if all(row[column] in several(value) for column, value in condition.items())]

    def _keys(self, noun: str, condition: Mapping[str, object]) -> list[Record]:
        table = self.tables.get(noun)
        if table is None:
            return []
        for column, values in condition.items():
            table = _filtered(table, column, several(values))
        rows: list[Record] = table.select([KEY_COLUMNS.get(noun, "fact_id")]).to_pylist()
        return rows


@dataclass
class Book:
    """The facts of a world by fact_id, read as they are asked for."""

    tables: Tables
    _known: dict[str, tuple[str, Record]] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)

    def load(self, facts: Iterable[str]) -> None:
        """Read some facts, at once."""
        wanted = set(facts) - self._asked
        self._asked |= wanted
        for noun in FACTS:
            table = self.tables.get(noun)
            if table is None or noun in self._read or not wanted - self._known.keys():
                continue
            if table.num_rows <= MANY:
                self._read.add(noun)
            else:
                table = _filtered(table, "fact_id", sorted(wanted - self._known.keys()))
            for row in table.to_pylist():
                self._known.setdefault(str(row["fact_id"]), (noun, row))

    def get(self, fact: str) -> tuple[str, Record] | None:
        """Return the noun and the row of a fact; None: it is in no table that a measure could change."""
        if fact not in self._asked:
            self.load((fact,))
        return self._known.get(fact)


def shown(key: object) -> str:
    """Return an id as a person reads it."""
    return str(key).removeprefix("est:").removeprefix("ent:")


def several(value: object) -> tuple[object, ...]:
    """Return a value, or the values of a list."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _filtered(table: pa.Table, column: str, values: Iterable[object]) -> pa.Table:
    return table.filter(pc.is_in(table[column], value_set=pa.array(list(values), table.schema.field(column).type)))
