"""Records of one direction each become connections: both directions of the same ends, close in time, are one.

Flow logs of clouds and routers cut a long connection into records of some minutes, and write each direction apart, once
per interface that it crossed. Records of the same ends belong together as long as no silence between them is longer
than Zeek waits (five minutes for TCP, one for the rest) or than the log's own interval. Where several interfaces saw
the same packets, each direction counts as the interface with most of them saw it.

Who opened it: the record's own word; else TCP flags; else the end whose port no service has; else the higher port;
else who was seen first. What it cannot see: a second connection of the same ports within the silence is one with the
first; where no flags are written, the opener is a guess.
"""

from __future__ import annotations

from flagstate.read.packet_bytes import LARGEST, proved

COLUMNS = (
    "first_us BIGINT, last_us BIGINT, src_h VARCHAR, src_p INTEGER, dst_h VARCHAR, dst_p INTEGER, proto VARCHAR, "
    "octets BIGINT, packets BIGINT, flags INTEGER, denied BOOLEAN, scope VARCHAR, opened BOOLEAN, uid VARCHAR, "
    "payload BIGINT"
)
"""What a record needs: TCP flags of all headers together; whether the source opened it; payload, where it is known."""

SERVED = (
    "(110, 143, 1080, 1194, 1433, 1434, 1521, 1723, 1883, 1900, 2049, 2181, 2375, 2376, 3000, 3128, 3268, 3269, 3306, "
    "3389, 3478, 4443, 4500, 5000, 5044, 5060, 5061, 5222, 5353, 5355, 5432, 5601, 5671, 5672, 5900, 5984, 5985, 5986, "
    "6379, 6443, 6514, 6667, 7000, 7001, 8000, 8008, 8080, 8081, 8086, 8333, 8443, 8500, 8530, 8880, 8883, 8888, 9000, "
    "9042, 9090, 9092, 9093, 9100, 9200, 9300, 9418, 9443, 10050, 10250, 11211, 15672, 25565, 27017, 50000, 51820)"
)
"""Ports from 1024 on that services usually have, beside all ports below."""

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 132: "sctp"}
"""Names of protocols by IANA's number, as Zeek has them."""

_SYN, _FIN, _RST, _ACK = 2, 1, 4, 16
# Payload, or many packets, without any answer: this is rather a log of one side only, and no attempt.
_FEW = "coalesce(o_packets, 0) BETWEEN 1 AND 10 AND coalesce(o_paid, 0) = 0"


def named(number: str) -> str:
    """Return the expression of a protocol's name from that of its number, which is text or a number."""
    cases = " ".join(f"WHEN '{code}' THEN '{name}'" for code, name in PROTOCOLS.items())
    return f"CASE {number}::VARCHAR {cases} ELSE 'unknown_transport' END"


def _capped(value: str) -> str:
    # Not `least`, which passes over what is null.
    return f"CASE WHEN {value} > {LARGEST} THEN {LARGEST} ELSE {value} END::BIGINT"


def _islands(source: str, quiet_us: int) -> str:
    """Put the lower end first, and number the records of the same ends by the silences between them."""
    # Ends are sorted by their hash, which is quick; two that share one are told apart by the grouping that follows.
    ends = "ends"
    wait = f"greatest({quiet_us}, CASE proto WHEN 'tcp' THEN 300000000 ELSE 60000000 END)"
    return f"""
SELECT *, sum(fresh) OVER (PARTITION BY {ends} ORDER BY first_us, last_us, forward ROWS UNBOUNDED PRECEDING) AS island
FROM (SELECT *, CASE WHEN first_us - max(last_us) OVER (PARTITION BY {ends} ORDER BY first_us, last_us, forward
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) <= {wait} THEN 0 ELSE 1 END AS fresh
    FROM (SELECT *, hash(low_h, low_p, high_h, high_p, proto) AS ends FROM (SELECT *, lower_first AS forward,
        CASE WHEN lower_first THEN src_h ELSE dst_h END AS low_h, CASE WHEN lower_first THEN src_p
            ELSE dst_p END AS low_p,
        CASE WHEN lower_first THEN dst_h ELSE src_h END AS high_h, CASE WHEN lower_first THEN dst_p
            ELSE src_p END AS high_p
        FROM (SELECT *, src_h < dst_h OR (src_h = dst_h AND coalesce(src_p, -1) <= coalesce(dst_p, -1)) AS lower_first
            FROM ({source})))))
"""


def _sides(source: str, quiet_us: int) -> str:
    """Sum each direction per interface, and keep the interface that saw most of it."""
    ends = "low_h, low_p, high_h, high_p, proto, island, forward"
    return f"""
SELECT {ends}, min(first_us) AS first_us, max(last_us) AS last_us, max(octets) AS octets, max(payload) AS payload,
    coalesce(arg_max(packets, octets), max(packets)) AS packets, bit_or(flags) AS flags, min(denied) AS denied,
    max(opened) AS opened, min(uid) AS uid
FROM (SELECT {ends}, scope, min(first_us) AS first_us, max(last_us) AS last_us, {_capped("sum(octets)")} AS octets,
        {_capped("sum(packets)")} AS packets, {_capped("sum(payload)")} AS payload, bit_or(flags) AS flags,
            min(coalesce(denied, false)::INTEGER) AS denied,
        max(opened::INTEGER) AS opened, min(uid) AS uid
    FROM ({_islands(source, quiet_us)}) GROUP BY {ends}, scope)
GROUP BY {ends}
"""


def _joined(source: str, quiet_us: int) -> str:
    ends = "low_h, low_p, high_h, high_p, proto"
    pick = ", ".join(
        f"max(CASE WHEN {side} THEN {name} END) AS {letter}_{name}"
        for side, letter in (("forward", "f"), ("NOT forward", "b"))
        for name in ("octets", "packets", "payload", "flags", "denied", "opened", "first_us")
    )
    return (
        f"SELECT {ends}, min(first_us) AS first_us, max(last_us) AS last_us, min(uid) AS uid, "
        f"bool_or(forward) AS has_f, bool_or(NOT forward) AS has_b, {pick} "
        f"FROM ({_sides(source, quiet_us)}) GROUP BY {ends}, island"
    )


def _opener() -> str:
    """Return the expression that is true where the lower end opened the connection."""

    def asks(side: str) -> str:
        return f"coalesce({side}_flags & {_SYN | _ACK} = {_SYN}, false)"

    def serves(port: str) -> str:
        return f"({port} < 1024 OR {port} IN {SERVED})"

    return (
        "CASE WHEN f_opened = 1 OR b_opened = 0 THEN true WHEN b_opened = 1 OR f_opened = 0 THEN false "
        f"WHEN {asks('f')} AND NOT {asks('b')} THEN true WHEN {asks('b')} AND NOT {asks('f')} THEN false "
        f"WHEN {serves('high_p')} AND NOT {serves('low_p')} THEN true "
        f"WHEN {serves('low_p')} AND NOT {serves('high_p')} THEN false "
        "WHEN low_p >= 32768 AND high_p < 32768 THEN true WHEN high_p >= 32768 AND low_p < 32768 THEN false "
        "WHEN NOT has_b THEN true WHEN NOT has_f THEN false "
        "WHEN f_first_us <> b_first_us THEN f_first_us < b_first_us "
        "ELSE coalesce(low_p >= high_p, true) END"
    )


def state(flags: bool) -> str:
    """Return the expression of Zeek's state from `o_flags`, `r_flags`, `o_packets`, `r_packets`, `o_denied`, `o_paid`.

    Args:
        flags: Whether every flag of every packet is in them; otherwise only silence and refusal are told.
    """
    mute = "coalesce(r_packets, 0) = 0"
    denied = "WHEN coalesce(o_denied, 0) = 1 THEN 'REJ' "
    other = (
        "WHEN proto <> 'tcp' AND coalesce(o_packets, r_packets) IS NULL THEN NULL "
        f"WHEN proto <> 'tcp' AND coalesce(o_packets, 0) = 0 THEN 'SHR' WHEN proto <> 'tcp' AND {mute} THEN 'S0' "
        "WHEN proto <> 'tcp' THEN 'SF' "
    )
    if not flags:
        return f"CASE {denied}{other}WHEN {mute} AND {_FEW} THEN 'S0' END"
    return f"CASE {denied}{other}{tcp_state(mute)} END"


def tcp_state(mute: str) -> str:
    """Return the branches of Zeek's state of a TCP connection, by the flags of both ends.

    Args:
        mute: Expression that is true where the responder sent no packet.
    """

    def has(side: str, bit: int) -> str:
        return f"coalesce({side}_flags & {bit} > 0, false)"

    both = f"{has('o', _SYN)} AND {has('r', _SYN)}"
    return (
        f"WHEN o_flags IS NULL AND r_flags IS NULL THEN CASE WHEN {mute} AND {_FEW} THEN 'S0' END "
        f"WHEN {mute} AND NOT ({has('o', _SYN)} AND {_FEW}) THEN 'OTH' WHEN {mute} AND {has('o', _RST)} THEN 'RSTOS0' "
        f"WHEN {mute} AND {has('o', _FIN)} THEN 'SH' WHEN {mute} THEN 'S0' "
        f"WHEN {both} AND {has('r', _RST)} AND NOT {has('o', _RST)} THEN 'RSTR' WHEN {both} AND {has('o', _RST)} THEN "
        f"'RSTO' WHEN {both} AND {has('o', _FIN)} AND {has('r', _FIN)} THEN 'SF' "
        f"WHEN {both} AND {has('o', _FIN)} THEN 'S2' WHEN {both} AND {has('r', _FIN)} THEN 'S3' WHEN {both} THEN 'S1' "
        f"WHEN {has('o', _SYN)} AND {has('r', _RST)} THEN 'REJ' "
        f"WHEN {has('r', _SYN)} AND {has('r', _RST)} THEN 'RSTRH' WHEN {has('r', _SYN)} AND {has('r', _FIN)} THEN "
        "'SHR' ELSE 'OTH'"
    )


_SILENT = (
    "{side}_denied = 1 OR (proto = 'tcp' AND conn_state IN ('S0', 'REJ', 'RSTOS0', 'SH') "
    "AND coalesce({side}_paid, 0) = 0)"
)
SENT = ", ".join(
    f"CASE WHEN {_SILENT.format(side=side)} THEN 0 ELSE {side}_paid END AS {name}_bytes"
    for side, name in (("o", "orig"), ("r", "resp"))
)
"""Bytes of both sides from `o_paid` and `r_paid`: what was refused, or never established, carried nothing."""


def connections(source: str, *, quiet_us: int = 0, flags: bool = False, link: int = 0, sampled: bool = False) -> str:
    """Select connections from records of one direction each.

    Args:
        source: A SELECT with the COLUMNS; records without addresses or times left out.
        quiet_us: The log's own interval in microseconds, where silence of that length means nothing.
        flags: Whether `flags` hold every flag of every packet; AWS, for one, leaves most out.
        link: Bytes before the header of IP that the counts include, per packet.
        sampled: Whether packets may be missing from the log, so that silence says nothing.
    """
    told = "CASE WHEN proto <> 'tcp' AND o_packets > 0 AND r_packets > 0 THEN 'SF' END" if sampled else state(flags)
    sides = ", ".join(
        f"CASE WHEN low_opened THEN {one}_{name} ELSE {two}_{name} END AS {letter}_{name}"
        for letter, one, two in (("o", "f", "b"), ("r", "b", "f"))
        for name in ("octets", "packets", "payload", "flags", "denied")
    )
    paid = ", ".join(
        f"coalesce({side}_payload, "
        + proved(octets=f"{side}_octets", packets=f"{side}_packets", proto="proto", address="orig_h", link=str(link))
        + f") AS {side}_paid"
        for side in "or"
    )
    return f"""
SELECT make_timestamptz(first_us) AS ts, uid, orig_h, orig_p, resp_h, resp_p, proto, NULL::VARCHAR AS service,
    nullif(last_us - first_us, 0) AS duration_us, {SENT}, NULL::BIGINT AS missed_bytes, conn_state,
    NULL::VARCHAR AS server_name, NULL::VARCHAR AS name_source, NULL::VARCHAR AS connect_to,
    NULL::VARCHAR AS claimed_orig_h
FROM (SELECT *, {told} AS conn_state FROM (SELECT *, {paid} FROM (SELECT first_us, last_us, uid, proto, {sides},
    CASE WHEN low_opened THEN low_h ELSE high_h END AS orig_h,
    CASE WHEN low_opened THEN low_p ELSE high_p END AS orig_p,
    CASE WHEN low_opened THEN high_h ELSE low_h END AS resp_h,
    CASE WHEN low_opened THEN high_p ELSE low_p END AS resp_p
    FROM (SELECT *, {_opener()} AS low_opened FROM ({_joined(source, quiet_us)})))))
"""
