"""Accesses of several logs: assets get the id that the case has for them, and gaps end where the log came back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.enrich.accesses import accesses, closed
from flagstate.enrich.locate import addresses

Row = dict[str, Any]


def at(hour: int) -> datetime:
    return datetime(2026, 3, 1, hour, tzinfo=UTC)


def tables(assets: list[Row], touched: list[str], coverage: list[Row] | None = None) -> dict[str, pa.Table]:
    rows = [
        {"principal": "aws:users", "asset_id": one, "action": "read", "day": date(2026, 3, 1), "count": 1}
        for one in touched
    ]
    return {
        "asset": model.rows(model.ASSET, assets),
        "activity": model.stamp(model.rows(model.ACTIVITY, rows), model.ACTIVITY, stance="observed", evidence_id="e"),
        "coverage": model.rows(model.COVERAGE, coverage or []),
        "flow": model.empty(model.FLOW),
    }


def asset(one: str, stance: str, **more: Any) -> Row:
    return {"asset_id": one, "kind": "store", "stance": stance, "provider": "Amazon Web Services"} | more


def ids(made: dict[str, pa.Table]) -> list[str]:
    return made["activity"]["asset_id"].to_pylist() if "activity" in made else []


def test_an_asset_that_the_case_knows_has_its_id_from_there() -> None:
    host = "shop-orders.s3.eu-central-1.amazonaws.com"
    world = tables(
        [
            asset("aws:s3::shop-orders", "observed", name="shop-orders", server_name=host),
            asset("tf:aws_s3_bucket.orders", "configured", name="shop-orders"),
            asset("aws:rds:eu-central-1:db/wms", "observed", name="wms"),
            asset("tf:aws_db_instance.wms", "configured", name="wms"),
            asset("est:orders", "declared", server_name=host),
        ],
        ["aws:s3::shop-orders", "aws:rds:eu-central-1:db/wms", "aws:iam"],
    )
    made = accesses(world)
    assert ids(made) == ["est:orders", "tf:aws_db_instance.wms", "aws:iam"]
    assert len(set(made["activity"]["fact_id"].to_pylist())) == 3


def test_two_that_only_look_alike_are_not_joined() -> None:
    world = tables(
        [
            asset("aws:ec2:a:instance/i-‹id›~bcdf", "observed", name="i-‹id›"),
            asset("tf:one", "configured", name="i-‹id›"),
            asset("aws:s3::logs", "observed", name="logs"),
            asset("tf:two", "configured", name="logs"),
            asset("tf:three", "configured", name="logs"),
            asset("aws:dynamodb:a:table/x", "observed", name="x"),
            asset("aws:dynamodb:b:table/x", "observed", name="x"),
            asset("tf:four", "configured", name="x"),
        ],
        ["aws:ec2:a:instance/i-‹id›~bcdf", "aws:s3::logs", "aws:dynamodb:a:table/x"],
    )
    assert "activity" not in accesses(world)


def gap(complete: str, hour: int | None, log: str, **more: Any) -> Row:
    begin = None if hour is None else at(hour)
    return {
        "noun": "activity",
        "scope": "all",
        "from_ts": begin,
        "to_ts": None,
        "complete": complete,
        "said_by": log,
    } | more


def test_a_gap_ends_where_the_same_log_was_switched_on_again() -> None:
    rows = [
        gap("unknown", 9, "aws:trail/a"),
        gap("no", 10, "aws:trail/a"),
        gap("no", 14, "aws:trail/a"),
        gap("unknown", 12, "aws:trail/a"),
        gap("unknown", 11, "aws:trail/b"),
        gap("unknown", 13, "aws:trail/a", noun="flow"),
        gap("unknown", 11, "cloudtrail", to_ts=at(12)),
        gap("no", None, "aws:log-group/c", to_ts=at(8)),
    ]
    made = closed(model.rows(model.COVERAGE, rows)).to_pylist()
    assert [r["to_ts"] for r in made if r["complete"] == "no"] == [at(12), None, at(8)]
    assert len(made) == len(rows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["no", "unknown"]), st.integers(0, 23), st.sampled_from("ab")), max_size=9),
    st.randoms(),
)
def test_the_order_of_files_changes_nothing(listed: list[tuple[str, int, str]], chance: Any) -> None:
    rows = [gap(complete, hour, f"aws:trail/{log}") for complete, hour, log in listed]
    first = closed(model.rows(model.COVERAGE, rows)).to_pylist()
    chance.shuffle(rows)
    again = closed(model.rows(model.COVERAGE, rows)).to_pylist()
    assert sorted(map(str, first)) == sorted(map(str, again))
    for row in first:
        assert row["to_ts"] is None or row["to_ts"] >= row["from_ts"]


def test_addresses_of_accesses_are_located() -> None:
    world = tables([], ["a", "b", "c", "d"])
    places = pa.array(["203.0.113.7", "2001:db8::1", "rds.amazonaws.com", "DE"], pa.string())
    world["activity"] = world["activity"].set_column(3, "from_place", places)
    assert sorted(addresses(world).to_pylist()) == ["2001:db8::1", "203.0.113.7"]
