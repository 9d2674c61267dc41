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
        "No traffic was given.",
        "Network logs or captures of the border (Zeek conn, dns, ssl, http), or a HAR of the application.",
    ),
    "holding": ("No store was given.", "Table extracts: CSV, JSON, Parquet, SQLite or XLSX."),
    "asset": (
        "No description of the infrastructure was given.",
        "`terraform show -json`, or a CycloneDX description of the services.",
    ),
    "network": ("Nobody declared which networks are the audited party's.", "`networks:` in estate.yaml."),
    "policy": ("No policy says which governments are acceptable.", "`policy: {accept_reach: …}` in estate.yaml."),
}


def cover(tables: Mapping[str, pa.Table], evidence: pa.Table, *, as_of: date) -> pa.Table:
    """Return coverage rows: the window in which each noun was seen, what is missing, and the age of the catalog.

    Args:
        tables: Facts, by noun.
        evidence: The ledger.
        as_of: The day of the audit.
    """
    rows: list[dict[str, object]] = []
    first, last = pc.min(evidence.column("first_ts")).as_py(), pc.max(evidence.column("last_ts")).as_py()
    for noun, (remark, todo) in _UNSEEN.items():
        table = tables.get(noun)
        if table is not None and table.num_rows and _seen(table):
            if noun in ("flow", "holding"):
                rows.append(_window(noun, first if noun == "flow" else None, last if noun == "flow" else None))
            continue
        rows.append(
            {"noun": noun, "scope": "all", "complete": "no", "said_by": "flagstate", "remark": remark, "todo": todo}
        )
    rows += _unread(evidence)
    oldest = max(networks.tables(as_of=as_of), key=lambda entry: int(str(entry["age_days"])))
    rows.append(
        {
            "noun": "place",
            "scope": "all",
            "complete": "unknown",
            "said_by": "flagstate",
            "remark": f"The oldest network table is of {oldest['date']}, {oldest['age_days']} days old ({oldest['table']}).",
            "todo": "Add newer tables with `flagstate data add`.",
        }
    )
    return model.rows(model.COVERAGE, rows)


def _seen(table: pa.Table) -> bool:
    if "stance" not in table.column_names or "conns" not in table.column_names:
        return True
    return bool(pc.any(pc.equal(table.column("stance"), "observed")).as_py())


def _window(noun: str, first: object, last: object) -> dict[str, object]:
    return {
        "noun": noun,
        "scope": "all",
        "from_ts": first,
        "to_ts": last,
        "complete": "unknown",
        "said_by": "flagstate",
        "remark": "Seen in what was given; nothing says that this is all there is.",
        "todo": "Say in estate.yaml, or with the sensor's own logs, how complete it is.",
    }


def _unread(evidence: pa.Table) -> list[dict[str, object]]:
    rows = []
    for row in evidence.to_pylist():
        if row["state"] in ("read", "duplicate", "recorded", "set"):
            continue
        if row["kind"] == "empty":
            continue
        remark = f"{row['artefact']}: {str(row['state']).replace('_', ' ')}, {row['reason']}."
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
