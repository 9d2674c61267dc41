"""Classification alone: which classes of data live stores, files and folders hold, and how much of them was seen."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flagstate import model
from flagstate.case import Case
from flagstate.engine import Limits, Workers, cores, memory
from flagstate.enrich import partitions
from flagstate.pipeline import collect, gather, live
from flagstate.pipeline.gather import SLACK
from flagstate.read.live.credentials import Credentials, scrub
from flagstate.read.live.sampling import Bounds
from flagstate.read.live.target import Target

NOUNS = ("evidence", "reject", "holding", "population", "coverage")
"""What a scan makes."""

READ = ("read", "partly_read", "duplicate")
"""States of what was read, at least in part."""

FOUND = 10
"""Exit code where a class was found that the user said must not be: adverse by the user's own word, of no severity."""

SAMPLE_S, WHOLE_S = 2 * 3600, 7 * 24 * 3600
"""How long the reading of one store may take, in seconds."""


@dataclass(frozen=True)
class Store:
    """A live store, and who we are there."""

    target: Target
    """The store."""
    credentials: Credentials = field(default_factory=Credentials)
    """Who we are."""


@dataclass(frozen=True)
class ScanOrder:
    """What to scan, and how."""

    stores: tuple[Store, ...] = ()
    """Live stores."""
    paths: tuple[Path, ...] = ()
    """Files and folders."""
    bounds: Bounds = field(default_factory=Bounds)
    """How much of live stores is read."""
    memory_bytes: int | None = None
    """Memory to use; null: half of the machine's."""
    threads: int | None = None
    """Threads to use; null: all cores."""
    max_expand: int | None = None
    """Absolute bound of expansion in bytes."""
    fail_on: tuple[str, ...] = ()
    """Data classes that must not be found."""


@dataclass(frozen=True)
class ScanOutcome:
    """What a scan found."""

    tables: dict[str, pa.Table]
    """The nouns in `NOUNS`."""
    lost: frozenset[str] = frozenset()
    """Evidence of which something could not be read; what a sample leaves out is not lost."""
    fail_on: tuple[str, ...] = ()
    """Data classes that must not be found."""

    @property
    def refused(self) -> tuple[str, ...]:
        """Return the classes that were found and must not be."""
        held = set(self.tables["holding"].column("data_class").to_pylist())
        return tuple(name for name in self.fail_on if name in held)

    @property
    def exit_code(self) -> int:
        """Return 10 if what must not be was found, 1 if nothing was read, 3 if something was not, else 0."""
        states = self.tables["evidence"].column("state").to_pylist()
        if self.refused:
            return FOUND
        if not any(state in READ for state in states):
            return 1
        return 3 if self.lost else 0

    def document(self) -> dict[str, object]:
        """Return the scan as one JSON document."""
        return {
            "exit_code": self.exit_code,
            "refused": list(self.refused),
            "lost": sorted(self.lost),
            **{noun: _shown(table).to_pylist() for noun, table in self.tables.items()},
        }


def _shown(table: pa.Table) -> pa.Table:
    # Sketches are for merging, by those who have the key; here nobody has.
    return table.drop_columns("sketch") if "sketch" in table.column_names else table


def scan(order: ScanOrder, said: Callable[[str], None] = lambda _: None) -> ScanOutcome:
    """Scan live stores, files and folders; nothing is kept.

    Args:
        order: What to scan, and how.
        said: Is told what is being done.

    Raises:
        FlagstateError: Nothing was found out.
    """
    # Processes that are started from here on do not inherit a secret.
    scrub(os.environ)
    found = Found()
    with tempfile.TemporaryDirectory(prefix="flagstate-scan-") as made:
        folder = Path(made)
        _stores(order, folder, found, said)
        _files(order, folder, found, said)
    return found.outcome(order.fail_on)


@dataclass
class Found:
    """What was found so far."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the ledger."""
    rejects: list[dict[str, Any]] = field(default_factory=list)
    """Rejected records."""
    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    """Facts and coverage, with their evidence."""
    lost: set[str] = field(default_factory=set)
    """Evidence of which something could not be read."""

    def add(self, seen: Mapping[str, Any], folder: Path, *, lost: bool, sha256: str | None) -> None:
        """Add what became of one store, object or file."""
        evidence_id = model.digest("evidence", sha256, seen["name"], len(self.rows))
        self.rows.append(_row(seen, evidence_id, sha256))
        if lost:
            self.lost.add(evidence_id)
        for line, reason in seen["rejects"]:
            self.rejects.append({"evidence_id": evidence_id, "line": line, "reason": reason})
        for noun in seen["tables"]:
            if noun in NOUNS:
                table = pq.read_table(folder / f"{seen['ordinal']}.{noun}.parquet")
                self.tables.setdefault(noun, []).append(_owned(table, noun, evidence_id))

    def outcome(self, fail_on: tuple[str, ...]) -> ScanOutcome:
        """Return what was found."""
        tables = {
            "evidence": model.rows(model.EVIDENCE, self.rows),
            "reject": model.rows(model.REJECT, self.rejects),
        }
        for noun in NOUNS[2:]:
            kind = model.NOUNS[noun]
            tables[noun] = pa.concat_tables([model.empty(kind), *self.tables.get(noun, ())])
        return ScanOutcome(tables | _united(tables), frozenset(self.lost), fail_on)


def _united(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Put files and objects that are parts of one table together, as an audit does; databases stay apart."""
    evidence = tables["evidence"]
    live = pc.fill_null(pc.starts_with(evidence.column("kind"), "live."), False)
    made = partitions.unite({**tables, "evidence": evidence.filter(pc.invert(live))})
    sets = model.conform(made.get("evidence", model.empty(model.EVIDENCE)), model.EVIDENCE)
    return made | {"evidence": pa.concat_tables([evidence, sets])}


def _owned(table: pa.Table, noun: str, evidence_id: str) -> pa.Table:
    kind = model.NOUNS[noun]
    if noun in model.FACTS:
        return model.stamp(table, kind, evidence_id=evidence_id)
    table = model.conform(table, kind)
    filled = pa.array([evidence_id] * table.num_rows, pa.string())
    return model.conform(table.set_column(kind.names.index("evidence_id"), "evidence_id", filled), kind)


def _row(seen: Mapping[str, Any], evidence_id: str, sha256: str | None) -> dict[str, Any]:
    cut = seen.get("cut")
    return {
        "evidence_id": evidence_id,
        "artefact": seen["name"],
        "sha256": sha256,
        "size_bytes": seen["size"] or None,
        "range_from": 0 if cut else None,
        "range_to": cut,
        "kind": seen["kind"] or None,
        "state": seen["state"],
        "reason": seen["reason"] or None,
        "todo": seen["todo"] or None,
        "retrieved_at": datetime.now(UTC),
        "rows_read": seen["rows_read"],
        "rows_rejected": seen["rows_rejected"],
        "overlaps": [],
        "members": [],
    }


def _files(order: ScanOrder, folder: Path, found: Found, said: Callable[[str], None]) -> None:
    """Read files and folders as an audit does, in a case that goes with its key when the scan ends."""
    if not order.paths:
        return
    case = Case.open(folder / "case", create=True, keys=folder / "keys")
    means = gather.Means(order.memory_bytes or memory() // 2, order.threads or cores(), order.max_expand)
    with case.writing(), Workers(gather.TARGET) as workers:
        (case.work / "items").mkdir(mode=0o700, exist_ok=True)
        (case.work / "spool").mkdir(mode=0o700, exist_ok=True)
        made = gather.plan(list(order.paths), case)
        gather.read(made, case, workers, means, turn=gather.Turn(), said=said)
        collected = collect.collect(made, case.work / "items")
        tables = collect.facts(collected)
    for row in collected.evidence:
        kind = str(row.get("kind") or "")
        if kind.startswith("zeek.") and "conn" in kind:
            row["reason"] = row["reason"] or "it says who met whom, and holds no records: `flagstate audit` reads it"
        elif row["state"] not in ("read", "duplicate"):
            found.lost.add(str(row["evidence_id"]))
    found.rows += collected.evidence
    found.rejects += collected.rejects
    for noun in NOUNS[2:]:
        if noun in tables:
            found.tables.setdefault(noun, []).append(tables[noun])


def _stores(order: ScanOrder, folder: Path, found: Found, said: Callable[[str], None]) -> None:
    if not order.stores:
        return
    # A key that nobody keeps: fingerprints of this run say nothing to any other.
    salt = secrets.randbits(63)
    with Workers(live.TARGET) as workers:
        for number, store in enumerate(order.stores):
            out, spool = folder / str(number), folder / f"{number}.spool"
            out.mkdir(mode=0o700)
            spool.mkdir(mode=0o700)
            fault = _run(workers, store, order, out, spool, salt, said)
            _take(store, out, fault, found)


def _run(
    workers: Workers, store: Store, order: ScanOrder, out: Path, spool: Path, salt: int, said: Callable[[str], None]
) -> str:
    """Have a store read by one bounded process; return why it died, if it did."""
    memory_bytes = order.memory_bytes or memory() // 2
    told = live.order(
        store.target, store.credentials, order.bounds,
        out=out, spool=spool, salt=salt, memory_bytes=memory_bytes * 6 // 10,
        threads=order.threads or cores(), max_expand=order.max_expand,
    )  # fmt: skip
    seconds = WHOLE_S if order.bounds.full else SAMPLE_S
    workers.submit(out.name, told, Limits(memory_bytes + SLACK, seconds, seconds))
    while True:
        said(f"Reading {store.target.show()}")
        for ended in workers.wait():
            return ended.fault


def _take(store: Store, out: Path, fault: str, found: Found) -> None:
    kept = out / live.STORE
    if kept.exists():
        seen = json.loads(kept.read_text())
        found.add(seen, out, lost=seen["lost"], sha256=None)
    else:
        found.add(_dead(store, fault), out, lost=True, sha256=None)
    for path in sorted((p for p in out.iterdir() if p.is_dir()), key=lambda p: int(p.name)):
        for leaf in _leaves(path):
            whole = not leaf.get("cut")
            lost = leaf["state"] not in ("read", "duplicate") and (whole or leaf["state"] != "partly_read")
            found.add(leaf, path, lost=lost, sha256=leaf["content"] or None)


def _dead(store: Store, fault: str) -> dict[str, Any]:
    return {
        "ordinal": "0", "name": store.target.show(), "size": 0, "kind": f"live.{store.target.scheme}",
        "state": "failed", "reason": fault or "the reading process left nothing behind",
        "todo": "Read less at once, or allow more with --memory.",
        "rows_read": 0, "rows_rejected": 0, "rejects": [], "tables": [],
    }  # fmt: skip


def _leaves(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("0*.json"), key=lambda p: [int(n) for n in p.stem.split(".")]):
        yield json.loads(path.read_text())
