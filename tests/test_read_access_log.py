"""Access logs of object stores: who fetched from and wrote to which bucket, from where, and how much."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity_runs import DATA, Told, read_bytes, read_sample
from flagstate.read.access_log import READER


def sample(name: str) -> Told:
    return read_sample(READER, f"access_log/{name}.log")


def rows(made: Told) -> set[tuple[object, ...]]:
    columns = ("principal", "action", "from_place", "day", "count", "failed", "bytes")
    return {tuple(str(r[c]) if c == "day" else r[c] for c in columns) for r in made.rows["activity"]}


def test_requests_to_a_bucket_of_s3() -> None:
    made = sample("s3")
    assert (made.kinds, made.read, made.rejected) == (["s3 access log"], 8, 0)
    assert rows(made) == {
        ("aws:root", "inspect", "192.0.2.3", "2026-02-06", 1, 0, 113),
        ("aws:users", "read", "198.51.100.7", "2026-02-06", 2, 0, 5000),
        ("anyone", "read", "203.0.113.9", "2026-02-06", 2, 1, 1243),
        ("aws:role/warehouse-writer", "write", "192.0.2.8", "2026-02-06", 1, 0, 2048),
        ("aws:service/lambda.amazonaws.com", "write", None, "2026-02-07", 1, 0, 2048),
        ("aws:root", "admin", "192.0.2.3", "2026-02-07", 1, 0, None),
    }
    assert {(r["asset_id"], r["region"], r["server_name"]) for r in made.rows["asset"]} == {
        ("aws:s3::shop-orders", "eu-central-1", "shop-orders.s3.eu-central-1.amazonaws.com")
    }
    assert [r["country"] for r in made.rows["place"]] == ["DE"]


def test_requests_to_a_bucket_of_oss() -> None:
    made = sample("oss")
    assert (made.kinds, made.read, made.rejected) == (["oss access log"], 6, 0)
    # Times are those of China; days are those of UTC.
    assert rows(made) == {
        ("aliyun:users", "read", "192.0.2.44", "2026-07-02", 2, 1, 5300),
        ("aliyun:roles", "write", "198.51.100.20", "2026-07-03", 1, 0, 1213),
        ("anyone", "read", "203.0.113.77", "2026-07-03", 1, 0, 700),
        ("aliyun:root", "admin", "192.0.2.1", "2026-07-03", 1, 0, 200),
        ("aliyun:root", "inspect", "192.0.2.1", "2026-07-03", 1, 0, 90),
    }
    assert {(r["region"], r["country"]) for r in made.rows["place"]} == {("cn-hangzhou", None)}


@pytest.mark.parametrize("name", ["s3", "oss"])
def test_no_key_user_or_account_comes_out(name: str) -> None:
    words, text = sample(name).words(), (DATA / "access_log" / f"{name}.log").read_text()
    told = [s for s in ("ottokar", "zwengel", "kanari", "benjamin", "LTAI4", "111122223333", "exports/")
            if s in text]  # fmt: skip
    assert told
    for secret in told:
        assert secret not in words


def test_logs_of_web_servers_are_not_taken_for_it() -> None:
    line = '203.0.113.9 - - [10/Oct/2026:13:55:36 +0000] "GET /x HTTP/1.1" 200 2326 "-" "Agent"\n'
    assert read_bytes(READER, (line * 9).encode(), ".log") is None


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["s3", "oss"]), st.data())
def test_damage_costs_its_lines(name: str, more: st.DataObject) -> None:
    data = bytearray((DATA / "access_log" / f"{name}.log").read_bytes())
    lines = data.count(b"\n")
    data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff" \n\\[-'))
    made = read_bytes(READER, bytes(data), ".log")
    assert made is not None
    assert made.read >= lines - 2
    assert made.read + len(made.rejects) >= lines - 1
    assert all(re.fullmatch("It is no line of an (s3|oss) access log", one.reason) for one in made.rejects)
