"""The exact answer for connections that may have been logged twice: by id, else by ends and start, the longest wins."""

from __future__ import annotations

import duckdb
import pyarrow as pa

ROW_COLUMNS = (
    "uid, orig_h, orig_p, resp_h, resp_p, proto, service, name, name_rank, connect_to, "
    "claimed_orig_h, conn_state, duration_us, orig_bytes, resp_bytes, missed_bytes, us"
)
"""What is kept of a suspected record."""

_LONGEST = (
    "duration_us DESC NULLS LAST, orig_bytes DESC NULLS LAST, resp_bytes DESC NULLS LAST, "
    "missed_bytes DESC NULLS LAST, us, conn_state DESC NULLS LAST, service NULLS LAST, name_rank NULLS LAST, "
    "name NULLS LAST, connect_to NULLS LAST, claimed_orig_h NULLS LAST, resp_p, orig_p, proto, uid"
)

# By id first: the same id and the same two addresses are one connection, whatever else differs.
_BY_ID = f"""
SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY uid, orig_h, resp_h, CASE WHEN uid IS NULL THEN serial END ORDER BY {_LONGEST}) AS place
    FROM numbered)
WHERE place = 1
"""

# Then by ends: starts that follow each other within a millisecond are one connection.
_BY_ENDS = f"""
SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY whole, orig_h, orig_p, resp_h, resp_p, proto, chain ORDER BY {_LONGEST}) AS best
    FROM (
        SELECT *, sum(fresh) OVER (PARTITION BY whole, orig_h, orig_p, resp_h, resp_p, proto ORDER BY us, serial
            ROWS UNBOUNDED PRECEDING) AS chain
        FROM (
            SELECT *, CASE WHEN us - lag(us) OVER (PARTITION BY whole, orig_h, orig_p, resp_h, resp_p, proto
                ORDER BY us, serial) <= 1000 THEN 0 ELSE 1 END AS fresh
            FROM (SELECT *, CASE WHEN orig_h IS NULL OR resp_h IS NULL OR orig_p IS NULL OR resp_p IS NULL OR us < 0
                THEN serial ELSE 0 END AS whole FROM ({_BY_ID})))))
WHERE best = 1
"""


def resolve(rows: pa.Table, con: duckdb.DuckDBPyConnection) -> tuple[pa.Table, dict[str, set[str]]]:
    """Return one record per connection, and which artefacts share connections.

    Args:
        rows: `ROW_COLUMNS` and `artefact`.
        con: A database.

    Returns:
        The records that count, as `ROW_COLUMNS`; for each artefact the others with which it shares a connection.
        Artefacts are linked by id, or by ends and a start within the same chain.
    """
    con.register("suspected", rows)
    con.execute("CREATE OR REPLACE TEMP TABLE numbered AS SELECT *, row_number() OVER () AS serial FROM suspected")
    con.unregister("suspected")
    winners = con.sql(f"SELECT {ROW_COLUMNS} FROM ({_BY_ENDS})").to_arrow_table()
    linked = con.execute("""
        SELECT DISTINCT a, b FROM (
            SELECT l.artefact AS a, r.artefact AS b FROM numbered l JOIN numbered r
                ON l.uid = r.uid AND l.orig_h = r.orig_h AND l.resp_h = r.resp_h AND l.artefact <> r.artefact
            UNION ALL
            SELECT l.artefact, r.artefact FROM numbered l JOIN numbered r
                ON l.orig_h = r.orig_h AND l.resp_h = r.resp_h AND l.orig_p = r.orig_p AND l.resp_p = r.resp_p
                AND l.proto IS NOT DISTINCT FROM r.proto AND l.artefact <> r.artefact AND abs(l.us - r.us) <= 1000)
    """).fetchall()
    con.execute("DROP TABLE numbered")
    overlaps: dict[str, set[str]] = {}
    for one, other in linked:
        overlaps.setdefault(one, set()).add(other)
    return winners, overlaps
