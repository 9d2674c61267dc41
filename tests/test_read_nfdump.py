"""CSV of nfdump: all layouts, both directions as one connection, bytes never more than were sent, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.read.argus import READER as ARGUS
from flagstate.read.nfdump import READER
from flagstate.read.part import Head, Reject
from flow_logs import DATA, HOSTILE, Found, read, spoilt, write

HERE = DATA / "nfdump"
UNI, BI = HERE / "uniflow-1.7.1.csv", HERE / "biflow-1.7.1.csv"
NAMED, FAST = HERE / "named-1.7.5.csv", HERE / "fast-1.7.5.csv"
HEADER = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flags\n"
LINE = "2026-03-02 08:00:00.123,1.5,TCP,10.0.0.5,{sp},192.0.2.1,443,10,5000,...AP.SF\n"


def sums(found: Found) -> dict[tuple[object, ...], list[int | None]]:
    """Return for each pair of ends what both sent, whoever opened; unknown is none."""
    made: dict[tuple[object, ...], list[int | None]] = {}
    for c in found.connections:
        sides = sorted([(c["orig_h"], c["orig_p"], c["orig_bytes"]), (c["resp_h"], c["resp_p"], c["resp_bytes"])])
        key = (*sides[0][:2], *sides[1][:2], c["proto"])
        before = made.get(key, [0, 0])
        made[key] = [
            None if a is None or b is None else a + b for a, b in zip(before, (s[2] for s in sides), strict=True)
        ]
    return made


@pytest.mark.parametrize("path", [UNI, BI])
def test_bytes_are_never_more_than_were_sent(path: Path) -> None:
    """Argus wrote of the same capture what every side sent without headers: this is the truth."""
    truth, told = sums(read(ARGUS, DATA / "argus" / "ra-payload.csv")), sums(read(READER, path))
    assert set(told) == set(truth)
    exact = known = 0
    for key, sent in truth.items():
        for here, there in zip(told[key], sent, strict=True):
            known += here is not None
            assert here is None or here <= (there or 0)
            if key[4] == "udp":
                assert here == there
                exact += 1
    assert exact == 6
    assert known >= 15


def test_states_and_openers_of_a_capture() -> None:
    found = read(READER, UNI)
    assert {c["conn_state"] for c in found.connections} == {"SF"}
    assert {c["resp_p"] for c in found.connections if c["resp_p"] < 1024} == {21, 53, 80, 443}
    assert found.rejected == 0
    assert any("no zone" in note.reason for note in found.notes)


def test_named_columns() -> None:
    found = read(READER, NAMED)
    assert [(c["proto"], c["orig_h"], c["resp_p"], c["conn_state"], c["orig_bytes"], c["resp_bytes"])
            for c in found.connections] == [
        ("tcp", "10.20.1.5", 443, "SF", 48_800, 6_600),
        ("tcp", "10.20.1.5", 8443, "REJ", 0, 0),
        ("udp", "2001:db8::5", 123, "S0", 56, None),
        ("icmp", "10.20.1.5", None, "SF", 56, 56),
    ]  # fmt: skip
    assert found.connections[0]["ts"].isoformat() == "2026-03-02T08:00:00.123000+00:00"


def test_csv_fast_says_the_same() -> None:
    assert read(READER, FAST).connections == read(READER, NAMED).connections[:1]
    assert not [note for note in read(READER, FAST).notes if "zone" in note.reason]


BAD = [("2026-03-02", "too few fields"), (LINE.strip().format(sp=1) + ",x", "too many fields"),
       (LINE.strip().format(sp=1).replace("5000", "5.2 M"), "a time, count or port is not a number"),
       (LINE.strip().format(sp=1).replace("08:00", "28:99"), "a time, count or port is not a number")]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), BAD)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_damaged_line_costs_itself(text: str, reason: str, ends: str, tmp_path: Path) -> None:
    data = HEADER + LINE.format(sp=50001) + text + "\n" + LINE.format(sp=50002)
    found = read(READER, write(tmp_path, data.replace("\n", ends)))
    assert len(found.connections) == 2
    assert found.rejects == [Reject(3, reason)]


def test_what_nfdump_says_beside_the_records_is_no_record(tmp_path: Path) -> None:
    tail = "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n1,2,3,4,5,6\nTime window: x\n"
    found = read(READER, write(tmp_path, HEADER + LINE.format(sp=1) + tail))
    assert (len(found.connections), found.rejected) == (1, 0)
    assert read(READER, write(tmp_path, "No matching flows\n" + HEADER)).connections == []


@pytest.mark.parametrize("data", [b"", b"ts,te,td,pr,val,fl\n", b"firstSeen,duration,proto,flows\n", b"ts,sa,da\n"])
def test_other_tables_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".csv")) is None


@HOSTILE
@given(st.data())
def test_hostile_fields_cost_only_their_lines(tmp_path: Path, data: st.DataObject) -> None:
    found = read(READER, write(tmp_path, spoilt(data, HEADER, LINE)))
    assert 3 <= len(found.connections) <= 4
    assert len(found.connections) + found.rejected in (3, 4)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bad", ["2026-03-02\r08:00:00.5,", "\r", LINE.format(sp=7)[:-1] + "\r\r", "a\r\r\nb\n"])
def test_a_stray_carriage_return_costs_its_line(tmp_path: Path, end: str, bad: str) -> None:
    """The engine gives up a whole file at one; the other lines are read all the same, and the damage is counted."""
    good = [LINE.format(sp=sp).strip() for sp in (1_001, 1_002, 1_003)]
    long = LINE.strip().format(sp=9) + ",,,"
    lines = [HEADER.strip(), good[0], bad, good[1], long, "2026-03-02 08:00:00.1,x,TCP", good[2], ""]
    found = read(READER, write(tmp_path, end.join(lines)))
    ports = {c["orig_p"] for c in found.connections}
    assert {1_001, 1_002, 1_003} <= ports <= {1_001, 1_002, 1_003, 7}
    assert {"too many fields", "too few fields"} <= {each.reason for each in found.rejects}
    assert all("08:00" not in each.reason for each in found.rejects)
