"""Flow logs of Azure: both kinds, all versions, tuples that go on, refusals, damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.read.azure_flow import READER
from flagstate.read.part import Head
from flow_logs import DATA, Found, no_leak, read, write

V1, V2, VNET = (DATA / "azure_flow" / name for name in ("nsg-v1.json", "nsg-v2.json", "vnet.json"))
TUPLE = "1772438400,10.0.0.4,192.0.2.1,{sp},443,T,O,A,E,10,2000,8,9000"


def nsg(*tuples: object) -> str:
    flows = [{"mac": "0", "flowTuples": list(tuples)}]
    record = {"macAddress": "0", "category": "NetworkSecurityGroupFlowEvent",
              "properties": {"Version": 2, "flows": [{"rule": "r", "flows": flows}]}}  # fmt: skip
    return json.dumps({"records": [record]})


def short(found: Found) -> list[tuple[object, ...]]:
    return [(c["orig_h"], c["resp_h"], c["resp_p"], c["conn_state"], c["orig_bytes"], c["resp_bytes"], c["duration_us"])
            for c in found.connections]  # fmt: skip


def test_tuples_of_a_flow_are_one_connection() -> None:
    found = read(READER, V2)
    assert found.kind == "azure_flow nsg"
    assert short(found) == [
        ("10.20.1.4", "203.0.113.118", 443, None, 1_331_064, 26_254, 115_000_000),
        ("198.51.100.9", "10.20.1.4", 23, "REJ", 0, 0, None),
        ("10.20.1.4", "10.20.0.2", 53, "SF", 37, 78, None),
    ]


def test_the_first_version_tells_no_bytes() -> None:
    found = read(READER, V1)
    assert short(found) == [
        ("10.20.1.4", "203.0.113.118", 443, None, None, None, None),
        ("198.51.100.9", "10.20.1.4", 23, "REJ", 0, 0, None),
        ("10.20.1.4", "203.0.113.119", 123, None, None, None, None),
    ]
    assert [note.reason for note in found.notes] == ["Its version tells no bytes"]


def test_logs_of_virtual_networks() -> None:
    found = read(READER, VNET)
    assert found.kind == "azure_flow vnet"
    assert short(found) == [
        ("10.20.1.4", "192.0.2.180", 443, None, 1_060, 8_248, 60_007_000),
        ("10.20.1.4", "192.0.2.181", 22, "REJ", 0, 0, None),
        ("198.51.100.7", "10.20.1.4", 1900, "S0", 252, None, None),
    ]
    assert found.connections[0]["ts"].isoformat() == "2026-03-02T08:00:00.599000+00:00"


def test_ids_and_rules_are_not_shown() -> None:
    for path in (V1, V2, VNET):
        no_leak(read(READER, path), "000D3AF87856", "112233445566", "SUBSCRIPTIONS", "Rule", "10.20.1.4")


def test_a_file_that_is_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    data = V2.read_text()
    found = read(READER, write(tmp_path, data[: data.rindex('"1772438402')]))
    assert len(found.connections) == 2
    assert any("cut off" in note.reason for note in found.notes)


BAD = ["", "1,2,3", TUPLE.replace("1772438400", "now"), TUPLE.replace("443", "70000"), TUPLE.replace(",A,", ",X,"),
       TUPLE.replace("2000", "-5"), TUPLE.replace("2000", "9" * 30), TUPLE.replace("10.0.0.4", ""),
       TUPLE.replace("10.0.0.4", "\ud800"), TUPLE.replace(",E,", ",Z,"), TUPLE.replace("1772438400", "²")]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_tuple_costs_itself(bad: str, tmp_path: Path) -> None:
    text = nsg(TUPLE.format(sp=1), bad.replace("{sp}", "2"), 7, None, {"a": "b"}, TUPLE.format(sp=3))
    found = read(READER, write(tmp_path, text))
    assert [c["orig_p"] for c in found.connections] == [1, 3]
    assert [reject.line for reject in found.rejects] == [2]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"records":[]}', b'{"records":[{"category":"Audit"}]}', b"FlowEvent"])
def test_other_files_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".json")) is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_hostile_fields_cost_only_their_tuple(tmp_path: Path, data: st.DataObject) -> None:
    fields = TUPLE.format(sp=2).split(",")
    fields[data.draw(st.integers(0, 12))] = data.draw(st.text(max_size=20))
    found = read(READER, write(tmp_path, nsg(TUPLE.format(sp=1), ",".join(fields), TUPLE.format(sp=3))))
    assert {1, 3} <= {c["orig_p"] for c in found.connections} | {c["resp_p"] for c in found.connections}
    assert len(found.connections) + found.rejected in (2, 3)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2000), st.sampled_from(['"', "{", "]", "\x00", "\\", "\ud83d"]))
def test_damage_anywhere_is_survived(tmp_path: Path, at: int, what: str) -> None:
    data = V2.read_bytes()
    at = 400 + at % (len(data) - 400)
    damaged = data[:at] + what.encode("utf-8", "surrogatepass") + data[at:]
    path = write(tmp_path, damaged)
    if READER.recognise(Head(damaged, len(damaged), ".json")):
        assert len(read(READER, path).connections) <= 4
