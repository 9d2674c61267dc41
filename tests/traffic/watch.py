"""How the product looks at a world: summaries, their merge, and what the detectors say; in this process."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import pyarrow as pa

from flagstate import engine, model
from flagstate.enrich import behave, flows
from flagstate.enrich.behave.seen import Traffic, looked
from traffic.world import World

SALT = 20_261_122


def found(made: World, only: Sequence[str] = ()) -> pa.Table:
    """Return the rows of `behaviour` that a world gives.

    Args:
        made: The world.
        only: Detectors to ask; none: all that are registered.
    """
    con = engine.connect()
    try:
        query = flows.extract("query", con.from_arrow(made.query), con, mask=str, salt=SALT)
        named = flows.names([query], con)
        talk = flows.extract("connection", con.from_arrow(made.connection), con, mask=str, salt=SALT, names=named)
        merged = flows.merge({"world": flows.combine([query, talk])}, con, salt=SALT)
        flow = model.stamp(merged.flow, model.FLOW, stance="observed", evidence_id="world")
        traffic = Traffic(merged.timing, merged.lookups, SALT)
        with looked(flow, traffic, con) as seen:
            if not only:
                return behave.find(seen)
            tables = [import_module(f"flagstate.enrich.behave.{name}").find(seen) for name in only]
            return pa.concat_tables([model.conform(each, model.BEHAVIOUR) for each in tables])
    finally:
        con.close()
