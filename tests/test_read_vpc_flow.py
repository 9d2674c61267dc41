"""Flow logs of AWS VPC: fields by header, both directions as one connection, refusals, gaps and damage."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.errors import EvidenceError
from flagstate.read.part import Head, Reject
from flagstate.read.vpc_flow import READER
from flow_logs import DATA, flow_rows, head, no_leak, read, write

DEFAULT, CUSTOM = DATA / "vpc_flow" / "default.log", DATA / "vpc_flow" / "custom-v5.log"
LINE = "2 1 eni-1 10.0.0.5 192.0.2.1 {sp} {dp} {proto} {packets} {octets} {start} {end} {action} OK\n"
BASE = {"sp": 50000, "dp": 443, "proto": 6, "packets": 10, "octets": 5000, "start": 1000, "end": 1010,
        "action": "ACCEPT"}  # fmt: skip


def line(**more: object) -> str:
    return LINE.format(**BASE | more)


def short(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(c["orig_h"], c["resp_h"], c["resp_p"], c["conn_state"], c["orig_bytes"], c["resp_bytes"]) for c in rows]


def test_both_directions_and_all_intervals_are_one_connection() -> None:
    found = read(READER, DEFAULT)
    assert found.kind == "vpc_flow text"
    assert sorted(short(found.connections), key=str) == [
        # 50 packets of 64,000 bytes in two intervals, at most 80 bytes of headers each.
        ("10.20.1.5", "10.20.0.2", 53, "SF", 37, 78),
        ("10.20.1.5", "10.20.2.9", 5432, None, 260, 4_180),  # two interfaces saw it: counted once
        ("10.20.1.5", "203.0.113.10", 443, None, 60_000, 6_600),
        ("198.51.100.23", "10.20.1.5", 3389, "REJ", 0, 0),
        ("2001:db8:1::5", "2001:db8:2::9", 22, None, 20, None),
    ]
    long = next(c for c in found.connections if c["resp_p"] == 443)
    assert (long["ts"].isoformat(), long["duration_us"]) == ("2026-03-02T08:00:00+00:00", 100_000_000)


def test_skipped_intervals_are_gaps() -> None:
    skipped, nothing = read(READER, DEFAULT).coverage
    assert (skipped["complete"], skipped["remark"]) == ("no", "Intervals that the service skipped (SKIPDATA): 1")
    assert (skipped["from_ts"].isoformat(), skipped["to_ts"].isoformat()) == (
        "2026-03-02T08:01:00+00:00", "2026-03-02T08:02:00+00:00",
    )  # fmt: skip
    assert nothing["complete"] == "unknown"
    assert read(READER, CUSTOM).coverage == []


def test_ends_are_those_of_the_packets_and_flags_say_who_asked() -> None:
    found = read(READER, CUSTOM)
    assert sorted(short(found.connections), key=str) == [
        ("10.20.0.220", "203.0.113.77", 443, "OTH", 235_600, None),  # one side only, with payload: no attempt
        ("10.20.1.5", "203.0.113.77", 443, "SF", 235_600, 10_400),
        ("10.20.3.4", "192.0.2.44", 0, "S0", 224, None),
        ("10.20.3.4", "198.51.100.9", 6001, "S0", 0, 0),
        ("10.20.3.5", "10.20.3.4", 8765, "REJ", 0, 0),
    ]


def test_ids_are_not_shown() -> None:
    for path in (DEFAULT, CUSTOM):
        no_leak(read(READER, path), "eni-", "123456789010", "vpc-0abc", "i-0123")


def test_parquet_says_the_same(tmp_path: Path) -> None:
    rows = [text.split(" ") for text in CUSTOM.read_text().splitlines()]
    columns = list(zip(*rows[1:], strict=True))
    whole = {"version", "srcport", "dstport", "protocol", "tcp-flags"}
    long = {"bytes", "packets", "start", "end"}
    arrays = [
        pa.array([int(v) for v in column], pa.int32() if name in whole else pa.int64())
        if name in whole | long
        else pa.array([None if v == "-" else v for v in column])
        for name, column in zip(rows[0], columns, strict=True)
    ]
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(arrays, names=[name.replace("-", "_") for name in rows[0]]), path)
    given = head(path)
    assert READER.recognise(given).name == "vpc_flow parquet"  # type: ignore[union-attr]
    assert read(READER, path).connections == read(READER, CUSTOM).connections
    pq.write_table(pa.table({"start": [1], "end": [2], "name": ["x"], "more": [1]}), path)
    assert READER.recognise(head(path)) is None


def test_export_with_the_time_of_ingestion_in_front(tmp_path: Path) -> None:
    text = "".join(f"2026-03-02T08:05:00.000Z {row}\n" for row in DEFAULT.read_text().splitlines())
    assert read(READER, write(tmp_path, text)).connections == read(READER, DEFAULT).connections


def test_silence_ends_a_connection(tmp_path: Path) -> None:
    def count(gap: int, proto: int) -> int:
        text = line(proto=proto) + line(proto=proto, start=1010 + gap, end=1012 + gap)
        return len(read(READER, write(tmp_path, text)).connections)

    assert [count(300, 6), count(301, 6), count(60, 17), count(61, 17)] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("sp", "dp", "opener"),
    [(50000, 443, "10.0.0.5"), (443, 50000, "192.0.2.1"), (50000, 8443, "10.0.0.5"), (40000, 20000, "10.0.0.5"),
     (20000, 40000, "192.0.2.1"), (20001, 20000, "10.0.0.5"), (123, 123, "10.0.0.5")],
)  # fmt: skip
def test_the_end_without_a_service_opened_it(sp: int, dp: int, opener: str, tmp_path: Path) -> None:
    back = line(sp=dp, dp=sp, start=1001).replace("10.0.0.5 192.0.2.1", "192.0.2.1 10.0.0.5")
    (one,) = read(READER, write(tmp_path, line(sp=sp, dp=dp) + back)).connections
    assert one["orig_h"] == opener


def test_the_order_of_lines_changes_nothing(tmp_path: Path) -> None:
    rows = DEFAULT.read_text().splitlines(keepends=True)
    first = flow_rows(READER, DEFAULT)
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        # A line of the default format must come first for the file to be known.
        assert flow_rows(READER, write(tmp_path, "".join(rows))) == first


BAD = [
    ("2 1 eni-1 10.0.0.5", "too few fields"),
    (line().rstrip() + " more", "too many fields"),
    (line(start="noon").rstrip(), "a time, count or port is not a number"),
    (line(octets=10**30).rstrip(), "a time, count or port is not a number"),
]


@pytest.mark.parametrize(("text", "reason"), BAD)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_damaged_line_costs_itself(text: str, reason: str, ends: str, tmp_path: Path) -> None:
    data = (line() + text + "\n" + line(dp=444)).replace("\n", ends)
    found = read(READER, write(tmp_path, data))
    assert len(found.connections) == 2
    assert found.rejects == [Reject(2, reason)]


@pytest.mark.parametrize("bad", [{"start": 1011}, {"end": 2**62}, {"start": -5}])
def test_times_that_cannot_be_are_rejected(bad: dict[str, int], tmp_path: Path) -> None:
    found = read(READER, write(tmp_path, line() + line(dp=444, **bad)))
    assert len(found.connections) == 1
    assert found.rejected == 1
    assert any("end before they begin" in note.reason for note in found.notes)


def test_a_header_between_parts_is_no_record(tmp_path: Path) -> None:
    found = read(READER, write(tmp_path, CUSTOM.read_text() * 2))
    assert found.rejected == 0
    assert len(found.connections) == 5


def test_a_refusal_sent_nothing(tmp_path: Path) -> None:
    found = read(READER, write(tmp_path, line(action="REJECT", packets=20, octets=4249)))
    assert short(found.connections) == [("10.0.0.5", "192.0.2.1", 443, "REJ", 0, 0)]


@pytest.mark.parametrize("data", [b"", b"2", b"version start end a\n1 2 3 4\n", b"srcaddr dstaddr\n", b"a,b\n1,2\n",
                                  b"2 1 eni-1 a b 1 2 6 1 1 1 1 MAYBE OK\n"])  # fmt: skip
def test_other_files_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".log")) is None


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_hostile_fields_cost_only_their_lines(tmp_path: Path, data: st.DataObject) -> None:
    rows = [line(dp=port).rstrip().split(" ") for port in range(5)]
    at, field = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 13))
    rows[at][field] = data.draw(st.text(max_size=30).filter(lambda t: not set(t) & set("\n\r")))
    found = read(READER, write(tmp_path, "\n".join(" ".join(row) for row in rows).encode("utf-8", "replace")))
    known = sum(1 for c in found.connections if c["orig_h"] == "10.0.0.5" or c["resp_h"] == "10.0.0.5")
    assert known >= 4
    assert len(found.connections) + found.rejected in (4, 5)


def test_a_damaged_parquet_file_is_said_without_what_it_holds(tmp_path: Path) -> None:
    canary = "LEAKY4111111111111111"
    names = ["srcaddr", "dstaddr", "start", "end", "action"]
    path = tmp_path / "log.parquet"
    pq.write_table(
        pa.table([[canary] * 5000, ["b"] * 5000, [1] * 5000, [2] * 5000, ["ACCEPT"] * 5000], names=names), path
    )
    data = bytearray(path.read_bytes())
    data[4:200] = b"\xff" * 196
    path.write_bytes(data)
    with pytest.raises(EvidenceError) as problem:
        read(READER, path)
    assert canary not in str(problem.value)
