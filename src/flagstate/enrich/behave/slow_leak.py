"""Slow leaks: a little is sent to one far end on most days, steadily or growing, and more goes than comes.

Telemetry looks the same; what tells it from a leak is that many hosts send it alike. Not seen: a leak of fewer than
five days, one that changes its far end, and one within the usual uploads of a pair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from flagstate.enrich.behave import ends, row
from flagstate.enrich.behave.beacon_innocent import inside
from flagstate.enrich.behave.seen import Seen

LEAST_DAYS = 5
"""Days with traffic: a working week."""
MOST_DAYS = 0.55
"""Share of the days between first and last that must have traffic: working days but two in a fortnight."""
SENT = 0.2
"""Producer-consumer ratio of the whole from which on it gives: half as much again goes as comes."""
STEADY = 1.0
"""Spread of daily bytes (1.4826 MAD by median) at which they are not steady any more: as much as the median itself."""
TREND_Z = 1.64
"""Mann-Kendall z from which on a growth is no chance (one-sided 5 %); a part of the score, never all of it."""
NOTED = 0.5
"""A leak sends at least as much a day as this quantile of pairs that send anything: less is signalling."""
ALIKE = 3
"""Hosts that send steadily to the same far end, from which on it is telemetry of a product."""
SHARED = 5
"""Hosts with the same far end from which on it is a service that people use."""
BACKUP_HOURS = 3
"""Hours of a day up to which a large daily upload is a job in its window of time; a leak takes its time."""
SAID = 0.3
"""Scores below are not kept."""
WEIGHTS = {"steady_or_growing": 0.3, "producer": 0.25, "persistence": 0.15, "rarity": 0.2, "volume": 0.1}
"""How the sub-scores weigh."""

_DAYS = f"""
WITH upload_day AS MATERIALIZED (
    SELECT orig_h, {ends.FAR} AS far, day - DATE '1970-01-01' AS day, sum(orig_bytes)::DOUBLE AS sent,
        sum(resp_bytes)::DOUBLE AS back, sum(conns)::BIGINT AS conns, bit_count(bit_or(hours)) AS hours
    FROM flow WHERE orig_h IS NOT NULL AND day IS NOT NULL GROUP BY ALL),
{ends.DELIVERS},
bar AS (SELECT quantile_disc(sent, {NOTED}) AS noted, quantile_disc(sent, 0.99) AS high FROM upload_day WHERE sent > 0),
whole AS (SELECT min(day) AS first_day, max(day) AS last_day, count(DISTINCT orig_h) AS all_hosts FROM upload_day),
pair AS (
    SELECT orig_h, far, list([day::DOUBLE, sent] ORDER BY day) AS days, sum(sent) AS sent, sum(back) AS back,
        sum(conns)::BIGINT AS conns, median(sent) AS usual, median(hours) AS hours
    FROM upload_day GROUP BY orig_h, far
    HAVING count(*) >= {LEAST_DAYS} AND sum(sent) - sum(back) >= {SENT} * (sum(sent) + sum(back))
        AND count(*) >= {MOST_DAYS} * (max(day) - min(day) + 1)),
shared AS (
    SELECT far, count(DISTINCT orig_h) AS hosts FROM upload_day WHERE far IN (SELECT far FROM pair) GROUP BY far),
alike AS (SELECT far, count(DISTINCT orig_h) AS alike FROM pair GROUP BY far)
SELECT p.*, s.hosts, a.alike, coalesce(d.receivers, 0) AS receivers, b.*, w.*
FROM pair p JOIN shared s USING (far) JOIN alike a USING (far) LEFT JOIN delivers d USING (orig_h, far), bar b, whole w
WHERE p.usual >= b.noted ORDER BY orig_h, far
"""


@dataclass(frozen=True)
class Course:
    """How daily bytes go over time."""

    spread: float
    """1.4826 times the median deviation from the trend, by the median."""
    slope: float
    """Theil-Sen slope per day, by the median: 0.1 is 10 % of the median a day."""
    z: float
    """Mann-Kendall z: how sure the growth is."""


def find(seen: Seen) -> pa.Table:
    """Return the slow leaks of a case."""
    judged = []
    for pair in seen.con.sql(_DAYS).to_arrow_table().to_pylist():
        course = measure(pair["days"])
        parts = _parts(pair, course)
        words, benign = _innocent(pair)
        score = sum(WEIGHTS[name] * value for name, value in parts.items()) * (1 - benign)
        if score >= SAID:
            judged.append((pair, course, parts, words, benign, score))
    ended = ends.pairs(seen, [(one[0]["orig_h"], one[0]["far"]) for one in judged])
    return row.table(_record(*one, ended[one[0]["orig_h"], one[0]["far"]]) for one in judged)


def measure(days: Sequence[Sequence[float]]) -> Course:
    """Return how daily bytes go.

    Args:
        days: (number of the day, bytes), at least two; of more than 400 the last.
    """
    at = np.array([day for day, _ in days[-400:]], float)
    sent = np.array([size for _, size in days[-400:]], float)
    usual = max(float(np.median(sent)), 1.0)
    first, second = np.triu_indices(len(at), 1)
    rises = sent[second] - sent[first]
    slope = float(np.median(rises / (at[second] - at[first])))
    rest = sent - slope * (at - at[0])
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest)))) / usual
    count = len(at)
    sure, noise = float(np.sign(rises).sum()), math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    return Course(spread, slope / usual, (sure - math.copysign(1, sure)) / noise if sure else 0.0)


def _parts(pair: Mapping[str, Any], course: Course) -> dict[str, float]:
    span = pair["last_day"] - pair["first_day"] + 1
    growing = min(max(course.z - TREND_Z, 0.0) / TREND_Z, 1.0)
    return {
        "steady_or_growing": max(1 - course.spread / STEADY, growing, 0.0),
        "producer": (pair["sent"] - pair["back"]) / (pair["sent"] + pair["back"]),
        "persistence": min(len(pair["days"]) / span, 1.0),
        "rarity": ends.rarity(pair["hosts"], pair["all_hosts"]),
        "volume": min(max(math.log(pair["usual"] / pair["noted"]) / math.log(10), 0.0), 1.0),
    }


def _innocent(pair: Mapping[str, Any]) -> tuple[str, float]:
    """Return the best innocent explanation of a steady upload, and how well it fits."""
    if inside(pair["orig_h"]) and inside(pair["far"]):
        return "Reports to a collector within the own network.", 0.9
    if pair["receivers"] >= ends.RECEIVERS:
        return (
            f"What the host is for: it delivers to {pair['receivers']} far ends at this port, as a mail server does.",
            0.85,
        )
    if pair["alike"] >= ALIKE:
        return f"Telemetry of a product, with an opt-out as a rule: {pair['alike']} hosts send there steadily.", 0.8
    if pair["usual"] >= pair["high"] and pair["hours"] <= BACKUP_HOURS:
        return "A backup or synchronisation in its window of time.", 0.6
    if pair["hosts"] >= SHARED:
        return f"A service that {pair['hosts']} hosts use: mail, files or messages of a person.", 0.35
    return "Telemetry or a log collector of one product; ask whose it is.", 0.0


def _record(
    pair: Mapping[str, Any], course: Course, parts: Mapping[str, float], words: str, benign: float, score: float,
    end: Mapping[str, Any],
) -> dict[str, object]:  # fmt: skip
    figures = {
        "days_active": len(pair["days"]), "usual_bytes_per_day": pair["usual"], "spread_pct": 100 * course.spread,
        "growth_pct_per_day": 100 * course.slope, "growth_z": course.z, "hosts": pair["hosts"],
    }  # fmt: skip
    grows = course.z > TREND_Z and course.slope > 0
    how = f"growing by {100 * course.slope:.2g} % a day" if grows else f"± {100 * course.spread:.0f} %"
    message = (
        f"{pair['orig_h']} sends some {row.size(pair['usual'])} a day to {pair['far']}, {how}, on "
        f"{len(pair['days'])} days; {row.size(pair['sent'])} in all."
    )
    said = (words, benign, score)
    return ends.record("slow_leak", pair, end, parts=parts, figures=figures, message=message, said=said)
