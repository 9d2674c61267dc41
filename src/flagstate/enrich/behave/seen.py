"""What the detectors of behaviour look at: flows with their channels, the rhythm of each, and what was asked of DNS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich import flow_sql
from flagstate.enrich.behave import lookups
from flagstate.enrich.behave.timing import Timing


@dataclass(frozen=True)
class Traffic:
    """What the summaries of traffic say together, beside the flows."""

    timing: Timing = field(default_factory=Timing)
    """The rhythm of all channels."""
    lookups: pa.Table = field(default_factory=lookups.SCHEMA.empty_table)
    """What was asked of DNS, by host and registrable domain."""
    salt: int = 0
    """That of the case: it makes the ids of channels."""


@dataclass(frozen=True)
class Seen:
    """What every detector gets."""

    flow: pa.Table
    """Observed rows of `flow`, with the id of their channel (uint64) in the column `channel`."""
    timing: Timing
    """The rhythm of all channels; `timing.channel` is sorted."""
    lookups: pa.Table
    """What was asked of DNS, by host and registrable domain."""
    con: duckdb.DuckDBPyConnection
    """A database with the views `flow` and `lookups`; what a detector makes in it, it drops."""
    operators: Mapping[str, str] = field(default_factory=dict)
    """Name of the operator by address, where it is known."""


@contextmanager
def looked(
    flow: pa.Table, traffic: Traffic, con: duckdb.DuckDBPyConnection, *, operators: Mapping[str, str] | None = None
) -> Iterator[Seen]:
    """Yield what detectors get; the views are gone afterwards.

    Args:
        flow: Rows of `flow` of all stances, stamped.
        traffic: What the summaries say beside them.
        con: A database to work in.
        operators: Name of the operator by address.
    """
    observed = flow.filter(pc.equal(flow["stance"], "observed"))
    # The database does not keep the order of rows, so they are numbered.
    con.register("flow_given", observed.append_column("place", pa.array(np.arange(observed.num_rows))))
    channel = flow_sql.channel(flow_sql.FLOW_NAME, traffic.salt)
    whole = con.sql(f"SELECT {channel} AS channel FROM flow_given ORDER BY place").to_arrow_table()
    # The database hands times back in the zone of its session, and may change the order of columns' types.
    whole = observed.append_column("channel", whole["channel"].cast(pa.uint64()))
    con.unregister("flow_given")
    views = {"flow": whole, "lookups": traffic.lookups}
    for name, table in views.items():
        con.register(name, table)
    try:
        yield Seen(whole, traffic.timing, traffic.lookups, con, operators or {})
    finally:
        for name in views:
            con.unregister(name)
