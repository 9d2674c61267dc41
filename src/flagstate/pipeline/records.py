"""From the records of one container to its tables; where a legal bar needs it, its subjects are counted again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from flagstate import model
from flagstate.catalog import bulk
from flagstate.enrich import classify
from flagstate.enrich.trade import trade_flows
from flagstate.read.part import Part, Records


@dataclass(frozen=True)
class Counted:
    """One container after a pass over its records."""

    part: Records
    """Its records, consumed."""
    asset_id: str
    """Where it is held or moved."""
    summary: classify.Summary
    """What the pass kept."""
    doubts: frozenset[classify.Key]
    """Groups of rows where a legal bar lies between the bounds of the subjects."""

    def tables(self) -> Mapping[str, pa.Table]:
        """Return its rows of `holding` and `population`, stamped as observed."""
        part, summary, where = self.part, self.summary, self.asset_id
        total = part.rows_total
        found = classify.holdings(summary, part.container, asset_id=where, state=part.state, rows_total=total)
        counts = classify.populations(summary, part.container, asset_id=where, rows_total=total)
        found = pa.concat_tables([found, trade_flows(found, counts)])
        return {
            "holding": model.stamp(found, model.HOLDING, stance="observed"),
            "population": model.stamp(counts, model.POPULATION, stance="observed"),
        }


def subject_key(salt: int) -> bytes:
    """Return the key of the fingerprints of a case, so that subjects of two tables can be told to be the same.

    Args:
        salt: The secret number of the case.
    """
    return hashlib.blake2b(salt.to_bytes(16, "big"), person=b"subjects", digest_size=16).digest()


def count(part: Records, store: str, key: bytes) -> Counted:
    """Read the records of a container once, to the end.

    Args:
        part: Its records.
        store: Id of the store, where the part names none.
        key: 16 bytes, of `subject_key`.
    """
    summary = classify.scan(part.reader, key=key, prose=part.prose)
    # A sample does not get better by being counted twice.
    doubts = classify.needs_exact(summary, _numbers()) if part.rows_total is None else frozenset()
    return Counted(part, part.asset_id or store, summary, doubts)


def _numbers() -> set[int]:
    return {bar.more_than + 1 for bar in bulk.bars()}


def again(doubtful: Mapping[int, Counted], parts: Iterable[Part], key: bytes) -> list[Counted]:
    """Count the doubtful groups exactly, in a second pass over the same artefact.

    Args:
        doubtful: Containers by their place among the records of the artefact.
        parts: What its reader yields, from the beginning.
        key: That of the first pass.

    Returns:
        All of them, exact where memory sufficed; one that did not come again stays as it was.
    """
    left = dict(doubtful)
    done: list[Counted] = []
    place = 0
    for part in parts:
        if not isinstance(part, Records):
            continue
        if (before := left.pop(place, None)) is not None:
            summary = classify.recount(part.reader, before.summary, before.doubts, key=key)
            done.append(Counted(before.part, before.asset_id, summary, frozenset()))
        place += 1
        if not left:
            break
    return [*done, *left.values()]
