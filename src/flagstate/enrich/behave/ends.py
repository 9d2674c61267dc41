"""The two ends of channels, with their sums and how many hosts share the far one: what a sentence about them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.enrich.behave import row
from flagstate.enrich.behave.row import MANY_FACTS, STEPS, timeline
from flagstate.enrich.behave.seen import Seen

Ints = npt.NDArray[np.int64]

DAY_US = 86_400_000_000
FAR = "coalesce(server_name, resp_h)"
"""The far end: its name where one is known, else its address."""

RECEIVERS = 10
"""Far ends at one port that a host sends to, from which on sending there is what it is for; pages have other ports."""

DELIVERS = f"""
calls AS (
    SELECT orig_h, {FAR} AS far, resp_p, sum(orig_bytes::DOUBLE) > sum(resp_bytes::DOUBLE) AS sends
    FROM flow WHERE resp_p NOT IN (80, 443) AND orig_h IS NOT NULL GROUP BY ALL),
ports AS (
    SELECT orig_h, resp_p, count_if(sends)::BIGINT AS receivers FROM calls
    GROUP BY ALL HAVING count_if(sends) >= {RECEIVERS}),
delivers AS (SELECT orig_h, far, max(receivers) AS receivers FROM calls JOIN ports USING (orig_h, resp_p) GROUP BY ALL)
"""
"""Pairs of a host that sends to many far ends at one port, as parts of a WITH."""

_ENDS = f"""
WITH picked AS (SELECT a.series, f.* FROM asked a JOIN flow f ON f.channel = a.channel),
far_ends AS (SELECT DISTINCT {FAR} AS far FROM picked),
shared AS (
    SELECT {FAR} AS far, count(DISTINCT orig_h) AS hosts FROM flow
    WHERE {FAR} IN (SELECT far FROM far_ends) GROUP BY 1)
SELECT p.*, s.hosts FROM (
    SELECT series,
        CASE WHEN count(DISTINCT orig_h) = 1 THEN min(orig_h) END AS orig_h, max({FAR}) AS far,
        CASE WHEN count(DISTINCT resp_h) = 1 THEN min(resp_h) END AS resp_h, min(resp_h) AS one_resp_h,
        count(DISTINCT resp_h) AS addresses,
        CASE WHEN count(DISTINCT resp_p) = 1 THEN min(resp_p) END AS resp_p,
        min(proto) AS proto, max(service) AS service, bool_or(server_name IS NOT NULL) AS named,
        sum(conns)::BIGINT AS conns, sum(coalesce(failed_conns, 0))::BIGINT AS failed,
        least(sum(orig_bytes::HUGEINT), {2**62})::BIGINT AS orig_bytes,
        least(sum(resp_bytes::HUGEINT), {2**62})::BIGINT AS resp_bytes,
        sum(coalesce(unsized_conns, 0))::BIGINT AS unsized,
        min(epoch_us(first_ts)) AS from_us, max(epoch_us(last_ts)) AS to_us, count(DISTINCT day) AS days,
        (list(fact_id ORDER BY orig_bytes DESC, fact_id))[1:{MANY_FACTS}] AS facts
    FROM picked GROUP BY series) p
LEFT JOIN shared s ON s.far = p.far ORDER BY series
"""


def ends(seen: Seen, series: Ints, channel: npt.NDArray[np.uint64]) -> list[Mapping[str, Any]]:
    """Return what flows say of some series of channels, one record per series that has flows, in their order.

    Args:
        seen: All flows.
        series: Number of the series of each channel.
        channel: Ids of channels.
    """
    if not len(series):
        return []
    seen.con.register("asked", pa.table({"series": series, "channel": channel}))
    try:
        return list(seen.con.sql(_ENDS).to_arrow_table().to_pylist())
    finally:
        seen.con.unregister("asked")


def hosts(seen: Seen) -> int:
    """Return how many addresses opened connections."""
    found = seen.con.execute("SELECT count(DISTINCT orig_h) FROM flow").fetchall()
    return int(found[0][0])


def window(seen: Seen) -> tuple[int, int]:
    """Return first and last time of all flows in microseconds since 1970; (0, 0) where there is none."""
    found = seen.con.execute("SELECT min(epoch_us(first_ts)), max(epoch_us(last_ts)) FROM flow").fetchall()
    first, last = found[0]
    return (0, 0) if first is None else (int(first), int(last))


def rarity(shared: float, total: float) -> float:
    """Return how rare a far end is among hosts: 1 for one host of many, 0 for all; 1 where there is one host only."""
    if total <= 1 or shared <= 1:
        return 1.0
    return float(1.0 - np.log(min(shared, total)) / np.log(total))


_PAIRS = f"""
SELECT a.number,
    CASE WHEN count(DISTINCT resp_h) = 1 THEN min(resp_h) END AS resp_h, min(resp_h) AS one_resp_h,
    CASE WHEN count(DISTINCT resp_p) = 1 THEN min(resp_p) END AS resp_p, min(resp_p) AS one_resp_p,
    min(proto) AS proto, max(service) AS service, sum(conns)::BIGINT AS conns,
    sum(coalesce(failed_conns, 0))::BIGINT AS failed, sum(coalesce(unsized_conns, 0))::BIGINT AS unsized,
    min(epoch_us(first_ts)) AS from_us, max(epoch_us(last_ts)) AS to_us,
    list([day - DATE '1970-01-01', conns, orig_bytes]) AS daily,
    (list(fact_id ORDER BY orig_bytes DESC, fact_id))[1:{MANY_FACTS}] AS facts
FROM asked a JOIN flow f ON f.orig_h = a.orig_h AND {FAR} = a.far GROUP BY a.number ORDER BY a.number
"""


def pairs(seen: Seen, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what flows say of pairs of originator and far end, with a timeline of days.

    Args:
        seen: All flows.
        asked: (address that opened, far end as FAR makes it).
    """
    if not asked:
        return {}
    columns = {"number": range(len(asked)), "orig_h": [one[0] for one in asked], "far": [one[1] for one in asked]}
    seen.con.register("asked", pa.table(columns))
    try:
        found = seen.con.sql(_PAIRS).to_arrow_table().to_pylist()
    finally:
        seen.con.unregister("asked")
    return {asked[end["number"]]: end | {"timeline": _daily(end["daily"])} for end in found}


def record(
    kind: str, pair: Mapping[str, Any], end: Mapping[str, Any], *, parts: Mapping[str, float],
    figures: Mapping[str, float | int | str], message: str, said: row.Said,
) -> dict[str, object]:  # fmt: skip
    """Return a behaviour of a pair.

    Args:
        kind: A code of `BEHAVIOURS`.
        pair: What the detector asked of it: orig_h, far, conns, and bytes as sent and back.
        end: What `pairs` says of it.
        parts: As `row.row` takes them.
        figures: As there.
        message: As there.
        said: Innocent explanation, how well it fits, and score.
    """
    innocent, benign, score = said
    return row.row(
        kind, orig_h=pair["orig_h"], far=pair["far"], resp_h=end["resp_h"], resp_p=end["resp_p"], proto=end["proto"],
        parts=parts, figures=figures, message=message, innocent=innocent, benign=benign, score=score,
        conns=pair["conns"], orig_bytes=int(pair["sent"]), resp_bytes=int(pair["back"]), from_us=end["from_us"],
        to_us=end["to_us"], timeline=end["timeline"], facts=end["facts"], unsized=end["unsized"] > 0,
    )  # fmt: skip


def _daily(daily: Sequence[Sequence[int]]) -> str:
    """Return the drawing of sums per day; of a long time the last days."""
    last = max(day for day, _, _ in daily)
    first = max(min(day for day, _, _ in daily), last - STEPS + 1)
    conns, sent = [0] * (last - first + 1), [0] * (last - first + 1)
    for day, count, size in daily:
        if day >= first:
            conns[day - first] += count or 0
            sent[day - first] += size or 0
    return timeline(first * DAY_US, DAY_US, conns, sent)
