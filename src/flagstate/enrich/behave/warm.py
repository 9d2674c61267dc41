"""Compiles the loops of behaviour once, at set-up, over made traffic that is large enough to need them."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.enrich import behave
from flagstate.enrich.behave import timing
from flagstate.enrich.behave.compiled import WORTH
from flagstate.enrich.behave.seen import Traffic, looked
from flagstate.enrich.flow_sql import FLOW_NAME, channel

PAIRS, DAYS = 64, 8
DAY_US = 86_400_000_000


def warm(con: duckdb.DuckDBPyConnection) -> None:
    """Run every detector over made traffic, so that its loops are compiled and kept beside the package.

    Args:
        con: A database to work in.
    """
    flow = _flow()
    con.register("made", flow)
    ids = con.sql(f"SELECT DISTINCT {channel(FLOW_NAME, 1)} AS c FROM made ORDER BY c").to_arrow_table()["c"].to_numpy()
    con.unregister("made")
    each = 2 * WORTH // PAIRS
    us = np.tile(np.arange(each) * (DAYS * DAY_US // each), len(ids))
    channels = np.repeat(ids.astype(np.uint64), each)
    sent, back = 500 + us % 97, 300 + us % 89
    half = len(us) // 2
    # In two parts: merging needs the loops over bins.
    parts = [
        timing.summarise(channels[cut], us[cut], sent[cut], back[cut]) for cut in (slice(None, half), slice(half, None))
    ]
    with looked(flow, Traffic(timing.merge(parts), salt=1), con) as seen:
        behave.find(seen)


def _flow() -> pa.Table:
    rows = [
        {
            "orig_h": f"10.0.{pair // 8}.{pair % 8 + 1}", "resp_h": f"198.18.0.{pair % 16 + 1}", "resp_p": 443,
            "proto": "tcp", "service": "ssl", "server_name": f"n{pair % 16}.example", "name_source": "sni", "day": day,
            "hours": 1, "conns": 10, "failed_conns": 0, "orig_bytes": 5_000, "resp_bytes": 3_000, "unsized_conns": 0,
            "first_ts": day * DAY_US, "last_ts": day * DAY_US + 1,
        }
        for pair in range(PAIRS)
        for day in range(DAYS)
    ]  # fmt: skip
    return model.stamp(model.rows(model.FLOW, rows), model.FLOW, stance="observed", evidence_id="made")
