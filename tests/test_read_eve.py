"""Suricata's EVE: what is read, named, counted and rejected, and that the same traffic ends in the same flows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.engine import connect
from flagstate.read.eve import READER
from flagstate.read.part import Context, Head, Kind, Opened, Records, Stream
from flagstate.read.zeek import READER as ZEEK
from flow_logs import DATA, Found, flow_rows, head, no_leak, read, write
from zeek_logs import as_json, conn_log

SIX, EIGHT = DATA / "eve" / "eve-6.json", DATA / "eve" / "eve-8.json"
FLOW = {
    "timestamp": "2026-03-02T08:01:00.000000+0000", "flow_id": 1, "event_type": "flow", "src_ip": "10.0.0.1",
    "src_port": 5, "dest_ip": "192.0.2.1", "dest_port": 53, "proto": "UDP",
    "flow": {"pkts_toserver": 2, "pkts_toclient": 1, "bytes_toserver": 184, "bytes_toclient": 142,
             "start": "2026-03-02T08:00:00.000000+0000", "end": "2026-03-02T08:00:01.000000+0000"},
}  # fmt: skip


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


@pytest.fixture(scope="module")
def six() -> Found:
    return read(READER, SIX)


@pytest.fixture(scope="module")
def eight() -> Found:
    return read(READER, EIGHT)


def test_connections_and_their_names(six: Found) -> None:
    assert [(c["uid"], c["service"], c["conn_state"], c["orig_bytes"], c["resp_bytes"]) for c in six.connections] == [
        ("1001", "dns", "SF", 37, 78),
        ("1002", "ssl", "SF", 110_600, 3_360),
        ("1003", "http", "RSTR", None, 524),
        ("1004", "http", "SF", 1_872, 6_060),
        ("1006", None, "S0", 0, 0),
        ("1007", None, "REJ", 0, 0),
        ("1008", None, "SF", 112, 112),
    ]
    named = {
        c["uid"]: (c["server_name"], c["name_source"], c["connect_to"], c["claimed_orig_h"]) for c in six.connections
    }
    assert named["1002"] == ("api.parcels.example", "sni", None, None)
    assert named["1003"] == ("up.parcels.example", "host", None, "203.0.113.9")
    assert named["1004"] == ("cloud.far.example", "sni", "cloud.far.example:443", None)
    assert named["1006"] == (None, None, None, None)
    assert {c["proto"] for c in six.connections} == {"tcp", "udp", "icmp"}
    assert (six.connections[0]["ts"].isoformat(), six.connections[0]["duration_us"]) == (
        "2026-03-02T08:00:00.512345+00:00",
        20_000,
    )


def test_question_and_answer_are_one(six: Found, eight: Found) -> None:
    (one,) = six.streams["query"]
    assert (one["uid"], one["qtype_name"], one["rcode_name"]) == ("1001", "A", "NOERROR")
    assert one["answers"] == ["192.0.2.80", "edge.parcels.example"]
    missing, two = eight.streams["query"]
    assert (missing["query"], missing["qtype_name"], missing["rcode_name"]) == ("missing.example", "AAAA", "NXDOMAIN")
    assert missing["answers"] is None
    assert two["answers"] == ["192.0.2.1", "192.0.2.2"]


def test_the_first_layout_of_dns_has_one_event_per_answer(tmp_path: Path) -> None:
    base = {**{k: v for k, v in FLOW.items() if k != "flow"}, "event_type": "dns"}
    back = {**base, "src_ip": "192.0.2.1", "src_port": 53, "dest_ip": "10.0.0.1", "dest_port": 5}
    answers = [{"type": "answer", "id": 9, "rcode": "NOERROR", "rrname": "a.example", "rrtype": kind, "rdata": data}
               for kind, data in (("CNAME", "b.example"), ("A", "192.0.2.9"))]  # fmt: skip
    asked = {**base, "dns": {"type": "query", "id": 9, "rrname": "a.example", "rrtype": "A"}}
    found = read(READER, write(tmp_path, lines(asked, *({**back, "dns": each} for each in answers))))
    (one,) = found.streams["query"]
    assert (one["orig_h"], one["resp_p"], one["answers"]) == ("10.0.0.1", 53, ["192.0.2.9", "b.example"])
    assert found.tallies[0].rows_read == 2


def test_handshakes_and_exchanges(six: Found, eight: Found) -> None:
    shown = [(h["proto"], h["server_name"], h["version"], h["next_protocol"]) for h in eight.streams["handshake"]]
    assert shown == [("udp", "video.example", "QUICv1", None), ("tcp", "sync.example", "TLSv13", "h2")]
    assert eight.streams["handshake"][1]["ja4"] == "t13d1516h2_8daaf6152771_b186095e22b6"
    first = six.streams["handshake"][0]
    assert (first["version"], first["ja3"], first["issuer"]) == (
        "TLSv12", "e7d705a3286e19ea42f587b344ee6865", "C=XX, O=Example Trust, CN=Example CA",
    )  # fmt: skip
    assert [(e["method"], e["status_code"], e["connect_to"], e["claimed_orig_h"]) for e in six.streams["exchange"]] == [
        ("POST", 200, None, "203.0.113.9"),
        ("CONNECT", 200, "cloud.far.example:443", None),
    ]
    assert eight.streams["exchange"][0]["claimed_orig_h"] == "2001:db8::77"


def test_both_netflows_of_a_flow_are_one_connection(eight: Found) -> None:
    one = eight.connections[1]
    assert (one["orig_h"], one["resp_p"], one["server_name"], one["conn_state"]) == (
        "10.20.0.9", 8443, "sync.example", "SF",
    )  # fmt: skip
    assert (one["orig_bytes"], one["resp_bytes"]) == (4_060, 8_248)


def test_what_the_sensor_missed_is_coverage(six: Found, eight: Found) -> None:
    lost, gaps = six.coverage
    # Counters begin again with each start of the sensor: 50 of 1000, then 0 of 1000.
    assert (lost["share_seen"], lost["complete"], lost["to_ts"].isoformat()) == (
        0.975, "no", "2026-03-02T08:03:08+00:00",
    )  # fmt: skip
    assert gaps["remark"] == "TCP connections with gaps in what the sensor put together: 1 of 5"
    assert eight.coverage == []
    assert [note.reason for note in six.notes if "other types" in note.reason]


@pytest.mark.parametrize(
    ("proto", "packets", "octets", "expected"),
    [
        ("UDP", 2, 184, 100),  # 14 + 20 + 8 each
        ("UDP", 2, 84, 0),
        ("TCP", 10, 940, None),  # at most 60 each of TCP: 940 bytes may be headers alone
        ("TCP", 10, 941, 1),
        ("TCP", 10, 540, 0),  # at least 20 each: nothing else fits
        ("ICMP", 1, 98, 56),
        ("TCP", 2**62, 2**62, 0),
    ],
)
def test_only_proved_payload_counts(
    proto: str, packets: int, octets: int, expected: int | None, tmp_path: Path
) -> None:
    flow = {**FLOW["flow"], "pkts_toserver": packets, "bytes_toserver": octets}
    row = {**FLOW, "proto": proto, "flow": flow, "tcp": {"tcp_flags_ts": "1b", "tcp_flags_tc": "1b"}}
    assert read(READER, write(tmp_path, lines(row))).connections[0]["orig_bytes"] == expected


def test_vlan_tags_are_headers_too(tmp_path: Path) -> None:
    assert read(READER, write(tmp_path, lines({**FLOW, "vlan": [7, 8]}))).connections[0]["orig_bytes"] == 84


FLAGS = [("02", "00", 0, "S0"), ("06", "00", 0, "RSTOS0"), ("03", "00", 0, "SH"), ("18", "00", 0, "OTH"),
         ("02", "14", 1, "REJ"), ("1b", "1b", 1, "SF"), ("1b", "12", 1, "S2"), ("1a", "13", 1, "S3"),
         ("1a", "1a", 1, "S1"), ("1e", "1b", 1, "RSTO"), ("1b", "1e", 1, "RSTR"), ("10", "16", 1, "RSTRH"),
         ("10", "13", 1, "SHR"), ("18", "18", 1, "OTH"), (None, None, 1, None), ("zz", "12", 1, "OTH")]  # fmt: skip


@pytest.mark.parametrize(("ts", "tc", "answers", "state"), FLAGS)
def test_states_are_told_from_flags(ts: str, tc: str, answers: int, state: str, tmp_path: Path) -> None:
    row = {**FLOW, "proto": "TCP", "flow": {**FLOW["flow"], "pkts_toclient": answers}}
    row["tcp"] = {"tcp_flags_ts": ts, "tcp_flags_tc": tc}
    assert read(READER, write(tmp_path, lines(row))).connections[0]["conn_state"] == state


def test_the_same_traffic_as_zeek_tsv_zeek_json_and_eve_is_the_same_flows(tmp_path: Path) -> None:
    """UDP bytes are exact, attempts carry nothing; of TCP with payload, EVE lacks the bytes."""
    zeek = conn_log([
        {"ts": 1772438400.5, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 5, "id.resp_h": "192.0.2.1",
         "id.resp_p": 53, "proto": "udp", "service": "dns", "duration": 1.0, "orig_bytes": 100, "resp_bytes": 100,
         "conn_state": "SF", "missed_bytes": 0},
        {"ts": 1772438401.25, "uid": "C2", "id.orig_h": "10.0.0.1", "id.orig_p": 6, "id.resp_h": "192.0.2.2",
         "id.resp_p": 443, "proto": "tcp", "conn_state": "S0", "missed_bytes": 0},
        {"ts": 1772438402.0, "uid": "C3", "id.orig_h": "10.0.0.1", "id.orig_p": 7, "id.resp_h": "192.0.2.3",
         "id.resp_p": 80, "proto": "tcp", "duration": 0.1, "orig_bytes": 0, "resp_bytes": 0, "conn_state": "REJ",
         "missed_bytes": 0},
    ])  # fmt: skip
    types = "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tcount\n"
    typed = zeek.replace(b"missed_bytes\n", b"missed_bytes\n" + types.encode(), 1)

    def event(port: int, far: str, proto: str, start: str, end: str, **more: object) -> dict[str, object]:
        flow = {"pkts_toserver": 1, "bytes_toserver": 74, "pkts_toclient": 0, "bytes_toclient": 0}
        own = {key: more.pop(key) for key in list(more) if key in flow}
        times = {"start": f"2026-03-02T08:00:{start}+0000", "end": f"2026-03-02T08:00:{end}+0000"}
        return {"timestamp": "2026-03-02T08:02:00.000000+0000", "flow_id": port, "event_type": "flow",
                "src_ip": "10.0.0.1", "src_port": port, "dest_ip": far, "proto": proto, "flow": flow | own | times,
                **more}  # fmt: skip

    eve = lines(
        event(5, "192.0.2.1", "UDP", "00.500000", "01.500000", dest_port=53, app_proto="dns", bytes_toserver=142,
              pkts_toclient=1, bytes_toclient=142),
        event(6, "192.0.2.2", "TCP", "01.250000", "01.250000", dest_port=443,
              tcp={"tcp_flags_ts": "02", "tcp_flags_tc": "00"}),
        event(7, "192.0.2.3", "TCP", "02.000000", "02.100000", dest_port=80, pkts_toclient=1, bytes_toclient=60,
              tcp={"tcp_flags_ts": "02", "tcp_flags_tc": "14"}),
    )  # fmt: skip
    found = flow_rows(READER, write(tmp_path, eve, "eve.json"))
    assert len(found) == 3
    assert found == flow_rows(ZEEK, write(tmp_path, typed, "conn.log"))
    assert found == flow_rows(ZEEK, write(tmp_path, as_json(typed), "conn.json"))


def test_what_requests_say_is_searched(tmp_path: Path) -> None:
    base = {k: v for k, v in FLOW.items() if k != "flow"} | {"event_type": "http"}
    rows = [
        {**base, "http": {"hostname": "API.Shop.example:8080", "url": "/u/7?email=a%40b.example",
                          "http_user_agent": "c/8", "http_refer": "https://x.example/p?ref=q", "xff": "203.0.113.9"}},
        {**base, "http": {"hostname": 5, "url": "odd uri"}},
        {**base, "http": {"hostname": "far.example", "url": "far.example:443", "http_method": "CONNECT"}},
    ]  # fmt: skip
    found: dict[tuple[str, str, str], list[dict[str, object]]] = {}

    def take(part: object) -> None:
        if isinstance(part, Records):
            found[part.container, part.asset_id, part.state] = part.reader.read_all().to_pylist()

    path = write(tmp_path, lines(*rows))
    con = connect(threads=1, files=[str(path)])
    for part in READER.read(Opened(str(path), head(path), "n", "e"), Kind("eve"), Context(con, str)):
        if isinstance(part, Stream):
            part.relation.to_arrow_table()
        take(part)
    assert found == {
        ("sent to api.shop.example", "host:api.shop.example", "moved"): [
            {"email": "a@b.example", "path": "/u/7", "user-agent": "c/8", "referer.ref": "q", "referer.path": "/p",
             "x-forwarded-for": "203.0.113.9"}
        ],
        ("sent to 192.0.2.1", "host:192.0.2.1", "moved"): [{"uri": "odd uri"}],
    }  # fmt: skip


def test_bad_lines_cost_themselves(tmp_path: Path) -> None:
    canary = "LEAKY4111111111111111"
    bad: list[object] = [
        "no json " + canary, "[1]", {"timestamp": "2026-03-02T08:01:00Z"}, {**FLOW, "timestamp": 5},
        {**FLOW, "flow": canary}, {**FLOW, "dest_ip": None}, {"event_type": "flow", "timestamp": canary},
        json.dumps(FLOW)[:-9],
    ]  # fmt: skip
    found = read(READER, write(tmp_path, lines(FLOW, *bad, FLOW | {"flow_id": 2})))
    assert [c["uid"] for c in found.connections] == ["1", "2"]
    assert found.rejected == len(bad)
    assert {reject.line for reject in found.rejects} <= set(range(2, 10))
    no_leak(found, canary)


def test_odd_values_become_unknown_not_wrong(tmp_path: Path) -> None:
    odd = {**FLOW, "src_port": 70000, "proto": "XX", "flow_id": -1, "app_proto": "failed",
           "flow": {"bytes_toserver": 10**30, "pkts_toserver": -5, "start": "never", "end": "0001-01-01"}}  # fmt: skip
    (one,) = read(READER, write(tmp_path, lines(odd))).connections
    assert (one["orig_p"], one["proto"], one["service"], one["orig_bytes"]) == (None, "unknown_transport", None, None)
    assert (one["ts"].isoformat(), one["duration_us"]) == ("2026-03-02T08:01:00+00:00", None)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"event_type":"flow"}\n', b'{"event_type":1,"timestamp":"x","flow_id":1}\n',
     b'{"event_type":"order","timestamp":"2026-01-01","customer":1}\n'],
)  # fmt: skip
def test_other_files_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".json")) is None


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_costs_only_its_lines(tmp_path: Path, data: st.DataObject) -> None:
    rows = SIX.read_bytes().splitlines(keepends=True)
    at = data.draw(st.integers(1, len(rows) - 1))
    rows[at] = data.draw(st.binary(max_size=80).filter(lambda b: b"\n" not in b)) + b"\n"
    found = read(READER, write(tmp_path, b"".join(rows)))
    total = sum(len(each) for each in found.streams.values()) + sum(each.rows_read for each in found.tallies)
    total += found.searched
    assert total + found.rejected == len(rows) - (not rows[at].strip())


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.integers()),
                   st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_in_any_field_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    rows = [json.loads(line) for line in (SIX.read_text() + EIGHT.read_text()).splitlines()]
    row = rows[data.draw(st.integers(1, len(rows) - 1))]
    inner = row.get(str(row.get("event_type")))
    target = inner if isinstance(inner, dict) and data.draw(st.booleans()) else row
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(VALUES)
    found = read(READER, write(tmp_path, lines(*rows)))
    assert len(found.connections) >= 7
