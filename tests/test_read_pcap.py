"""Captures: against tshark's count of every sample, in every form of file, damaged in any way, with tunnels named."""

from __future__ import annotations

import json
import os
import random
import struct
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.engine import connect
from flagstate.read.capture import table
from flagstate.read.capture.talks import ORIG, RESP, ends
from flagstate.read.capture.windows import Capture
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Records, Stream, Tally
from flagstate.read.pcap import READER
from flagstate.read.source import HEAD_BYTES

DATA = Path(__file__).parent / "data"
GOLDEN: dict[str, list[list[Any]]] = json.loads((DATA / "captures.json").read_text())
ZEEK = DATA / "pcaps-zeek-btest"
TUNNELS = {
    "Teredo.pcap": "teredo", "ayiya3.pcap": "ayiya", "geneve.pcap": "geneve", "vxlan.pcap": "vxlan",
    "gtp8_teredo.pcap": "gtpv1", "gre-sample.pcap": "gre", "4in6.pcap": "ipip", "6in4.pcap": "6in4",
    "gre-over-udp-4754.pcap": "gre",
}  # fmt: skip


RELAYED = ("Teredo.pcap",)
"""Samples with tunnels on ports that tshark does not look at."""
CUT = ("gtp9_unknown_or_too_short_payload.pcap",)
"""Samples in which the sender cut packets: tshark counts bytes that are there, we those that IP declares."""


def opened(path: Path) -> Opened:
    data = path.read_bytes()[:HEAD_BYTES]
    return Opened(str(path), Head(data, path.stat().st_size, path.suffix), path.name, "e")


def parts(path: Path, max_rows: int | None = None) -> Iterator[Part]:
    made = opened(path)
    kind = READER.recognise(made.head)
    assert kind is not None
    context = Context(connect(threads=1, files=[str(path)]), lambda name: name, max_rows)
    for part in READER.read(made, kind, context):
        if isinstance(part, Records):
            part = Records(part.reader.read_all().to_reader(), *list(vars(part).values())[1:])
        yield part


def rows(path: Path, noun: str = "connection") -> list[dict[str, Any]]:
    found = []
    for part in parts(path):
        if isinstance(part, Stream):
            listed = part.relation.to_arrow_table().to_pylist()
            found += listed if part.noun == noun else []
    return found


def table_of(path: Path) -> list[tuple[Any, ...]]:
    """Every pair with its packets and bytes, out of the compiled pass alone."""
    packets: Counter[tuple[Any, ...]] = Counter()
    sizes: Counter[tuple[Any, ...]] = Counter()
    for window in Capture(str(path), path.read_bytes()[:24]).windows():
        named = ends(window.rows)
        for at, row in enumerate(window.rows.tolist()):
            proto = {6: "tcp", 17: "udp"}.get(row[table.PROTO] & 255)
            if proto:
                orig = (named.orig_h[at], int(named.orig_p[at]))
                resp = (named.resp_h[at], int(named.resp_p[at]))
                pair = (proto, *sorted((orig, resp)))
                packets[pair] += row[ORIG + table.PACKETS] + row[RESP + table.PACKETS]
                sizes[(*pair, orig)] += row[ORIG + table.TOP] - row[ORIG + table.MISSED]
                sizes[(*pair, resp)] += row[RESP + table.TOP] - row[RESP + table.MISSED]
    return [
        (pair[0], *pair[1], *pair[2], count, sizes[(*pair, pair[1])], sizes[(*pair, pair[2])])
        for pair, count in sorted(packets.items())
    ]


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_pairs_packets_and_bytes_are_those_that_tshark_counts(name: str) -> None:
    wanted = [tuple(row) for row in GOLDEN[name]]
    found = table_of(DATA / name)
    if Path(name).name in RELAYED:
        found = [row for row in found if row[:5] in {each[:5] for each in wanted}]
    if Path(name).name in CUT:
        found, wanted = [row[:6] for row in found], [row[:6] for row in wanted]
    assert found == wanted


@pytest.mark.parametrize(("name", "service"), sorted(TUNNELS.items()))
def test_the_tunnel_and_what_is_in_it_are_rows(name: str, service: str) -> None:
    found = rows(ZEEK / name)
    assert service in {row["service"] for row in found}
    assert len(found) > 1
    assert len({row["uid"] for row in found}) == len(found)


def test_a_connection_reads_as_zeek_logs_it() -> None:
    (row,) = rows(ZEEK / "tls1.2.pcap")
    shown = {name: row[name] for name in ("orig_h", "orig_p", "resp_h", "resp_p", "proto", "service", "conn_state")}
    assert shown == {
        "orig_h": "10.0.0.80", "orig_p": 56637, "resp_h": "68.233.76.12", "resp_p": 443, "proto": "tcp",
        "service": "ssl", "conn_state": "SF",
    }  # fmt: skip
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"]) == (713, 6036, 0)
    assert row["duration_us"] == 3_294_877


def test_names_of_protocols_stand_at_their_connections() -> None:
    found = rows(ZEEK / "Teredo.pcap")
    named = {(row["server_name"], row["name_source"]) for row in found if row["server_name"]}
    assert ("www.wireshark.org", "host") in named
    assert "ipv6.google.com" in {row["query"] for row in rows(ZEEK / "Teredo.pcap", "query")}
    assert {row["uid"] for row in rows(ZEEK / "Teredo.pcap", "exchange")} <= {row["uid"] for row in found}


def records(path: Path) -> tuple[bytes, list[tuple[int, int, bytes, int]]]:
    """Header and records of a little-endian pcap with microseconds."""
    data = path.read_bytes()
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    at, found = 24, []
    while at + 16 <= len(data):
        sec, us, cap, wire = struct.unpack_from("<IIII", data, at)
        found.append((sec, us, data[at + 16 : at + 16 + cap], wire))
        at += 16 + cap
    return data[:24], found


def written(form: str, link: int, packets: list[tuple[int, int, bytes, int]]) -> bytes:
    """The same packets in another form of file."""
    order = ">" if "big" in form else "<"
    if not form.startswith("pcapng"):
        nano, extra = "nano" in form, b"\0" * 8 if "modified" in form else b""
        magic = 0xA1B23C4D if nano else 0xA1B2CD34 if extra else 0xA1B2C3D4
        made = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
        for sec, us, data, wire in packets:
            made.append(struct.pack(f"{order}IIII", sec, us * 1000 if nano else us, len(data), wire) + extra + data)
        return b"".join(made)

    def block(kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        size = struct.pack(f"{order}I", len(body) + 12)
        return struct.pack(f"{order}I", kind) + size + body + size

    made = []
    half = len(packets) // 2 if "two" in form else len(packets)
    for chunk in (packets[:half], packets[half:]):
        made.append(block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)))
        option = struct.pack(f"{order}HHB3xHH", 9, 1, 9, 0, 0)
        made.append(block(1, struct.pack(f"{order}HHI", link, 0, 0) + option))
        for sec, us, data, wire in chunk:
            ticks = (sec * 1_000_000 + us) * 1000
            head = struct.pack(f"{order}IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
            made.append(block(6, head + data))
        counts = struct.pack(f"{order}III", 0, 0, 0) + struct.pack(f"{order}HHQHH", 5, 8, 7, 0, 0)
        made.append(block(5, counts))
    return b"".join(made)


FORMS = ("pcap", "pcap big", "pcap nano", "pcap nano big", "pcap modified", "pcapng", "pcapng big", "pcapng two")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_file_says_the_same(form: str, tmp_path: Path) -> None:
    source = ZEEK / "gre-sample.pcap"
    head, packets = records(source)
    path = tmp_path / "made"
    path.write_bytes(written(form, struct.unpack_from("<I", head, 20)[0], packets))
    assert rows(path) == rows(source)


def test_dropped_packets_are_coverage(tmp_path: Path) -> None:
    head, packets = records(ZEEK / "gre-sample.pcap")
    path = tmp_path / "made"
    path.write_bytes(written("pcapng", struct.unpack_from("<I", head, 20)[0], packets))
    facts = [part.table.to_pylist() for part in parts(path) if isinstance(part, Facts) and part.noun == "coverage"]
    (told,) = [row for row in facts[0] if "dropped" in row["remark"]]
    # Both sections have an interface; only one holds packets, and each says 7.
    assert told["complete"] == "no"
    assert told["share_seen"] == pytest.approx(len(packets) / (len(packets) + 14))


def test_one_direction_alone_and_gaps_are_coverage(tmp_path: Path) -> None:
    head, packets = records(ZEEK / "tls1.2.pcap")
    half = [each for each in packets if each[2][26:30] == bytes([10, 0, 0, 80])]
    path = tmp_path / "made"
    path.write_bytes(head + b"".join(struct.pack("<IIII", s, u, len(d), w) + d for s, u, d, w in half))
    (row,) = rows(path)
    # Its end was acknowledged, and not seen: it counts as a byte, as with Zeek.
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"]) == (713, 6037, 6037)
    remarks = [row["remark"] for part in parts(path) if isinstance(part, Facts) for row in part.table.to_pylist()]
    assert any("one direction was never seen" in remark for remark in remarks)
    assert any("6,037 of 6,750 bytes" in remark for remark in remarks)


def test_repeated_segments_and_a_wrapped_sequence_count_once(tmp_path: Path) -> None:
    head, packets = records(ZEEK / "tls1.2.pcap")
    path = tmp_path / "made"
    path.write_bytes(
        head + b"".join(struct.pack("<IIII", s, u, len(d), w) + d for s, u, d, w in packets * 1 + packets[3:9])
    )
    (row,) = rows(path)
    assert (row["orig_bytes"], row["resp_bytes"]) == (713, 6036)
    first = next(int.from_bytes(d[38:42]) for _, _, d, _ in packets)
    shift = (1 << 32) - 100 - first
    turned = []
    for s, u, d, w in packets:
        own = d[26:30] == packets[0][2][26:30]
        at = 38 if own else 42
        turned.append(
            (s, u, d[:at] + ((int.from_bytes(d[at : at + 4]) + shift) & 0xFFFFFFFF).to_bytes(4) + d[at + 4 :], w)
        )
    path.write_bytes(head + b"".join(struct.pack("<IIII", s, u, len(d), w) + d for s, u, d, w in turned))
    (row,) = rows(path)
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"], row["conn_state"]) == (713, 6036, 0, "SF")


def test_a_snap_length_costs_contents_but_no_bytes(tmp_path: Path) -> None:
    head, packets = records(ZEEK / "tls1.2.pcap")
    path = tmp_path / "made"
    path.write_bytes(head + b"".join(struct.pack("<IIII", s, u, len(d[:60]), w) + d[:60] for s, u, d, w in packets))
    (row,) = rows(path)
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"]) == (713, 6036, 0)
    assert any(isinstance(part, Note) and "captured in part" in part.reason for part in parts(path))


def test_a_clock_that_jumps_is_said(tmp_path: Path) -> None:
    head, packets = records(ZEEK / "gre-sample.pcap")
    path = tmp_path / "made"
    later = [(s + (90_000 if at > 5 else 0), u, d, w) for at, (s, u, d, w) in enumerate(packets)]
    path.write_bytes(head + b"".join(struct.pack("<IIII", s, u, len(d), w) + d for s, u, d, w in later))
    remarks = [row["remark"] for part in parts(path) if isinstance(part, Facts) for row in part.table.to_pylist()]
    assert any("forward by more than an hour 1 time and back" in remark for remark in remarks)


def test_damage_in_the_middle_costs_its_records_only(tmp_path: Path) -> None:
    source = ZEEK / "Teredo.pcap"
    _, packets = records(source)
    data = bytearray(source.read_bytes())
    at = 24 + sum(16 + len(each[2]) for each in packets[:40])
    data[at : at + 20] = b"\xff" * 20
    path = tmp_path / "made"
    path.write_bytes(bytes(data))
    capture = Capture(str(path), bytes(data[:24]))
    list(capture.windows())
    assert capture.counts[table.PLAIN] == len(packets) - 1
    told = [part for part in parts(path) if isinstance(part, Note | Tally)]
    assert any(isinstance(part, Note) and f"at byte {at:,}" in part.reason and part.lost for part in told)


def test_many_windows_say_what_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flagstate.read.capture import windows

    head, packets = records(ZEEK / "Teredo.pcap")
    path = tmp_path / "made"
    later = [(s + 2000 * again, u, d, w) for again in range(4) for s, u, d, w in packets]
    path.write_bytes(head + b"".join(struct.pack("<IIII", s, u, len(d), w) + d for s, u, d, w in later))
    whole = sorted(rows(path), key=lambda row: row["uid"])
    monkeypatch.setattr(windows, "MOST_SEGMENTS", 100)
    monkeypatch.setattr(windows, "FIRST", (64, 100))
    parted = Capture(str(path), head)
    assert sum(1 for _ in parted.windows()) > 1
    assert not parted.crowded
    assert sorted(rows(path), key=lambda row: row["uid"]) == whole


SMALL = [path for path in sorted(ZEEK.glob("*.pcap*")) if path.stat().st_size < 14_000]


def readable(path: Path) -> int:
    capture = Capture(str(path), path.read_bytes()[:24])
    return sum(len(window.rows) for window in capture.windows()) and int(capture.counts[table.PLAIN])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SMALL), st.floats(0, 1), st.integers(0, 2**32))
def test_cut_anywhere_nothing_before_is_lost(tmp_path: Path, source: Path, share: float, seed: int) -> None:
    data = source.read_bytes()
    cut = 28 + int((len(data) - 28) * share)
    path = tmp_path / "cut"
    path.write_bytes(data[:cut])
    if READER.recognise(opened(path).head) is None:
        return
    for part in parts(path):
        if isinstance(part, Stream):
            part.relation.to_arrow_table()
    if data[:4] == b"\xd4\xc3\xb2\xa1":
        _, packets = records(path)
        sound = [each for each in packets if each[2]]
        assert readable(path) >= len(sound) - 1 or not sound
    del seed


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SMALL), st.integers(0, 2**32), st.integers(1, 40))
def test_flipped_bytes_never_raise_nor_loop(tmp_path: Path, source: Path, seed: int, many: int) -> None:
    dice = random.Random(seed)
    data = bytearray(source.read_bytes())
    for _ in range(many):
        data[dice.randrange(24, len(data))] = dice.randrange(256)
    path = tmp_path / "flipped"
    path.write_bytes(bytes(data))
    start = time.process_time()
    for part in parts(path):
        if isinstance(part, Stream):
            part.relation.to_arrow_table()
    assert time.process_time() - start < 5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a"]),
    st.binary(max_size=3000),
)
def test_any_bytes_behind_a_magic_are_read(tmp_path: Path, magic: bytes, rest: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(magic + bytes(20) + rest)
    for part in parts(path):
        if isinstance(part, Stream):
            part.relation.to_arrow_table()


def test_rows_are_bounded_where_a_sample_is_asked_for() -> None:
    found = [part for part in parts(ZEEK / "Teredo.pcap", 3) if isinstance(part, Stream) and part.noun == "connection"]
    assert sum(part.relation.to_arrow_table().num_rows for part in found) == 3


def test_nothing_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        rows(ZEEK / "gre-sample.pcap")
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_a_table_that_stays_full_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from flagstate.read.capture import windows

    monkeypatch.setattr(windows, "MOST_SEGMENTS", 70)
    monkeypatch.setattr(windows, "FIRST", (64, 70))
    capture = Capture(str(ZEEK / "Teredo.pcap"), (ZEEK / "Teredo.pcap").read_bytes()[:24])
    assert sum(len(window.rows) for window in capture.windows()) > 18
    assert capture.crowded
