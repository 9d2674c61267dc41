"""Says how far each noun was seen: without it an absence may not be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog import networks

_UNSEEN = {
    "flow": (
        "Traffic: none was given.",
        "Network logs or captures of the border (Zeek conn, dns, ssl, http), or a HAR of the application.",
    ),
    "holding": ("Stores: none was given.", "Table extracts: CSV, JSON, Parquet, SQLite or XLSX."),
    "asset": (
        "Infrastructure: no description of it was given.",
        "`terraform show -json`, or a CycloneDX description of the services.",
    ),
    "network": ("Networks: nobody declared which ones are the audited party's.", "`networks:` in estate.yaml."),
    "policy": ("Policy: none says which governments are acceptable.", "`policy: {accept_reach: …}` in estate.yaml."),
}

_SEEN_BY = {"flow": ("observed",), "holding": ("observed", "configured"), "asset": ("observed", "configured")}
"""Stances that count as having seen a noun; what is only declared was not seen."""

_WINDOWS = {
    "flow": "Traffic: seen in what was given; nothing says that this is all there is.",
    "holding": "Stores: seen in what was given; nothing says that these are all there are.",
}


def cover(tables: Mapping[str, pa.Table], evidence: pa.Table, *, as_of: date) -> pa.Table:
    """Return coverage rows: the window in which each noun was seen, what is missing, and the age of the catalog.

    Args:
        tables: Facts, by noun.
        evidence: The ledger.
        as_of: The day of the audit.
    """
    rows: list[dict[str, object]] = []
    for noun, (remark, todo) in _UNSEEN.items():
        if seen := _seen(tables.get(noun), noun):
            if noun in _WINDOWS:
                rows.append(_window(noun, seen))
            continue
        rows.append(
            {"noun": noun, "scope": "all", "complete": "no", "said_by": "flagstate", "remark": remark, "todo": todo}
        )
    rows += _unread(evidence)
    oldest = max(networks.tables(as_of=as_of), key=lambda entry: int(str(entry["age_days"])))
    age = f"{oldest['age_days']} {'day' if str(oldest['age_days']) == '1' else 'days'} old"
    rows.append(
        {
            "noun": "place",
            "scope": "all",
            "complete": "unknown",
            "said_by": "flagstate",
            "remark": f"Places: the oldest network table is of {oldest['date']}, {age} ({oldest['table']}).",
            "todo": "Add newer tables with `flagstate data add`.",
        }
    )
    return model.rows(model.COVERAGE, rows)


def _seen(table: pa.Table | None, noun: str) -> pa.Table | None:
    """Return the rows that were seen; null: none."""
    if table is None:
        return None
    if noun in _SEEN_BY:
        table = table.filter(pc.is_in(table.column("stance"), pa.array(_SEEN_BY[noun])))
    return table if table.num_rows else None


def _window(noun: str, seen: pa.Table) -> dict[str, object]:
    timed = "first_ts" in seen.column_names
    return {
        "noun": noun,
        "scope": "all",
        "from_ts": pc.min(seen.column("first_ts")).as_py() if timed else None,
        "to_ts": pc.max(seen.column("last_ts")).as_py() if timed else None,
        "complete": "unknown",
        "said_by": "flagstate",
        "remark": _WINDOWS[noun],
        "todo": "Give the logs in which the sensor or the store itself says what it missed.",
    }


def _unread(evidence: pa.Table) -> list[dict[str, object]]:
    rows = []
    for row in evidence.to_pylist():
        if row["state"] in ("read", "duplicate", "recorded", "set"):
            continue
        if row["kind"] == "empty":
            continue
        remark = f"{row['artefact']}: {str(row['state']).replace('_', ' ')}; {row['reason']}."
        rows.append(
            {
                "noun": "evidence",
                "scope": row["artefact"],
                "complete": "no",
                "said_by": "flagstate",
                "remark": remark,
                "todo": row["todo"],
                "evidence_id": row["evidence_id"],
            }
        )
    return rows
