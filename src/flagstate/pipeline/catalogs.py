"""The lists and laws that a case was judged by, as rows of the ledger: version, hash, and who vouches for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from importlib.resources.abc import Traversable
from pathlib import Path

import pyarrow as pa

from flagstate import model
from flagstate.catalog import lists
from flagstate.catalog.mask import mask
from flagstate.laws import pack

FILES = ("law.yaml", "rules.sql")


def recorded(known: pa.Table, own: Iterable[Path] = ()) -> pa.Table:
    """Return a row of `evidence` for each list and law, without those that the ledger has already.

    Args:
        known: The ledger so far.
        own: The user's own folders of laws.
    """
    there = set(known["evidence_id"].to_pylist())
    rows = [*map(_list, lists.versions()), *_laws(own)]
    return model.rows(model.EVIDENCE, [row for row in rows if row["evidence_id"] not in there])


def _list(one: Mapping[str, object]) -> dict[str, object]:
    checked = one["last_checked"]
    whole = "whole" if one["complete"] else "not whole: who is not on it may be"
    return {
        "evidence_id": f"catalog:lists:{one['list']}",
        "artefact": f"catalog/lists/{one['list']}",
        "sha256": one["sha256"],
        "kind": "catalog",
        "state": "recorded",
        "asserted_by": f"{one['origin']}, version {one['version']}, {whole}",
        "retrieved_at": datetime.combine(checked, time(), UTC) if isinstance(checked, date) else None,
    }


def _laws(own: Iterable[Path]) -> Iterable[dict[str, object]]:
    shipped = {folder.name: folder for folder in pack.folders()}
    for law in pack.packs(own).laws:
        yield {
            "evidence_id": f"catalog:laws:{law.id}",
            "artefact": f"catalog/laws/{law.folder}" if not law.own else f"own law {mask(law.folder)}",
            "sha256": _digest(shipped[law.id]) if not law.own else None,
            "kind": "catalog",
            "state": "recorded",
            "asserted_by": f"{law.citation}, {law.status}, {len(law.rules)} rules",
            "retrieved_at": datetime.combine(law.last_checked, time(), UTC),
        }


def _digest(folder: Traversable) -> str:
    found = hashlib.sha256()
    for name in FILES:
        found.update(folder.joinpath(name).read_bytes())
    return found.hexdigest()
