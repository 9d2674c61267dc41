"""Uploads, leaks, long connections and new places are found against their like; backups, telemetry and mail are not."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behave_made import DAY, HOUR, MONDAY, S, Talk, chance, rhythm, seen, shifted
from flagstate.enrich.behave import bulk_upload, first_seen, long_connection, slow_leak
from flagstate.enrich.behave.seen import Seen

Find = Callable[[Seen], pa.Table]
ALL = (bulk_upload.find, slow_leak.find, long_connection.find, first_seen.find)


def found(find: Find, talks: Sequence[Talk]) -> list[dict[str, object]]:
    with seen(talks) as made:
        return list(find(made).to_pylist())


def said(find: Find, talks: Sequence[Talk]) -> list[dict[str, object]]:
    return [one for one in found(find, talks) if float(str(one["score"])) >= 0.5]


def people(seed: int = 1, hosts: int = 20) -> list[Talk]:
    """Hosts that fetch pages from six places each for a fortnight."""
    rng = np.random.default_rng(seed)
    talks = []
    for host in range(hosts):
        for far in range(6):
            sent, back = rng.lognormal(6.5, 1, 40).astype(int), rng.lognormal(9, 1, 40).astype(int)
            talks.append(Talk(
                chance(rng, 40, 14), sent, back, orig_h=f"10.2.0.{host}", resp_h=f"51.{far}.{host}.1",
                server_name=f"site{host}-{far}.example", longest_us=int(rng.lognormal(3, 1) * S),
            ))  # fmt: skip
    return talks


def days(per_day: Sequence[int], size: int, **ends: object) -> Talk:
    """Send as often as said on each day, during its first hours."""
    us = np.concatenate([MONDAY + day * DAY + np.arange(n) * 60 * S for day, n in enumerate(per_day)])
    return Talk(us.astype(np.int64), size, size // 50, **ends)  # type: ignore[arg-type]


def test_nothing_is_said_of_people_who_read() -> None:
    assert [said(find, people()) for find in ALL] == [[], [], [], []]


def test_no_traffic_gives_no_rows() -> None:
    assert [found(find, []) for find in ALL] == [[], [], [], []]


def test_an_upload_to_a_new_place() -> None:
    burst = days([0] * 6 + [5], 2_000_000, orig_h="10.2.0.7", resp_h="95.1.1.1")
    rows = said(bulk_upload.find, [*people(), burst])
    assert [(one["orig_h"], one["far"], one["orig_bytes"]) for one in rows] == [("10.2.0.7", "95.1.1.1", 10_000_000)]
    assert str(rows[0]["message"]).startswith("10.2.0.7 sent 10 MB to 95.1.1.1 on 2026-10-04, ")
    assert json.loads(str(rows[0]["timeline"]))["bytes"] == [10_000_000]


def test_an_upload_is_judged_by_the_pairs_own_days() -> None:
    plain = days([3] * 14, 20_000, orig_h="10.2.0.7", resp_h="95.1.1.1")
    burst = days([3] * 9 + [0] * 5, 20_000, orig_h="10.2.0.7", resp_h="95.1.1.1")
    burst.us = np.concatenate([burst.us, MONDAY + 10 * DAY + np.arange(600) * S])
    assert said(bulk_upload.find, [*people(), plain]) == []
    figures = json.loads(str(said(bulk_upload.find, [*people(), burst])[0]["figures"]))
    assert figures["times_own"] == 200


def test_a_backup_is_its_own_history() -> None:
    nightly = days([4] * 14, 50_000_000, orig_h="10.2.0.8", resp_h="95.1.1.2")
    weekly = days([0, 0, 4, 0, 0, 0, 0, 0, 0, 4], 50_000_000, orig_h="10.2.0.9", resp_h="95.1.1.3")
    assert said(bulk_upload.find, [*people(), nightly, weekly]) == []
    assert said(slow_leak.find, [*people(), nightly]) == []


def test_a_copy_within_the_network_and_mail_are_explained() -> None:
    inside = days([0] * 6 + [5], 2_000_000, orig_h="10.2.0.7", resp_h="10.3.0.1")
    assert said(bulk_upload.find, [*people(), inside]) == []
    rng = np.random.default_rng(2)
    mail = [
        Talk(chance(rng, 30, 14), 90_000, 500, orig_h="10.2.1.1", resp_h=f"95.2.{n}.1", resp_p=25) for n in range(30)
    ]
    late = Talk(np.array([MONDAY + 11 * DAY]), 900_000, 500, orig_h="10.2.1.1", resp_h="95.3.1.1", resp_p=25)
    assert [said(find, [*people(), *mail, late]) for find in ALL] == [[], [], [], []]


@pytest.mark.parametrize("growth", [1.0, 1.15])
def test_a_slow_leak_is_steady_or_grows(growth: float) -> None:
    rng = np.random.default_rng(3)
    us = rhythm(rng, 3000, 14, jitter=0.5)
    size = (4000 * growth ** ((us - MONDAY) / DAY) * rng.uniform(0.8, 1.2, len(us))).astype(int)
    rows = said(slow_leak.find, [*people(), Talk(us, size, 300, orig_h="10.2.0.3", server_name="far.example")])
    assert [one["far"] for one in rows] == ["far.example"]
    assert ("growing" in str(rows[0]["message"])) == (growth > 1)


def test_telemetry_that_many_send_is_no_leak() -> None:
    rng = np.random.default_rng(4)
    alike = [
        Talk(rhythm(rng, 3000, 14, jitter=0.5), 4000, 300, orig_h=f"10.2.0.{n}", server_name="cloud.example")
        for n in range(4)
    ]
    assert said(slow_leak.find, [*people(), *alike]) == []
    assert len(said(slow_leak.find, [*people(), *alike[:1]])) == 1


def test_the_course_of_a_leak_is_measured_robustly() -> None:
    even = slow_leak.measure([(n, 100.0) for n in range(14)])
    assert (even.spread, even.slope, even.z) == (0.0, 0.0, 0.0)
    rising = slow_leak.measure([(n, 100.0 + 10 * n if n != 5 else 1e9) for n in range(14)])
    assert rising.slope * np.median([100.0 + 10 * n for n in range(14)]) == pytest.approx(10, rel=0.1)
    assert rising.z > 3


def test_a_connection_that_stays_open() -> None:
    long = {"orig_h": "10.2.0.4", "longest_us": 40 * HOUR}
    one = Talk(np.array([MONDAY]), 90_000, 20_000, resp_h="95.1.1.4", resp_p=4444, **long)  # type: ignore[arg-type]
    rows = said(long_connection.find, [*people(), one])
    assert [one["far"] for one in rows] == ["95.1.1.4"]
    assert "open for 40 hours" in str(rows[0]["message"])
    idle = Talk(np.array([MONDAY]), resp_h="95.1.1.4", resp_p=993, **long)  # type: ignore[arg-type]
    chats = [
        Talk(np.array([MONDAY]), orig_h=f"10.2.0.{n}", server_name="chat.example", longest_us=30 * HOUR)
        for n in range(5)
    ]
    assert said(long_connection.find, [*people(), idle, *chats]) == []


def test_a_device_that_calls_a_new_place() -> None:
    rng = np.random.default_rng(5)
    home = [Talk(chance(rng, 200, 14), orig_h="10.5.0.1", resp_h=f"52.1.1.{n}") for n in range(3)]
    new = Talk(np.array([MONDAY + 9 * DAY]), 5000, 400, orig_h="10.5.0.1", resp_h="95.1.1.5")
    rows = said(first_seen.find, [*people(), *home, new])
    assert [(one["orig_h"], one["far"]) for one in rows] == [("10.5.0.1", "95.1.1.5")]
    assert "which nobody had called before 2026-10-07" in str(rows[0]["message"])
    everywhere = [
        Talk(np.array([MONDAY + 9 * DAY]), 900, 5000, orig_h="10.2.0.1", resp_h=f"95.2.{n}.1") for n in range(40)
    ]
    assert said(first_seen.find, [*people(), *home, *everywhere]) == []
    again = Talk(np.array([MONDAY + 9 * DAY, MONDAY + HOUR]), 5000, 400, orig_h="10.5.0.1", resp_h="95.1.1.5")
    assert said(first_seen.find, [*people(), *home, again]) == []


def mixed() -> list[Talk]:
    rng = np.random.default_rng(6)
    return [
        *people(hosts=12),
        days([0] * 6 + [5], 2_000_000, orig_h="10.2.0.7", resp_h="95.1.1.1"),
        Talk(rhythm(rng, 3000, 14, jitter=0.5), 4000, 300, orig_h="10.2.0.3", resp_h="95.1.1.2"),
        Talk(np.array([MONDAY]), orig_h="10.2.0.4", resp_h="95.1.1.4", resp_p=4444, longest_us=40 * HOUR),
        Talk(chance(rng, 200, 14), orig_h="10.5.0.1", resp_h="52.1.1.1"),
        Talk(np.array([MONDAY + 9 * DAY]), 5000, 400, orig_h="10.5.0.1", resp_h="95.1.1.5"),
    ]


def told(talks: Sequence[Talk], *, parts: bool = True) -> list[tuple[object, ...]]:
    rows = [one for find in ALL for one in found(find, talks)]
    return sorted((str(one["kind"]), str(one["score"]), str(one["parts"]) if parts else "") for one in rows)


@settings(max_examples=2, deadline=None)
@given(st.integers(-3000, 3000), st.randoms(use_true_random=False))
def test_time_order_and_addresses_change_nothing(by: int, random: "object") -> None:
    plain = told(mixed())
    assert {kind for kind, *_ in plain} == {"bulk_upload", "slow_leak", "long_connection", "first_seen"}
    moved = shifted(mixed(), by * DAY)
    random.shuffle(moved)  # type: ignore[attr-defined]
    for talk in moved:
        talk.orig_h = (
            talk.orig_h.replace("10.", "172.16.", 1).rsplit(".", 1)[0].replace("172.16.", "10.9")
            + "."
            + (talk.orig_h.rsplit(".", 1)[1])
        )
        talk.resp_h = talk.resp_h.replace("95.", "96.", 1)
    assert told(moved) == plain


@settings(max_examples=3, deadline=None)
@given(st.integers(2, 1000))
def test_more_bytes_of_everything_change_no_upload(times: int) -> None:
    plain = told_bulk(1)
    assert plain
    assert told_bulk(times) == plain


def told_bulk(times: int) -> list[tuple[object, object, object]]:
    talks = mixed()
    for talk in talks:
        talk.orig, talk.resp = talk.orig * times, talk.resp * times
    return sorted((one["orig_h"], one["far"], one["score"]) for one in found(bulk_upload.find, talks))
