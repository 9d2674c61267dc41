"""CSV of Argus and binetflow files: directions, states, ports, totals, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.read.argus import READER
from flagstate.read.part import Head, Reject
from flow_logs import DATA, HOSTILE, head, no_leak, read, spoilt, write

CTU, RA, EXACT = (DATA / "argus" / name for name in ("ctu-style.binetflow", "ra.csv", "ra-payload.csv"))
HEADER = CTU.read_text().splitlines()[0] + "\n"
LINE = "2026/03/02 08:00:00.5,1.5,tcp,10.0.0.5,{sp},   ->,192.0.2.1,443,FSPA_FSPA,0,0,100,98000,90000,flow=x\n"


def test_what_a_labelled_file_says() -> None:
    found = read(READER, CTU)
    assert [(c["proto"], c["orig_h"], c["resp_h"], c["resp_p"], c["conn_state"], c["orig_bytes"], c["resp_bytes"])
            for c in found.connections] == [
        ("udp", "198.51.100.59", "10.20.84.229", 13363, "SF", None, None),  # who sent how many packets is not told
        ("udp", "10.20.84.229", "10.20.80.9", 53, "SF", 33, 159),  # one packet each
        ("tcp", "10.20.84.165", "192.0.2.42", 25, "S0", 0, 0),
        ("tcp", "10.20.84.165", "192.0.2.43", 443, "SF", 78_814, None),  # at most 119 packets
        ("icmp", "10.20.84.165", "192.0.2.44", None, "S0", 103, None),
        ("tcp", "10.20.84.165", "192.0.2.50", 443, "OTH", None, None),  # `<?`: by its port
        ("tcp", "10.20.84.165", "192.0.2.45", 25, "REJ", 0, 0),
    ]  # fmt: skip
    assert found.connections[0]["duration_us"] == 3_550_182_373
    assert sum(each.rows_read for each in found.tallies) == 1
    assert any("below IP" in note.reason for note in found.notes)
    no_leak(found, "Botnet", "10.20.84")


def test_payload_is_exact_where_argus_kept_it() -> None:
    """Without it the bytes are a lower bound, and of UDP the same."""
    exact, bound = read(READER, EXACT).connections, read(READER, RA).connections
    assert len(exact) == len(bound) == 18
    known = 0
    for true, told in zip(exact, bound, strict=True):
        assert (true["ts"], true["orig_h"], true["resp_p"]) == (told["ts"], told["orig_h"], told["resp_p"])
        for name in ("orig_bytes", "resp_bytes"):
            assert told[name] is None or told[name] <= (true[name] or 0)
            known += told[name] is not None
            if true["proto"] == "udp":
                assert told[name] == true[name]
    assert known >= 15


def test_an_arrow_that_points_back(tmp_path: Path) -> None:
    line = LINE.format(sp=50000).replace("   ->", "  <-")
    (one,) = read(READER, write(tmp_path, HEADER + line)).connections
    assert (one["orig_h"], one["orig_p"], one["resp_p"]) == ("192.0.2.1", 443, 50000)


PORTS = [("0x1f90", "443", (8080, 443)), ("50000", "https", (50000, 443)), ("50000", "nothing", (50000, None)),
         ("", "70000", (None, None))]  # fmt: skip


@pytest.mark.parametrize(("sport", "dport", "expected"), PORTS)
def test_ports_may_be_hexadecimal_or_names(sport: str, dport: str, expected: tuple[int, int], tmp_path: Path) -> None:
    line = LINE.format(sp=sport).replace("192.0.2.1,443", f"192.0.2.1,{dport}")
    (one,) = read(READER, write(tmp_path, HEADER + line)).connections
    assert (one["orig_p"], one["resp_p"]) == expected


@pytest.mark.parametrize("start", ["2026-03-02 08:00:00.5", "1772438400.5", "2026-03-02T08:00:00.500000"])
def test_dates_in_other_forms(start: str, tmp_path: Path) -> None:
    line = LINE.format(sp=1).replace("2026/03/02 08:00:00.5", start)
    (one,) = read(READER, write(tmp_path, HEADER + line)).connections
    assert one["ts"].isoformat() == "2026-03-02T08:00:00.500000+00:00"


def test_times_without_a_date_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + LINE.format(sp=1).replace("2026/03/02 08:00:00.5", "08:00:00.500000"))
    kind = READER.recognise(head(path))
    assert kind is not None
    assert (kind.refused, kind.todo) == ("its times have no date", "Print it again with `ra -u`")


BAD = [("2026", "too few fields"), (LINE.strip().format(sp=1) + ",x", "too many fields"),
       (LINE.strip().format(sp=1).replace("98000", "many"), "a time, count or port is not a number")]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), BAD)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_damaged_line_costs_itself(text: str, reason: str, ends: str, tmp_path: Path) -> None:
    data = HEADER + LINE.format(sp=50001) + text + "\n" + LINE.format(sp=50002)
    found = read(READER, write(tmp_path, data.replace("\n", ends)))
    assert len(found.connections) == 2
    assert found.rejects == [Reject(3, reason)]


@pytest.mark.parametrize("change", [("1.5,tcp", "-1.5,tcp"), ("2026/03/02", "yesterday"), ("10.0.0.5", "")])
def test_what_cannot_be_is_rejected(change: tuple[str, str], tmp_path: Path) -> None:
    data = HEADER + LINE.format(sp=50001) + LINE.format(sp=50002).replace(*change)
    found = read(READER, write(tmp_path, data))
    assert len(found.connections) == 1
    assert found.rejected == 1


@pytest.mark.parametrize("data", [b"", b"StartTime,Dur\n", b"starttime;dur;proto;srcaddr;dstaddr;dir\n"])
def test_other_tables_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".csv")) is None


@HOSTILE
@given(st.data())
def test_hostile_fields_cost_only_their_lines(tmp_path: Path, data: st.DataObject) -> None:
    found = read(READER, write(tmp_path, spoilt(data, HEADER, LINE, first=1)))
    assert 3 <= len(found.connections) <= 4
