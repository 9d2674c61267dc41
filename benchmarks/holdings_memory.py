"""Memory: `flagstate audit --memory 1GB` of one Parquet table of 20 GB of text stays under 1.3 GB resident.

`FLAGSTATE_BENCH_GB` (20 by default) is the size of the strings; the file on disk is about half of it, in a folder that
`FLAGSTATE_BENCH_FOLDER` names or the system's temporary one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

import conn_audit
import generate_tables

GIGABYTES = float(os.environ.get("FLAGSTATE_BENCH_GB", "20"))
BOUND = 1.3


@dataclass
class Ran:
    """What one audit took."""

    seconds: float
    peak: int
    """Resident bytes of all its processes together, shared pages counted once."""
    returned: int
    said: str
    holdings: int
    """Rows of the holding table: an audit that found nothing would be no proof."""


def audit(path: Path, folder: Path) -> Ran:
    """Audit the file within a gigabyte, and watch its memory."""
    command = [sys.executable, "-m", "flagstate.cli", "audit", str(path), "--case", str(folder / "case")]
    command += ["--memory", "1GB", "--threads", "2"]
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"FLAGSTATE_KEYS": str(folder / "keys")},
    )  # fmt: skip
    with conn_audit.peaking(process) as peak:
        said, _ = process.communicate()
    took, table = time.monotonic() - began, folder / "case" / "tables" / "holding.parquet"
    return Ran(took, peak[0], process.returncode, said, pq.read_metadata(table).num_rows if table.exists() else 0)


def main() -> int:
    """Write the table, audit it, print."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("FLAGSTATE_BENCH_FOLDER")) as name:
        folder = Path(name)
        path = folder / "parcels.parquet"
        one = generate_tables.size(generate_tables.dense(10_000, 1)) / 10_000
        rows = int(GIGABYTES * 1e9 / one)
        began = time.monotonic()
        total = generate_tables.write(path, generate_tables.dense, rows)
        print(f"written in {time.monotonic() - began:.0f} s", file=sys.stderr)
        disk = path.stat().st_size
        ran = audit(path, folder)
    print("## Memory over a large table\n")
    print("| what | measured | bound |\n|---|---|---|")
    print(f"| strings in one Parquet table of {rows:,} rows and 41 columns | {total / 1e9:.1f} GB | |")
    print(f"| the file | {disk / 1e9:.1f} GB | |")
    print(f"| `flagstate audit --memory 1GB` of it, to the report | {ran.seconds:,.0f} s | |")
    print(f"| peak resident memory of all its processes | {ran.peak / 1e9:.2f} GB | {BOUND} GB |")
    print(f"| holdings found in it | {ran.holdings} | |")
    if (ran.returned not in {0, 3} and ran.returned < 10) or not ran.holdings:
        print(ran.said[-2000:], file=sys.stderr)
        return 1
    print(f"\n{'Bound kept.' if ran.peak / 1e9 <= BOUND else 'Over its bound.'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
