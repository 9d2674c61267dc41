"""What streams of records say of points that names lean on: name servers of zones, issuers of certificates.

It looks at one artefact while its records are at hand; what it returns is small, and every name in it is masked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.catalog import points
from flagstate.enrich.flow_names import clean

MOST = 20_000
"""Pairs of names per artefact that are kept; those that were seen most."""

_LOOKED_AT = {
    "query": (
        "SELECT query, CASE qtype_name WHEN 'NS' THEN 'name_server' ELSE 'primary' END, answer, count(*) AS times "
        "FROM (SELECT query, qtype_name, unnest(answers) AS answer FROM stream "
        "WHERE qtype_name IN ('NS', 'SOA') AND rcode_name = 'NOERROR' AND length(query) <= 253) "
        "GROUP BY ALL"
    ),
    "handshake": (
        "SELECT server_name, 'issuer', issuer, count(*) AS times FROM stream "
        "WHERE server_name IS NOT NULL AND issuer IS NOT NULL AND coalesce(established, true) GROUP BY ALL"
    ),
}


@dataclass(frozen=True)
class Seen:
    """What one artefact says."""

    reliance: pa.Table
    """Rows of `reliance`, observed."""
    beyond: bool
    """Whether there were more than `MOST`."""


def looked_at(noun: str) -> bool:
    """Whether streams of a noun say anything of points."""
    return noun in _LOOKED_AT


def seen(
    noun: str, con: duckdb.DuckDBPyConnection, *, mask_host: Callable[[str], str], mask: Callable[[str], str]
) -> Seen:
    """Return what the table `stream` of a database says of points.

    Args:
        noun: query or handshake.
        con: The database.
        mask_host: Replaces the parts of a host name that match a data class.
        mask: The same for other names.
    """
    found = con.execute(f"{_LOOKED_AT[noun]} ORDER BY times DESC, 1, 2, 3 LIMIT {MOST + 1}").fetchall()
    counted: dict[tuple[str, str, str], int] = {}
    for raw, role, to, times in found[:MOST]:
        name = clean(raw)
        if role == "issuer":
            issuer = points.organisation(to)
            other = mask(issuer) if issuer else None
        else:
            server = clean(to)
            other = mask_host(server) if server and "." in server else None
        if name and other:
            key = (mask_host(name), role, other)
            counted[key] = counted.get(key, 0) + int(times)
    rows = [
        {"from_name": name, "role": role, "to_name": other, "times": times}
        for (name, role, other), times in counted.items()
    ]
    table = model.stamp(model.rows(model.RELIANCE, rows), model.RELIANCE, stance="observed")
    return Seen(table, len(found) > MOST)
