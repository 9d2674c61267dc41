"""Beacons are found with jitter, gaps and bursts, in other traffic, at changing addresses; chance is not one."""

import json
from collections.abc import Sequence
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behave_made import DAY, HOUR, MONDAY, S, Talk, chance, rhythm, seen, shifted
from flagstate.enrich.behave import beacon, row


def found(talks: Sequence[Talk]) -> pa.Table:
    with seen(talks) as made:
        return beacon.find(made)


def background(rng: np.random.Generator, hosts: int = 20) -> list[Talk]:
    """People: some visits a day, in working hours, pages of all sizes."""
    talks = []
    for host in range(hosts):
        starts = [MONDAY + day * DAY + int(rng.uniform(8, 18) * HOUR) for day in range(5) for _ in range(3)]
        us = np.concatenate([start + np.cumsum(rng.lognormal(2, 1.5, 8) * S).astype(np.int64) for start in starts])
        sent, back = rng.lognormal(6.5, 1, len(us)), rng.lognormal(9, 2, len(us))
        talks.append(Talk(us, sent.astype(int), back.astype(int), orig_h=f"10.2.0.{host}", resp_h=f"198.51.100.{host}"))
    return talks


@pytest.mark.parametrize(
    ("period_s", "days", "jitter", "missed"),
    [
        (5, 0.1, 0.4, 0.0),
        (60, 1, 0.4, 0.0),
        (300, 14, 0.4, 0.1),
        (3600, 3, 0.3, 0.2),
        (6 * 3600, 14, 0.4, 0.0),
        (86_400, 14, 0.05, 0.0),
        (86_400, 14, 0.1, 0.0),
    ],
)
def test_periods_from_seconds_to_a_day(period_s: float, days: float, jitter: float, missed: float) -> None:
    rng = np.random.default_rng(int(period_s + 10 * days))
    hidden = Talk(rhythm(rng, period_s, days, jitter=jitter, missed=missed), server_name="far.example")
    table = found([*background(rng), hidden])
    said = [r for r in table.to_pylist() if r["score"] >= 0.5]
    assert [r["far"] for r in said] == ["far.example"]
    figures, parts = json.loads(said[0]["figures"]), json.loads(said[0]["parts"])
    assert figures["period_s"] == pytest.approx(period_s, rel=0.12)
    assert set(parts) == set(beacon.WEIGHTS)
    drawn = json.loads(said[0]["timeline"])
    assert sum(drawn["conns"]) == figures["events"] == said[0]["conns"]
    assert len(drawn["conns"]) <= row.STEPS


def test_more_beats_than_bins_are_kept_show_even_counts() -> None:
    rng = np.random.default_rng(5)
    table = found([*background(rng, 3), Talk(rhythm(rng, 20, 1.5, jitter=0.3), server_name="far.example")])
    best = table.to_pylist()[0]
    assert (best["far"], best["score"] >= 0.5) == ("far.example", True)
    assert json.loads(best["figures"])["period_s"] == pytest.approx(20, rel=0.05)


def test_bursts_count_as_one_beat() -> None:
    rng = np.random.default_rng(6)
    us = np.sort(np.repeat(rhythm(rng, 1800, 5, jitter=0.3), 3) + rng.integers(0, 2 * S, 3 * 241))
    best = found([*background(rng), Talk(us, server_name="far.example")]).to_pylist()[0]
    figures = json.loads(best["figures"])
    assert (best["far"], figures["beats"], figures["events"]) == ("far.example", 241, 723)


def test_working_hours_only() -> None:
    rng = np.random.default_rng(7)
    us = rhythm(rng, 1200, 12, jitter=0.2)
    us = us[((us // HOUR) % 24 >= 8) & ((us // HOUR) % 24 < 17) & ((us - MONDAY) // DAY % 7 < 5)]
    best = found([*background(rng), Talk(us, server_name="far.example")]).to_pylist()[0]
    assert (best["far"], best["score"] >= 0.5) == ("far.example", True)
    assert json.loads(best["figures"])["absences"] >= 9


def test_hidden_in_a_busy_pair_by_the_size_of_answers() -> None:
    rng = np.random.default_rng(8)
    beats, other = rhythm(rng, 1200, 10, jitter=0.2), chance(rng, 900, 10)
    us = np.concatenate([beats, other])
    order = np.argsort(us, kind="stable")
    sent = np.concatenate([rng.lognormal(7, 0.2, len(beats)), rng.lognormal(7, 1, len(other))]).astype(int)
    back = np.concatenate([rng.lognormal(7, 0.1, len(beats)), rng.lognormal(9, 2, len(other))]).astype(int)
    best = found([*background(rng), Talk(us[order], sent[order], back[order], server_name="far.example")]).to_pylist()[
        0
    ]
    assert (best["far"], best["score"] >= 0.5) == ("far.example", True)
    assert "among other traffic" in best["message"]


def test_one_name_at_changing_addresses_is_one_rhythm() -> None:
    rng = np.random.default_rng(9)
    us, turn = rhythm(rng, 3600, 10, jitter=0.3), rng.integers(0, 7, 241)
    hidden = [Talk(us[turn == n], resp_h=f"203.0.113.{n}", server_name="far.example") for n in range(7)]
    table = found([*background(rng), *hidden])
    best = table.to_pylist()[0]
    assert (best["far"], best["resp_h"], best["conns"]) == ("far.example", None, 241)
    assert json.loads(best["figures"])["addresses"] == 7
    assert table.column("far").to_pylist().count("far.example") == 1


def test_a_failing_beacon_is_attempted() -> None:
    rng = np.random.default_rng(10)
    best = found([*background(rng), Talk(rhythm(rng, 600, 3), 0, 0, failed=True)]).to_pylist()[0]
    assert best["attempted"]
    assert best["message"].startswith("Attempted: 10.1.0.5 calls 93.184.216.34 every 10 minutes")
    assert best["message"].endswith("and all failed.")


def test_chance_is_no_beacon() -> None:
    rng = np.random.default_rng(11)
    talks = [Talk(chance(rng, 8 + n % 60, 14), orig_h=f"10.3.{n // 250}.{n % 250}") for n in range(600)]
    assert found([*background(rng, 40), *talks]).num_rows == 0


@pytest.mark.parametrize(
    "talk",
    [
        Talk(np.empty(0, np.int64), 48, 48, resp_p=123, proto="udp", service="ntp"),
        Talk(np.empty(0, np.int64), resp_p=5060, proto="udp", service="sip"),
        Talk(np.empty(0, np.int64), resp_p=993, server_name="mail.example"),
        Talk(np.empty(0, np.int64), resp_h="10.1.0.9"),
    ],
)
def test_what_beats_by_design_is_explained(talk: Talk) -> None:
    talk.us = rhythm(np.random.default_rng(12), 600, 3, jitter=0.05)
    assert [r for r in found([talk]).to_pylist() if r["score"] >= 0.5] == []


def test_a_rhythm_that_many_hosts_share_is_a_product() -> None:
    rng = np.random.default_rng(13)
    talks = [Talk(rhythm(rng, 900, 3, jitter=0.1), orig_h=f"10.4.0.{n}", server_name="cloud.example") for n in range(6)]
    assert all(r["score"] < 0.5 and "6 hosts" in r["innocent"] for r in found(talks).to_pylist())
    assert found(talks[:1]).to_pylist()[0]["score"] >= 0.5


def test_a_persons_daily_visit_is_a_habit() -> None:
    rng = np.random.default_rng(14)
    days = [d for d in range(14) if d % 7 < 5]
    us = np.array([MONDAY + d * DAY + int((8.5 + rng.uniform(-1.5, 1.5)) * HOUR) for d in days])
    visits = Talk(us, rng.lognormal(7, 1, len(us)).astype(int), server_name="news.example")
    assert all(r["score"] < 0.5 for r in found([*background(rng), visits]).to_pylist())


@settings(max_examples=4, deadline=None)
@given(st.integers(-(10**15), 10**15), st.randoms(use_true_random=False))
def test_time_order_and_names_of_hosts_change_nothing(by: int, random: Random) -> None:
    rng = np.random.default_rng(15)
    talks = [
        *background(rng, 4),
        Talk(rhythm(rng, 1800, 2, jitter=0.2), orig_h="10.9.0.1", resp_h="203.0.113.7"),
        Talk(rhythm(rng, 700, 2, jitter=0.4, missed=0.1), orig_h="10.9.0.2", resp_h="203.0.113.8"),
    ]
    plain = _told(found(talks))
    assert len(plain) == 2
    assert plain == _told(found(talks))
    moved = shifted(talks, by)
    random.shuffle(moved)
    assert _told(found(moved)) == plain
    names = {talk.orig_h: f"10.77.0.{n}" for n, talk in enumerate(talks)}
    for talk in moved:
        talk.orig_h, talk.resp_h = names[talk.orig_h], talk.resp_h.replace("203.0.113.", "192.88.99.")
    assert _told(found(moved)) == plain


def _told(table: pa.Table) -> list[tuple[float, str, str]]:
    return sorted((r["score"], r["parts"], r["figures"]) for r in table.to_pylist())
