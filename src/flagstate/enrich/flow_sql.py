"""The shared SQL of flow summaries: select, join, group by and window, nothing else.

A connection counts as failed when Zeek's state says that it was refused or never answered: S0 (no answer), REJ
(refused), RSTOS0 (given up without an answer), SH (closed without an answer).
"""

from __future__ import annotations

from collections.abc import Collection

HALF = "('SH', 'SHR', 'RSTRH')"
"""Zeek's states in which one side of a TCP connection was never seen."""
FAILED = "('S0', 'REJ', 'RSTOS0', 'SH')"
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
GROUP = "orig_h, resp_h, resp_p, proto, service, server_name, connect_to, claimed_orig_h, day"
_LARGEST = 1 << 50
"""A petabyte, more than a line carries in a day: what claims more is kept as that, so that sums of flows hold."""


def uid_key(salt: int) -> str:
    """Return the expression of a record's key by connection id; 0: it has none."""
    return f"CASE WHEN uid IS NULL THEN 0::UBIGINT ELSE xor(hash(hash(orig_h, resp_h), uid), {salt}::UBIGINT) END"


def pair_key(salt: int) -> str:
    """Return the expression of a record's key by ends and start; 0: it lacks one of them."""
    return (
        "CASE WHEN orig_h IS NULL OR resp_h IS NULL OR orig_p IS NULL OR resp_p IS NULL OR us < 0 THEN 0::UBIGINT ELSE "
        f"(xor(hash(hash(orig_h, resp_h), orig_p, resp_p, proto), {salt}::UBIGINT) >> 1) + us::UBIGINT END"
    )


def channel(name: str, salt: int) -> str:
    """Return the expression of the channel of a record.

    Args:
        name: Expression of the name that was asked for by SNI or Host; a name by DNS is none.
        salt: That of the case.
    """
    return f"xor(hash(hash(orig_h, resp_h), resp_p, proto, {name}), {salt}::UBIGINT)"


FLOW_NAME = "CASE WHEN name_source IN ('sni', 'host') THEN server_name END"
"""Of a finished flow, the name that tells its channel."""


def _capped(value: str) -> str:
    """Return a sum that stays within bounds whatever the log claims."""
    return f"CASE WHEN {value} > {_LARGEST} THEN {_LARGEST} ELSE {value} END::BIGINT AS {value}"


def _sum(value: str) -> str:
    return f"sum(CASE WHEN {value} > 0 THEN {value} END) AS {value}"


_CAPPED = ", ".join(_capped(name) for name in ("orig_bytes", "resp_bytes", "missed_bytes"))


def partial(source: str, *, tap: str, named: bool) -> str:
    """Group connections into partial flows.

    Args:
        source: Relation with the columns of `connection`, `us` and, when named, `name`, `name_rank`, `connect_to` and
            `claimed_orig_h`.
        tap: Expression that is never null, counted once per connection; `*` where there is none.
        named: Whether names are at hand.
    """
    name = "name AS server_name, connect_to, claimed_orig_h, min(name_rank) AS name_rank"
    by = "name, connect_to, claimed_orig_h, " if named else ""
    if not named:
        name = "NULL::VARCHAR AS server_name, NULL::VARCHAR AS connect_to, NULL::VARCHAR AS claimed_orig_h, "
        name += "NULL::TINYINT AS name_rank"
    return f"""
SELECT * REPLACE ({_CAPPED}) FROM (
SELECT orig_h, resp_h, resp_p, proto, service, {name},
    (us // {DAY_US})::INTEGER AS day,
    bit_or(1::INTEGER << ((us // {HOUR_US}) % 24)::INTEGER) AS hours,
    count({tap}) AS conns,
    count(CASE WHEN conn_state IN {FAILED} THEN 1 END) AS failed_conns,
    {_sum("orig_bytes")},
    {_sum("resp_bytes")},
    {_sum("missed_bytes")},
    count(orig_bytes) AS sized_conns,
    count(CASE WHEN conn_state IN {HALF} THEN 1 END) AS half_conns,
    max(duration_us) AS max_duration_us,
    min(us) AS first_us,
    max(us) AS last_us
FROM {source}
GROUP BY orig_h, resp_h, resp_p, proto, service, {by}(us // {DAY_US}))
"""


TOGETHER = f"""
SELECT * REPLACE ({_CAPPED}) FROM (
SELECT {GROUP}, min(name_rank) AS name_rank, bit_or(hours) AS hours, sum(conns)::BIGINT AS conns,
    sum(failed_conns)::BIGINT AS failed_conns,
    {_sum("orig_bytes")}, {_sum("resp_bytes")},
    {_sum("missed_bytes")}, sum(sized_conns)::BIGINT AS sized_conns,
    sum(half_conns)::BIGINT AS half_conns, max(max_duration_us) AS max_duration_us,
    min(first_us) AS first_us, max(last_us) AS last_us
FROM parts
GROUP BY {GROUP})
"""
"""Partial flows of the same key become one: sums, least, greatest, a union of hours."""

FINISHED = f"""
SELECT orig_h, resp_h, resp_p, proto, service, server_name, connect_to, claimed_orig_h,
    CASE name_rank WHEN 1 THEN 'sni' WHEN 2 THEN 'host' WHEN 3 THEN 'dns' END AS name_source,
    day, hours, conns, failed_conns, coalesce(orig_bytes, 0) AS orig_bytes, coalesce(resp_bytes, 0) AS resp_bytes,
    coalesce(missed_bytes, 0) AS missed_bytes, conns - sized_conns AS unsized_conns, half_conns,
    max_duration_us, first_us, last_us
FROM ({TOGETHER})
ORDER BY day, orig_h, resp_h, resp_p, proto, service, server_name, connect_to, claimed_orig_h
"""

WITH_DNS = """
SELECT p.* REPLACE (coalesce(p.server_name, a.name) AS server_name,
    CASE WHEN p.server_name IS NULL AND a.name IS NOT NULL THEN 3 ELSE p.name_rank END::TINYINT AS name_rank)
FROM unnamed p LEFT JOIN answers a ON a.addr = p.resp_h
"""
"""Flows without a name take the last one that resolved to the responder."""

SIGHTED = {
    "handshake": "'ssl' AS service, server_name AS raw, 1 AS rank, NULL::VARCHAR AS raw_to, "
    "NULL::VARCHAR AS claimed_orig_h, "
    "coalesce(established, version IS NOT NULL) AS answered, NULL::BIGINT AS orig_bytes, NULL::BIGINT AS resp_bytes, "
    "hash(server_name, version, established) AS record_key",
    "exchange": "'http' AS service, host AS raw, 2 AS rank, {connect_to} AS raw_to, "
    "{claimed_orig_h} AS claimed_orig_h, "
    "coalesce(status_code, 0) >= 100 AS answered, "
    "request_bytes AS orig_bytes, response_bytes AS resp_bytes, "
    "hash(host, method, status_code, request_bytes, response_bytes) AS record_key",
    "query": "'dns' AS service, NULL::VARCHAR AS raw, NULL::INTEGER AS rank, NULL::VARCHAR AS raw_to, "
    "NULL::VARCHAR AS claimed_orig_h, rcode_name IS NOT NULL AS answered, "
    "NULL::BIGINT AS orig_bytes, NULL::BIGINT AS resp_bytes, hash(query, qtype_name, rcode_name) AS record_key",
}
"""What each stream of protocol records says of its connection; the last expression tells records apart."""

SIGHTING_COLUMNS = (
    "uid_key, pair_key, record_key, us, orig_h, resp_h, resp_p, proto, service, name, name_rank, connect_to, "
    "claimed_orig_h, answered, orig_bytes, resp_bytes"
)


def sightings(noun: str, salt: int, columns: Collection[str]) -> str:
    """Select the records of a protocol stream, once each, with their raw names; names are replaced afterwards.

    Args:
        noun: handshake, exchange or query.
        salt: That of the case.
        columns: What the stream has; formats that know no proxies lack their columns.
    """
    proxied = {name: name if name in columns else "NULL::VARCHAR" for name in ("connect_to", "claimed_orig_h")}
    return f"""
SELECT DISTINCT {uid_key(salt)} AS uid_key, {pair_key(salt)} AS pair_key, us, orig_h, resp_h, resp_p, proto,
    {SIGHTED[noun].format(**proxied)}
FROM (SELECT *, epoch_us(ts) AS us FROM stream WHERE ts IS NOT NULL)
"""


BEST_NAME = """
SELECT uid_key, name, name_rank, connect_to, claimed_orig_h FROM (
    SELECT uid_key, name, name_rank, min(connect_to) OVER (PARTITION BY uid_key) AS connect_to,
        min(claimed_orig_h) OVER (PARTITION BY uid_key) AS claimed_orig_h,
        row_number() OVER (PARTITION BY uid_key ORDER BY name_rank, us, name) AS place
    FROM sightings
    WHERE uid_key <> 0 AND (name IS NOT NULL OR connect_to IS NOT NULL OR claimed_orig_h IS NOT NULL))
WHERE place = 1
"""

SEEN_ALONE = f"""
SELECT * REPLACE ({_CAPPED}) FROM (
SELECT min(orig_h) AS orig_h, min(resp_h) AS resp_h, min(resp_p) AS resp_p, min(proto) AS proto,
    min(service) AS service, min(CASE WHEN place = 1 THEN name END) AS server_name,
    min(CASE WHEN place = 1 THEN name_rank END)::TINYINT AS name_rank, min(connect_to) AS connect_to,
    min(claimed_orig_h) AS claimed_orig_h, (min(us) // {DAY_US})::INTEGER AS day,
    1::INTEGER << ((min(us) // {HOUR_US}) % 24)::INTEGER AS hours, 1::BIGINT AS conns,

    CASE WHEN max(answered::INTEGER) = 1 THEN 0 ELSE 1 END::BIGINT AS failed_conns,
    {_sum("orig_bytes")},
    {_sum("resp_bytes")}, NULL::BIGINT AS missed_bytes,
    CASE WHEN count(orig_bytes) > 0 THEN 1 ELSE 0 END::BIGINT AS sized_conns, 0::BIGINT AS half_conns,
    NULL::BIGINT AS max_duration_us, min(us) AS first_us, min(us) AS last_us
FROM (
    SELECT *, row_number() OVER (PARTITION BY connection ORDER BY name IS NULL, name_rank, us, name) AS place
    FROM alone)

GROUP BY connection)
"""
"""Connections that only protocol records show; their bytes are a lower bound."""

CLUSTERED = """
SELECT *, CASE WHEN uid_key <> 0 THEN hash(uid_key, 1) WHEN pair_key <> 0 THEN hash(chain, 2)
    ELSE hash(record_key, us, orig_h, resp_h, resp_p, name) END AS connection
FROM (SELECT *, sum(fresh) OVER (ORDER BY pair_key ROWS UNBOUNDED PRECEDING) AS chain FROM (
    SELECT *, CASE WHEN pair_key - lag(pair_key) OVER (ORDER BY pair_key) <= 1000 THEN 0 ELSE 1 END AS fresh FROM seen))
"""
"""Records of the same connection, by id, else by ends and time, else each for itself."""

SHARED = f"""
SELECT DISTINCT list_sort(list(DISTINCT artefact)) FROM sighted
GROUP BY {SIGHTING_COLUMNS} HAVING count(DISTINCT artefact) > 1
"""
"""The sets of artefacts that hold the same protocol records."""

ANSWERED = """
SELECT addr, max(us) AS us, raw FROM (
    SELECT unnest(answers) AS addr, epoch_us(ts) AS us, query AS raw FROM stream
    WHERE query IS NOT NULL AND ts IS NOT NULL)
WHERE NOT regexp_full_match(addr, '(127|0)[.].*|::1?')
    AND regexp_full_match(addr, '[0-9]{1,3}([.][0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*')
GROUP BY addr, raw
"""
"""Addresses in DNS answers, with the name that was asked for; an answer of the own machine names nobody else's."""

LAST_ANSWER = """
SELECT addr, us, name FROM (
    SELECT addr, us, name, row_number() OVER (PARTITION BY addr ORDER BY us DESC, name) AS place
    FROM {} WHERE name IS NOT NULL)
WHERE place = 1
"""
"""For each address the last name that resolved to it."""
