"""A small case and small tables for the tests of the case on disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.case import Case, ranges, signature


def made(tmp: Path, name: str = "case") -> Case:
    return Case.open(tmp / name, create=True, keys=tmp / "keys")


def again(case: Case) -> Case:
    return Case.open(case.path, keys=case.path.parent / "keys")


def tables(count: int) -> dict[str, pa.Table]:
    """Two nouns with as many rows as told, so that a mix of two versions shows."""
    flows = [{"fact_id": f"{i:04d}", "orig_h": "10.0.0.1", "resp_h": f"192.0.2.{i % 250}"} for i in range(count)]
    listed = [
        {"evidence_id": f"e{i}", "artefact": f"f{i}.log", "sha256": f"{i:064x}", "overlaps": ["b", None, f"e{i}"]}
        for i in range(count)
    ]
    return {"flow": model.rows(model.FLOW, flows), "evidence": model.rows(model.EVIDENCE, listed)}


def read(case: Case, path: Path, **more: Any) -> None:
    """Remember a file as the pipeline does after reading it."""
    name = case.fingerprint(path)
    known = case.known(name) or {}
    before: Any = known.get("ranges", [])
    signs, growth = signature(path), ranges(path, before)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    case.remember(name, {**signs, "artefact": path.name, "sha256": sha256, "ranges": growth.ranges, **more})


def lines(case: Case) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (case.path / "ledger.jsonl").read_bytes().splitlines()]
