"""One pass over connections: partial flows, keys, rhythms, and the records under suspicion."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich import flow_keys, flow_sql
from flagstate.enrich.flow_keys import Keys, Suspects
from flagstate.enrich.flow_scrub import scrub
from flagstate.enrich.flow_summary import PARTIAL, ROWS, Summary, register_names, register_proxies, span, table
from flagstate.enrich.flow_tap import Tap, tapped

NAMED = ("server_name", "connect_to", "claimed_orig_h")
"""Columns of connections in which a reader names what it saw itself; it gives all of them, and `name_source`."""


def own_names(con: duckdb.DuckDBPyConnection, mask: Callable[[str], str]) -> str:
    """Mask the names that connections bring with them; return what to read instead of `stream`."""
    register_names(con, "SELECT DISTINCT server_name FROM stream WHERE server_name IS NOT NULL", mask)
    register_proxies(con, "SELECT DISTINCT connect_to FROM stream WHERE connect_to IS NOT NULL", mask)
    rank = "CASE name_source WHEN 'sni' THEN 1 WHEN 'host' THEN 2 END::TINYINT"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE named AS SELECT s.* EXCLUDE (server_name, name_source, connect_to), "
        f"c.name AS own_name, CASE WHEN c.name IS NOT NULL THEN {rank} END AS own_rank, p.shown AS connect_to "
        "FROM stream s LEFT JOIN cleaned c ON c.raw = s.server_name LEFT JOIN proxies p ON p.raw = s.connect_to"
    )
    for name in ("cleaned", "proxies"):
        con.unregister(name)
    con.execute("DROP TABLE stream; ALTER TABLE named RENAME TO stream")
    return "stream"


def connections(
    con: duckdb.DuckDBPyConnection,
    source: str,
    salt: int,
    names: pa.Table | None,
    suspects: Suspects | None,
    *,
    own: bool,
) -> Summary:
    """Return the summary of the connections of one artefact.

    Args:
        con: The database of the source.
        source: Relation with the columns of `connection`; of `own_names` where its records bring their names.
        salt: That of the case.
        names: Best name of every connection that other records name.
        suspects: Keys of records to keep apart.
        own: Whether its records bring their names.
    """
    given = names is not None and names.num_rows > 0
    keyed = (
        f"(SELECT *, {flow_sql.uid_key(salt)} AS uid_key, {flow_sql.pair_key(salt)} AS pair_key "
        f"FROM (SELECT *, epoch_us(ts) AS us FROM {source}))"
    )
    source, named = keyed, given or own
    if given:
        con.register("names", names)
    if named:
        source = (
            f"(SELECT k.* {_EXCLUDED if own else ''}, {_chosen(given, own)} FROM {keyed} k {_JOINED if given else ''})"
        )
    rows, where = ROWS.empty_table(), ""
    if suspects:
        con.register("suspect_uid", pa.table({"k": pa.array(suspects.uid)}))
        con.register("suspect_pair", pa.table({"k": pa.array(suspects.pair)}))
        where = " WHERE uid_key IN (SELECT k FROM suspect_uid) OR pair_key IN (SELECT k FROM suspect_pair)"
        extra = "" if named else "".join(f", NULL::{kind} AS {name}" for name, kind in _NOT_NAMED)
        rows = table(con, f"SELECT {', '.join(ROWS.names)} FROM (SELECT *{extra} FROM {source}{where})", ROWS)
        where = where.replace(" WHERE ", " WHERE NOT (") + ")"
    tap = Tap()
    channel = flow_sql.channel("name" if named else "NULL::VARCHAR", salt)
    sizes = ", ".join(f"coalesce({name}, 0)" for name in ("us", "orig_bytes", "resp_bytes"))
    try:
        with tapped(con, tap) as name:
            asked = flow_sql.partial(
                f"(SELECT * FROM {source}{where})", tap=f"{name}(uid_key, pair_key, {channel}, {sizes})", named=named
            )
            flow = table(con, asked, PARTIAL)
    finally:
        for registered in ("names", "suspect_uid", "suspect_pair"):
            con.unregister(registered)
    keys, timings = tap.close()
    if suspects:
        keys = flow_keys.combine([keys, _row_keys(rows)])
    first, last = span(
        (pc.min(flow["first_us"]).as_py(), pc.max(flow["last_us"]).as_py()),
        (pc.min(rows["us"]).as_py(), pc.max(rows["us"]).as_py()),
    )
    count = tap.count + rows.num_rows
    flow, rows = scrub(flow), scrub(rows)
    return Summary(flow=flow, keys=keys, rows=rows, timings=timings, count=count, first_us=first, last_us=last)


_JOINED = "LEFT JOIN names n ON n.uid_key = k.uid_key"
_EXCLUDED = "EXCLUDE (own_name, own_rank, connect_to, claimed_orig_h)"
_NOT_NAMED = (
    ("name", "VARCHAR"),
    ("name_rank", "TINYINT"),
    ("connect_to", "VARCHAR"),
    ("claimed_orig_h", "VARCHAR"),
)


def _chosen(given: bool, own: bool) -> str:
    """Return the columns of names: those of protocol records, those of the connection itself, or the first of both."""
    if not own:
        return "n.name, n.name_rank, n.connect_to, n.claimed_orig_h"
    if not given:
        return "k.own_name AS name, k.own_rank AS name_rank, k.connect_to, k.claimed_orig_h"
    return (
        "coalesce(k.own_name, n.name) AS name, CASE WHEN k.own_name IS NOT NULL THEN k.own_rank ELSE n.name_rank END "
        "AS name_rank, coalesce(k.connect_to, n.connect_to) AS connect_to, "
        "coalesce(k.claimed_orig_h, n.claimed_orig_h) AS claimed_orig_h"
    )


def _row_keys(rows: pa.Table) -> Keys:
    return flow_keys.sort(*(rows[name].to_numpy().copy() for name in ("uid_key", "pair_key")))
