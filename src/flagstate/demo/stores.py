"""Writes what the invented hub stores, at any size in the same memory, and counts what it wrote.

Tables: flights, merchants, products, parcels, customs_h7, scans, returns. Below `SMALL` parcels they are one SQLite
file, above it Parquet: parts of a million parcels, each with its declarations, scans and returns. The same size and
seed give the same bytes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flagstate.demo.held import Count, joined
from flagstate.demo.hub import LAST_DAY, Hub
from flagstate.demo.parcels import CHUNK, Chunk, Parcels
from flagstate.demo.sqlite import MOST, Database
from flagstate.errors import EvidenceError

SMALL = 20_000
"""Parcels up to which the stores are SQLite, where nothing else is asked for."""
PART = 8
"""Chunks of a file, so that a part holds a million parcels."""
ROWS = 20_000
"""Rows that are handed to SQLite at a time, so that progress is told often."""
FOLDER = "stores"
OWNERS_HOME = "CN"
"""Principal place of the group that owns the software: what goes back there is told apart."""
Say = Callable[[str], None]


@dataclass
class _Sums:
    """What is counted while writing."""

    counts: dict[str, Count] = field(default_factory=dict)
    grams: npt.NDArray[np.float64] | None = None
    dwell: tuple[int, int] = (0, 0)
    abroad: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    phones: int = 0

    def add(self, chunk: Chunk) -> None:
        for name, table in chunk.tables.items():
            self.counts.setdefault(name, Count()).add(table)
        self.grams = chunk.grams if self.grams is None else self.grams + chunk.grams
        self.dwell = (self.dwell[0] + chunk.dwell[0], self.dwell[1] + chunk.dwell[1])
        self.abroad = _added(self.abroad, chunk.abroad)
        self.told = _added(self.told, chunk.told)
        self.phones += chunk.phones


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in sorted({*one, *other})}


def write(hub: Hub, folder: Path, said: Say, *, sqlite: bool | None = None, chunk: int = CHUNK) -> dict[str, object]:
    """Write the stores of a hub and return the truth about them.

    Args:
        hub: How large it is, and its seed.
        folder: Of the evidence; the stores go to `stores` below it.
        said: Is told in a sentence how far it is, about once a second.
        sqlite: Whether they become one SQLite file; null: up to `SMALL` parcels.
        chunk: Parcels that are made at a time: bounds the memory, and is the length of a row group.

    Returns:
        Counts, for JSON: per table its rows, its persons, of which classes it holds fewer of them (`persons_of`), and
        the records of each data class; persons overall and by country of residence; parcels by day; kilograms; returns;
        files and their bytes, which are the only figures that are read back.

    Raises:
        EvidenceError: SQLite was asked for, and the hub has more than `MOST` parcels.
    """
    single = hub.scale <= SMALL if sqlite is None else sqlite
    if single and hub.scale > MOST:
        raise EvidenceError(
            f"{hub.scale:,} parcels do not go into one SQLite file", why=f"it is made for {MOST:,}", todo="Use Parquet."
        )
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    parcels = Parcels(hub, chunk)
    sums = _file(parcels, place / "hub.sqlite", said) if single else _parts(parcels, place, said)
    return _truth(parcels, sums, place, "sqlite" if single else "parquet")


def _fixed(parcels: Parcels, sums: _Sums) -> dict[str, pa.Table]:
    """The tables that do not grow with the parcels; the weight of a flight is that of its parcels."""
    grams = sums.grams if sums.grams is not None else np.zeros(len(parcels.work.flights.landed))
    return {
        "flights": parcels.work.table(grams.round().astype(np.int64)),
        "merchants": parcels.shop.merchants,
        "products": parcels.shop.products,
    }


def _file(parcels: Parcels, path: Path, said: Say) -> _Sums:
    """All tables in one SQLite file."""
    sums, hub = _Sums(), parcels.hub
    with Database(path) as database:
        for number in range(parcels.chunks):
            chunk = parcels.make(number)
            sums.add(chunk)
            made = min(hub.scale, (number + 1) * parcels.chunk)
            for name, table in chunk.tables.items():
                for begin in range(0, table.num_rows, ROWS):
                    database.add(name, table.slice(begin, ROWS))
                    said(f"{made:,} of {hub.scale:,} parcels, {name}")
            said(f"{made:,} of {hub.scale:,} parcels stored")
        for name, table in _fixed(parcels, sums).items():
            sums.counts.setdefault(name, Count()).add(table)
            database.add(name, table)
    return sums


class _Progress:
    """How many chunks all threads have written."""

    def __init__(self) -> None:
        self._lock, self.chunks, self.stopped = threading.Lock(), 0, False

    def step(self) -> None:
        with self._lock:
            self.chunks += 1


def _parts(parcels: Parcels, place: Path, said: Say) -> _Sums:
    """Parts of a million parcels, one thread each: what they do happens outside of the interpreter."""
    hub, progress = parcels.hub, _Progress()
    # What threads share is made before they begin.
    _ = parcels.shop, parcels.people, parcels.work.flights, parcels.make(0)
    numbers = range(0, parcels.chunks, PART)
    with ThreadPoolExecutor(min(len(numbers), len(os.sched_getaffinity(0)))) as pool:
        tasks = [pool.submit(_part, parcels, place, number, progress) for number in numbers]
        try:
            left = set(tasks)
            while left:
                done, left = wait(left, timeout=1, return_when=FIRST_EXCEPTION)
                said(f"{min(hub.scale, progress.chunks * parcels.chunk):,} of {hub.scale:,} parcels stored")
                if any(task.exception() for task in done):
                    break
        finally:
            progress.stopped = True
            pool.shutdown(cancel_futures=True)
        sums = _Sums()
        for task in tasks:
            part = task.result()
            sums.counts = joined([sums.counts, part.counts])
            sums.grams = part.grams if sums.grams is None or part.grams is None else sums.grams + part.grams
            sums.dwell = (sums.dwell[0] + part.dwell[0], sums.dwell[1] + part.dwell[1])
            sums.abroad, sums.told = _added(sums.abroad, part.abroad), _added(sums.told, part.told)
            sums.phones += part.phones
    for name, table in _fixed(parcels, sums).items():
        sums.counts.setdefault(name, Count()).add(table)
        with _writer(place / f"{name}.parquet", table) as writer:
            writer.write_table(table, row_group_size=parcels.chunk)
    return sums


def _part(parcels: Parcels, place: Path, first: int, progress: _Progress) -> _Sums:
    """Write one file of each table."""
    sums, number = _Sums(), first // PART + 1
    writers: dict[str, pq.ParquetWriter] = {}
    with ExitStack() as stack:
        for at in range(first, min(first + PART, parcels.chunks)):
            if progress.stopped:
                break
            chunk = parcels.make(at)
            sums.add(chunk)
            for name, table in chunk.tables.items():
                if name not in writers:
                    path = place / f"{name}_{number:04d}.parquet"
                    writers[name] = stack.enter_context(_writer(path, table))
                writers[name].write_table(table, row_group_size=4 * parcels.chunk)
            progress.step()
    return sums


def _writer(path: Path, table: pa.Table) -> pq.ParquetWriter:
    """A writer that keeps texts of few values as dictionaries, as other software would."""
    few = [field.name for field in table.schema if not pa.types.is_string(field.type)]
    return pq.ParquetWriter(
        path, table.schema, compression="zstd", compression_level=1, use_dictionary=few, store_schema=False
    )


def _truth(parcels: Parcels, sums: _Sums, place: Path, kind: str) -> dict[str, object]:
    hub, people = parcels.hub, parcels.people
    returned, contacts = sums.counts["returns"].rows, parcels.shop.merchants.num_rows
    grams = round(float(sums.grams.sum())) if sums.grams is not None else 0
    persons = {"parcels": people.count, "customs_h7": people.count, "scans": people.count, "returns": returned}
    fewer = {"parcels": sums.told | {"phone": sums.phones}, "customs_h7": sums.told}
    files = sorted(place.glob("*.parquet" if kind == "parquet" else "hub.sqlite"))
    seconds, dispatched = sums.dwell
    return {
        "kind": kind,
        "scale": hub.scale,
        "seed": hub.seed,
        "first_day": hub.first_day.isoformat(),
        "last_day": LAST_DAY.isoformat(),
        "files": [f"{FOLDER}/{file.name}" for file in files],
        "bytes": sum(file.stat().st_size for file in files),
        "tables": {
            name: {
                "rows": count.rows,
                "persons": persons.get(name, contacts if name == "merchants" else 0),
                "persons_of": fewer.get(name, {}),
                "records": count.records(name) | (sums.told if name in fewer else {}),
            }
            for name, count in sorted(sums.counts.items())
        },
        "persons": {"consignees": people.count, "contacts": contacts, "by_country": people.by_country},
        "parcels": {
            "count": hub.scale,
            "by_day": [int(count) for count in hub.parcels_by_day],
            "kg": grams / 1000,
            "kg_per_parcel": grams / 1000 / hub.scale,
            "per_person": hub.scale / people.count,
            "dispatched": dispatched,
            "mean_dwell_h": seconds / max(1, dispatched) / 3600,
            "sorter_per_hour": parcels.work.capacity,
        },
        "returns": {
            "count": returned,
            "share": returned / hub.scale,
            "by_country": sums.abroad,
            "to_owners_home": sums.abroad.get(OWNERS_HOME, 0),
            "share_to_owners_home": sums.abroad.get(OWNERS_HOME, 0) / hub.scale,
        },
    }
