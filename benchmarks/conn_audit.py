"""A whole audit of a large connection log: time, memory of all processes, and the same tables after being killed."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import generate_zeek

KEPT = ("flow", "endpoint", "place", "reconciliation", "finding", "interest", "legal_entity")


def tree(pid: int) -> int:
    """Return the resident memory in bytes of a process and all below it; shared pages count once per process."""
    total, queue = 0, [pid]
    while queue:
        one = queue.pop()
        try:
            status = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += int(next(line for line in status.splitlines() if line.startswith("Pss:")).split()[1]) * 1024
            queue += [int(c) for c in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except (OSError, StopIteration):
            continue
    return total


@contextmanager
def peaking(process: subprocess.Popen[Any]) -> Iterator[list[int]]:
    """Watch the memory of a process and all below it; the one number yielded is its peak so far."""
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            peak[0] = max(peak[0], tree(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def audit(log: Path, case: Path, keys: Path, *, kill_after: float | None = None) -> tuple[float, int, bool]:
    """Audit the log; return seconds, peak memory, and whether it ran to its end."""
    env = os.environ | {"FLAGSTATE_KEYS": str(keys)}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "flagstate.cli", "audit", str(log), "--case", str(case), "--json", "--threads", "2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, start_new_session=True,
    )  # fmt: skip
    with peaking(process) as peak:
        try:
            process.wait(kill_after)
            whole = True
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            whole = False
    return time.monotonic() - began, peak[0], whole


def tables(case: Path) -> dict[str, object]:
    """Return the tables of a case that must not depend on how it was made."""
    return {noun: pq.read_table(case / "tables" / f"{noun}.parquet").to_pylist() for noun in KEPT}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--log", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        log = chosen.log or Path(tempfile.gettempdir()) / f"flagstate-bench-conn-{chosen.rows}.log"
        if not log.exists():
            generate_zeek.write(log, chosen.rows)
        seconds, peak, _ = audit(log, home / "whole", home / "keys")
        again, _, _ = audit(log, home / "whole", home / "keys")
        wanted = tables(home / "whole")
        rng = random.Random(7)
        killed = 0
        for _ in range(chosen.kills):
            killed += not audit(log, home / "killed", home / "keys", kill_after=rng.uniform(0.5, min(seconds, 20.0)))[2]
        audit(log, home / "killed", home / "keys")
        same = json.dumps(tables(home / "killed"), default=str) == json.dumps(wanted, default=str)
        flows = len(wanted["flow"])  # type: ignore[arg-type]
    print("## A whole audit of a connection log\n")
    print("| what | measured | bound |\n|---|---|---|")
    print(f"| `flagstate audit` of {chosen.rows:,} connections ({flows:,} flows), to the report | {seconds:.0f} s | |")
    print(f"| peak memory of all its processes together (proportional) | {peak / 2**30:.2f} GB | 2 GB |")
    print(f"| the same command again, nothing new | {again:.1f} s | |")
    answer = "the same tables" if same else "OTHER TABLES"
    print(f"| killed {killed} times at random moments, then run to its end | {answer} | the same tables |")
    if not same or (chosen.kills and not killed):
        sys.exit(1)


if __name__ == "__main__":
    main()
