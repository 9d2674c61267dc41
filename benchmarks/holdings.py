"""How fast classes are recognised, against peers in the same run; and a Parquet file to holdings against decoding it.

`FLAGSTATE_BENCH_SCALE` (1 by default) sets how much data is used; figures are processor time on one core.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import generate_tables
import peers

HERE = Path(__file__).resolve().parent
KEY = bytes(range(16))
ROUNDS = 3
SCALE = float(os.environ.get("FLAGSTATE_BENCH_SCALE", "1"))
LARGE = int(1_000_000 * SCALE)
"""Rows of the table that is read from its file: what is fixed per table weighs less."""
ROWS = {"dense": int(200_000 * SCALE), "logs": int(400_000 * SCALE)}
LIKE_PRESIDIO = "email phone card iban ipv4 ipv6 mac_address us_ssn".split()  # noqa: SIM905
LIKE_FIVE = "email phone card ipv4 ipv6 us_ssn".split()  # noqa: SIM905
LIKE_DEFAULT = [
    *LIKE_FIVE, "jwt", "private_key", "connection_string", "stripe_key", "github_token", "slack_token", "google_key",
    "aws_key",
]  # fmt: skip
LIKE = {"presidio": LIKE_PRESIDIO, "datafog-core": LIKE_FIVE, "datafog-core-default": LIKE_DEFAULT}
"""What ours looks for beside a peer: at least the classes that the peer does."""
BOUNDS = {
    ("dense", "presidio"): 3000,
    ("dense", "datafog-core"): 8,
    ("dense", "datafog-core-default"): 8,
    ("logs", "presidio"): 1000,
    ("logs", "datafog-core"): 12,
    ("logs", "datafog-core-default"): 12,
}
WORDS = {"dense": "Dense table of parcels, 41 columns", "logs": "Sparse JSON log lines"}


@dataclass(frozen=True)
class Tool:
    """One tool in one way of asking it."""

    name: str
    mode: str
    rows: dict[str, int]
    """Rows of each kind of data that it is given: a slow one gets a slice."""


TOOLS = (
    Tool("presidio", "value", {"dense": 60, "logs": 500}),
    Tool("datafog-core", "value", {"dense": 8000, "logs": 60_000}),
    Tool("datafog-core-default", "value", {"dense": 8000, "logs": 60_000}),
    Tool("hyperscan", "value", {"dense": 20_000, "logs": 100_000}),
    Tool("hyperscan", "joined", {"dense": 20_000, "logs": 100_000}),
    Tool("datafog-core", "joined", {"dense": 20_000, "logs": 100_000}),
    Tool("re", "value", {"dense": 8000, "logs": 30_000}),
)


def machine_of(names: list[str]) -> object:
    """Return the machine of some shipped classes."""
    from flagstate.catalog import data_class
    from flagstate.enrich.classify import machine

    return machine.build(tuple(entry for entry in data_class.load() if entry.id in names))


def ours(path: Path, machine: object, *, search: bool) -> float:
    """Return the megabytes a second of the kernel over a file's strings, already decoded."""
    from flagstate.enrich.classify import kernel

    columns = [column for batch in pq.ParquetFile(path).iter_batches(batch_size=65_536) for column in batch.columns]
    total = sum(generate_tables.size(pa.RecordBatch.from_arrays([c], names=["c"])) for c in columns)
    kernel.look(columns[0].slice(0, 10), machine, KEY, search=search)
    began = time.process_time()
    for column in columns:
        kernel.look(column, machine, KEY, search=search)
    return total / 1e6 / (time.process_time() - began)


def peer(tool: Tool, path: Path, kind: str) -> float:
    """Return the megabytes a second of a peer."""
    there = peers.python("peers")
    if there is None:
        return 0.0
    done = subprocess.run(
        [there, HERE / "speed_worker.py", tool.name, path, str(tool.rows[kind]), tool.mode],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    return float(told["bytes"] / 1e6 / told["seconds"])


def recognised(kind: str, path: Path) -> list[str]:
    """Return the table of speeds over one kind of data."""
    like = {name: machine_of(classes) for name, classes in LIKE.items()}
    speeds: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, machine in like.items():
            for search in (False, True):
                speeds.setdefault(f"ours/{name}/{search}", []).append(ours(path, machine, search=search))
        for tool in TOOLS:
            speeds.setdefault(f"{tool.name}/{tool.mode}", []).append(peer(tool, path, kind))
    middle = {name: statistics.median(all_of_it) for name, all_of_it in speeds.items()}
    # Text is searched inside; in a table of short values each value is one thing, as the product takes it.
    chosen = kind == "logs"
    out = [f"### {WORDS[kind]}", "", "| tool | MB/s | ours is faster by | bound |", "|---|---|---|---|"]
    for name in like:
        classes = f"{len(LIKE[name])} classes of {name}"
        for search in (chosen, not chosen):
            how = "searched inside" if search else "whole values"
            out.append(f"| ours, {classes}, {how} | {middle[f'ours/{name}/{search}']:,.0f} | | |")
    kept = True
    for tool in TOOLS:
        base = tool.name if tool.name in LIKE else "presidio"
        speed = middle[f"{tool.name}/{tool.mode}"]
        ratio = middle[f"ours/{base}/{chosen}"] / speed if speed else 0
        bound = BOUNDS.get((kind, tool.name)) if tool.mode == "value" else None
        kept = kept and (bound is None or ratio >= bound)
        how = "one value at a time" if tool.mode == "value" else "values joined into blocks"
        out.append(f"| {tool.name}, {how} | {speed:,.2f} | {ratio:,.1f} × | {f'{bound:,} ×' if bound else ''} |")
    return [*out, "", "Bounds kept." if kept else "Short of its bounds.", ""]


def decoded(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a Parquet file, decoded by one thread."""
    yield from pq.ParquetFile(path).iter_batches(batch_size=65_536, use_threads=False)


def only_decode(path: Path) -> None:
    """Decode the file and do nothing."""
    for _ in decoded(path):
        pass


def records(path: Path) -> Iterator[pa.RecordBatchReader]:
    """Yield what the product's own reader makes of the file."""
    from flagstate.catalog.mask import mask
    from flagstate.engine import connect
    from flagstate.read import parquet
    from flagstate.read.part import Context, Head, Opened, Records

    with path.open("rb") as file:
        head = Head(file.read(65_536), path.stat().st_size, path.suffix)
    kind = parquet.READER.recognise(head)
    if kind is None:
        raise ValueError(f"{path} is no Parquet file")
    with connect(files=[str(path)], threads=1) as con:
        for part in parquet.READER.read(Opened(str(path), head, "parcels", "e"), kind, Context(con, mask)):
            if isinstance(part, Records):
                yield part.reader


def only_recognise(path: Path) -> None:
    """Read the file and look at every value for all shipped classes."""
    from flagstate.enrich.classify import machine
    from flagstate.enrich.classify.glance import Eye

    every = machine.load()
    for reader in records(path):
        eyes = [Eye(every, KEY) for _ in reader.schema]
        for batch in reader:
            for eye, column in zip(eyes, batch.columns, strict=True):
                eye.look(column, search=False)


def whole(path: Path) -> None:
    """Read the file, recognise, count, infer, decide."""
    from flagstate.enrich import classify

    for reader in records(path):
        summary = classify.scan(reader, key=KEY)
        classify.holdings(summary, "parcels")
        classify.populations(summary, "parcels")


def timed(work: Callable[[Path], None], path: Path) -> float:
    """Return processor seconds of one run."""
    began = time.process_time()
    work(path)
    return time.process_time() - began


def against_decoding(path: Path, total: int) -> list[str]:
    """Return the table of a Parquet file to holdings."""
    works = {"only decoding": only_decode, "and recognition": only_recognise, "and counts, inference": whole}
    small = path.with_name("small.parquet")
    generate_tables.write(small, generate_tables.dense, 1000)
    for work in works.values():
        work(small)
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            seconds[name].append(timed(work, path))
    middle = {name: statistics.median(all_of_it) for name, all_of_it in seconds.items()}
    base, bounds = middle["only decoding"], {"and recognition": 2.0, "and counts, inference": 3.0}
    out = [
        f"### Parquet file to holdings ({total / 1e6:,.0f} MB of strings, {path.stat().st_size / 1e6:,.0f} MB on disk)",
        "",
    ]
    out += ["| what | processor seconds | times decoding | bound |", "|---|---|---|---|"]
    for name, took in middle.items():
        bound = bounds.get(name)
        out.append(f"| {name} | {took:.2f} | {took / base:.2f} × | {f'{bound:.1f} ×' if bound else ''} |")
    kept = all(middle[name] / base <= bound for name, bound in bounds.items())
    return [*out, "", "Bounds kept." if kept else "Over its bounds.", ""]


def run() -> list[str]:
    """Run everything and return the section."""
    out = ["## Speed of recognition", "", "Medians of three rounds in turns, processor time of one core. Presidio: "
           "pattern recognisers of the same classes, no named-entity model, on a slice. Hyperscan and `re` check no "
           "digit.", ""]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for kind, make in (("dense", generate_tables.dense), ("logs", generate_tables.logs)):
            path = Path(folder) / f"{kind}.parquet"
            generate_tables.write(path, make, ROWS[kind])
            out += recognised(kind, path)
            if kind == "dense":
                large = Path(folder) / "large.parquet"
                out += against_decoding(large, generate_tables.write(large, make, LARGE))
    return out


if __name__ == "__main__":
    print("\n".join(run()))
    sys.exit(0)
