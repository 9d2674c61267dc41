"""Turns what the readers left behind into the tables of a case: evidence rows, facts with their evidence, coverage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.enrich.dependencies_own import ours
from flagstate.errors import DeclarationError
from flagstate.pipeline.gather import Gathering, Piece, leaves

INTERNAL = "sum_"
"""Prefix of summaries that are merged and not kept."""


@dataclass
class Read:
    """One leaf that was read, with its row of the ledger."""

    evidence_id: str
    """Its row."""
    folder: Path
    """Where its tables lie."""
    seen: Mapping[str, object]
    """What became of it."""

    def table(self, name: str) -> pa.Table | None:
        """Return one of its tables."""
        listed = self.seen["tables"]
        if not isinstance(listed, list) or name not in listed:
            return None
        return pq.read_table(self.folder / f"{self.seen['ordinal']}.{name}.parquet", memory_map=True)


@dataclass
class Collected:
    """All that was read."""

    evidence: list[dict[str, object]] = field(default_factory=list)
    """Rows of the ledger."""
    rejects: list[dict[str, object]] = field(default_factory=list)
    """Rejected records."""
    reads: list[Read] = field(default_factory=list)
    """Leaves whose tables count."""
    digests: dict[str, str] = field(default_factory=dict)
    """Per item the SHA-256 of its bytes."""
    ids: dict[str, dict[str, object]] = field(default_factory=dict)
    """The rows of the ledger by their id."""

    def add(self, row: dict[str, object]) -> str:
        """Add a row to the ledger and return its id, made another one if the same thing stands there already.

        Two folders may hold the same file under the same name.
        """
        base = evidence_id = str(row["evidence_id"])
        again = 1
        while evidence_id in self.ids:
            again += 1
            evidence_id = model.digest(base, again)
        row["evidence_id"] = evidence_id
        self.ids[evidence_id] = row
        self.evidence.append(row)
        return evidence_id

    def row(self, evidence_id: str) -> dict[str, object]:
        """Return a row of the ledger."""
        return self.ids[evidence_id]


def collect(made: Gathering, items: Path) -> Collected:
    """Make the ledger: one row per artefact, member and refused thing; the same bytes twice count once.

    Raises:
        DeclarationError: A declaration is not valid: nothing may be concluded beside it.
    """
    found = Collected()
    now = datetime.now(UTC)
    for thing in made.refused:
        found.add(_refused(mask(thing.name), thing.size, thing.refused, thing.todo, now))
    first: dict[str, str] = {}
    for piece in made.pieces:
        _piece(piece, items / piece.item, found, first, now)
    found.evidence.sort(key=lambda row: (str(row["artefact"]), row.get("range_from") or 0, str(row["evidence_id"])))
    return found


def _refused(name: str, size: int, reason: str, todo: str, now: datetime) -> dict[str, object]:
    return {
        "evidence_id": model.digest("evidence", name, reason),
        "artefact": name,
        "size_bytes": size,
        "state": "refused",
        "reason": reason,
        "todo": todo or None,
        "retrieved_at": now,
        "rows_read": 0,
        "rows_rejected": 0,
    }


def _piece(piece: Piece, folder: Path, found: Collected, first: dict[str, str], now: datetime) -> None:
    artefact = json.loads((folder / "artefact.json").read_text())
    sha = artefact.get("sha256")
    if sha:
        found.digests[piece.item] = sha
    listed = list(leaves(folder))
    for seen in listed:
        _leaf(piece, seen, sha, folder, found, first, now)
    reason = str(artefact.get("refused") or ("" if listed else "it holds nothing that could be read"))
    if reason:
        row = _refused(mask(piece.found.name), piece.found.size, reason, str(artefact.get("todo") or ""), now)
        found.add(row | {"state": "failed" if artefact.get("died") else "refused", "sha256": sha})


def _leaf(
    piece: Piece, seen: Mapping[str, object], sha: str | None, folder: Path, found: Collected,
    first: dict[str, str], now: datetime,
) -> None:  # fmt: skip
    if seen["kind"] == "declaration" and seen["state"] == "failed":
        where, _, what = str(seen["reason"]).partition(": ")
        raise DeclarationError(what, where=where, todo=str(seen["todo"]))
    member = seen["ordinal"] != "0"
    name = str(seen["name"])
    own = str(seen["content"] or "") if member else sha
    row: dict[str, object] = {
        "evidence_id": model.digest("evidence", own, name, piece.start),
        "artefact": name,
        "sha256": own or None,
        "size_bytes": seen["size"] if member else piece.found.size,
        "range_from": piece.start if piece.stop is not None else None,
        "range_to": piece.stop,
        "kind": seen["kind"] or None,
        "title": seen.get("title") or None,
        "invented": seen.get("invented") or None,
        "state": seen["state"],
        "reason": seen["reason"] or None,
        "todo": seen["todo"] or None,
        "retrieved_at": now,
        "first_ts": _time(seen["first_ts"]),
        "last_ts": _time(seen["last_ts"]),
        "rows_read": seen["rows_read"],
        "rows_rejected": seen["rows_rejected"],
        "misses": seen["misses"] or None,
        "overlaps": [],
        "members": [],
    }
    evidence_id = found.add(row)
    content = str(seen["content"] or "")
    if content and content in first and seen["state"] in ("read", "partly_read"):
        row |= {"state": "duplicate", "reason": "the same bytes were given before", "overlaps": [first[content]]}
        return
    if content:
        first[content] = evidence_id
    for line, reason in _pairs(seen["rejects"]):
        found.rejects.append({"evidence_id": evidence_id, "line": line, "reason": reason})
    if seen["tables"]:
        found.reads.append(Read(evidence_id, folder, seen))


def _pairs(value: object) -> Iterable[tuple[int | None, str]]:
    return [(pair[0], pair[1]) for pair in value] if isinstance(value, list) else []


def _time(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def facts(found: Collected) -> dict[str, pa.Table]:
    """Return the facts that artefacts state, each with the evidence it rests on; the same fact stands once."""
    gathered: dict[str, list[pa.Table]] = {}
    for read in found.reads:
        listed = read.seen["tables"]
        for noun in listed if isinstance(listed, list) else []:
            if noun.startswith(INTERNAL):
                continue
            table = read.table(noun)
            if table is not None:
                gathered.setdefault(noun, []).append(_owned(table, noun, read.evidence_id))
    listed = {noun: _once(pa.concat_tables(tables), noun) for noun, tables in gathered.items()}
    if "reliance" in listed:
        # Of the names that logs hold only ours stay: what others lean on is not asked here.
        asset = listed.get("asset", model.empty(model.ASSET))
        listed["reliance"] = ours(listed["reliance"], asset)
    return listed


def _owned(table: pa.Table, noun: str, evidence_id: str) -> pa.Table:
    kind = model.NOUNS[noun]
    if noun in model.FACTS:
        return model.stamp(table, kind, evidence_id=evidence_id)
    table = model.conform(table, kind)
    if "evidence_id" in kind.names:
        filled = table.column("evidence_id").fill_null(evidence_id)
        table = table.set_column(kind.names.index("evidence_id"), "evidence_id", filled)
    return table


def _once(table: pa.Table, noun: str) -> pa.Table:
    if noun not in model.FACTS or not table.num_rows:
        return table
    first: dict[str, int] = {}
    ids = table.column("fact_id").to_pylist()
    for number, fact_id in enumerate(ids):
        first.setdefault(fact_id, number)
    if len(first) == table.num_rows:
        return table
    kept = table.take(list(first.values()))
    return _added(table, kept, ids) if noun == "holding" else kept


def _added(table: pa.Table, kept: pa.Table, ids: list[str]) -> pa.Table:
    """Add up the records of a holding that lies in several artefacts, such as the code of one folder."""
    totals: dict[str, dict[str, int]] = {}
    rows = zip(ids, table.column("evidence_id").to_pylist(), table.column("records").to_pylist(), strict=True)
    for fact_id, evidence_id, records in rows:
        if records is not None:
            totals.setdefault(fact_id, {}).setdefault(evidence_id, records)
    records = [sum(totals[i].values()) if i in totals else None for i in kept.column("fact_id").to_pylist()]
    place = kept.schema.get_field_index("records")
    return kept.set_column(place, kept.schema.field(place), pa.array(records, kept.schema.field(place).type))
