"""However the same traffic is dealt out to logs, and in whatever order these are merged, all tables are the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from flagstate import engine, model
from flagstate.enrich import behave, flows
from flagstate.enrich.behave.seen import Traffic, looked
from traffic.world import World, world

SALT = 7


@pytest.fixture(scope="module")
def made() -> World:
    return world(5, scale=0.015, days=3)


def audited(logs: list[tuple[str, pa.Table]]) -> dict[str, pa.Table]:
    """Summarise each log by itself, merge them in this order, and look for behaviour."""
    con = engine.connect(threads=1)
    try:
        asked = {
            str(at): flows.extract("query", con.from_arrow(rows), con, mask=str, salt=SALT)
            for at, (noun, rows) in enumerate(logs)
            if noun == "query"
        }
        names = flows.names(asked.values(), con)
        talked = {
            str(at): flows.extract("connection", con.from_arrow(rows), con, mask=str, salt=SALT, names=names)
            for at, (noun, rows) in enumerate(logs)
            if noun == "connection"
        }
        whole = asked | talked
        merged = flows.merge({key: whole[key] for key in sorted(whole, key=int)}, con, salt=SALT)
        flow = model.stamp(merged.flow, model.FLOW, stance="observed", evidence_id="all")
        with looked(flow, Traffic(merged.timing, merged.lookups, SALT), con) as seen:
            found = behave.find(seen)
        rhythm = pa.table({"channel": merged.timing.channel, "level": merged.timing.level})
        blob = pa.table({"blob": merged.timing.blob})
        return {"flow": flow, "rhythm": rhythm, "blob": blob, "lookups": merged.lookups, "behaviour": found}
    finally:
        con.close()


def dealt(made: World, seed: int) -> list[tuple[str, pa.Table]]:
    """Deal the records at random into logs that overlap in time and come in no order."""
    rng = np.random.default_rng(seed)
    logs = []
    for noun, rows in (("connection", made.connection), ("query", made.query)):
        parts = int(rng.integers(1, 9))
        which = rng.integers(0, parts, rows.num_rows)
        logs += [(noun, rows.take(pa.array(rng.permutation(np.flatnonzero(which == at))))) for at in range(parts)]
    return [logs[at] for at in rng.permutation(len(logs))]


def check(made: World, whole: dict[str, pa.Table], seed: int) -> None:
    other = audited(dealt(made, seed))
    for name, table in whole.items():
        assert other[name].equals(table), f"{name} differs in split {seed}"


def test_some_splits_and_orders(made: World) -> None:
    whole = audited([("connection", made.connection), ("query", made.query)])
    assert whole["behaviour"].num_rows
    assert whole["lookups"].num_rows
    for seed in range(2):
        check(made, whole, seed)


def test_a_log_beside_another_that_holds_it_adds_no_question(made: World) -> None:
    once = audited([("connection", made.connection), ("query", made.query)])
    part = made.query.take(
        pa.array(np.random.default_rng(1).permutation(made.query.num_rows)[: made.query.num_rows // 2])
    )
    twice = audited([("query", part), ("connection", made.connection), ("query", made.query)])
    assert twice["lookups"].equals(once["lookups"])
    assert twice["behaviour"].equals(once["behaviour"])


@pytest.mark.slow
def test_500_splits_and_orders() -> None:
    made = world(5, scale=0.004, days=2)
    whole = audited([("connection", made.connection), ("query", made.query)])
    for seed in range(500):
        check(made, whole, seed)
