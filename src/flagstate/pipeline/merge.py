"""Merges the summaries of single artefacts, and keeps what was read for the next time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.case import Case
from flagstate.enrich import flows
from flagstate.enrich.behave.seen import Traffic
from flagstate.pipeline import keep
from flagstate.pipeline.collect import Collected
from flagstate.pipeline.gather import LEAD, Gathering, Piece, leaves, salt


def _summaries(made: Gathering, case: Case) -> dict[tuple[str, str], flows.Summary]:
    """Return the summaries of all leaves, by item and ordinal; the same bytes count once."""
    listed: dict[tuple[str, str], flows.Summary] = {}
    contents: set[str] = set()
    for piece in made.pieces:
        folder = case.work / "items" / piece.item
        for seen in leaves(folder):
            tables, content = seen["tables"], str(seen["content"])
            if isinstance(tables, list) and "sum_flows" in tables and content not in contents:
                contents.add(content)
                listed[piece.item, str(seen["ordinal"])] = keep.load(folder, str(seen["ordinal"]))
    return listed


def names(made: Gathering, case: Case, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Put the server names of all artefacts together for the second round, in a file; return it and its digest."""
    # Sorted, so that the same names have the same digest and nothing is read again for nothing.
    table = flows.names(_summaries(made, case).values(), con).sort_by("uid_key")
    return _kept(case.work / "names.parquet", lambda path: keep.write(table, path))


def suspects(made: Gathering, case: Case) -> tuple[dict[str, str] | None, set[tuple[str, str]]]:
    """Find connections that occur more than once; return their keys in a file, and the leaves to read again."""
    listed = _summaries(made, case)
    found = flows.suspects({"/".join(key): summary.keys for key, summary in listed.items()})
    touched = {key for key, summary in listed.items() if found and found.touches(summary.keys)}
    if not touched:
        return None, set()
    kept = _kept(case.work / "suspects.npz", lambda path: _save(path, found))
    return kept, touched


def _save(path: Path, found: flows.Suspects) -> None:
    with keep.private(path) as file:
        np.savez(file, uid=found.uid, pair=found.pair)


def _kept(path: Path, save: Callable[[Path], object]) -> dict[str, str]:
    save(path)
    with path.open("rb") as file:
        return {"file": str(path), "digest": hashlib.file_digest(file, "sha256").hexdigest()}


def merge(
    made: Gathering, found: Collected, case: Case, tables: dict[str, pa.Table], con: duckdb.DuckDBPyConnection
) -> Traffic:
    """Merge the flows of all artefacts into the table `flow`, and note in the ledger which artefacts overlap.

    Args:
        made: The plan.
        found: The ledger, to which overlaps and the set of artefacts are added.
        case: The case.
        tables: Facts; `flow` gets the observed rows.
        con: A database to work in.

    Returns:
        What the summaries say beside the flows.
    """
    ids = {(read.folder.name, str(read.seen["ordinal"])): read.evidence_id for read in found.reads}
    listed = {
        ids[key]: replace(summary, timings=keep.timings(case.work / "items" / key[0], key[1]))
        for key, summary in _summaries(made, case).items()
        if key in ids
    }
    if not listed:
        return Traffic()
    merged = flows.merge(listed, con, salt=salt(case))
    for evidence_id, others in merged.overlaps.items():
        row = found.row(evidence_id)
        row["overlaps"] = sorted(others)
    members = sorted(listed)
    evidence_id = members[0]
    if len(members) > 1:
        evidence_id = model.digest("set", *members)
        found.evidence.append(_set(evidence_id, members))
    observed = model.stamp(merged.flow, model.FLOW, stance="observed", evidence_id=evidence_id)
    before = tables.get("flow")
    tables["flow"] = observed if before is None else pa.concat_tables([before, observed])
    return Traffic(merged.timing, merged.lookups, salt(case))


def _set(evidence_id: str, members: list[str]) -> dict[str, object]:
    return {
        "evidence_id": evidence_id,
        "artefact": f"{len(members)} artefacts with traffic",
        "kind": "set",
        "state": "set",
        "members": members,
        "overlaps": [],
    }


def remember(made: Gathering, found: Collected, case: Case) -> None:
    """Note every artefact that was read, so that it is not read again, and grows only by what is new."""
    by_path: dict[str, list[Piece]] = {}
    for piece in made.pieces:
        by_path.setdefault(piece.found.path, []).append(piece)
    for path, pieces in by_path.items():
        digests = [found.digests.get(piece.item) for piece in pieces]
        if not all(digests):
            continue
        first = list(leaves(case.work / "items" / pieces[0].item))
        row: dict[str, object] = {
            "artefact": str(first[0]["name"]).split("!")[0] if first else "",
            "sha256": digests[0],
            "ranges": [
                [piece.start, piece.stop if piece.stop is not None else piece.found.size, digest]
                for piece, digest in zip(pieces, digests, strict=True)
            ],
            "evidence_id": model.digest("evidence", digests[0], first[0]["name"] if first else "", 0),
            "grows": len(first) == 1 and _grows(first[0]),
            "items": [piece.item for piece in pieces],
            "lead": _lead(path, str(first[0]["kind"]) if first else ""),
        }
        row |= made.signs.get(pieces[0].item, {})
        case.remember(case.fingerprint(Path(path)), row)


def _grows(seen: dict[str, object]) -> bool:
    kind = str(seen["kind"])
    return kind.startswith(GROWING) and not kind.endswith(" parquet") and seen["ordinal"] == "0"


GROWING = ("zeek.", "eve", "vpc_flow text", "gcp_flow lines", "nfdump csv", "argus csv")
"""How the names of kinds begin that grow line by line; what stands in two parts of one stays in two parts."""
HEADED = ("nfdump csv", "argus csv")
"""Of them, those whose first line names the columns."""


def _lead(path: str, kind: str) -> int:
    """Return the size of the header that every range of a log needs: lines with `#`, or the one that names columns."""
    try:
        with open(path, "rb") as file:
            start = file.read(LEAD)
    except OSError:
        return 0
    size = 0
    if kind in HEADED or (kind == "vpc_flow text" and start[:1].isalpha()):
        return start.find(b"\n") + 1
    for line in start.splitlines(keepends=True):
        if not line.startswith(b"#"):
            break
        size += len(line)
    return size
