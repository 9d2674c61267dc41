"""Destinations that nobody called during the learning time, and that then were called: alone no sign, with others one.

People go to new places every day. A new far end counts where more is sent than comes back, where it has no name, at an
unusual port, or where the host is one that always calls the same few. Not seen: what was called before the capture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from flagstate.enrich.behave import ends, row
from flagstate.enrich.behave.beacon_innocent import inside
from flagstate.enrich.behave.seen import Seen
from flagstate.model.counted import counted

LEARN = 0.3
"""Share of the captured time that is learnt from, at least LEARN_DAYS: a habit shows within days."""
LEARN_DAYS = 2
"""Days that are learnt from at least; a shorter capture has nothing to compare with."""
RARE_PORT = 0.01
"""A port that fewer pairs than this share use is unusual."""
RESTLESS = 10.0
"""New far ends a week from which on a host calls anybody; one a week is the mark of a device or server that always
calls the same few. Those to which it delivers, as a mail server does, are not counted."""
SENT_FULL = 0.99
"""Quantile of what pairs send in all, at which the volume counts in full."""
SAID = 0.3
"""Scores below are not kept."""
WEIGHTS = {"stable_host": 0.45, "rarity": 0.2, "sent": 0.2, "unnamed": 0.1, "rare_port": 0.05}
"""How the signs weigh: with the innocent explanation taken off, no others make up for a host that calls anybody."""

_NEW = f"""
WITH {ends.DELIVERS},
pair AS MATERIALIZED (
    SELECT orig_h, {ends.FAR} AS far, min(resp_p) AS resp_p, bool_or(server_name IS NOT NULL) AS named, min(day) AS day,
        sum(orig_bytes)::DOUBLE AS sent, sum(resp_bytes)::DOUBLE AS back, sum(conns)::BIGINT AS conns,
        sum(coalesce(failed_conns, 0))::BIGINT AS failed
    FROM flow WHERE orig_h IS NOT NULL AND day IS NOT NULL GROUP BY ALL),
span AS (SELECT min(day) AS first_day, max(day) AS last_day, max(day) - min(day) + 1 AS days FROM pair),
learnt AS (SELECT first_day + greatest({LEARN_DAYS}, ceil({LEARN} * days))::INTEGER AS until FROM span),
far_end AS (SELECT far, min(day) AS born, count(*) AS hosts FROM pair GROUP BY far),
host AS (
    SELECT orig_h, count_if(p.day >= until AND d.far IS NULL)::BIGINT AS fresh,
        count_if(p.day < until)::BIGINT AS old
    FROM pair p LEFT JOIN delivers d USING (orig_h, far), learnt GROUP BY orig_h),
port AS (SELECT resp_p, count(*) AS pairs FROM pair GROUP BY resp_p),
bar AS (SELECT quantile_disc(sent, {SENT_FULL}) AS high, quantile_disc(sent, 0.5) AS usual, count(*) AS all_pairs,
    count(DISTINCT orig_h) AS all_hosts FROM pair)
SELECT p.*, f.hosts, h.fresh, h.old, coalesce(e.receivers, 0) AS receivers, t.pairs AS port_pairs,
    (last_day - until)::INTEGER + 1 AS after_days, b.*
FROM pair p JOIN far_end f USING (far) JOIN host h USING (orig_h)
LEFT JOIN delivers e USING (orig_h, far)
JOIN port t ON t.resp_p IS NOT DISTINCT FROM p.resp_p, learnt, span, bar b
WHERE f.born >= until AND h.old > 0
    AND (p.sent > p.back OR h.fresh * 7 < {RESTLESS} * (last_day - until + 1))
ORDER BY p.orig_h, p.far
"""


def find(seen: Seen) -> pa.Table:
    """Return far ends that are new and show another sign."""
    judged = []
    for pair in seen.con.sql(_NEW).to_arrow_table().to_pylist():
        parts = _parts(pair)
        words, benign = _innocent(pair)
        score = sum(WEIGHTS[name] * value for name, value in parts.items()) * (1 - benign)
        if score >= SAID:
            judged.append((pair, parts, words, benign, score))
    ended = ends.pairs(seen, [(one[0]["orig_h"], one[0]["far"]) for one in judged])
    return row.table(_record(*one, ended[one[0]["orig_h"], one[0]["far"]]) for one in judged)


def _parts(pair: Mapping[str, Any]) -> dict[str, float]:
    both = pair["sent"] + pair["back"]
    producer = max((pair["sent"] - pair["back"]) / both, 0.0) if both else 0.0
    over = math.log(max(pair["sent"], 1.0) / max(pair["usual"], 1.0))
    full = math.log(max(pair["high"] / max(pair["usual"], 1.0), math.e))
    weekly = max(7 * pair["fresh"] / max(pair["after_days"], 1), 1.0)
    return {
        "sent": math.sqrt(producer * min(max(over / full, 0.0), 1.0)),
        "stable_host": max(1 - math.log(weekly) / math.log(RESTLESS), 0.0),
        "rare_port": max(1 - pair["port_pairs"] / (RARE_PORT * pair["all_pairs"] + 1), 0.0),
        "unnamed": 0.0 if pair["named"] else 1.0,
        "rarity": ends.rarity(pair["hosts"], pair["all_hosts"]),
    }


def _innocent(pair: Mapping[str, Any]) -> tuple[str, float]:
    """Return the best innocent explanation of a new far end, and how well it fits."""
    if inside(pair["far"]):
        return "A new machine in the own network.", 0.8
    if pair["receivers"] >= ends.RECEIVERS:
        return f"What it is for: it delivers to {pair['receivers']} far ends at this port.", 0.6
    if pair["hosts"] >= 3:
        return f"A new service: {pair['hosts']} hosts began to call it.", 0.6
    return "A site or service that somebody used for the first time.", 0.1


def _record(
    pair: Mapping[str, Any], parts: Mapping[str, float], words: str, benign: float, score: float, end: Mapping[str, Any]
) -> dict[str, object]:
    figures = {
        "first_day": pair["day"].isoformat(), "hosts": pair["hosts"], "known_far_ends": pair["old"],
        "new_far_ends": pair["fresh"], "pairs_at_port": pair["port_pairs"],
    }  # fmt: skip
    signs = {
        "sent": "it sent more than it got",
        "stable_host": f"the host calls few new ones ({pair['fresh']} in {counted(pair['after_days'], 'day[|s]')})",
        "rare_port": f"port {pair['resp_p']} is unusual here", "unnamed": "it has no name",
    }  # fmt: skip
    told = ", ".join(text for name, text in signs.items() if parts[name] >= 0.5)
    message = (
        f"{pair['orig_h']} called {pair['far']}, which nobody had called before {pair['day'].isoformat()}"
        f"{': ' + told if told else ''}; {row.size(pair['sent'])} were sent."
    )
    said = (words, benign, score)
    return ends.record("first_seen", pair, end, parts=parts, figures=figures, message=message, said=said)
