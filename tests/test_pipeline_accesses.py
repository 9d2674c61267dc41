"""The attack through the whole order: addresses located, gaps closed, findings against a declaration."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pyarrow as pa

from cloudtrail_events import attack
from flagstate import model
from flagstate.engine import connect
from flagstate.pipeline import order

Row = dict[str, Any]


def at(hour: int, minute: int, second: int) -> datetime:
    return datetime(2023, 7, 10, hour, minute, second, tzinfo=UTC)


@cache
def concluded(declared: bool) -> dict[str, pa.Table]:
    tables = {}
    for noun in ("activity", "asset", "place"):
        rows = model.rows(model.NOUNS[noun], attack().rows[noun])
        tables[noun] = model.stamp(rows, model.NOUNS[noun], stance="observed", evidence_id="trail")
    tables["coverage"] = model.rows(model.COVERAGE, attack().rows["coverage"])
    bucket = {
        "asset_id": "tf:aws_s3_bucket.b",
        "name": "stratus-red-team-bdbp-lhfzvgcamn",
        "provider": "Amazon Web Services",
    }
    known = model.rows(model.ASSET, [bucket | {"kind": "store", "stance": "configured"}])
    tables["asset"] = pa.concat_tables([tables["asset"], known])
    if declared:
        said = model.rows(model.ACTIVITY, [{"principal": "aws:users", "from_place": "DE", "stance": "declared"}])
        said = model.stamp(said, model.ACTIVITY, evidence_id="estate")
        tables["activity"] = pa.concat_tables([tables["activity"], said])
    with connect(threads=1) as con:
        return order.run(tables, order.Run(con, date(2023, 8, 1)))


def findings(declared: bool, rule: str) -> list[Row]:
    return [row for row in concluded(declared)["finding"].to_pylist() if row["rule_id"] == rule]


def test_who_accessed_from_outside_has_a_country_and_an_operator() -> None:
    ends = {row["addr"]: row for row in concluded(True)["endpoint"].to_pylist()}
    assert {"3.225.16.109", "52.45.102.28", "10.8.8.10"} <= set(ends)
    assert not any(name.endswith(".com") for name in ends)
    assert ends["3.225.16.109"]["host_country"] == "US"
    assert ends["10.8.8.10"]["special"]


def test_gaps_are_closed_over_all_files() -> None:
    gaps = [row for row in concluded(True)["coverage"].to_pylist() if row["complete"] == "no" and row["from_ts"]]
    spans = {(row["noun"], row["from_ts"], row["to_ts"]) for row in gaps}
    assert spans == {
        ("activity", at(12, 0, 8), at(12, 7, 49)),
        ("activity", at(12, 8, 4), None),
        ("flow", at(12, 2, 26), None),
    }
    off = findings(True, "logging-off")
    assert len(off) == 4
    assert {row["verdict"] for row in off} == {"unknown"}
    narrowed = next(row for row in off if "12:00:08 to 2023-07-10 12:07:49" in row["message"])
    assert narrowed["facts"]
    assert json.loads(narrowed["values"])["gaps"] == 2


def test_shares_are_adverse_only_where_accesses_are_declared() -> None:
    before, after = findings(False, "share-undeclared"), findings(True, "share-undeclared")
    assert {row["verdict"] for row in before} == {"unknown"}
    assert {row["verdict"] for row in after} == {"yes"}
    assert len(before) == len(after) == 6
    # The bucket has the id that the infrastructure description gives it.
    assert "tf:aws_s3_bucket.b" in {row["subject"] for row in after}
    assert sum("taken back" in row["message"] for row in after) == 3


def test_accesses_from_elsewhere_than_declared() -> None:
    rows = findings(True, "access-undeclared")
    assert {(row["subject"], row["counterparty"]) for row in rows} == {
        ("aws:role/stratus-red-team-ec2-enumerate-role", "US"),
        ("aws:role/stratus-red-team-ec2-steal-credentials-role", "US"),
    }
    (open_,) = findings(False, "access-undeclared")
    assert open_["verdict"] == "unknown"
