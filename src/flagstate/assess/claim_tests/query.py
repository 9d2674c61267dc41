"""Queries of claims: asked once for all claims of a kind, and kept for each with what it asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import duckdb
import pyarrow as pa

Row = dict[str, object]

LONGEST = 20_000
"""Signs of a kept query; a longer one is cut, and says so."""

_TYPES = {
    pa.string(): "VARCHAR",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.date32(): "DATE",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
}


def ask(con: duckdb.DuckDBPyConnection, sql: str, asked: pa.Table) -> dict[str, list[Row]]:
    """Return the rows of a query by claim.

    Args:
        con: A database in which the nouns stand.
        sql: A query over `asked` and the nouns; it returns `claim_id`.
        asked: What each claim asks, with a column `claim_id`.
    """
    con.register("asked", asked)
    try:
        rows = con.sql(sql).to_arrow_table().to_pylist()
    finally:
        con.unregister("asked")
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["claim_id"]), []).append(row)
    return found


def kept(sql: str, asked: pa.Table, rows: Sequence[Mapping[str, object]]) -> str:
    """Return a query as it would be asked for one claim alone.

    Args:
        sql: The query.
        asked: The table that was asked with, for its columns.
        rows: Its rows of this claim.
    """
    names = ", ".join(f'"{name}"' for name in asked.column_names)
    kinds = [_TYPES[kind] for kind in asked.schema.types]
    listed = ",\n  ".join(_line(row, asked.column_names, kinds) for row in rows)
    lines = sql.strip().splitlines()
    said = next((at for at, line in enumerate(lines) if not line.startswith("--")), 0)
    body = "\n".join(lines[said:])
    # A query that begins with tables of its own goes on with them after this one.
    rest = f",\n{body[5:]}" if body.startswith("WITH ") else f"\n{body}"
    text = "\n".join([*lines[:said], f"WITH asked({names}) AS (VALUES\n  {listed}\n){rest}"])
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n-- … cut: {len(text) - LONGEST:,} more signs"


def _line(row: Mapping[str, object], names: Iterable[str], kinds: Iterable[str]) -> str:
    return f"({', '.join(f'{_literal(row.get(name))}::{kind}' for name, kind in zip(names, kinds, strict=True))})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, int):
        return str(value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return "'" + text.replace("'", "''") + "'"
