"""The kernel alone: megabytes of string values per second of processor time, for all classes and for seven of them."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flagstate.catalog import data_class
from flagstate.enrich.classify import kernel, machine
from generate_tables import dense, logs

ROWS = {"dense table": 20_000, "sparse logs": 20_000}
SEVEN = ("email", "phone", "card", "iban", "ipv4", "mac_address", "us_ssn")
ROUNDS = 5
KEY = bytes(range(16))


def strings(batch: pa.RecordBatch) -> list[pa.Array]:
    """Return its columns as the readers hand them over: dictionaries unpacked, so that every value is looked at."""
    return [column.cast(pa.string()) for column in batch.columns]


def size(columns: list[pa.Array]) -> int:
    """Return the bytes of all values."""
    return sum(int(pc.sum(pc.binary_length(column)).as_py() or 0) for column in columns)


def look(columns: list[pa.Array], made: machine.Machine, *, search: bool) -> None:
    """Look at every column."""
    for column in columns:
        kernel.look(column, made, KEY, search=search)


def spent(work: Callable[[], object]) -> float:
    """Return processor seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> int:
    """Print a table: medians of interleaved rounds."""
    every = data_class.load()
    machines = {f"{len(every)} classes": machine.load(), "7 classes": machine.load([c for c in every if c.id in SEVEN])}
    print("| input | MB | " + " | ".join(f"{name}, MB/s" for name in machines) + " | decoding Parquet, MB/s |")
    print("|---|---|" + "---|" * (len(machines) + 1))
    for name, make in (("dense table", dense), ("sparse logs", logs)):
        batch = make(ROWS[name], 1)
        columns, search = strings(batch), name == "sparse logs"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.parquet"
            pq.write_table(pa.Table.from_arrays(columns, batch.schema.names), path)
            jobs: list[Callable[[], object]] = [
                partial(look, columns, made, search=search) for made in machines.values()
            ]
            jobs.append(partial(pq.read_table, path, use_threads=False))
            for job in jobs:
                job()
            rounds = [[spent(job) for job in jobs] for _ in range(ROUNDS)]
        megabytes = size(columns) / 1e6
        figures = [megabytes / statistics.median(one) for one in zip(*rounds, strict=True)]
        print(f"| {name} | {megabytes:.1f} | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
