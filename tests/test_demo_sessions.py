"""Connections as columns, and the logs that they become."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.demo import zeek
from flagstate.demo.sessions import (
    DAY,
    PORTS,
    Kind,
    S,
    beats,
    place,
    ported,
    sessions,
    shared,
    together,
)

KIND = Kind("198.51.100.20", 443, "ssl", "tracking.carrier-north.example")


@given(st.integers(0, 2**32), st.floats(10, 10_000), st.floats(0, 0.5))
def test_beats_keep_their_period(seed: int, period_s: float, jitter: float) -> None:
    us = beats(np.random.default_rng(seed), 5 * DAY, 6 * DAY, period_s=period_s, jitter=jitter)
    assert 5 * DAY <= us[0] < 5 * DAY + period_s * S * (1 + jitter) + 1
    assert us[-1] < 6 * DAY
    assert 6 * DAY - us[-1] <= period_s * S * (1 + jitter) + 1
    steps = np.diff(us) / S / period_s
    assert (abs(steps - 1) <= jitter + 1e-3).all()


@given(st.integers(0, 2**32), st.integers(0, 10**12), st.integers(1, 500))
def test_parts_are_the_whole_but_for_their_rounding(seed: int, total: int, count: int) -> None:
    parts = shared(np.random.default_rng(seed), total, count)
    assert len(parts) == count
    assert 0 <= total - int(parts.sum()) <= count + total // 10**9


def test_no_two_connections_that_follow_each_other_look_alike() -> None:
    many = sessions(KIND, np.zeros(2 * PORTS, np.int64), place("10.20.1.10"), sent=1, back=1, lasts=1)
    ports = np.concatenate([ported(many, 0).orig_p, ported(many, len(many)).orig_p])
    assert ports.min() >= 32_768
    assert ports.max() <= 60_999
    for begin in (0, 77, 2 * PORTS - 5):
        assert len(np.unique(ports[begin : begin + PORTS])) == PORTS


def test_parts_come_together_in_order_of_time() -> None:
    one = sessions(KIND, np.array([30, 10]), place("10.20.1.10"), sent=np.array([3, 1]), back=0, lasts=0)
    other = sessions(KIND, np.array([20]), place("10.20.1.20"), sent=2, back=0, lasts=0)
    found = together([one, other])
    assert found.orig_bytes.tolist() == [1, 2, 3]
    assert found.between(10, 30).us.tolist() == [10, 20]


@pytest.mark.parametrize("name", ["capture_loss.log", "capture_loss.log.gz"])
def test_a_log_is_written_as_zeek_does(name: str, tmp_path: Path) -> None:
    log = zeek.Log(tmp_path / name, "capture_loss", "2026-11-02-00-00-00")
    us = np.array([1_762_000_000_000_001, 1_762_003_600_000_000])
    there = np.array([True, False])
    log.add(
        [zeek.seconds(us), zeek.seconds(np.array([3_600 * S, 0]), there), "zeek", 0, zeek.numbers(us, there), "0.0"], 2
    )
    log.add(["1.000000", "-", zeek.picked(("a", None), np.array([1])), 0, 0, "0.0"], 1)
    log.add([], 0)
    log.close("2026-11-03-00-00-00")
    raw = (tmp_path / name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith("gz") else raw).decode()
    assert text.splitlines() == [
        "#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tcapture_loss",
        "#open\t2026-11-02-00-00-00", "#fields\tts\tts_delta\tpeer\tgaps\tacks\tpercent_lost",
        "#types\ttime\tinterval\tstring\tcount\tcount\tdouble",
        "1762000000.000001\t3600.000000\tzeek\t0\t1762000000000001\t0.0",
        "1762003600.000000\t-\tzeek\t0\t-\t0.0", "1.000000\t-\t-\t0\t0\t0.0", "#close\t2026-11-03-00-00-00",
    ]  # fmt: skip
    assert log.rows == 3


def test_ids_are_as_zeek_makes_them() -> None:
    found = zeek.uids(np.random.default_rng(1), 5_000)
    assert found.type == pa.string()
    texts = found.to_pylist()
    assert len(set(texts)) == 5_000
    assert all(len(one) == 18 and one[0] == "C" and one.isalnum() for one in texts)
