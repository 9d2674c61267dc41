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
    off: bool = False
    """The laws are switched off: none is heard, and the answer says so."""
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
    if how.off:
        return model.rows(model.FINDING, [_off()])
    known = packs(how.own)
    laws = [law for law in known.laws if _bears(law, tables)]
    said, failed = _hear(tables, as_of, how, laws) if laws else (model.empty(model.FINDING), [])
    rows = [_refused(one.name, one.error) for one in known.refused]
    rows += [_refused(one.law, one.error) for one in failed]
    if not rows and not said.num_rows:
        rows = [_nothing(known)]
    return pa.concat_tables([model.rows(model.FINDING, rows), said])


def _bears(law: Law, tables: Mapping[str, pa.Table]) -> bool:
    """Whether a law may find anybody in a case: one that names what it needs finds nobody without any of it."""
    return not law.needs or any(noun in tables and tables[noun].num_rows for noun in law.needs)


def tried(own: Sequence[Path]) -> Packs:
    """Return every law, after the user's own were run once on empty tables in a bounded child: what fails is refused.

    Args:
        own: The user's own folders of laws.
    """
    known = packs(own)
    laws = [law for law in known.laws if law.own]
    if not laws:
        return known
    _, failed = _hear({}, date.today(), Hearing(tuple(own), wall_s=60), laws)
    wrong = {one.law: one.error for one in failed if one.error}
    refused = [Refused(law.folder, wrong[law.id]) for law in known.laws if law.id in wrong]
    return Packs(tuple(law for law in known.laws if law.id not in wrong), (*known.refused, *refused))


def _hear(
    tables: Mapping[str, pa.Table], as_of: date, how: Hearing, laws: Sequence[Law]
) -> tuple[pa.Table, list[Ruled]]:
    """Hear laws in bounded children: one for a small case, two with a thread each for a large one."""
    names = [law.id for law in laws]
    piles = _piles(laws, how.threads if sum(table.num_rows for table in tables.values()) > FEW else 1)
    memory_bytes = how.memory_bytes // len(piles)
    limits = Limits(memory_bytes + BESIDE_BYTES, CPU_S, how.wall_s)
    with tempfile.TemporaryDirectory(dir=how.spool, prefix="laws-") as made, Workers(sitting.TARGET) as workers:
        folder = Path(made)
        folder.chmod(0o700)
        sitting.put(folder, tables)

        given: dict[str, list[str]] = {}

        def submit(pile: str) -> None:
            given[pile] = sitting.left(folder, piles[pile])
            if given[pile]:
                told = sitting.order(folder, given[pile], as_of, own=how.own, memory_bytes=memory_bytes)
                workers.submit(pile, told, limits)

        for pile in piles:
            submit(pile)
        while workers.busy:
            for ended in workers.wait():
                sitting.close(folder, given[ended.job], ended.fault)
                submit(ended.job)
        return sitting.found(folder, names)


def _piles(laws: Sequence[Law], most: int) -> dict[str, list[str]]:
    """Return the laws in so many piles at most, of about as many steps each, by name of the pile."""
    piles: list[list[Law]] = [[] for _ in range(max(1, min(most, len(laws))))]
    for law in sorted(laws, key=lambda law: -len(law.steps)):
        min(piles, key=lambda pile: sum(len(one.steps) for one in pile)).append(law)
    order = {law.id: place for place, law in enumerate(laws)}
    return {f"laws-{n}": sorted((law.id for law in pile), key=order.__getitem__) for n, pile in enumerate(piles)}


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


def _off() -> dict[str, object]:
    return finding(
        "rules",
        "rules-off",
        "all laws",
        "unknown",
        "The laws were switched off, so no rule was judged.",
        missing=["Run the audit again without `--without laws`."],
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
