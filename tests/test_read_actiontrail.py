"""ActionTrail: accesses by group, place and action, shares, a log that was off, and regions that stay unknown."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity_runs import DATA, Told, read_bytes, read_sample
from flagstate.read.actiontrail import READER

SAMPLE = DATA / "actiontrail" / "events.json"


def sample() -> Told:
    return read_sample(READER, "actiontrail/events.json")


def test_accesses_by_principal_asset_and_action() -> None:
    made = sample()
    assert (made.read, made.rejected) == (14, 0)
    assert {(p, a.split("~")[0], what) for p, a, what in made.count("principal", "asset_id", "action")} == {
        ("aliyun:users", "aliyun:ecs:cn-hangzhou", "inspect"),
        ("aliyun:role/hub-support", "aliyun:oss::hub-parcels", "read"),
        ("aliyun:role/hub-support", "aliyun:kms:cn-hangzhou:key/‹id›", "decrypt"),
        ("aliyun:users", "aliyun:kms:cn-hangzhou:secret/db-hub", "read"),
        ("aliyun:users", "aliyun:oss::hub-parcels", "share"),
        ("aliyun:users", "aliyun:ecs:cn-hangzhou:image/m-‹id›", "share"),
        ("aliyun:‹number›~khgt:an account", "aliyun:ram::role/hub-support", "login"),
        ("aliyun:users", "aliyun:actiontrail:cn-hangzhou:trail/main", "stop_logging"),
        ("aliyun:users", "aliyun:actiontrail:cn-hangzhou:trail/main", "start_logging"),
        ("aliyun:users", "aliyun:vpc:cn-hangzhou:flow-log/fl-‹id›", "stop_logging"),
        ("aliyun:root", "aliyun:ram", "admin"),
        ("aliyun:root", "aliyun:aascustomer:cn-hangzhou", "login"),
        ("aliyun:users", "aliyun:newservice:cn-hangzhou", "write"),
        ("aliyun:users", "aliyun:newservice:cn-hangzhou", "read"),
    }


def test_shares_name_the_party() -> None:
    parties = {(r["action"], str(r["to_party"]).split("~")[0]) for r in sample().rows["activity"] if r["to_party"]}
    account = "aliyun:account/‹number›"
    assert parties == {("share", "anyone"), ("share", account), ("login", account)}


def test_a_trail_that_was_off_is_a_gap_and_a_refusal_is_none() -> None:
    rows = [r for r in sample().rows["coverage"] if r["said_by"] != "actiontrail"]
    assert [(r["noun"], r["complete"], str(r["from_ts"])[11:16]) for r in rows] == [
        ("activity", "no", "06:00"),
        ("activity", "unknown", "07:30"),
    ]


def test_regions_without_a_known_country_stay_unknown() -> None:
    assert {(r["region"], r["country"], r["confidence"]) for r in sample().rows["place"]} == {
        ("cn-hangzhou", None, "none"),
        ("eu-central-1", None, "none"),
    }


@pytest.mark.parametrize("form", ["lines", "lookup", "log service"])
def test_every_form_gives_the_same(form: str) -> None:
    listed = json.loads(SAMPLE.read_text())
    forms = {
        "lines": "\n".join(map(json.dumps, listed)),
        "lookup": json.dumps({"NextToken": "x", "RequestId": "y", "Events": listed}),
        "log service": "\n".join(json.dumps({"event": one, "owner_id": "1"}) for one in listed),
    }
    made = read_bytes(READER, forms[form].encode())
    assert made is not None
    assert made.rows == sample().rows


def test_no_name_of_a_person_no_parameter_comes_out() -> None:
    words = sample().words()
    for secret in ("ottokar", "zwengel", "kanari", "benjamin", "LTAI4", "1234567890123456", "6543210987654321"):
        assert secret not in words
        assert secret in SAMPLE.read_text()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damage_costs_what_is_damaged_and_nothing_else(more: st.DataObject) -> None:
    data = bytearray(SAMPLE.read_bytes())
    data[more.draw(st.integers(400, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff"{}[]\\\n,'))
    made = read_bytes(READER, bytes(data))
    assert made is not None
    assert 12 <= made.read <= 14
