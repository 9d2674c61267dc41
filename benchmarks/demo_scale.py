"""The hub of the demonstration at 1, 3, 10 and 30 million parcels: writing its stores, auditing them, and the truth.

`FLAGSTATE_BENCH_PARCELS` names other sizes, in millions, such as `1 3`; `FLAGSTATE_BENCH_FOLDER` the folder to work in,
which needs about 120 bytes a parcel. What the audit says is compared with what was written: records of every class of
every table, and persons within their bounds.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import conn_audit
from flagstate.catalog.containers import stem
from flagstate.demo import stores
from flagstate.demo.hub import Hub

SIZES = [float(size) for size in os.environ.get("FLAGSTATE_BENCH_PARCELS", "1 3 10 30").split()]
MEMORY = "3GB"
MINUTES, GIGABYTES, MONTH = 10, 4, 27
"""A month of the hub has 27 million parcels: its audit must take less than so many minutes and gigabytes."""
TABLES = len(("flights", "merchants", "products", "parcels", "customs_h7", "scans", "returns"))


@dataclass(frozen=True)
class Ran:
    """What one process and those below it took."""

    seconds: float
    """From its begin to its end."""
    processor: float
    """Seconds of processor time of all of them."""
    peak: int
    """Resident bytes of all of them together, shared pages counted once."""
    said: str
    """What it printed."""


def watched(command: Sequence[str], **env: str) -> Ran:
    """Run a command and watch its memory.

    Raises:
        RuntimeError: It ended with an error.
    """
    began, before = time.monotonic(), _processor()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=os.environ | env)  # fmt: skip
    with conn_audit.peaking(process) as peak:
        said, _ = process.communicate()
    if process.returncode not in (0, 3) and process.returncode < 10:
        raise RuntimeError(f"{' '.join(command)}: {said[-2000:]}")
    return Ran(time.monotonic() - began, _processor() - before, peak[0], said)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(truth: dict[str, Any], case: Path) -> list[str]:
    """Return where the holdings of a case differ from what was written."""
    wrong, seen = [], set()
    for row in pq.read_table(case / "tables" / "holding.parquet").to_pylist():
        if row["stance"] != "observed":
            continue
        name, made = stem(row["container"]), row["data_class"]
        table = truth["tables"][name]
        seen.add((name, made))
        if table["records"].get(made) != row["records"]:
            wrong.append(f"{name}.{made}: {row['records']:,} records, written {table['records'].get(made, 0):,}")
        persons = table["persons_of"].get(made, table["persons"])
        if row["unit"] == "persons" and not row["subjects_lo"] <= persons <= row["subjects_hi"]:
            wrong.append(
                f"{name}.{made}: {row['subjects_lo']:,} to {row['subjects_hi']:,} persons, written {persons:,}"
            )
    for name, table in truth["tables"].items():
        wrong += [f"{name}.{made}: not found" for made in table["records"] if (name, made) not in seen]
    return wrong


def one(millions: float, base: Path) -> tuple[int, Ran, Ran, dict[str, Any], list[str]]:
    """Write a hub, audit it, compare; the folder is deleted afterwards."""
    folder, count = Path(tempfile.mkdtemp(dir=base)), round(millions * 1e6)
    try:
        written = watched([sys.executable, __file__, "--write", str(count), str(folder / "evidence")])
        truth = json.loads(written.said.splitlines()[-1])
        case = folder / "case"
        command = [sys.executable, "-m", "flagstate.cli", "audit", str(folder / "evidence"), "--case", str(case),
                   "--memory", MEMORY, "--threads", "2"]  # fmt: skip
        audited = watched(command, FLAGSTATE_KEYS=str(folder / "keys"))
        return count, written, audited, truth, compare(truth, case)
    finally:
        shutil.rmtree(folder)


def main() -> int:
    """Run and print."""
    if sys.argv[1:2] == ["--write"]:
        truth = stores.write(Hub(int(sys.argv[2]), 1), Path(sys.argv[3]), lambda _: None, sqlite=False)
        print(json.dumps(truth))
        return 0
    base = os.environ.get("FLAGSTATE_BENCH_FOLDER", tempfile.gettempdir())
    Path(base).mkdir(parents=True, exist_ok=True)
    print("## The hub of the demonstration\n")
    print(
        f"Stores as Parquet, {TABLES} tables; `flagstate audit --memory {MEMORY} --threads 2` of them, to the report.\n"
    )
    print("| parcels | rows | on disk | written in | processor | peak | audited in | processor | peak | figures |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    kept = True
    for size in SIZES:
        count, written, audited, truth, wrong = one(size, Path(base))
        rows = sum(table["rows"] for table in truth["tables"].values())
        cells = [
            f"{count:,}", f"{rows:,}", f"{truth['bytes'] / 1e9:.2f} GB",
            f"{written.seconds:,.0f} s", f"{written.processor:,.0f} s", f"{written.peak / 1e9:.2f} GB",
            f"{audited.seconds:,.0f} s", f"{audited.processor:,.0f} s", f"{audited.peak / 1e9:.2f} GB",
            f"{len(wrong)} differ" if wrong else "all as written",
        ]  # fmt: skip
        print(f"| {' | '.join(cells)} |", flush=True)
        print("\n".join(wrong[:20]), file=sys.stderr)
        month = size >= MONTH
        kept &= not wrong and not (month and (audited.seconds > MINUTES * 60 or audited.peak > GIGABYTES * 1e9))
    load, cores = os.getloadavg()[2], len(os.sched_getaffinity(0))
    print(f"\nLoad of the machine in the last quarter of an hour, this run included: {load:.1f} on {cores} cores.")
    print(f"\nBounds: a month ({MONTH} million parcels and more) in under {MINUTES} minutes and {GIGABYTES} GB, and "
          f"every figure as written. {'Kept.' if kept else 'Not kept.'}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
