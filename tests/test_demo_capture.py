"""The short capture of the invented hub: its packets are those of connections that the sensor logged."""

from __future__ import annotations

import socket
from collections import defaultdict
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import pytest

from flagstate.demo import capture, traffic
from flagstate.demo.hub import Hub
from flagstate.demo.sessions import Kind, Sessions, place, sessions
from test_demo_traffic import logs, quiet

Ends = tuple[str, int, str, int]
Seen = dict[Ends, list[tuple[bool, int, int, bytes]]]


def packets(path: Path) -> Seen:
    """Return (from the originator, microseconds, flags, payload) of each packet by connection; sums must be right."""
    found: Seen = defaultdict(list)
    with path.open("rb") as file:
        for ts, frame in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(frame).data
            assert dpkt.in_cksum(frame[14:34]) == 0
            layer: Any = ip.data
            src, dst = ((socket.inet_ntoa(one), port) for one, port in ((ip.src, layer.sport), (ip.dst, layer.dport)))
            mine = (*src, *dst) if (*dst, *src) not in found else (*dst, *src)
            flags = layer.flags if isinstance(layer, dpkt.tcp.TCP) else 0
            found[mine].append((mine == (*src, *dst), round(ts * 1e6), flags, bytes(layer.data)))
    return found


@pytest.mark.parametrize("seed", [3, 4])
def test_packets_say_what_the_log_says(seed: int, tmp_path: Path) -> None:
    truth = traffic.write(Hub(1_000, seed), tmp_path, quiet)
    found = packets(tmp_path / "traffic/extract.pcap")
    assert len(found) == truth["extract"] == capture.MOST
    logged = {
        (row["id.orig_h"], int(row["id.orig_p"]), row["id.resp_h"], int(row["id.resp_p"])): row
        for row in logs(tmp_path / "traffic", "conn")[-600:]
    }
    for ends, seen in found.items():
        row = logged[ends]
        sent, back = (sum(len(data) for mine, _, _, data in seen if mine == orig) for orig in (True, False))
        assert [sent, back] == [int(row[name].replace("-", "0")) for name in ("orig_bytes", "resp_bytes")]
        times = [us for _, us, _, _ in seen]
        assert times == sorted(times)
        assert times[0] == round(float(row["ts"]) * 1e6)
        assert times[-1] - times[0] == round(float(row["duration"].replace("-", "0")) * 1e6)
        state = {"S0": 1, "REJ": 2}.get(row["conn_state"])
        assert state is None or [flags for _, _, flags, _ in seen] == [2, 20][:state]


def _of(kind: Kind, *, sent: int, back: int) -> Sessions:
    return sessions(kind, np.array([1_700_000_000_000_000]), place("10.20.1.10"), sent=sent, back=back, lasts=50_000)


@pytest.mark.parametrize("sent", [900, 1_200, 2_404, 5_000])
def test_payloads_are_as_long_as_they_should_be(sent: int, tmp_path: Path) -> None:
    """Also where the last record would have no room for its head."""
    for kind in (Kind("198.51.100.20", 443, "ssl", "tracking.carrier-north.example"), Kind("10.20.8.10", 22, "ssh")):
        capture.write(tmp_path / "x.pcap", _of(kind, sent=sent, back=sent + 100))
        (seen,) = packets(tmp_path / "x.pcap").values()
        assert sum(len(data) for mine, _, _, data in seen if mine) == sent
        assert sum(len(data) for mine, _, _, data in seen if not mine) == sent + 100
        assert max(len(data) for _, _, _, data in seen) <= 1_200


def test_large_connections_are_left_out(tmp_path: Path) -> None:
    large = _of(Kind("10.20.8.10", 22, "ssh"), sent=capture.LARGEST, back=1)
    assert capture.write(tmp_path / "x.pcap", large) == 0
    assert packets(tmp_path / "x.pcap") == {}
