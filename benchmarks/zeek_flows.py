"""Flows and places of a large Zeek connection log, against the engine's bare parse and group by of the same file.

Each run is a process of its own, so that the peak of its memory is its own too; ours and the peer's take turns.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import generate_zeek

NUMBERS = {
    "ts": "DECIMAL(18,6)",
    "id.orig_p": "INTEGER",
    "id.resp_p": "INTEGER",
    "duration": "DOUBLE",
    "orig_bytes": "BIGINT",
    "resp_bytes": "BIGINT",
    "missed_bytes": "BIGINT",
}
HEADER_LINES = 8


def peer(path: str, threads: int) -> int:
    """Parse and group, nothing else; return the number of groups."""
    from flagstate.engine import connect

    con = connect(threads=threads, memory_bytes=1_500 * 2**20, files=[path])
    columns = ", ".join(f"'{name}': '{NUMBERS.get(name, 'VARCHAR')}'" for name in generate_zeek.FIELDS)
    return (
        con.sql(f"""
        SELECT "id.orig_h", "id.resp_h", "id.resp_p", proto, service, floor(ts / 86400)::INTEGER AS day, count(*),
            sum(orig_bytes), sum(resp_bytes)
        FROM read_csv('{path}', auto_detect=false, header=false, delim='\t', quote='', escape='', columns={{{columns}}},
            nullstr='-', skip={HEADER_LINES}, ignore_errors=true)
        GROUP BY ALL""")
        .to_arrow_table()
        .num_rows
    )


def ours(path: str, threads: int) -> int:
    """Read, summarise, look for repeated connections, merge, look places up; return the number of flows."""
    import pyarrow.compute as pc

    from flagstate.catalog.networks import lookup
    from flagstate.engine import connect
    from flagstate.enrich import flows
    from flagstate.read.part import Context, Head, Opened, Stream
    from flagstate.read.zeek import READER

    with open(path, "rb") as file:
        head = Head(file.read(2**16), Path(path).stat().st_size, ".log")
    kind = READER.recognise(head)
    if kind is None:
        raise SystemExit("the log was not recognised")
    con = connect(threads=threads, memory_bytes=1_500 * 2**20, files=[path])
    parts = [
        flows.extract(part.noun, part.relation, con, mask=str, salt=7)
        for part in READER.read(Opened(path, head, "conn.log", "bench"), kind, Context(con, str))
        if isinstance(part, Stream)
    ]
    con.close()
    summary = flows.combine(parts)
    if flows.suspects([summary.keys]):
        raise SystemExit("the generator repeated a connection")
    flow = flows.merge({"bench": summary}, connect(threads=threads, memory_bytes=500 * 2**20), salt=7).flow
    found = lookup(flow["resp_h"].unique())
    if pc.sum(flow["conns"]).as_py() != summary.count or found.num_rows == 0:
        raise SystemExit("connections were lost")
    return flow.num_rows


def run(what: str, path: Path, threads: int) -> dict[str, float]:
    """Run one side in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--only", what, "--log", str(path), "--threads", str(threads)],
        check=True,
        capture_output=True,
        text=True,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def only(what: str, path: Path, threads: int) -> None:
    """Time one side from its first look at the file, and print what it took."""
    from flagstate.enrich import flow_radix

    # What set-up prepares once is not timed: imports, and the compiled sort.
    flow_radix.kernel()
    began, cpu = time.perf_counter(), time.process_time()
    groups = (ours if what == "ours" else peer)(str(path), threads)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "cpu": time.process_time() - cpu,
                "peak_mb": peak / 1024,
                "groups": groups,
            }
        )
    )


def main() -> None:
    """Generate the log where it is missing, run both sides in turns, print medians, their ratio and peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--only", choices=["ours", "peer"])
    given = parser.parse_args()
    path = given.log or Path(tempfile.gettempdir()) / f"flagstate-bench-conn-{given.rows}.log"
    if given.only:
        only(given.only, path, given.threads)
        return
    if not path.exists():
        generate_zeek.write(path, given.rows)
    taken: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
    for _ in range(given.rounds):
        for what, runs in taken.items():
            runs.append(run(what, path, given.threads))
            print(what, {key: round(value, 2) for key, value in runs[-1].items()}, file=sys.stderr, flush=True)
    middle = {what: statistics.median(one["seconds"] for one in runs) for what, runs in taken.items()}
    spent = {what: statistics.median(one["cpu"] for one in runs) for what, runs in taken.items()}
    ratio, peak = middle["ours"] / middle["peer"], max(one["peak_mb"] for one in taken["ours"]) / 1024
    print("## Flows and places of a connection log\n")
    print(
        f"{given.rows:,} Zeek connections, {int(taken['ours'][0]['groups']):,} flows; {given.rounds} rounds in turns.\n"
    )
    print("| what | median | bound |\n|---|---|---|")
    print(f"| DuckDB, bare parse and group by of the same file | {middle['peer']:.1f} s | |")
    print(f"| flows (each connection once, over all artefacts) and places | {middle['ours']:.1f} s | |")
    print(f"| ratio, wall time | {ratio:.2f} | 1.5 |")
    print(f"| ratio, processor time | {spent['ours'] / spent['peer']:.2f} | |")
    print(f"| peak memory | {peak:.2f} GB | 2 GB |")
    if ratio > 1.5:
        print("\nOver its bound. Where it goes: telling repeated connections apart needs two keys of every record.")


if __name__ == "__main__":
    main()
