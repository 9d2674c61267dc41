"""Long connections: one that stays open far longer than others of the same port and service.

Not seen: how long a connection lasted that was open before or after the capture, and formats without durations. Chats,
push services and mail keep connections open by design: they are told by their ports, and by how many hosts have them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from flagstate.enrich.behave import ends, row
from flagstate.enrich.behave.beacon_innocent import inside
from flagstate.enrich.behave.seen import Seen

SHORTEST_US = 3_600_000_000
"""An hour: shorter ones are calls, films and downloads, which people make every day."""
PEERS = 20
"""Pairs of the same port and service that make a measure; with fewer all pairs are the measure."""
FULL = 30.0
"""Times the 0.95 quantile of its peers at which it is certainly longer."""
LONGEST_SHARE = 0.5
"""Share of the captured time at which it counts as always open."""
COMMON = 3
"""Hosts with long connections to the same far end that make it a habit of many."""
SHARED = 5
"""Hosts that call the same far end at all, from which on it is a service that people use."""
SAID = 0.3
"""Scores below are not kept."""
WEIGHTS = {"length": 0.4, "share_of_window": 0.15, "sent": 0.2, "rarity": 0.15, "unnamed": 0.1}
"""How the sub-scores weigh."""

_OPEN_BY_DESIGN = {
    143: "A mail program that waits for mail (IMAP IDLE).",
    993: "A mail program that waits for mail (IMAP IDLE).",
    5222: "A chat that stays connected (XMPP).",
    5223: "Push messages of a telephone.",
    5228: "Push messages of a telephone.",
    5061: "A telephone that stays registered (SIP).",
    1883: "A device at its broker (MQTT).",
    8883: "A device at its broker (MQTT).",
    6667: "A chat that stays connected (IRC).",
    6697: "A chat that stays connected (IRC).",
    179: "Routers that keep in touch (BGP).",
}
"""Ports whose protocols stay open: what they are."""

_WEB = (80, 443)
"""Ports of pages."""

_LONG = f"""
WITH pair AS (
    SELECT orig_h, {ends.FAR} AS far, resp_p, coalesce(service, proto) AS kind, max(max_duration_us) AS longest,
        sum(orig_bytes)::DOUBLE AS sent, sum(resp_bytes)::DOUBLE AS back, sum(conns)::BIGINT AS conns,
        bool_or(server_name IS NOT NULL) AS named
    FROM flow WHERE max_duration_us > 0 AND orig_h IS NOT NULL GROUP BY ALL),
alike AS (
    SELECT resp_p, kind, count(*) AS peers, quantile_disc(longest, 0.95) AS usual FROM pair GROUP BY resp_p, kind),
every AS (SELECT quantile_disc(longest, 0.95) AS usual_of_all FROM pair),
whole AS (SELECT count(DISTINCT orig_h) AS all_hosts, max(epoch_us(last_ts)) - min(epoch_us(first_ts)) AS window_us
    FROM flow),
long AS (SELECT * FROM pair WHERE longest >= {SHORTEST_US}),
shared AS (SELECT far, count(DISTINCT orig_h) AS alike_hosts FROM long GROUP BY far),
called AS (SELECT {ends.FAR} AS far, count(DISTINCT orig_h) AS hosts FROM flow
    WHERE {ends.FAR} IN (SELECT far FROM long) GROUP BY 1)
SELECT l.*, a.peers, CASE WHEN a.peers >= {PEERS} THEN a.usual ELSE usual_of_all END AS usual, alike_hosts, hosts,
    all_hosts, window_us
FROM long l JOIN alike a ON a.resp_p IS NOT DISTINCT FROM l.resp_p AND a.kind IS NOT DISTINCT FROM l.kind
JOIN shared USING (far) JOIN called USING (far), every, whole
WHERE l.longest > CASE WHEN a.peers >= {PEERS} THEN a.usual ELSE usual_of_all END
ORDER BY l.orig_h, l.far, l.longest DESC, l.resp_p
"""


def find(seen: Seen) -> pa.Table:
    """Return the long connections of a case, for each pair the longest."""
    best: dict[tuple[str, str], tuple[float, Mapping[str, Any]]] = {}
    for pair in seen.con.sql(_LONG).to_arrow_table().to_pylist():
        score = _raw(pair) * (1 - _innocent(pair)[1])
        if score >= SAID and score > best.get((pair["orig_h"], pair["far"]), (0.0, pair))[0]:
            best[pair["orig_h"], pair["far"]] = (score, pair)
    ended = ends.pairs(seen, list(best))
    return row.table(_record(pair, score, ended[key]) for key, (score, pair) in best.items())


def _parts(pair: Mapping[str, Any]) -> dict[str, float]:
    both = pair["sent"] + pair["back"]
    return {
        "length": min(max(math.log(pair["longest"] / pair["usual"]) / math.log(FULL), 0.0), 1.0),
        "share_of_window": min(pair["longest"] / max(LONGEST_SHARE * pair["window_us"], 1), 1.0),
        "sent": ((pair["sent"] - pair["back"]) / both + 1) / 2 if both else 0.0,
        "rarity": ends.rarity(pair["hosts"], pair["all_hosts"]),
        "unnamed": 0.0 if pair["named"] else 1.0,
    }


def _raw(pair: Mapping[str, Any]) -> float:
    return sum(WEIGHTS[name] * value for name, value in _parts(pair).items())


def _innocent(pair: Mapping[str, Any]) -> tuple[str, float]:
    """Return the best innocent explanation of a long connection, and how well it fits."""
    if inside(pair["orig_h"]) and inside(pair["far"]):
        return "A session within the own network.", 0.8
    if pair["resp_p"] in _OPEN_BY_DESIGN:
        return _OPEN_BY_DESIGN[pair["resp_p"]], 0.7
    if pair["alike_hosts"] >= COMMON:
        return f"A page or program that stays connected: {pair['alike_hosts']} hosts have one as long there.", 0.7
    if pair["named"] and pair["sent"] < pair["back"] and pair["resp_p"] in _WEB:
        return "A page that stays connected (websocket), a film or a chat.", 0.4 if pair["hosts"] > 1 else 0.2
    if pair["hosts"] >= SHARED:
        return f"A service that {pair['hosts']} hosts use.", 0.4
    return "A session that somebody left open, or a chat; ask the owner of the host.", 0.1


def _record(pair: Mapping[str, Any], score: float, end: Mapping[str, Any]) -> dict[str, object]:
    words, benign = _innocent(pair)
    times = pair["longest"] / pair["usual"]
    figures = {
        "longest_s": pair["longest"] / 1e6, "usual_s": pair["usual"] / 1e6, "times_usual": times,
        "peers": pair["peers"], "hosts": pair["hosts"],
    }  # fmt: skip
    message = (
        f"{pair['orig_h']} kept a connection to {pair['far']} open for {row.span(pair['longest'] / 1e6)}, "
        f"{row.times(times)} as long as 95 % of its like; {row.size(pair['sent'])} were sent."
    )
    end = {**end, "resp_p": pair["resp_p"]}
    said = (words, benign, score)
    return ends.record("long_connection", pair, end, parts=_parts(pair), figures=figures, message=message, said=said)
