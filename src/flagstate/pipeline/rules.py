"""Hears the laws on the tables of a case, each in a bounded child, and says which did not run and why."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from flagstate import model
from flagstate.assess.finding import finding
from flagstate.catalog.mask import mask
from flagstate.engine import Limits, Workers
from flagstate.errors import FlagstateError
from flagstate.laws import sitting
from flagstate.laws.judge import Ruled
from flagstate.laws.pack import Law, Packs, Refused, packs
from flagstate.laws.told import index

BESIDE_BYTES = 768 * 2**20
"""What the process of a child needs beside its database."""
CPU_S, WALL_S = 600, 300
"""Bounds of one child; a law that does not end is stopped before by the bound of its step."""
FEW = 10_000
"""Up to so many rows in all, more threads cost more than they gain."""


@dataclass(frozen=True)
class Hearing:
    """How laws are heard."""

    own: tuple[Path, ...] = ()
    """The user's own folders of laws."""
    spool: Path | None = None
    """Folder for what is laid out for the children; null: a temporary one."""
    memory_bytes: int = 2**30
    """Memory of the database of a child."""
    threads: int = 2
    """Threads of the database of a child; few rows get one."""
    wall_s: int = WALL_S
    """Elapsed time of a child."""


def own_laws(own: Sequence[Path]) -> dict[str, dict[str, object]]:
    """Return the laws of the user's own folders as a report names them, by id; what is no law is left out."""
    return index(law for law in packs(own).laws if law.own) if own else {}


@lru_cache(maxsize=1)
def _shipped() -> dict[str, dict[str, object]]:
    return index(packs().laws)


def shipped_laws() -> dict[str, dict[str, object]]:
    """Return the laws that are shipped as a report names them, by id."""
    return dict(_shipped())


def hear(tables: Mapping[str, pa.Table], as_of: date, how: Hearing) -> pa.Table:
    """Return what every law says of a case, as rows of `finding`.

    Args:
        tables: All stored nouns with one id per entity, and everything that is derived before the rules.
        as_of: The day.
        how: Whose laws, and how much they may take.

    Returns:
        One row per rule and subject in scope; a law that was refused, failed or was stopped has one row that says so,
        and is unknown. Where no rule has a subject in scope, one row says that.
    """
    known = packs(how.own)
    rows = [_refused(one.name, one.error) for one in known.refused]
    names = [law.id for law in known.laws if _bears(law, tables)]
    for said in _hear(tables, as_of, how, names) if names else ():
        rows += [_refused(said.law, said.error)] if said.error else said.findings
    if not rows:
        rows = [_nothing(known)]
    return model.rows(model.FINDING, rows)


def _bears(law: Law, tables: Mapping[str, pa.Table]) -> bool:
    """Whether a law may find anybody in a case: one that names what it needs finds nobody without any of it."""
    return not law.needs or any(noun in tables and tables[noun].num_rows for noun in law.needs)


def tried(own: Sequence[Path]) -> Packs:
    """Return every law, after the user's own were run once on empty tables in a bounded child: what fails is refused.

    Args:
        own: The user's own folders of laws.
    """
    known = packs(own)
    names = [law.id for law in known.laws if law.own]
    if not names:
        return known
    wrong = {
        said.law: said.error for said in _hear({}, date.today(), Hearing(tuple(own), wall_s=60), names) if said.error
    }
    refused = [Refused(law.folder, wrong[law.id]) for law in known.laws if law.id in wrong]
    return Packs(tuple(law for law in known.laws if law.id not in wrong), (*known.refused, *refused))


def _hear(tables: Mapping[str, pa.Table], as_of: date, how: Hearing, names: Sequence[str]) -> Sequence[Ruled]:
    limits = Limits(how.memory_bytes + BESIDE_BYTES, CPU_S, how.wall_s)
    threads = how.threads if sum(table.num_rows for table in tables.values()) > FEW else 1
    with tempfile.TemporaryDirectory(dir=how.spool, prefix="laws-") as made, Workers(sitting.TARGET) as workers:
        folder = Path(made)
        folder.chmod(0o700)
        sitting.put(folder, tables)
        while left := sitting.left(folder, names):
            told = sitting.order(folder, left, as_of, own=how.own, memory_bytes=how.memory_bytes, threads=threads)
            workers.submit("laws", told, limits)
            while not (ended := workers.wait()):
                continue
            sitting.close(folder, left, ended[0].fault)
        return sitting.take(folder, names)


def _refused(name: str, error: FlagstateError | None) -> dict[str, object]:
    why = str(error) if error else "it said nothing"
    return finding(
        "rules",
        "rules-refused",
        mask(name),
        "unknown",
        f"The law {mask(name)} did not run: {mask(why)}",
        missing=[mask(error.todo) if error and error.todo else "Correct its files; the other laws ran."],
    )


def _nothing(known: Packs) -> dict[str, object]:
    count = sum(len(law.rules) for law in known.laws)
    return finding(
        "rules",
        "rules-no-subject",
        "all laws",
        "unknown",
        f"None of {count} rules of {len(known.laws)} laws found a party, agreement or holding that it speaks of.",
        missing=["Declare entities, assets, holdings and agreements in estate.yaml, or give evidence that shows them."],
    )
