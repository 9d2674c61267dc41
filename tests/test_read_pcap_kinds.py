"""What is told by the first bytes of datagrams, and captures that are handed out in portions."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from flagstate.read.capture import sniff, table
from flagstate.read.capture.talks import Desk, ends, talks
from flagstate.read.capture.windows import Capture
from test_read_pcap import ZEEK, rows


def ethernet(datagrams: list[tuple[bool, bytes]]) -> bytes:
    """A capture of one UDP connection."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for at, (from_orig, payload) in enumerate(datagrams):
        hosts = [bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))][:: 1 if from_orig else -1]
        ports = [40000, 4433][:: 1 if from_orig else -1]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + hosts[0] + hosts[1]
        raw = bytes(12) + b"\x08\x00" + ip + struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
        data += struct.pack("<IIII", 1_700_000_000, at, len(raw), len(raw)) + raw
    return data


def test_dtls_behind_stun_is_read(tmp_path: Path) -> None:
    found: list[tuple[bool, bytes]] = []
    path = ZEEK / "dtls1_2.pcap"
    for window in Capture(str(path), path.read_bytes()[:24]).windows():
        for _, talk in talks(window, ends(window.rows), Desk()):
            found += [(each.from_orig, each.data) for each in talk.datagrams]
    stun = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)
    made = tmp_path / "stun.pcap"
    made.write_bytes(ethernet([(True, stun), (False, stun), *found]))
    (plain,), (behind,) = rows(path, "handshake"), rows(made, "handshake")
    assert {name: behind[name] for name in ("version", "ja3", "ja4")} == {
        name: plain[name] for name in ("version", "ja3", "ja4")
    }


@pytest.mark.parametrize("version", ["00000001", "6b3343cf", "ff00001d", "1a2a3a4a"])
def test_quic_is_told_by_its_version(tmp_path: Path, version: str) -> None:
    short = b"\xc0" + bytes.fromhex(version) + b"\x08" + bytes(8) + b"\0" + bytes(40)
    path = tmp_path / "short.pcap"
    for data, kind in ((short, sniff.QUIC), (b"\xc0\x12\x34\x56\x78" + bytes(300), sniff.OTHER)):
        path.write_bytes(ethernet([(True, data)]))
        (window,) = Capture(str(path), path.read_bytes()[:24]).windows()
        assert window.rows[:, table.KIND].tolist() == [kind]


def test_what_is_over_is_handed_out_early_and_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flagstate.read.capture import windows

    sample = (ZEEK / "tls1.2.pcap").read_bytes()
    data = bytearray(sample[:24])
    for copy in range(400):
        at = 24
        while at < len(sample):
            sec, us, cap, wire = struct.unpack_from("<IIII", sample, at)
            raw = bytearray(sample[at + 16 : at + 16 + cap])
            raw[28:30] = copy.to_bytes(2)
            raw[32:34] = copy.to_bytes(2)
            data += struct.pack("<IIII", sec + 400 * copy, us, cap, wire) + raw
            at += 16 + cap
    path = tmp_path / "many.pcap"
    path.write_bytes(data)
    whole = list(Capture(str(path), bytes(data[:24])).windows())
    wanted = sorted(row for window in whole for row in window.rows[:, : table.SERVICE].tolist())
    monkeypatch.setattr(windows, "FIRST", (4096, 4300))
    monkeypatch.setattr(windows, "SOFT_SEGMENTS", 4300)
    parted = list(Capture(str(path), bytes(data[:24])).windows())
    assert len(whole) == 1 < len(parted)
    assert sorted(row for window in parted for row in window.rows[:, : table.SERVICE].tolist()) == wanted
