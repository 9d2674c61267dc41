"""Client software by its TLS offer: few fingerprints speak from a host, and a new one is a new program."""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.enrich.flow_scrub import scrub

MOST = 20_000
"""Fingerprints per artefact that are kept; those that were seen most."""

JA3 = re.compile(r"[0-9a-f]{32}")
JA4 = re.compile(r"[a-z][0-9a-z]{2}[di][0-9a-f]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_TEXT = re.compile(rb"[\x20-\x7e]*")
_ALPN = re.compile(r"[A-Za-z0-9./+_-]{1,32}")

_CLIENTS = f"""
SELECT orig_h, ja4, ja3, next_protocol, count(*) AS handshakes, count(DISTINCT server_name) AS name_count,
    epoch_us(min(ts)) AS first_us, epoch_us(max(ts)) AS last_us
FROM stream WHERE ja4 IS NOT NULL OR ja3 IS NOT NULL
GROUP BY orig_h, ja4, ja3, next_protocol ORDER BY handshakes DESC, orig_h, ja4, ja3, next_protocol LIMIT {MOST}
"""


def clients(con: duckdb.DuckDBPyConnection, columns: list[str]) -> pa.Table:
    """Return rows of `tls_client` from the handshakes in the table `stream` of a database.

    Args:
        con: The database.
        columns: What the stream has; sensors without fingerprints have none of theirs.

    What does not look like a fingerprint is left out, and names of protocols are masked: a log may say anything, and
    both ends may write any name, also one of a person.
    """
    if not {"ja3", "ja4", "next_protocol"} <= set(columns):
        return model.empty(model.TLS_CLIENT)
    found = con.sql(_CLIENTS).to_arrow_table()
    rows = [
        {
            "orig_h": row["orig_h"],
            "ja4": _like(row["ja4"], JA4),
            "ja3": _hashed(row["ja3"]),
            "next_protocol": _like(row["next_protocol"], _ALPN),
            "handshakes": row["handshakes"],
            "name_count": row["name_count"],
            "first_ts": row["first_us"],
            "last_ts": row["last_us"],
        }
        for row in found.to_pylist()
    ]
    kept = [row for row in rows if row["ja4"] or row["ja3"]]
    table = _joined(scrub(model.rows(model.TLS_CLIENT, kept)))
    return model.stamp(table.filter(table["orig_h"].is_valid()), model.TLS_CLIENT, stance="observed")


def _joined(table: pa.Table) -> pa.Table:
    """Return one row for those that became alike: the names that they asked for may be the same, so the most count."""
    ends = ["orig_h", "ja4", "ja3", "next_protocol"]
    parts = {"handshakes": "sum", "name_count": "max", "first_ts": "min", "last_ts": "max"}
    made = table.group_by(ends, use_threads=False).aggregate(list(parts.items()))
    made = made.select([*ends, *(f"{name}_{how}" for name, how in parts.items())]).rename_columns([*ends, *parts])
    return model.rows(model.TLS_CLIENT, made.to_pylist())


def _hashed(text: str | None) -> str | None:
    """Return what looks like an MD5; hexadecimal digits that are a text are none, but what somebody wrote there."""
    found = _like(text, JA3)
    return None if found is None or _TEXT.fullmatch(bytes.fromhex(found)) else found


def _like(text: str | None, pattern: re.Pattern[str]) -> str | None:
    return text if text is not None and pattern.fullmatch(text) else None
