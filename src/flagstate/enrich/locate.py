"""Gives every address its separate place facts and its network: four countries that are never merged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model

Tables = Mapping[str, pa.Table]

_KINDS = (
    ("host", "host_country", "host_country"),
    ("host_second", "host_country_second", "host_country_second"),
    ("prefix_registrant", "registrant_country", "registrant_country"),
    ("as_registration", "as_country", "as_country"),
    ("provider_region", "provider_country", "provider"),
)
"""Source kind of a place, the column of the look-up that has it, and the catalog table that says so."""

_PLACES = """
SELECT 'host:' || addr AS subject_id, country, source_kind, confidence, region, source, 'recorded' AS stance,
  evidence_id,
  substring(sha256(concat_ws(chr(31), 'place', 'host:' || addr, source_kind, coalesce(country, ''), 'recorded',
    evidence_id)), 1, 20) AS fact_id
FROM (
{parts}
) ORDER BY subject_id, source_kind
"""

_PART = """
  SELECT addr, {country} AS country, '{kind}' AS source_kind,
    CASE WHEN '{kind}' IN ('host', 'host_second') THEN confidence WHEN '{kind}' = 'provider_region' THEN 'sure' END
      AS confidence,
    {region} AS region, '{source}' AS source, 'catalog:networks:{table}' AS evidence_id
  FROM known WHERE {country} IS NOT NULL OR {region} IS NOT NULL
"""


def addresses(tables: Tables) -> pa.Array:
    """Return the distinct addresses of flows and assets, and of who touched something."""
    chunks: list[pa.Array] = []
    for noun, columns in (("flow", ("orig_h", "resp_h")), ("asset", ("addr",))):
        for column in columns:
            chunks += tables[noun].column(column).chunks
    if "activity" in tables:
        # Countries and names of services stand there, too.
        origins = tables["activity"].column("from_place").drop_null()
        chunks += origins.filter(pc.match_substring_regex(origins, "^[0-9a-fA-F.]*[.:][0-9a-fA-F.:]*$")).chunks
    found = pa.chunked_array(chunks, pa.string()).drop_null().unique()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def locate(
    tables: Tables,
    con: duckdb.DuckDBPyConnection,
    *,
    without_feeds: bool = False,
    user_dir: Path | None = None,
) -> dict[str, pa.Table]:
    """Look every address up, once.

    Args:
        tables: flow, asset and activity.
        con: A database to work in.
        without_feeds: Leave the providers' own feeds out, for calibration.
        user_dir: Folder with databases that the user added; they outrank the embedded ones.

    Returns:
        `endpoint`, one row per address with the four countries side by side, and `place`, one fact per address
        and kind of source. An anycast address keeps what the sources say, but is marked: it has no one place.
    """
    from flagstate.catalog import networks

    known = networks.lookup(addresses(tables), without_feeds=without_feeds, user_dir=user_dir)
    known = known.filter(pc.is_valid(known.column("addr")))
    manifest = {str(entry["table"]): entry for entry in networks.tables(user_dir=user_dir)}
    con.register("known", known)
    parts = []
    for kind, column, table in _KINDS:
        region = "provider_region" if kind == "provider_region" else "NULL::VARCHAR"
        parts.append(
            _PART.format(kind=kind, country=column, region=region, table=table, source=_source(manifest, table))
        )
    place = con.sql(_PLACES.format(parts="  UNION ALL\n".join(parts))).to_arrow_table()
    con.unregister("known")
    columns = [name for name in known.column_names if name in model.ENDPOINT.names]
    return {
        "endpoint": model.conform(known.select(columns), model.ENDPOINT).sort_by("addr"),
        "place": model.conform(place, model.PLACE),
        "evidence": model.rows(model.EVIDENCE, [_recorded(entry) for entry in manifest.values()]),
    }


def _recorded(entry: Mapping[str, object]) -> dict[str, object]:
    return {
        "evidence_id": f"catalog:networks:{entry['table']}",
        "artefact": f"catalog/networks/{entry['table']}",
        "sha256": entry["sha256"],
        "kind": "catalog",
        "state": "recorded",
        "asserted_by": f"{entry['source']} {entry['version']}",
        "retrieved_at": datetime.fromisoformat(str(entry["date"])).replace(tzinfo=UTC),
        "rows_read": entry["rows"],
        "licence": entry["licence"],
        "url": entry["url"],
    }


def _source(manifest: Mapping[str, Mapping[str, object]], table: str) -> str:
    entry = manifest.get(table, {})
    text = f"{entry.get('source', table)}, {entry.get('date', 'undated')}"
    return text.replace("'", "''")
