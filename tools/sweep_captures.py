"""Reads every capture below a folder in bounded children, and tells what became of each: none may crash or loop.

.venv/bin/python tools/sweep_captures.py FOLDER [--seconds 60] [--memory-mb 1500]
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHUNK = 40


def one(path: str) -> dict[str, object]:
    """Read one capture and return what became of it."""
    from flagstate.catalog.mask import mask, mask_host
    from flagstate.engine import connect
    from flagstate.errors import FlagstateError
    from flagstate.read.part import Context, Facts, Note, Opened, Records, Reject, Stream, Tally
    from flagstate.read.registry import identify
    from flagstate.read.source import head, neutral, opened
    from flagstate.read.unfold import unfold

    told: dict[str, object] = {"state": "refused", "rows": {}, "why": ""}
    rows: collections.Counter[str] = collections.Counter()
    with opened(path) as descriptor:
        for leaf in unfold(descriptor, os.path.basename(path), tempfile.gettempdir(), None):
            if leaf.descriptor is None:
                told["why"] = leaf.refused
                continue
            begin = head(leaf.descriptor, leaf.size, leaf.suffix)
            reader, kind = identify(begin)
            if reader is None or kind.refused:
                told["why"] = kind.refused
                continue
            told["state"], told["kind"] = "read", kind.name
            con = connect(threads=1, memory_bytes=500 << 20, files=[neutral(leaf.descriptor)])
            try:
                for part in reader.read(
                    Opened(neutral(leaf.descriptor), begin, "capture", "id"), kind, Context(con, mask, None, mask_host)
                ):
                    if isinstance(part, Stream):
                        rows[part.noun] += part.relation.to_arrow_table().num_rows
                    elif isinstance(part, Records):
                        rows["record"] += sum(batch.num_rows for batch in part.reader)
                    elif isinstance(part, Facts):
                        rows[part.noun] += part.table.num_rows
                    elif isinstance(part, Reject) or (isinstance(part, Tally) and part.rows_rejected):
                        told["state"] = "partly"
                    elif isinstance(part, Note) and part.lost:
                        told["state"], told["why"] = "partly", part.reason
            except FlagstateError as problem:
                told["state"], told["why"] = "partly", problem.what
    told["rows"] = dict(rows)
    return told


def child(paths: list[str]) -> None:
    """Read captures, one line of JSON each."""
    for path in paths:
        print(json.dumps({"path": path, "begun": True}), flush=True)
        start = time.monotonic()
        told = one(path)
        print(json.dumps({"path": path, "seconds": time.monotonic() - start, **told}), flush=True)


def sweep(paths: list[str], seconds: int, memory: int) -> list[dict[str, object]]:
    """Read captures in children; one that kills its child, or takes too long, is told so."""
    done: list[dict[str, object]] = []
    left = list(paths)
    while left:
        command = [sys.executable, __file__, "--child", *left[:CHUNK]]

        def bound() -> None:
            resource.setrlimit(resource.RLIMIT_DATA, (memory << 20, memory << 20))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds * 4, seconds * 4 + 5))

        ran = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=bound)
        lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        finished = [line for line in lines if "begun" not in line]
        done += finished
        count = len(finished)
        if count < len(left[:CHUNK]):
            why = ran.stderr.strip().splitlines()[-1:] or [f"exit code {ran.returncode}"]
            done.append({"path": left[count], "state": "CRASHED", "why": why[0], "seconds": 0.0, "rows": {}})
            count += 1
        left = left[count:]
    return done


def main() -> int:
    """Sweep, and print counts; 1 if anything crashed or took too long."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--memory-mb", type=int, default=1500)
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()
    if given.child:
        child(given.folder)
        return 0
    found = [p for folder in given.folder for p in sorted(Path(folder).rglob("*")) if "pcap" in p.name and p.is_file()]
    start = time.monotonic()
    told = sweep([str(p) for p in found], given.seconds, given.memory_mb)
    states = collections.Counter(str(each["state"]) for each in told)
    rows: collections.Counter[str] = collections.Counter()
    for each in told:
        counts = each["rows"]
        rows.update(counts if isinstance(counts, dict) else {})
        if each["state"] != "read":
            print(f"{each['state']:8} {Path(str(each['path'])).name}: {each['why']}")
    slow = [each for each in told if float(str(each["seconds"])) > given.seconds]
    for each in slow:
        print(f"SLOW     {Path(str(each['path'])).name}: {each['seconds']:.1f} s")
    print(f"{len(told)} captures in {time.monotonic() - start:.0f} s: {dict(states)}; rows {dict(rows)}")
    return 1 if slow or states["CRASHED"] else 0


if __name__ == "__main__":
    sys.exit(main())
