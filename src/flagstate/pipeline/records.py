"""From the records of one container to its tables; where a legal bar needs it, its subjects are counted again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from flagstate import model
from flagstate.catalog import bulk, sketch
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
    place: int = 0
    """Place of its records among those of the artefact; of several parts, the last."""

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What tells its container from others of the artefact."""
        return self.part.container, self.asset_id, self.part.state, self.part.prose

    @property
    def weight(self) -> int:
        """Bytes that it takes, about: its samples and its fingerprints."""
        samples = sum(len(column.sample) for column in self.summary.columns)
        marks = sum(len(kept) for track in self.summary.groups.tracks.values() for kept in track.kept.values())
        return 1024 + 400 * samples + marks

    def join(self, other: Counted) -> Counted:
        """Return this container with another part of it that its reader gave later.

        The subjects are not counted again for a legal bar: its records do not lie in one place.
        """
        summary = classify.merge(self.summary, other.summary)
        totals = [each.part.rows_total for each in (self, other)]
        some = [
            each.summary.rows if total is None else total for each, total in zip((self, other), totals, strict=True)
        ]
        part = replace(self.part, rows_total=None if totals == [None, None] else sum(some))
        return Counted(part, self.asset_id, summary, frozenset(), other.place)

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
            done.append(Counted(before.part, before.asset_id, summary, frozenset(), place))
        place += 1
        if not left:
            break
    return [*done, *left.values()]


def together(table: pa.Table, noun: str) -> pa.Table:
    """Return rows of one artefact with those put together that tell of the same: parts of one container.

    Args:
        table: Stamped rows.
        noun: holding or population; rows of others stay as they are.
    """
    if noun not in ("holding", "population"):
        return table
    by: dict[str, list[int]] = {}
    for at, fact_id in enumerate(table.column("fact_id").to_pylist()):
        by.setdefault(fact_id, []).append(at)
    if len(by) == table.num_rows:
        return table
    whole = _holding if noun == "holding" else _population
    rows = [whole(table.take(pa.array(listed)).to_pylist()) for listed in by.values() if len(listed) > 1]
    alone = table.take(pa.array([listed[0] for listed in by.values() if len(listed) == 1], pa.int64()))
    return pa.concat_tables([alone, model.stamp(model.rows(model.NOUNS[noun], rows), model.NOUNS[noun])])


def _holding(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    first = max(rows, key=_records)
    lows, highs = (_numbered(rows, name) for name in ("subjects_lo", "subjects_hi"))
    return first | {
        "records": sum(map(_records, rows)),
        "subjects_lo": max(lows, default=None),
        "subjects_hi": sum(highs) if highs else None,
    }


def _population(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    low, high = sketch.union(rows)
    sketches = [made for row in rows if isinstance(made := row["sketch"], bytes)]
    counted = rows[0]["unit"] is not None
    return rows[0] | {
        "records": sum(map(_records, rows)),
        "subjects_lo": low if counted else None,
        "subjects_hi": high if counted else None,
        "sketch": sketch.merge(sketches) if sketches else None,
    }


def _records(row: Mapping[str, object]) -> int:
    return made if isinstance(made := row["records"], int) else 0


def _numbered(rows: Iterable[Mapping[str, object]], name: str) -> list[int]:
    return [value for row in rows if isinstance(value := row[name], int)]
