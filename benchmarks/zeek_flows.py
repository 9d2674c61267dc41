"""Flows, places and behaviours of a large Zeek connection log, against the engine's bare parse and group by of it.

Each run is a process of its own, so that the peak of its memory is its own too; ours and the peers take turns. The log
is given as text and as Parquet, as log stores keep it.
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
MEMORY = 1_500 * 2**20
BOUNDS = {"tsv": 2.5, "parquet": 4.0}
PEAK_GB = 3.0


def source(path: str) -> str:
    """Return the relation of the file, for peers."""
    if path.endswith(".parquet"):
        return f"read_parquet('{path}')"
    columns = ", ".join(f"'{name}': '{NUMBERS.get(name, 'VARCHAR')}'" for name in generate_zeek.FIELDS)
    return (
        f"read_csv('{path}', auto_detect=false, header=false, delim='\t', quote='', escape='', columns={{{columns}}}, "
        f"nullstr='-', skip={HEADER_LINES}, ignore_errors=true)"
    )


def store(log: Path) -> Path:
    """Return the log as Parquet, with times as times; made where it is missing."""
    path = log.with_suffix(".parquet")
    if not path.exists():
        from flagstate.engine import connect

        con = connect(threads=2, files=[str(log)], folders=[path.parent])
        con.execute(
            "COPY (SELECT * REPLACE (make_timestamptz(round(ts::DOUBLE * 1000000)::BIGINT) AS ts) "
            f"FROM {source(str(log))}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return path


def peer(path: str, threads: int) -> int:
    """Parse and group, nothing else; return the number of groups."""
    from flagstate.engine import connect

    con = connect(threads=threads, memory_bytes=MEMORY, files=[path])
    day = "epoch_us(ts) // 86400000000" if path.endswith(".parquet") else "floor(ts / 86400)::INTEGER"
    return (
        con.sql(f"""
        SELECT "id.orig_h", "id.resp_h", "id.resp_p", proto, service, {day} AS day, count(*),
            sum(orig_bytes), sum(resp_bytes)
        FROM {source(path)}
        GROUP BY ALL""")
        .to_arrow_table()
        .num_rows
    )


def pandas(path: str, threads: int) -> int:
    """Parse and group with pandas."""
    import pandas as pd  # type: ignore[import-not-found]

    del threads
    by = ["id.orig_h", "id.resp_h", "id.resp_p", "proto", "service", "day"]
    used = [*by[:5], "ts", "orig_bytes", "resp_bytes"]
    if path.endswith(".parquet"):
        rows = pd.read_parquet(path, columns=used)
        rows["day"] = rows["ts"].astype("int64") // 86_400_000_000
    else:
        rows = pd.read_csv(
            path, sep="\t", comment="#", names=generate_zeek.FIELDS, usecols=used, na_values="-", engine="c"
        )
        rows["day"] = rows["ts"] // 86_400
    return len(rows.groupby(by, dropna=False)[["orig_bytes", "resp_bytes"]].sum())


def zat(path: str, threads: int) -> int:
    """Read with zat into a frame, and group."""
    from zat.log_to_dataframe import LogToDataFrame  # type: ignore[import-not-found]

    del threads
    rows = LogToDataFrame().create_dataframe(path, ts_index=False)
    rows["day"] = rows["ts"].dt.date
    by = ["id.orig_h", "id.resp_h", "id.resp_p", "proto", "service", "day"]
    return len(rows.groupby(by, dropna=False, observed=True)[["orig_bytes", "resp_bytes"]].sum())


def ours(path: str, threads: int) -> int:
    """Read, summarise, look for repeated connections, merge, look places up, find behaviours; return the flows."""
    import pyarrow.compute as pc

    from flagstate import model
    from flagstate.catalog.networks import lookup
    from flagstate.engine import connect
    from flagstate.enrich import behave, flows
    from flagstate.enrich.behave.seen import Traffic, looked
    from flagstate.read.part import Context, Opened, Stream
    from flagstate.read.source import head, opened
    from flagstate.read.zeek import READER

    with opened(path) as descriptor:
        begin = head(descriptor, Path(path).stat().st_size, Path(path).suffix)
    kind = READER.recognise(begin)
    if kind is None:
        raise SystemExit("the log was not recognised")
    con = connect(threads=threads, memory_bytes=MEMORY, files=[path])
    parts = [
        flows.extract(part.noun, part.relation, con, mask=str, salt=7)
        for part in READER.read(Opened(path, begin, "conn.log", "bench"), kind, Context(con, str))
        if isinstance(part, Stream)
    ]
    con.close()
    summary = flows.combine(parts)
    if flows.suspects([summary.keys]):
        raise SystemExit("the generator repeated a connection")
    con = connect(threads=threads, memory_bytes=500 * 2**20)
    merged = flows.merge({"bench": summary}, con, salt=7)
    flow = model.stamp(merged.flow, model.FLOW, stance="observed", evidence_id="bench")
    found = lookup(flow["resp_h"].unique())
    with looked(flow, Traffic(merged.timing, merged.lookups, 7), con) as seen:
        behave.find(seen)
    if pc.sum(flow["conns"]).as_py() != summary.count or found.num_rows == 0:
        raise SystemExit("connections were lost")
    return flow.num_rows


SIDES = {"peer": peer, "ours": ours, "pandas": pandas, "zat": zat}


def run(what: str, path: Path, threads: int, python: str = sys.executable) -> dict[str, float]:
    """Run one side in a process of its own."""
    done = subprocess.run(
        [python, __file__, "--only", what, "--log", str(path), "--threads", str(threads)],
        check=True,
        capture_output=True,
        text=True,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def only(what: str, path: Path, threads: int) -> None:
    """Time one side from its first look at the file, and print what it took."""
    if what == "ours":
        # What set-up prepares once is not timed: imports, and the compiled loops.
        from flagstate.pipeline.doctor import prepare

        prepare()
    began, cpu = time.perf_counter(), time.process_time()
    groups = SIDES[what](str(path), threads)
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


def beside(folder: Path) -> str | None:
    """Return a Python that has pandas and zat, made once where it can be; null: there is none."""
    python = folder / "flagstate-bench-peers" / "bin" / "python"
    if python.exists():
        return str(python)
    made = subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=False)
    asked = [str(python), "-m", "pip", "install", "-q", "pandas", "pyarrow", "zat"]
    return str(python) if made.returncode == 0 and subprocess.run(asked, check=False).returncode == 0 else None


def measure(form: str, path: Path, given: argparse.Namespace, python: str | None) -> None:
    """Run all sides in turns, and print medians, ratios and peaks of one form of the log."""
    taken: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
    for _ in range(given.rounds):
        for what, runs in taken.items():
            runs.append(run(what, path, given.threads))
            print(form, what, {k: round(v, 2) for k, v in runs[-1].items()}, file=sys.stderr, flush=True)
    for what in ("pandas", "zat") if python and given.peers else ():
        if what == "zat" and form == "parquet":
            continue
        try:
            taken[what] = [run(what, path, given.threads, python or "")]
        except subprocess.CalledProcessError as problem:
            print(f"{what} failed: {problem.stderr[-300:]}", file=sys.stderr)
    middle = {what: statistics.median(one["seconds"] for one in runs) for what, runs in taken.items()}
    spent = {what: statistics.median(one["cpu"] for one in runs) for what, runs in taken.items()}
    peaks = {what: max(one["peak_mb"] for one in runs) / 1024 for what, runs in taken.items()}
    ratio = middle["ours"] / middle["peer"]
    print(f"\n{form}: {int(taken['ours'][0]['groups']):,} flows; {given.rounds} rounds in turns.\n")
    print("| what | median | processor | peak | bound |\n|---|---|---|---|---|")
    named = {
        "peer": "DuckDB, bare parse and group by of the same file",
        "ours": "flows (each connection once), places and all behaviours",
        "pandas": "pandas, parse and group by (one run)",
        "zat": "zat, parse, and group by in pandas (one run)",
    }
    for what, words in named.items():
        if what in taken:
            bound = f"{PEAK_GB:.0f} GB" if what == "ours" else ""
            print(f"| {words} | {middle[what]:.1f} s | {spent[what]:.1f} s | {peaks[what]:.2f} GB | {bound} |")
    kept = "kept" if ratio <= BOUNDS[form] else "over"
    print(f"| ratio | {ratio:.2f} | {spent['ours'] / spent['peer']:.2f} | | {BOUNDS[form]} ({kept}) |")


def main() -> None:
    """Generate the log where it is missing, run all sides in turns for each form of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--forms", nargs="*", default=["tsv", "parquet"])
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--only", choices=list(SIDES))
    given = parser.parse_args()
    path = given.log or Path(tempfile.gettempdir()) / f"flagstate-bench-conn-{given.rows}.log"
    if given.only:
        only(given.only, path, given.threads)
        return
    if not path.exists():
        generate_zeek.write(path, given.rows)
    python = beside(Path(tempfile.gettempdir())) if given.peers else None
    print("## Flows, places and behaviours of a connection log\n")
    print(f"{given.rows:,} Zeek connections, as Zeek writes them and as a log store keeps them.")
    for form in given.forms:
        measure(form, path if form == "tsv" else store(path), given, python)


if __name__ == "__main__":
    main()
