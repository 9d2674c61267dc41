"""Bulk uploads: a day on which much more was sent than this pair, its host and others like them send.

All is ratios: no number of bytes is large in itself, and twice the traffic gives the same verdicts. A backup that sends
as much again and again is its own history. Not seen: an upload that is cut into days, or that goes to as many far ends
as there are parts (see `slow_leak` and `first_seen`), one that a busy uploader hides in its usual volume, and one of
every night of the capture: that is a habit, which the ledger tells as undeclared, and no burst.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from flagstate.enrich.behave import ends, row
from flagstate.enrich.behave.beacon_innocent import inside
from flagstate.enrich.behave.seen import Seen
from flagstate.model.counted import counted

LARGE = 0.98
"""Only days of a pair among the largest so many by bytes sent are looked at: the rest is small among its peers."""
SENT = 0.3
"""Producer-consumer ratio from which on a day is an upload: nearly twice as much goes as comes."""
OFTEN = 3
"""Days with a third as much that make a habit, if they lie over half of the time."""
HISTORY = 3
"""Other days of a pair that make a history; with fewer it is judged by its host and its peers alone."""
OWN_FULL, HOST_FULL, PEER_FULL = 30.0, 20.0, 50.0
"""Ratios at which each comparison is certain: to the pair's own high days (its 0.9 quantile), to the host's median
day of uploads (which this one pair exceeds alone), to the 0.99 quantile of what pairs of other hosts send in a day."""
COMMON = 0.34
"""A far end to which another host sends a third as much in a day is a common store."""
SHARED = 5
"""Other hosts with the same far end from which on it is a service that people use, for files too."""
NEW = 0.8
"""How much a host's usual day says of a pair that has no history."""
WEIGHTS = {"own_history": 0.4, "host": 0.2, "peers": 0.3, "producer": 0.05, "rarity": 0.05}
"""How the comparisons weigh."""
SAID = 0.3
"""Scores below are not kept."""

_DAYS = f"""
CREATE OR REPLACE TEMP TABLE upload_day AS
SELECT orig_h, {ends.FAR} AS far, day, sum(orig_bytes)::DOUBLE AS sent, sum(resp_bytes)::DOUBLE AS back,
    sum(conns)::BIGINT AS conns, bit_count(bit_or(hours)) AS hours
FROM flow WHERE orig_h IS NOT NULL AND day IS NOT NULL GROUP BY ALL
"""

_LARGE = f"""
CREATE OR REPLACE TEMP TABLE upload_large AS
WITH bar AS (SELECT quantile_disc(sent, {LARGE}) AS large, quantile_disc(sent, 0.99) AS high, count(*) AS days
    FROM upload_day WHERE sent > 0)
SELECT d.*, b.high FROM upload_day d, bar b
WHERE d.sent > 0 AND (d.sent >= b.large OR b.days < 1 / (1 - {LARGE})) AND d.sent - d.back >= {SENT} * (d.sent + d.back)
"""

_JUDGED = f"""
WITH {ends.DELIVERS},
own AS (
    SELECT l.orig_h, l.far, l.day, count(*) AS own_days, quantile_disc(d.sent, 0.9) AS own_high,
        median(d.sent) AS own_median, count_if(d.sent * 3 >= l.sent)::BIGINT AS again,
        max(CASE WHEN d.sent * 3 >= l.sent THEN d.day END) AS again_last,
        min(CASE WHEN d.sent * 3 >= l.sent THEN d.day END) AS again_first
    FROM upload_large l JOIN upload_day d ON d.orig_h = l.orig_h AND d.far = l.far AND d.day <> l.day
    GROUP BY ALL),
host_day AS (
    SELECT orig_h, day, sum(sent) AS sent FROM upload_day
    WHERE orig_h IN (SELECT orig_h FROM upload_large) GROUP BY ALL),
host AS (
    SELECT l.orig_h, l.day, count(*) AS host_days, median(d.sent) AS host_median
    FROM (SELECT DISTINCT orig_h, day FROM upload_large) l JOIN host_day d ON d.orig_h = l.orig_h AND d.day <> l.day
    GROUP BY ALL),
far AS (
    SELECT l.orig_h, l.far, count(DISTINCT d.orig_h) AS peers, max(d.sent) AS peer_most
    FROM (SELECT DISTINCT orig_h, far FROM upload_large) l JOIN upload_day d ON d.far = l.far AND d.orig_h <> l.orig_h
    GROUP BY ALL),
span AS (SELECT min(day) AS first_day, max(day) AS last_day, count(DISTINCT orig_h) AS all_hosts FROM upload_day)
SELECT l.*, coalesce(o.own_days, 0) AS own_days, o.own_high, o.own_median, coalesce(o.again, 0) AS again,
    greatest(o.again_last, l.day) - least(o.again_first, l.day) AS again_span,
    coalesce(h.host_days, 0) AS host_days, h.host_median, coalesce(f.peers, 0) AS peers, f.peer_most,
    coalesce(e.receivers, 0) AS receivers,
    last_day - first_day AS window_days, all_hosts
FROM upload_large l LEFT JOIN own o USING (orig_h, far, day) LEFT JOIN host h USING (orig_h, day)
LEFT JOIN far f USING (orig_h, far)
LEFT JOIN delivers e USING (orig_h, far), span
ORDER BY l.orig_h, l.far, l.day
"""


def find(seen: Seen) -> pa.Table:
    """Return the bulk uploads of a case, for each pair its surest day."""
    con = seen.con
    for made in (_DAYS, _LARGE):
        con.execute(made).fetchall()
    try:
        days = con.sql(_JUDGED).to_arrow_table().to_pylist()
    finally:
        for name in ("upload_day", "upload_large"):
            con.execute(f"DROP TABLE IF EXISTS {name}").fetchall()
    best: dict[tuple[str, str], tuple[float, Mapping[str, Any]]] = {}
    for day in days:
        score = _raw(day, _parts(day)) * (1 - _innocent(day)[1])
        if score >= SAID and score > best.get((day["orig_h"], day["far"]), (0.0, day))[0]:
            best[day["orig_h"], day["far"]] = (score, day)
    ended = ends.pairs(seen, list(best))
    return row.table(_record(day, score, ended[pair]) for pair, (score, day) in best.items())


def _grade(ratio: float, full: float) -> float:
    """Return 0 for a ratio of 1 or less, 1 for `full` or more, by order of magnitude between."""
    return min(max(math.log(max(ratio, 1e-9)) / math.log(full), 0.0), 1.0)


def _ratios(day: Mapping[str, Any]) -> dict[str, float]:
    """Return how many times the day exceeds each comparison; left out where there is nothing to compare."""
    found = {"peers": day["sent"] / day["high"]}
    if day["own_days"] >= HISTORY:
        found["own"] = day["sent"] / max(day["own_high"], 1.0)
    if day["host_days"] >= HISTORY:
        found["host"] = day["sent"] / max(day["host_median"], 1.0)
    return found


def _parts(day: Mapping[str, Any]) -> dict[str, float]:
    ratios = _ratios(day)
    host = _grade(ratios["host"], HOST_FULL) if "host" in ratios else 0.0
    return {
        # Without a history a pair is as new as its volume is to its host.
        "own_history": _grade(ratios["own"], OWN_FULL) if "own" in ratios else NEW * host,
        "host": host,
        "peers": _grade(ratios["peers"], PEER_FULL),
        "producer": (day["sent"] - day["back"]) / (day["sent"] + day["back"]),
        "rarity": ends.rarity(day["peers"] + 1, day["all_hosts"]),
    }


def _raw(day: Mapping[str, Any], parts: Mapping[str, float]) -> float:
    return sum(WEIGHTS[name] * value for name, value in parts.items())


def _innocent(day: Mapping[str, Any]) -> tuple[str, float]:
    """Return the best innocent explanation of a large day, and how well it fits."""
    habit = day["again"] + 1 >= OFTEN and day["again_span"] * 2 >= day["window_days"]
    if habit or (day["again"] and day["again_span"] == 7):
        others = counted(day["again"], "other day[|s]")
        return f"A backup or synchronisation: it sent a third as much or more on {others}.", 0.85
    if inside(day["orig_h"]) and inside(day["far"]):
        return "A copy within the own network.", 0.8
    if day["receivers"] >= ends.RECEIVERS:
        return (
            f"What the host is for: it delivers to {day['receivers']} far ends at this port, as a mail server does.",
            0.75,
        )
    if day["peers"] and day["peer_most"] >= COMMON * day["sent"]:
        others = counted(day["peers"], "other host[ sends there, as much|s send there, and one as much]")
        return f"A common store: {others} in a day.", 0.6
    if day["peers"]:
        sure = 0.15 if day["peers"] < SHARED else 0.45
        return f"A large file to a service that {counted(day['peers'], 'other host[ uses|s use]')} too.", sure
    return "A first full backup, or a large file that somebody had to send; ask the owner of the host.", 0.0


def _record(day: Mapping[str, Any], score: float, end: Mapping[str, Any]) -> dict[str, object]:
    ratios = _ratios(day)
    words, benign = _innocent(day)
    figures: dict[str, float | int | str] = {
        "sent_bytes": day["sent"], "received_bytes": day["back"], "hours": day["hours"], "own_days": day["own_days"],
        "other_hosts": day["peers"], "days_as_large": day["again"], "date": day["day"].isoformat(),
    }  # fmt: skip
    figures |= {f"times_{name}": ratio for name, ratio in ratios.items()}
    compared = [f"{row.times(ratios['peers'])} what 99 % of pairs send in a day"]
    if "own" in ratios:
        compared.insert(0, f"{row.times(ratios['own'])} its own high days")
    elif "host" in ratios:
        compared.insert(0, f"{row.times(ratios['host'])} what this host sends in all on a usual day")
    message = (
        f"{day['orig_h']} sent {row.size(day['sent'])} to {day['far']} on {day['day'].isoformat()}, "
        f"{' and '.join(compared)}."
    )
    begin = (day["day"] - date(1970, 1, 1)).days * ends.DAY_US
    last = begin + ends.DAY_US - 1
    end = {**end, **{name: min(max(end[name] or begin, begin), last) for name in ("from_us", "to_us")}}
    said = (words, benign, score)
    return ends.record("bulk_upload", day, end, parts=_parts(day), figures=figures, message=message, said=said)
