"""Claims and sources of several files kept apart: one key in two files that say different things is two of them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate import model

_IDS = {"claim": "claim_id", "source": "source_id"}
_BESIDE = frozenset({"fact_id", "stance", "evidence_id", "valid_from", "valid_to"})


def apart(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return `claim` and `source` with ids of their own where two files use one key for different things.

    Args:
        tables: claim and source.

    Returns:
        The tables, if anything changed: the first file in the order of its ledger row keeps its ids, what others say
        otherwise gets `~2`, `~3` …, and what stands in the same file refers to it there. The same said twice stays one.
    """
    rows = {noun: tables[noun].to_pylist() for noun in _IDS}
    new = _renamed(rows)
    if not new:
        return {}
    for noun, key in _IDS.items():
        for row in rows[noun]:
            own = new.get(row["evidence_id"], {})
            row[key] = own.get(row[key], row[key])
            for name in ("derived_from", "source_ids"):
                if row.get(name):
                    row[name] = [own.get(one, one) for one in row[name]]
    return {noun: model.rows(model.NOUNS[noun], rows[noun]) for noun in _IDS}


def content(row: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a claim or source says, wherever it stands."""
    return tuple(str(value) for name, value in sorted(row.items()) if name not in _BESIDE)


def _renamed(rows: Mapping[str, list[dict[str, object]]]) -> dict[object, dict[object, str]]:
    """Return new ids by file and old id."""
    said: dict[object, dict[tuple[str, ...], int]] = {}
    new: dict[object, dict[object, str]] = {}
    for noun, key in _IDS.items():
        for row in sorted(rows[noun], key=lambda r: (str(r[key]), str(r["evidence_id"]), str(r["fact_id"]))):
            listed = said.setdefault(row[key], {})
            number = listed.setdefault(content(row), len(listed) + 1)
            if number > 1:
                new.setdefault(row["evidence_id"], {})[row[key]] = f"{row[key]}~{number}"
    return new
