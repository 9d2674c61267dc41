"""The SQL that reads Suricata's events: one pass over the JSON into a flat table, and from that a query per stream."""

from __future__ import annotations

from flagstate.read.one_way import SENT, connections, state
from flagstate.read.packet_bytes import proved

KINDS = ("flow", "netflow", "dns", "tls", "http", "quic")
"""Types of events that become rows of a stream."""

# What an event must say at least. An engine that finds a text where an object should be gives an object of nulls.
_SAID = {
    "flow": 'coalesce(flow."start", flow.pkts_toserver, flow.bytes_toserver) IS NOT NULL',
    "netflow": 'coalesce(netflow."start", netflow.pkts, netflow.bytes) IS NOT NULL',
    "dns": "json_type(dns) = 'OBJECT'",
    "tls": "tls IS NOT NULL",
    "http": "http IS NOT NULL",
    "quic": "quic IS NOT NULL",
}
_LAST_US = 253_402_300_799_000_000
_SAFE = "[0-9A-Fa-f:.]{2,45}"
_ENDS = "make_timestamptz(us) AS ts, uid, orig_h, orig_p, resp_h, resp_p, proto"

_COLUMNS = {
    **dict.fromkeys(
        "timestamp flow_id event_type src_ip src_port dest_ip dest_port proto app_proto icmp_type icmp_code "  # noqa: SIM905
        "response_icmp_type xff".split(),
        "VARCHAR",
    ),
    "vlan": "JSON",
    "dns": "JSON",
    "flow": "STRUCT(pkts_toserver VARCHAR, pkts_toclient VARCHAR, bytes_toserver VARCHAR, bytes_toclient VARCHAR, "
    '"start" VARCHAR, "end" VARCHAR, state VARCHAR)',
    "netflow": 'STRUCT(pkts VARCHAR, bytes VARCHAR, "start" VARCHAR, "end" VARCHAR)',
    "tcp": "STRUCT(tcp_flags VARCHAR, tcp_flags_ts VARCHAR, tcp_flags_tc VARCHAR, ts_gap VARCHAR, tc_gap VARCHAR)",
    "tls": "STRUCT(sni VARCHAR, version VARCHAR, issuerdn VARCHAR, ja3 JSON, ja4 VARCHAR, server_alpns JSON, "
    "client_alpns JSON)",
    "quic": "STRUCT(sni VARCHAR, version VARCHAR, ja3 JSON, ja4 VARCHAR, client_alpns JSON)",
    "http": "STRUCT(hostname VARCHAR, http_method VARCHAR, status VARCHAR, length VARCHAR, url VARCHAR, xff VARCHAR, "
    "x_forwarded_for VARCHAR, request_headers JSON)",
    "stats": "STRUCT(uptime VARCHAR, capture STRUCT(kernel_packets VARCHAR, kernel_drops VARCHAR), "
    "decoder STRUCT(pkts VARCHAR))",
}


def _time(text: str) -> str:
    made = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
    return f"CASE WHEN {made} BETWEEN 0 AND {_LAST_US} THEN {made} END"


def _count(text: str) -> str:
    made = f"TRY_CAST({text} AS BIGINT)"
    return f"CASE WHEN {made} >= 0 THEN {made} END"


def _port(text: str) -> str:
    made = f"TRY_CAST({text} AS INTEGER)"
    return f"CASE WHEN {made} BETWEEN 0 AND 65535 THEN {made} END"


def _flags(text: str) -> str:
    # Two hexadecimal digits, as text.
    return f"CASE WHEN regexp_full_match({text}, '[0-9a-fA-F]{{1,2}}') THEN TRY_CAST('0x' || {text} AS INTEGER) END"


_PROTO = (
    "CASE upper(proto) WHEN 'TCP' THEN 'tcp' WHEN 'UDP' THEN 'udp' WHEN 'ICMP' THEN 'icmp' WHEN 'IPV6-ICMP' THEN "
    "'icmp' WHEN 'SCTP' THEN 'sctp' ELSE CASE WHEN proto IS NOT NULL THEN 'unknown_transport' END END"
)
_SERVICE = (
    "CASE lower(app_proto) WHEN 'tls' THEN 'ssl' WHEN 'http2' THEN 'http' WHEN 'http1' THEN 'http' WHEN 'doh2' THEN "
    "'http' WHEN 'failed' THEN NULL WHEN 'unknown' THEN NULL WHEN 'dcerpc' THEN 'dce_rpc' WHEN 'krb5' THEN 'krb' "
    "WHEN 'pgsql' THEN 'postgresql' ELSE lower(app_proto) END"
)


def events(path: str, most: int | None) -> str:
    """Select every line, flat: what the streams need of its type of event, and nothing else; all null: no event."""
    quoted = "'" + path.replace("'", "''") + "'"
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
    limit = "" if most is None else f" LIMIT {int(most)}"
    kind = "CASE WHEN {} THEN event_type END"
    ended = "src_ip IS NOT NULL AND dest_ip IS NOT NULL"
    bodies = " OR ".join(f"(event_type = '{name}' AND {said} AND {ended})" for name, said in _SAID.items())
    good = f"(event_type NOT IN {KINDS} OR {bodies})"
    return f"""
SELECT {kind.format(f"logged IS NOT NULL AND {good}")} AS kind,
    coalesce(CASE event_type WHEN 'flow' THEN {_time('flow."start"')}
        WHEN 'netflow' THEN {_time('netflow."start"')} END,
        logged) AS us,
    CASE event_type WHEN 'flow' THEN {_time('flow."end"')} WHEN 'netflow' THEN {_time('netflow."end"')} END AS last_us,
    flow_id AS uid, src_ip, {_port("coalesce(src_port, icmp_type)")} AS src_p, dest_ip,
    {_port("coalesce(dest_port, response_icmp_type, icmp_code)")} AS dest_p,
    {_PROTO} AS proto, {_SERVICE} AS service,
    14 + 4 * least(coalesce(json_array_length(vlan), 0), 3) AS link,
    {_count("coalesce(flow.bytes_toserver, netflow.bytes)")} AS o_octets, {_count("flow.bytes_toclient")} AS r_octets,
    {_count("coalesce(flow.pkts_toserver, netflow.pkts)")} AS o_packets, {_count("flow.pkts_toclient")} AS r_packets,
    {_flags("coalesce(tcp.tcp_flags_ts, CASE WHEN event_type = 'netflow' THEN tcp.tcp_flags END)")} AS o_flags,
    {_flags("tcp.tcp_flags_tc")} AS r_flags, coalesce(tcp.ts_gap = 'true' OR tcp.tc_gap = 'true', false) AS gap,
    CASE WHEN event_type = 'dns' THEN dns END AS dns,
    CASE event_type WHEN 'tls' THEN tls.sni WHEN 'quic' THEN quic.sni END AS sni,
    CASE event_type WHEN 'tls' THEN (SELECT CASE WHEN v LIKE '%UNDETERMINED%' THEN NULL WHEN v = 'TLSv1' THEN 'TLSv10'
            ELSE replace(v, '.', '') END FROM (SELECT replace(replace(tls.version, 'TLS ', 'TLSv'), 'DTLS ',
                'DTLSv') AS v))
        WHEN 'quic' THEN regexp_replace(quic.version, '^([0-9]+)$', 'QUICv\\1') END AS version,
    CASE WHEN event_type = 'tls' THEN tls.issuerdn END AS issuer,
    CASE event_type WHEN 'tls' THEN json_extract_string(coalesce(tls.server_alpns, tls.client_alpns), '$[0]')
        WHEN 'quic' THEN json_extract_string(quic.client_alpns, '$[0]') END AS next_protocol,
    json_extract_string(CASE event_type WHEN 'tls' THEN tls.ja3 WHEN 'quic' THEN quic.ja3 END, '$.hash') AS ja3,
    CASE event_type WHEN 'tls' THEN tls.ja4 WHEN 'quic' THEN quic.ja4 END AS ja4,
    CASE WHEN event_type = 'http' THEN http.hostname END AS host,
    CASE WHEN event_type = 'http' THEN http.http_method END AS method,
    {_count("http.status")} AS status, {_count("http.length")} AS response_bytes,
    CASE WHEN event_type = 'http' AND http.http_method = 'CONNECT' THEN
        CASE WHEN regexp_full_match(http.url, '[^/ ]+:[0-9]{{1,5}}') THEN http.url
            ELSE http.hostname END END AS connect_to,
    CASE WHEN event_type = 'http' THEN {_claimed()} END AS claimed,
    CASE WHEN event_type = 'stats' THEN {_count("stats.uptime")} END AS uptime,
    {_count("stats.capture.kernel_packets")} AS packets, {_count("stats.capture.kernel_drops")} AS drops
FROM (SELECT *, {_time('"timestamp"')} AS logged FROM read_json({quoted}, format='newline_delimited',
    compression='none',
    ignore_errors=true, columns={{{columns}}}){limit})
"""


def _claimed() -> str:
    header = (
        "list_extract([json_extract_string(h, '$.value') FOR h IN "
        "CAST(coalesce(http.request_headers, '[]') AS JSON[]) "
        "IF lower(json_extract_string(h, '$.name')) = 'x-forwarded-for'], 1)"
    )
    first = f"trim(split_part(coalesce(http.xff, http.x_forwarded_for, xff, {header}), ',', 1))"
    return f"CASE WHEN regexp_full_match({first}, '{_SAFE}') THEN {first} END"


_PAID = ", ".join(
    proved(octets=f"{side}_octets", packets=f"{side}_packets", proto="proto", address="src_ip", link="link")
    + f" AS {side}_paid"
    for side in "or"
)
_FLOWS = f"""
SELECT make_timestamptz(us) AS ts, uid, orig_h, orig_p, resp_h, resp_p, proto, service,
    CASE WHEN last_us > us THEN last_us - us END AS duration_us, {SENT}, NULL::BIGINT AS missed_bytes, conn_state
FROM (SELECT *, {state(True)} AS conn_state FROM (
    SELECT *, src_ip AS orig_h, src_p AS orig_p, dest_ip AS resp_h, dest_p AS resp_p, NULL::INTEGER AS o_denied,
        NULL::INTEGER AS r_denied, {_PAID}
    FROM {{table}} WHERE kind = 'flow'))
"""

_NETFLOWS = """
SELECT us AS first_us, coalesce(last_us, us) AS last_us, src_ip AS src_h, src_p, dest_ip AS dst_h, dest_p AS dst_p,
    proto,
    o_octets AS octets, o_packets AS packets, o_flags AS flags, false AS denied, NULL::VARCHAR AS scope,
    NULL::BOOLEAN AS opened, uid, NULL::BIGINT AS payload
FROM {table} WHERE kind = 'netflow' AND (uid IS NULL OR uid NOT IN (
    SELECT uid FROM {table} WHERE kind = 'flow' AND uid IS NOT NULL))
"""


def _connection() -> str:
    both = f"{_FLOWS} UNION ALL SELECT {{columns}} FROM ({connections(_NETFLOWS, flags=True, link=14)})"
    columns = (
        "ts, uid, orig_h, orig_p, resp_h, resp_p, proto, service, duration_us, orig_bytes, resp_bytes, missed_bytes, "
        "conn_state"
    )
    names = (
        "SELECT uid, arg_min(sni, us) FILTER (sni <> '') AS sni, "
        "arg_min(host, us) FILTER (host <> '' AND method IS DISTINCT FROM 'CONNECT') AS host, "
        "arg_min(connect_to, us) FILTER (connect_to <> '') AS connect_to, "
        "arg_min(claimed, us) FILTER (claimed <> '') AS claimed "
        "FROM {table} WHERE kind IN ('tls', 'quic', 'http') AND uid IS NOT NULL GROUP BY uid"
    )
    return (
        f"SELECT f.*, coalesce(n.sni, n.host) AS server_name, "
        "CASE WHEN n.sni IS NOT NULL THEN 'sni' WHEN n.host IS NOT NULL THEN 'host' END AS name_source, "
        f"n.connect_to, n.claimed AS claimed_orig_h FROM ({both.replace('{columns}', columns)}) f "
        f"LEFT JOIN ({names}) n ON n.uid = f.uid"
    )


_BACK = "(src_p IN (53, 5353, 5355) AND dest_p NOT IN (53, 5353, 5355))"
_ASKED = "dns ->> '$.type' IN ('query', 'request')"
_QUERY = f"""
SELECT make_timestamptz(min(us)) AS ts, uid, orig_h, orig_p, resp_h, resp_p, proto,
    any_value(name) AS query, qtype_name, arg_max(rcode, us) FILTER (NOT asked) AS rcode_name,
    nullif(list_sort(list_distinct(flatten(list(answers) FILTER (answers IS NOT NULL)))), []) AS answers
FROM (SELECT us, uid, proto, asked, dns ->> '$.id' AS id, CASE WHEN id IS NULL THEN us END AS alone,
        CASE WHEN {_BACK} THEN dest_ip ELSE src_ip END AS orig_h, CASE WHEN {_BACK} THEN dest_p
            ELSE src_p END AS orig_p,
        CASE WHEN {_BACK} THEN src_ip ELSE dest_ip END AS resp_h, CASE WHEN {_BACK} THEN src_p
            ELSE dest_p END AS resp_p,
        coalesce(dns ->> '$.rrname', dns ->> '$.queries[0].rrname') AS name,
        coalesce(dns ->> '$.rrtype', dns ->> '$.queries[0].rrtype') AS qtype, dns ->> '$.rcode' AS rcode,
        list_concat(CASE WHEN dns ->> '$.rdata' IS NOT NULL THEN [dns ->> '$.rdata'] END,
            coalesce(nullif(json_extract_string(dns, '$.answers[*].rdata'), []),
                json_extract_string(dns, '$.grouped.*[*]'))) AS answers
    FROM (SELECT *, coalesce({_ASKED}, false) AS asked FROM {{table}} WHERE kind = 'dns'))
"""
_QUERY = _QUERY.replace("qtype_name,", "min(qtype) FILTER (qtype <> '') AS qtype_name,") + (
    "GROUP BY uid, orig_h, orig_p, resp_h, resp_p, proto, id, alone, lower(name)"
)

STREAMS = {
    "connection": _connection(),
    "query": _QUERY,
    "handshake": f"""
SELECT {_ENDS}, nullif(sni, '') AS server_name, version, next_protocol, ja3, ja4, NULL::BOOLEAN AS established, issuer
FROM (SELECT *, src_ip AS orig_h, src_p AS orig_p, dest_ip AS resp_h, dest_p AS resp_p
    FROM {{table}} WHERE kind IN ('tls', 'quic'))
""",
    "exchange": f"""
SELECT {_ENDS}, nullif(host, '') AS host, connect_to, claimed AS claimed_orig_h, method,
    CASE WHEN status < 1000 THEN status END::INTEGER AS status_code, NULL::BIGINT AS request_bytes, response_bytes
FROM (SELECT *, src_ip AS orig_h, src_p AS orig_p, dest_ip AS resp_h, dest_p AS resp_p FROM {{table}}
    WHERE kind = 'http')
""",
}
"""For each stream the query over the flat table, named `{table}`."""

COUNTS = f"""
SELECT count(*) FILTER (kind IN ('flow', 'netflow')), count(*) FILTER (kind = 'dns'),
    count(*) FILTER (kind IN ('tls', 'quic')), count(*) FILTER (kind = 'http'), count(*) FILTER (kind = 'stats'),
    count(*) FILTER (kind IS NULL), count(*) FILTER (kind NOT IN {KINDS}),
    count(*) FILTER (kind = 'dns') - (SELECT count(*) FROM ({_QUERY})),
    count(*) FILTER (kind = 'flow' AND gap), count(*) FILTER (kind = 'flow' AND proto = 'tcp'),
    min(us) FILTER (kind IS NOT NULL), max(us) FILTER (kind IS NOT NULL)
FROM {{table}}
"""
"""Events of each stream, statistics, no events, other events, events that became one with others; gaps; times."""

DROPS = """
SELECT min(first), max(last), sum(packets)::HUGEINT, sum(drops)::HUGEINT
FROM (SELECT min(us) AS first, max(us) AS last, max(packets) AS packets, max(drops) AS drops FROM (
    SELECT *, sum(CASE WHEN uptime < before THEN 1 ELSE 0 END) OVER (ORDER BY us ROWS UNBOUNDED PRECEDING) AS run
    FROM (SELECT us, uptime, packets, drops, lag(uptime) OVER (ORDER BY us) AS before
        FROM {table} WHERE kind = 'stats' AND packets IS NOT NULL)) GROUP BY run)
"""
"""First and last time, packets and drops of a sensor: its counters grow from each start of it."""
