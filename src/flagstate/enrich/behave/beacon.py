"""Beacons: connections in a steady rhythm, as a program calls home.

Seen are periods from seconds to days, with jitter up to 40 % either way, with missed beats, in working hours only,
within busy pairs (where beats are alike in size), and under one name at changing addresses. Not seen are rhythms as
random as chance, rhythms of varied sizes among much other traffic of the same ends, and fewer than eight beats.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.enrich.behave import ends, rhythm, row
from flagstate.enrich.behave.beacon_innocent import LARGE_SHARE, Beat, innocent
from flagstate.enrich.behave.rhythm import Floats, Found, Ints
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.timing import Events, Timing, summarise
from flagstate.model.counted import counted

SLICE = 6_000_000
"""Packed bytes that are decoded at a time, by each thread: some million events, below 50 MB."""

THREADS = 2
"""Slices that are looked at side by side: the loops release the interpreter."""

SURE = math.log(100)
"""Nats that must remain when the number of tested series is taken off: less than one chance beacon in 100 cases."""
CERTAIN = math.log(1e6)
"""Nats at which chance is no matter any more."""
FILLED = 0.3
"""Share of its active hours that a rhythm must fill: what beats for minutes only is somebody's session."""
LOOSEST = 0.75
"""Jitter (half width by period) at which a rhythm is none: 0.8 is what exponential intervals look like."""
SAID = 0.3
"""Scores below are not kept."""
NEAR = 1.5
"""Periods up to so many times apart count as one rhythm of several hosts: jitter moves a median."""
MANY = 1000
"""Hosts in one rhythm that are counted at most."""
LARGEST_GROUP = 20_000
"""Events of a name at changing addresses that are looked at together; more show their rhythm at one address."""
WEIGHTS = {
    "regularity": 0.2,
    "jitter": 0.2,
    "sizes": 0.2,
    "share_of_time": 0.15,
    "persistence": 0.1,
    "rarity": 0.1,
    "producer": 0.05,
}
"""How the sub-scores weigh; a rhythm that is no chance has 0.3 before."""
GROUND = 0.3


@dataclass(frozen=True)
class _Scored:
    """Rhythms with their parts and figures, as columns."""

    found: Found
    fold: Floats
    size: Floats
    parts: dict[str, Floats]
    period_s: Floats
    jitter: Floats


def find(seen: Seen) -> pa.Table:
    """Return the beacons of a case."""
    group = _rotating(seen)
    found, members, tested = _scan(seen.timing, group)
    if not len(found.owner):
        return row.table([])
    scored = _score(found, tested, ends.window(seen))
    series, channel = _channels(members, scored.found.owner, seen.timing)
    known = ends.ends(seen, series, channel)
    total = ends.hosts(seen)
    large = _large(seen)
    alike = _alike(scored, known)
    whole = ({**end, "alike": alike[int(end["series"])]} for end in known)
    records = (_record(scored, int(end["series"]), end, total, large) for end in whole)
    return row.table(one for one in records if float(str(one["score"])) >= SAID)


_ROTATING = """
SELECT channel, dense_rank() OVER (ORDER BY orig_h, server_name) - 1 AS rotation FROM (
    SELECT channel, min(orig_h) AS orig_h, max(server_name) AS server_name, sum(conns) AS conns, min(resp_h) AS resp_h
    FROM flow WHERE server_name IS NOT NULL AND orig_h IS NOT NULL GROUP BY channel)
WINDOW same AS (PARTITION BY orig_h, server_name)
QUALIFY min(resp_h) OVER same <> max(resp_h) OVER same AND sum(conns) OVER same BETWEEN {} AND {}
"""


def _rotating(seen: Seen) -> Ints:
    """Return for each channel of the timing the number of its name at changing addresses; -1: none."""
    group = np.full(len(seen.timing), -1, np.int64)
    rows = seen.con.sql(_ROTATING.format(rhythm.LEAST, LARGEST_GROUP)).fetchnumpy()
    channel = np.asarray(rows["channel"], np.uint64)
    if len(channel) and len(group):
        at = np.minimum(np.searchsorted(seen.timing.channel, channel), len(group) - 1)
        same = np.asarray(seen.timing.channel[at]) == channel
        group[at[same]] = np.asarray(rows["rotation"], np.int64)[same]
    return group


def _slices(timing: Timing) -> Iterator[tuple[int, int]]:
    low = 0
    while low < len(timing):
        high = int(np.searchsorted(timing.place, timing.place[low] + SLICE, side="right")) - 1
        high = min(max(high, low + 1), len(timing))
        yield low, high
        low = high


def _scan(timing: Timing, group: Ints) -> tuple[Found, Ints, int]:
    """Return rhythms of channels and of names at changing addresses, numbered after the channels.

    Returns:
        The rhythms; the number of the name of each channel or -1; how many series were tested.
    """
    listed, kept, tested = [], [], 0
    with ThreadPoolExecutor(THREADS) as pool:
        for found, many, inside in pool.map(partial(_slice, timing, group), _slices(timing)):
            listed.append(found)
            tested += many
            kept += inside
    merged, names = _merged(kept)
    tested += len(names)
    if not listed:
        return _none(), group, 1
    alone, turning = rhythm.together(listed), rhythm.find(merged)
    name = names[turning.owner]
    # A name shows its rhythm at one address alone, or only at all of them together: the surer of both is told.
    best = np.full(int(group.max()) + 2, -np.inf)
    np.maximum.at(best, group[alone.owner], alone.surprise)
    better = turning.surprise > best[name]
    alone = rhythm.chosen(alone, ~np.isin(group[alone.owner], name[better]))
    turning = _renumbered(turning, len(timing) + name)
    return rhythm.together([alone, rhythm.chosen(turning, better)]), group, max(tested, 1)


def _slice(timing: Timing, group: Ints, span: tuple[int, int]) -> tuple[Found, int, list[tuple[Ints, Events]]]:
    """Return the rhythms of some channels, how many were tested, and the events of those at changing addresses."""
    low, high = span
    events = timing.events(low, high)
    tested = int((np.diff(events.offset) >= rhythm.LEAST).sum())
    found = rhythm.find(events)
    inside = np.flatnonzero((group[low:high] >= 0) & (events.level == 0))
    kept = [(group[low:high][inside], rhythm.take(events, inside))] if len(inside) else []
    return _renumbered(found, found.owner + low), tested, kept


def _none() -> Found:
    empty = Timing().events()
    return rhythm.find(empty)


def _renumbered(found: Found, owner: Ints) -> Found:
    return Found(owner, found.surprise, found.low, found.high, found.hidden, found.events)


def _merged(kept: list[tuple[Ints, Events]]) -> tuple[Events, Ints]:
    """Return the events of each name together, and the number of the name."""
    if not kept:
        return Timing().events(), np.empty(0, np.int64)
    name = np.concatenate([np.repeat(names, np.diff(events.offset)) for names, events in kept])
    us, orig, resp = (
        np.concatenate([getattr(events, column) for _, events in kept]) for column in ("us", "orig", "resp")
    )
    timing = summarise(name.astype(np.uint64), us, orig, resp)
    return timing.events(), timing.channel.astype(np.int64)


def _channels(group: Ints, owner: Ints, timing: Timing) -> tuple[Ints, npt.NDArray[np.uint64]]:
    """Return (number of the finding, channel) for all channels of the findings."""
    series, members = [], []
    order = np.argsort(group, kind="stable")
    for at, number in enumerate(owner.tolist()):
        if number < len(timing):
            mine = np.array([number])
        else:
            low, high = np.searchsorted(group[order], [number - len(timing), number - len(timing) + 1])
            mine = order[low:high]
        series.append(np.full(len(mine), at, np.int64))
        members.append(mine)
    if not members:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    return np.concatenate(series), np.asarray(timing.channel[np.concatenate(members)], np.uint64)


def _score(found: Found, tested: int, window: tuple[int, int]) -> _Scored:
    """Return rhythms that are no chance and fill their hours, with the parts of their scores."""
    left = found.surprise - math.log(tested)
    found, left = rhythm.chosen(found, left > SURE), left[left > SURE]
    fold, size = rhythm.fold(found), rhythm.sizes(found)
    even = found.low == 0
    period = np.where(even, found.high, fold[:, 0]) / 1e6
    jitter = np.where(even, 0.4, fold[:, 1] * math.sqrt(3))
    span = np.maximum(_spans(found), 1.0)
    within = np.where(even, span, fold[:, 5])
    active = np.minimum(fold[:, 7] * np.maximum(period * 1e6, 3.6e9), span)
    filled = np.minimum(within / np.maximum(active, 1.0), 1.0)
    parts = {
        "regularity": left / CERTAIN,
        "jitter": 1 - jitter / LOOSEST,
        "sizes": np.maximum(size[:, 0], 0.8 * size[:, 3]),
        "share_of_time": filled,
        "persistence": span / max(window[1] - window[0], 1),
    }
    mask = filled >= FILLED
    kept = {name: np.clip(values[mask], 0.0, 1.0) for name, values in parts.items()}
    return _Scored(rhythm.chosen(found, mask), fold[mask], size[mask], kept, period[mask], jitter[mask])


def _spans(found: Found) -> Floats:
    offset, us = found.events.offset, found.events.us
    return (us[offset[1:] - 1] - us[offset[:-1]]).astype(float)


def _alike(scored: _Scored, known: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return for each rhythm how many hosts call its far end with about its period."""
    by_far: dict[str, list[tuple[float, str | None, int]]] = {}
    for end in known:
        period = float(scored.period_s[int(end["series"])])
        by_far.setdefault(end["far"], []).append((period, end["orig_h"], int(end["series"])))
    found = {}
    for listed in by_far.values():
        listed.sort(key=lambda one: one[0])
        periods = [one[0] for one in listed]
        for period, _, series in listed:
            low, high = bisect_left(periods, period / NEAR), bisect_right(periods, period * NEAR)
            found[series] = len({one[1] for one in listed[low : min(high, low + MANY)]})
    return found


def _large(seen: Seen) -> float:
    """Return from how many bytes sent per connection on a flow is among the largest."""
    found = seen.con.execute(
        f"SELECT quantile_disc(mean, {1 - LARGE_SHARE}) FROM (SELECT sum(orig_bytes::DOUBLE) / sum(conns) AS mean "
        "FROM flow WHERE conns > 0 GROUP BY channel HAVING sum(orig_bytes::DOUBLE) > 0)"
    ).fetchall()
    return math.inf if found[0][0] is None else float(found[0][0])


def _record(scored: _Scored, at: int, end: Mapping[str, Any], total: int, large: float) -> dict[str, object]:
    """Return one beacon as a row."""
    found, fold = scored.found, scored.fold[at]
    low, high = int(found.events.offset[at]), int(found.events.offset[at + 1])
    count, sent, back = (
        int(values[low:high].sum()) for values in (found.events.count, found.events.orig, found.events.resp)
    )
    pcr = (sent - back) / (sent + back) if sent + back else None
    parts = {name: float(values[at]) for name, values in scored.parts.items()}
    parts["rarity"] = ends.rarity(end["hosts"], total)
    parts["producer"] = 0.0 if pcr is None else (pcr + 1) / 2
    raw = GROUND + (1 - GROUND) * sum(WEIGHTS[name] * value for name, value in parts.items())
    size = float(scored.size[at, 1] + scored.size[at, 2]) / 2
    period = float(scored.period_s[at])
    beat = Beat(
        end["orig_h"], end["one_resp_h"], end["resp_p"], end["proto"], end["service"], period, size,
        float(scored.size[at, 0]), pcr, end["hosts"], end["failed"] >= end["conns"], end["alike"],
        float(scored.jitter[at]), int(fold[2] + fold[4]),
        sent / max(count, 1) >= large,
    )  # fmt: skip
    words, benign = innocent(beat)
    figures = {
        "period_s": period, "jitter_pct": 100 * float(scored.jitter[at]), "events": count, "beats": high - low,
        "missed_beats": int(fold[2]), "absences": int(fold[4]), "hours_active": int(fold[7]),
        # Days from the first beat on miss one that is a minute early; those of the calendar count other traffic too.
        "days_active": int(fold[8] if found.hidden[at] else end["days"]), "size_bytes": size,
        "same_size_pct": 100 * float(scored.size[at, 0]),
        "hosts": int(end["hosts"]), "hosts_in_this_rhythm": int(end["alike"]),
        "addresses": int(end["addresses"]), "failed_conns": int(end["failed"]),
        "chance_log10": -float(found.surprise[at]) / math.log(10),
    }  # fmt: skip
    if found.low[at] == 0:
        # Wide bins tell that counts are even, not how the single intervals are.
        del figures["jitter_pct"]
    first, last = int(found.events.us[low]), int(found.events.us[high - 1])
    return row.row(
        "beacon", orig_h=end["orig_h"], far=end["far"], resp_h=end["resp_h"], resp_p=end["resp_p"],
        proto=end["proto"], parts=parts, figures=figures, message=_message(end, figures, bool(found.hidden[at])),
        innocent=words, benign=benign, score=raw * (1 - benign), conns=count, orig_bytes=sent, resp_bytes=back,
        from_us=first, to_us=last, timeline=_timeline(found.events, low, high), facts=end["facts"],
        unsized=end["unsized"] > 0,
    )  # fmt: skip


def _message(end: Mapping[str, Any], figures: Mapping[str, Any], hidden: bool) -> str:
    who = end["orig_h"] or "A host that is not named"
    jitter = f" (± {figures['jitter_pct']:.0f} %)" if "jitter_pct" in figures else ""
    among = ", among other traffic," if hidden else ""
    at = f" at {figures['addresses']} addresses" if figures["addresses"] > 1 else ""
    failed = ", and all failed" if end["failed"] >= end["conns"] else ""
    often = f"{figures['beats']} times on {counted(figures['days_active'], 'day[|s]')}"
    size = row.size(figures["size_bytes"])
    every = f"every {row.span(figures['period_s'])}{jitter}"
    return f"{who} calls {end['far']}{at}{among} {every}, {often}, mostly with {size}{failed}."


def _timeline(events: Events, low: int, high: int) -> str:
    """Return the drawing: up to 240 steps from the first beat to the last."""
    us = events.us[low:high]
    step = int(us[-1] - us[0]) // row.STEPS + 1
    place = (us - us[0]) // step
    size = int(place[-1]) + 1
    counts, sent = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(counts, place, events.count[low:high])
    np.add.at(sent, place, events.orig[low:high])
    return row.timeline(int(us[0]), step, counts.tolist(), sent.tolist())
