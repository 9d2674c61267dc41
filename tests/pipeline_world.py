"""Small evidence for audits in tests, and audits in this process."""

from __future__ import annotations

import bz2
import gzip
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard

from flagstate.pipeline.audit import Order, Outcome, audit

DATA = Path(__file__).parent / "data"
SHAPE = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "service": "string",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "conn_state": "string",
    "missed_bytes": "count",
}
LEAD = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
START = 1_767_225_600
ESTATE = "networks: [10.0.0.0/8]\nflows:\n  f1: {to: cdn.example, action: send}\n"
TIMELESS = {"evidence": ("retrieved_at",)}
"""Columns that hold the time of the audit itself."""

Conn = dict[str, Any]


def conns(count: int, *, since: int = 0) -> list[Conn]:
    """Return connections that differ from each other; which ones depends on the numbers only."""
    return [
        {
            "ts": START + n * 7.25,
            "uid": f"C{n:06d}x",
            "id.orig_h": f"10.0.0.{n % 5}",
            "id.orig_p": 40_000 + n % 20_000,
            "id.resp_h": f"192.0.2.{n % 11}",
            "id.resp_p": (443, 80, 53)[n % 3],
            "proto": ("tcp", "tcp", "udp")[n % 3],
            "service": ("ssl", "http", "dns")[n % 3],
            "duration": 0.5,
            "orig_bytes": n * 10,
            "resp_bytes": n,
            "conn_state": "SF",
            "missed_bytes": 0,
        }
        for n in range(since, since + count)
    ]


def header() -> str:
    fields, types = "\t".join(SHAPE), "\t".join(SHAPE.values())
    return f"{LEAD}#fields\t{fields}\n#types\t{types}\n"


def lines(rows: Iterable[Conn]) -> str:
    return "".join("\t".join(_shown(row[f]) for f in SHAPE) + "\n" for row in rows)


def _shown(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def tsv(rows: Iterable[Conn]) -> bytes:
    return (header() + lines(rows)).encode()


def as_json(rows: Iterable[Conn]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


PACKED = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
    "bz2": bz2.compress,
}


def put(path: Path, data: bytes | str) -> Path:
    """Write a file that was touched a while ago, as evidence usually is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    age(path)
    return path


def age(path: Path) -> None:
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - 10**10))


def run(*paths: Path, case: Path, **options: Any) -> Outcome:
    """Audit in this process, without hearing the laws: these tests are about what is read and how."""
    order = Order(tuple(paths), case, as_of=date(2026, 11, 21), memory_bytes=1 << 30, threads=2, without=("laws",))
    return audit(replace(order, **options))


def states(outcome: Outcome) -> dict[str, str]:
    """Return the state of each artefact."""
    rows = outcome.tables["evidence"].to_pylist()
    return {r["artefact"]: r["state"] for r in rows if r["state"] not in ("recorded", "set")}


def ledger(outcome: Outcome, artefact: str) -> list[dict[str, Any]]:
    """Return the rows of an artefact."""
    return [row for row in outcome.tables["evidence"].to_pylist() if row["artefact"] == artefact]


def totals(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Return the observed flows without what names their evidence."""
    rows = [row for row in tables["flow"].to_pylist() if row["stance"] == "observed"]
    found = [{k: v for k, v in row.items() if k not in ("fact_id", "evidence_id")} for row in rows]
    return sorted(found, key=_order)


def plain(tables: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """Return all tables as rows, in an order of their own, without the time of the audit."""
    found = {}
    for noun, table in tables.items():
        kept = [name for name in table.column_names if name not in TIMELESS.get(noun, ())]
        rows = table.select(kept).to_pylist()
        for row in rows:
            if row.get("sketch"):
                # Fingerprints are keyed by case: two cases agree on the level and the number of them.
                row["sketch"] = (row["sketch"][0], len(row["sketch"]) // 8)
        found[noun] = sorted(rows, key=_order)
    return found


def _order(row: Mapping[str, object]) -> str:
    return json.dumps(row, default=str, sort_keys=True)


def work(case: Path) -> dict[str, int]:
    """Return when each file of the kept summaries was last written."""
    items = case / "work" / "items"
    return {str(p.relative_to(items)): p.stat().st_mtime_ns for p in sorted(items.rglob("*")) if p.is_file()}
