"""Flows as Argus prints them (`ra -c ,`), and its binetflow files with labels, as research data sets have them.

A record holds both directions and says in its `Dir` who opened; records of one long connection become one connection.
Where packets and bytes of each side are told, or the payload itself, bytes are as `packet_bytes` says; where only
totals are, the packets of each side are bounded by the total, and bytes are the lower bound that this leaves.

What it cannot see: the time zone of the machine that printed it (UTC is assumed, and said); a label is an opinion, and
is not read. Records of the sensor itself and of protocols without addresses (ARP) are counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.read import flow_table
from flagstate.read.flow_table import Table
from flagstate.read.packet_bytes import proved
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Tally

FIELDS = {
    "starttime": "VARCHAR", "dur": "DOUBLE", "proto": "VARCHAR", "srcaddr": "VARCHAR", "sport": "VARCHAR",
    "dir": "VARCHAR", "dstaddr": "VARCHAR", "dport": "VARCHAR", "state": "VARCHAR", "totpkts": "BIGINT",
    "totbytes": "BIGINT", "srcpkts": "BIGINT", "dstpkts": "BIGINT", "srcbytes": "BIGINT", "dstbytes": "BIGINT",
    "sappbytes": "BIGINT", "dappbytes": "BIGINT",
}  # fmt: skip
"""Names of columns in lower case, and what they hold."""
LINK = 14
"""Bytes of an Ethernet header, which Argus counts."""
WITHOUT = "('man', 'arp', 'rarp', 'llc', 'lldp', 'stp', 'cdp', 'loop', 'eth', 'wlan', 'ipx-n', 'aarp', 'mpls', 'isis')"
"""Records of the sensor, and protocols below IP."""
_NAMED = {"domain": 53, "http": 80, "https": 443, "ssh": 22, "smtp": 25, "ntp": 123, "ftp": 21, "telnet": 23,
          "imaps": 993, "pop3s": 995, "bootps": 67, "bootpc": 68, "snmp": 161, "ldap": 389, "syslog": 514,
          "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "microsoft-ds": 445, "mdns": 5353}  # fmt: skip


def _columns(head: Head) -> tuple[str, ...] | None:
    """Return the names of the columns in lower case; null: not of Argus."""
    names = tuple(text.strip().lower() for text in flow_table.lines(head.data[:8192])[0].split(","))
    return names if {"starttime", "dur", "proto", "srcaddr", "dstaddr", "dir"} <= set(names) else None


def recognise(head: Head) -> Kind | None:
    """Tell by the names of the columns; times without a date are refused."""
    names = _columns(head)
    if names is None:
        return None
    lines = flow_table.lines(head.data[:8192])
    first = lines[1].split(",") if len(lines) > 1 else []
    start = first[names.index("starttime")].strip() if len(first) == len(names) else ""
    if len(start) > 7 and start[2] == ":" and start[5] == ":":
        return Kind("argus", "its times have no date", "Print it again with `ra -u`")
    return Kind("argus csv")


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections, lines that could not be read, and counts of what has no addresses."""
    names = _columns(opened.head)
    if names is None:
        return
    table = Table(
        opened.path,
        tuple((name, FIELDS.get(name, "VARCHAR")) for name in names),
        skip=1,
        ends=(ends := flow_table.ends(opened.head.data)),
        torn=flow_table.torn(opened.path, ends),
        ignored=(opened.head.data.removeprefix(b"\xef\xbb\xbf")[:20],),
        tag=Table.tagged(opened),
    )
    con, kept = context.con, f"{table.tag}_lines"
    flow_table.load(con, kept, _parsed(table))
    try:
        records = _records(kept)
        yield from flow_table.stream(con, records, tag=table.tag, flags=True, link=LINK, most=context.max_rows)
        others = con.execute(f"SELECT count(*) FROM {kept} WHERE below").fetchall()[0][0]
    finally:
        con.execute(f"DROP TABLE IF EXISTS {kept}")
    if others:
        yield Tally(rows_read=others)
        yield Note(f"Records of the sensor and of protocols below IP are only counted: {others:,}", lost=False)
    yield from flow_table.rejected(con, table)
    yield Note("Its times have no zone: they are taken as UTC", "Print it with `ra -u`", lost=False)


def _port(text: str) -> str:
    named = " ".join(f"WHEN '{name}' THEN {port}" for name, port in _NAMED.items())
    return (
        f"CASE WHEN proto = 'icmp' THEN NULL WHEN TRY_CAST({text} AS INTEGER) BETWEEN 0 AND 65535 THEN "
        f"TRY_CAST({text} AS INTEGER) ELSE CASE lower({text}) {named} END END"
    )


def _bits(text: str) -> str:
    return " + ".join(
        f"CASE WHEN contains({text}, '{letter}') THEN {bit} ELSE 0 END"
        for letter, bit in (("F", 1), ("S", 2), ("R", 4), ("P", 8), ("A", 16))
    )


def _parsed(table: Table) -> str:
    """Select the records with their columns under the names of `FIELDS`; those that the file lacks are null."""
    has = table.fields
    given = ", ".join(
        f"{f'trim({has[name]})' if kind == 'VARCHAR' and name in has else has.get(name, f'NULL::{kind}')} AS {name}"
        for name, kind in FIELDS.items()
    )
    return f"""
SELECT *, CASE WHEN regexp_full_match(starttime, '[0-9]{{1,11}}([.][0-9]+)?')
        THEN round(TRY_CAST(starttime AS DOUBLE) * 1000000)::BIGINT
        ELSE epoch_us(TRY_CAST(replace(starttime, '/', '-') AS TIMESTAMP)) END AS first_us,
    CASE WHEN dur BETWEEN 0 AND 1e9 THEN (dur * 1000000)::BIGINT WHEN dur IS NOT NULL THEN -1 END AS lasted,
    coalesce(lower(named) IN {WITHOUT}, false) AS below,
    CASE lower(named) WHEN 'tcp' THEN 'tcp' WHEN '6' THEN 'tcp' WHEN 'icmp' THEN 'icmp' WHEN '1' THEN 'icmp'
        WHEN 'ipv6-icmp' THEN 'icmp' WHEN '58' THEN 'icmp' WHEN 'udp' THEN 'udp' WHEN '17' THEN 'udp'
        WHEN 'rtp' THEN 'udp' WHEN 'rtcp' THEN 'udp' WHEN 'udt' THEN 'udp' WHEN 'sctp' THEN 'sctp'
        ELSE 'unknown_transport' END AS proto
FROM (SELECT * RENAME (proto AS named) FROM (SELECT {given} FROM {table.source}))
"""


def _least(octets: str) -> str:
    """Return the payload of a side of which only the bytes are told: it sent at most all packets but one."""
    made = proved(octets=octets, packets="greatest(totpkts - 1, 1)", proto="proto", address="srcaddr", link=str(LINK))
    return f"nullif({made}, 0)"


def _records(kept: str) -> str:
    """Make two records of one direction each of every record."""
    each = "totpkts = 2 AND totbytes > srcbytes"
    return f"""
WITH sided AS (SELECT *, srcaddr AS src_h, dstaddr AS dst_h, first_us + coalesce(lasted, 0) AS last_us,
        coalesce(dstbytes, totbytes - srcbytes) AS backbytes,
        CASE dir WHEN '->' THEN true WHEN '<->' THEN true WHEN '<-' THEN false END AS forth,
        CASE WHEN state LIKE '%!_%' ESCAPE '!' THEN split_part(state, '_', 1) END AS s_flags,
        CASE WHEN state LIKE '%!_%' ESCAPE '!' THEN split_part(state, '_', 2) END AS d_flags
    FROM {kept} WHERE NOT below),
counted AS (SELECT *,
        coalesce(srcpkts, CASE WHEN totbytes = srcbytes THEN totpkts WHEN {each} THEN 1 END) AS s_pkts,
        coalesce(dstpkts, CASE WHEN totbytes = srcbytes THEN 0 WHEN {each} THEN 1 END) AS d_pkts,
        CASE WHEN proto = 'tcp' THEN CASE WHEN s_flags IS NOT NULL THEN {_bits("s_flags")}
            WHEN state = 'REQ' THEN 2 END END AS s_bits,
        CASE WHEN proto = 'tcp' AND d_flags IS NOT NULL THEN {_bits("d_flags")} END AS d_bits,
        {_port("sport")} AS s_port, {_port("dport")} AS d_port
    FROM sided)
SELECT first_us, last_us, src_h, s_port AS src_p, dst_h, d_port AS dst_p, proto,
    CASE WHEN s_pkts IS NOT NULL THEN srcbytes END AS octets,
    coalesce(s_pkts, CASE WHEN srcbytes > 0 THEN 1 END) AS packets, s_bits AS flags, false AS denied,
    NULL::VARCHAR AS scope, forth AS opened, NULL::VARCHAR AS uid,
    CASE WHEN sappbytes > 0 THEN sappbytes WHEN s_pkts IS NULL THEN {_least("srcbytes")} END AS payload
FROM counted
UNION ALL SELECT first_us, last_us, dst_h, d_port, src_h, s_port, proto,
    CASE WHEN d_pkts IS NOT NULL THEN backbytes END,
    coalesce(d_pkts, CASE WHEN backbytes > 0 THEN 1 END), d_bits, false, NULL, NOT forth, NULL,
    CASE WHEN dappbytes > 0 THEN dappbytes WHEN d_pkts IS NULL THEN {_least("backbytes")} END
FROM counted WHERE coalesce(d_pkts, backbytes) > 0 AND {flow_table.GOOD}
"""


READER = Reader(
    "argus",
    "Flows as Argus prints them as CSV, and binetflow files; labels are not read.",
    recognise,
    read,
    ("connection",),
)
