"""VPC flow logs of Google Cloud: both forms, both reporters, that they are samples, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.read.gcp_flow import READER
from flagstate.read.part import Head
from flow_logs import DATA, no_leak, read, write

LINES, ARRAY = DATA / "gcp_flow" / "entries.jsonl", DATA / "gcp_flow" / "entries.json"
FIRST: dict[str, Any] = json.loads(LINES.read_text().splitlines()[0])


def entry(port: int, **more: object) -> str:
    payload = FIRST["jsonPayload"]
    connection = payload["connection"] | {"src_port": port}
    return json.dumps(FIRST | {"jsonPayload": payload | {"connection": connection} | more}) + "\n"


def test_both_directions_and_reporters_are_one_connection() -> None:
    found = read(READER, LINES)
    assert found.kind == "gcp_flow lines"
    assert sorted((c["proto"], c["orig_h"], c["resp_h"], c["resp_p"], c["conn_state"], c["orig_bytes"], c["resp_bytes"])
                  for c in found.connections) == sorted([
        ("tcp", "10.20.1.5", "203.0.113.10", 443, None, 48_800, 6_600),
        ("tcp", "10.20.1.5", "10.20.2.9", 5432, None, 8_040, None),  # both sides reported it
        ("tcp", "10.20.1.5", "203.0.113.11", 4444, None, None, None),  # silence in a sample is no failed attempt
        ("udp", "10.20.1.5", "10.20.0.2", 53, "SF", 37, 78),
        ("icmp", "10.20.1.5", "203.0.113.12", None, None, 56, None),
    ])  # fmt: skip
    one = found.connections[0]
    assert (one["ts"].isoformat(), one["duration_us"]) == ("2026-03-02T08:00:00.123456+00:00", 5_376_544)


def test_an_array_says_the_same() -> None:
    found = read(READER, ARRAY)
    assert found.kind == "gcp_flow json"
    assert found.connections == read(READER, LINES).connections


def test_that_it_is_a_sample_is_coverage() -> None:
    (row,) = read(READER, LINES).coverage
    assert (row["noun"], row["complete"], row["share_seen"]) == ("flow", "no", None)
    assert "sample" in str(row["remark"])
    assert row["to_ts"].isoformat() == "2026-03-02T08:00:05.500000+00:00"


def test_names_of_machines_and_projects_are_not_shown() -> None:
    no_leak(read(READER, LINES), "sorter-1", "hub-project", "10.20.")


STARTS = ["2026-03-02T08:00:00Z", "2026-03-02T09:00:00.000000001+01:00", "2026-03-02T08:00:00.0Z"]


@pytest.mark.parametrize("start", STARTS)
def test_times_have_many_forms(start: str, tmp_path: Path) -> None:
    (one,) = read(READER, write(tmp_path, entry(1, start_time=start))).connections
    assert one["ts"].isoformat() == "2026-03-02T08:00:00+00:00"


BAD: list[dict[str, object]] = [
    {"start_time": "soon"}, {"start_time": 5}, {"end_time": "2020-01-01T00:00:00Z"},
    {"start_time": "1960-01-01T00:00:00Z"},
    {"bytes_sent": "many"}, {"bytes_sent": [1]}, {"bytes_sent": -1}, {"packets_sent": 10**30}, {"packets_sent": True},
    {"connection": {"src_ip": "10.0.0.1", "dest_ip": None, "protocol": 6}}, {"connection": {"src_ip": 5}},
    {"connection": {"src_ip": "10.0.0.1", "dest_ip": "10.0.0.2", "src_port": 70000}}, {"connection": []},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_entry_costs_itself(bad: dict[str, object], tmp_path: Path) -> None:
    text = entry(1) + json.dumps({"jsonPayload": json.loads(entry(2))["jsonPayload"] | bad}) + "\n" + entry(3)
    found = read(READER, write(tmp_path, text))
    assert [c["orig_p"] for c in found.connections] == [1, 3]
    assert [reject.line for reject in found.rejects] == [2]


def test_lines_that_are_no_entries(tmp_path: Path) -> None:
    other = json.dumps({"logName": "projects/p/logs/other", "jsonPayload": {}}) + "\n"
    text = entry(1) + "nothing\n[1]\n\n" + other + entry(2)[:50] + "\n" + entry(3) + "x" * (3 << 20)
    found = read(READER, write(tmp_path, text))
    assert [c["orig_p"] for c in found.connections] == [1, 3]
    assert [reject.line for reject in found.rejects] == [2, 3, 6, 8]
    assert sum(each.rows_read for each in found.tallies) == 1


def test_an_array_that_is_cut_off(tmp_path: Path) -> None:
    data = ARRAY.read_text()
    found = read(READER, write(tmp_path, data[: data.rindex('"10.20.1.5"')]))
    assert len(found.connections) == 4
    assert any("cut off" in note.reason for note in found.notes)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"jsonPayload":{"connection":{}}}'])
def test_other_files_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".json")) is None


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_in_any_field_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    lists = st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=3), st.integers())
    value = data.draw(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | lists)
    row = json.loads(entry(2))
    target = data.draw(st.sampled_from([row, row["jsonPayload"], row["jsonPayload"]["connection"]]))
    target[data.draw(st.sampled_from(sorted(target)))] = value
    found = read(READER, write(tmp_path, entry(1) + json.dumps(row) + "\n" + entry(3)))
    assert {1, 3} <= {c["orig_p"] for c in found.connections}
    assert len(found.connections) + found.rejected + sum(each.rows_read for each in found.tallies) == 3
