"""What was missed of traffic is told: gaps, one-sided captures, missing names, wrong clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.enrich.behave import timing
from flagstate.pipeline.cover_traffic import BUSY, HOUR_US, cover_traffic, hourly

START = datetime(2026, 11, 2, tzinfo=UTC)
US = int(START.timestamp()) * 1_000_000


def rhythm(counts: np.ndarray) -> timing.Timing:
    """Return so many connections in each hour."""
    hours = np.repeat(np.arange(len(counts)), counts)
    us = US + hours * HOUR_US + np.arange(len(hours)) % HOUR_US
    none = np.zeros(len(us), np.int64)
    return timing.summarise((np.arange(len(us)) % 7).astype(np.uint64), us, none, none)


def flows(**more: object) -> dict[str, pa.Table]:
    base = {"orig_h": "10.0.0.1", "resp_h": "198.18.0.1", "proto": "tcp", "conns": 100, "orig_bytes": 10**3,
            "resp_bytes": 9000, "stance": "observed", "evidence_id": "e", "first_ts": START,
            "last_ts": START}  # fmt: skip
    return {"flow": model.stamp(model.rows(model.FLOW, [base | more]), model.FLOW)}


def told(tables: dict[str, pa.Table], made: timing.Timing | None = None, ledger: pa.Table | None = None) -> list[str]:
    empty = model.empty(model.EVIDENCE)
    found = cover_traffic(tables, empty if ledger is None else ledger, timing.Timing() if made is None else made)
    assert model.rows(model.COVERAGE, found).num_rows == len(found)
    assert all(row["complete"] != "yes" for row in found)
    return [str(row["remark"]) for row in found]


def test_hours_are_counted() -> None:
    counts = np.array([5, 0, 3, 9])
    found = hourly(rhythm(counts))
    assert found is not None
    assert found[0] == US // HOUR_US
    assert found[1].tolist() == counts.tolist()


def test_a_break_of_a_busy_line_is_a_gap() -> None:
    counts = np.full(72, 200)
    counts[30:37] = 0
    gaps = [one for one in told(flows(), rhythm(counts)) if one.startswith("Gap")]
    begin, end = START + timedelta(hours=30), START + timedelta(hours=37)
    assert gaps == [
        f"Gap: not one connection between {begin:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC, where it is busy."
    ]


def test_nights_of_an_office_are_none() -> None:
    day = np.array([0] * 7 + [3, 60, 200, 200, 180, 90, 200, 200, 150, 60, 12, 4] + [0] * 5)
    assert not [one for one in told(flows(), rhythm(np.tile(day, 5))) if one.startswith("Gap")]


def test_a_quiet_log_has_no_gaps() -> None:
    counts = np.full(72, BUSY // 2)
    counts[30:37] = 0
    assert not [one for one in told(flows(), rhythm(counts)) if one.startswith("Gap")]


def test_one_sided_captures_and_loss_and_sizes() -> None:
    said = told(flows(half_conns=40, missed_bytes=500, unsized_conns=3))
    assert any(one.startswith("One-sided: of 40 of 100") for one in said)
    assert any("500 bytes" in one for one in said if one.startswith("Loss"))
    assert any("3 of 100" in one for one in said if one.startswith("Sizes"))
    assert not any(one.startswith("One-sided") for one in told(flows(half_conns=0)))


def test_connections_without_a_name_are_counted() -> None:
    assert any("100 of 100" in one for one in told(flows()) if one.startswith("Names"))
    assert not [one for one in told(flows(server_name="a.example", name_source="sni")) if one.startswith("Names")]


def test_clocks_that_cannot_be_right() -> None:
    def ledger(first: datetime, last: datetime) -> pa.Table:
        row = {"evidence_id": "e", "artefact": "conn.log", "kind": "zeek.conn tsv", "first_ts": first, "last_ts": last,
               "retrieved_at": START, "state": "read"}  # fmt: skip
        return model.rows(model.EVIDENCE, [row])

    never = told({}, ledger=ledger(datetime(1970, 1, 1, 0, 5, tzinfo=UTC), START))
    ahead = told({}, ledger=ledger(START, START + timedelta(days=3)))
    assert len(never) == len(ahead) == 1
    assert "was not set" in never[0]
    assert "is ahead" in ahead[0]
    assert told({}, ledger=ledger(START - timedelta(days=2), START)) == []
