"""The facts that a cut-off is read from: in force on a day, under one id per entity, with what speaks against them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.mask import plain
from flagstate.catalog.operators import WEAKNESS
from flagstate.model.stance import in_force, weakest_stance

FIRM, CONTESTED, DISPUTED = 0, 1, 2
"""How far a reason is doubted: not at all, the sources dispute it, or facts contradict each other about it."""


@dataclass(frozen=True)
class Ground:
    """Why something holds: the facts under it, their weakest stance and status, and how far it is doubted."""

    doubt: int = FIRM
    facts: tuple[str, ...] = ()
    stance: str | None = None
    """None: no fact is needed, because it was asked for."""
    status: str = "sourced"

    def __add__(self, other: Ground) -> Ground:
        """Return the ground of both together."""
        return Ground(
            max(self.doubt, other.doubt),
            tuple(dict.fromkeys((*self.facts, *other.facts))),
            weakest_known((self.stance, other.stance)),
            max(self.status, other.status, key=_weakness),
        )


def weakest_known(stances: Iterable[str | None]) -> str | None:
    """Return the weakest stance of those that there are; None where there is none."""
    known = [stance for stance in stances if stance is not None]
    return weakest_stance(known) if known else None


def _weakness(status: str) -> int:
    return WEAKNESS.get(status, WEAKNESS["to verify"])


@dataclass
class Facts:
    """Reads the tables of a case: rows in force, ids made canonical, each with its ground."""

    tables: Mapping[str, pa.Table]
    as_of: date
    same: dict[str, str] = field(default_factory=dict)
    """The id under which an entity is counted, where it has another one."""
    against: dict[str, frozenset[str | None]] = field(default_factory=dict)
    """By fact_id: the columns in which another fact contradicts it; None: the whole row."""

    def __post_init__(self) -> None:
        """Read identities and contradictions."""
        one = self.table("identity")
        one = one.filter(pc.and_(pc.equal(one["verdict"], "yes"), pc.not_equal(one["entity_id"], one["same_as"])))
        self.same.update(zip(one["entity_id"].to_pylist(), one["same_as"].to_pylist(), strict=True))
        for row in self.table("contradiction").to_pylist():
            for fact in row["facts"] or ():
                self.against[fact] = self.against.get(fact, frozenset()) | {row["column"]}

    def table(self, noun: str) -> pa.Table:
        """Return a table; one that was not given is empty."""
        found = self.tables.get(noun)
        return model.empty(model.NOUNS[noun]) if found is None else found

    def one(self, entity_id: object) -> str:
        """Return the id under which an entity is counted."""
        return self.same.get(str(entity_id), str(entity_id))

    def rows(self, noun: str, **among: Collection[str]) -> Iterator[dict[str, object]]:
        """Yield the rows that are in force; `among` keeps those whose column has one of the values."""
        table = self.table(noun)
        for column, values in among.items():
            table = table.filter(pc.is_in(table[column], pa.array(sorted(values), pa.string())))
        for row in table.to_pylist():
            if in_force(row, self.as_of):
                yield row

    def ground(self, row: Mapping[str, object], *columns: str) -> Ground:
        """Return a row as the ground of what some of its columns say."""
        fact = str(row["fact_id"])
        against = self.against.get(fact, frozenset())
        hit = against if not columns else against & {None, *columns}
        contested = bool(row.get("contested")) or row.get("confidence") == "disputed"
        stance = str(row["stance"] or "declared")
        said = row.get("status")
        status = str(said) if said else "declared" if stance == "declared" else "sourced"
        return Ground(DISPUTED if hit else CONTESTED if contested else FIRM, (fact,), stance, status)


def shown(name: str | None, key: str) -> str:
    """Return how a sentence names something: its name, or its id without the prefix of a declaration."""
    return plain(name or key.removeprefix("est:"))
