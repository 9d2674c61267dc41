"""Flows as `nfdump -o csv` prints them: the columns of versions up to 1.7.2, the named ones of later ones, csv-fast.

A record is one direction; both directions become one connection, see `one_way`. With `-B` a record already holds both.
TCP flags of a direction are all of its packets' together, so the state is told as Zeek tells it.

What it cannot see: the time zone of the machine that printed it (UTC is assumed, and said); sampling of the exporter,
which nfdump does not print: then packets and bytes are too low; names of servers.
"""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.read import flow_table
from flagstate.read.flow_table import Table
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader

OLD = {"ts": "first", "te": "last", "td": "duration", "sa": "src", "da": "dst", "sp": "sport", "dp": "dport",
       "pr": "proto", "flg": "flags", "ipkt": "packets", "ibyt": "octets", "opkt": "back_packets",
       "obyt": "back_octets"}  # fmt: skip
NEW = {"firstSeen": "first", "lastSeen": "last", "duration": "duration", "srcAddr": "src", "dstAddr": "dst",
       "srcPort": "sport", "dstPort": "dport", "proto": "proto", "flags": "flags", "packets": "packets",
       "bytes": "octets", "inPackets": "packets", "inBytes": "octets", "outPackets": "back_packets",
       "outBytes": "back_octets"}  # fmt: skip
_KINDS = {"duration": "DOUBLE", "packets": "BIGINT", "octets": "BIGINT", "back_packets": "BIGINT",
          "back_octets": "BIGINT"}  # fmt: skip
_PROTO = (
    "CASE lower({}) WHEN 'tcp' THEN 'tcp' WHEN 'udp' THEN 'udp' WHEN 'icmp' THEN 'icmp' WHEN 'icmp6' THEN 'icmp' "
    "WHEN 'sctp' THEN 'sctp' WHEN '6' THEN 'tcp' WHEN '17' THEN 'udp' WHEN '1' THEN 'icmp' WHEN '58' THEN 'icmp' "
    "WHEN '132' THEN 'sctp' ELSE 'unknown_transport' END"
)
NONE = b"No matching flows"


def _layout(head: Head) -> tuple[tuple[str, ...], int] | None:
    """Return what each column is, and the lines before the first record; null: not of nfdump."""
    lines = flow_table.lines(head.data[:8192])
    skip = 1 if lines[0].encode().startswith(NONE) else 0
    texts = [text.strip() for text in lines[skip].split(",")] if len(lines) > skip else []
    for known, needed in ((OLD, ("ts", "te", "sa", "da", "ipkt")), (NEW, ("firstSeen", "srcAddr", "dstAddr"))):
        if set(needed) <= set(texts):
            return tuple(known.get(text, "") for text in texts), skip + 1
    return None


def recognise(head: Head) -> Kind | None:
    """Tell by the names of the columns."""
    return Kind("nfdump csv") if _layout(head) else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections, and lines that could not be read."""
    found = _layout(opened.head)
    if found is None:
        return
    names, skip = found
    # csv-fast counts its records, and writes milliseconds.
    fast = flow_table.lines(opened.head.data[:8192])[skip - 1].startswith("cnt,")
    time = "BIGINT" if fast else "TIMESTAMP"
    kinds = {**_KINDS, "first": time, "last": time}
    table = Table(
        opened.path,
        tuple((name, kinds.get(name, "VARCHAR")) for name in names),
        skip=skip,
        ends=(ends := flow_table.ends(opened.head.data)),
        torn=flow_table.torn(opened.path, ends),
        ignored=(NONE,),
        footer=b"Summary",
        tag=Table.tagged(opened),
    )
    yield from flow_table.stream(context.con, _records(table, fast), tag=table.tag, flags=True, most=context.max_rows)
    yield from flow_table.rejected(context.con, table)
    if not fast:
        yield Note("Its times have no zone: they are taken as UTC", "Print them with TZ=UTC", lost=False)


def _records(table: Table, fast: bool) -> str:
    has = table.fields

    def of(name: str, kind: str) -> str:
        return has.get(name, f"NULL::{kind}")

    first, last = ((f"({of(name, 'BIGINT')} * 1000)" if fast else f"epoch_us({of(name, 'TIMESTAMP')})")
                   for name in ("first", "last"))  # fmt: skip
    lasted = f"CASE WHEN {of('duration', 'DOUBLE')} BETWEEN 0 AND 1e9 THEN {of('duration', 'DOUBLE')} ELSE 0 END"
    proto = _PROTO.format(of("proto", "VARCHAR"))
    bits = " + ".join(
        f"CASE WHEN contains({of('flags', 'VARCHAR')}, '{letter}') THEN {bit} ELSE 0 END"
        for letter, bit in (("F", 1), ("S", 2), ("R", 4), ("P", 8), ("A", 16))
    )
    shared = (
        "first_us, last_us, {}, proto, {}, flags, false AS denied, NULL::VARCHAR AS scope, NULL::BOOLEAN AS opened, "
    )
    shared += "NULL::VARCHAR AS uid, NULL::BIGINT AS payload FROM parsed"
    forth = shared.format("src_h, src_p, dst_h, dst_p", "octets, packets")
    back = shared.format("dst_h AS src_h, dst_p AS src_p, src_h AS dst_h, src_p AS dst_p",
                         "back_octets AS octets, back_packets AS packets")  # fmt: skip
    return (
        f"WITH parsed AS MATERIALIZED (SELECT {first} AS first_us, "
        f"greatest({first} + ({lasted} * 1000000)::BIGINT, coalesce({last}, {first})) AS last_us, "
        f"trim({of('src', 'VARCHAR')}) AS src_h, trim({of('dst', 'VARCHAR')}) AS dst_h, "
        f"CASE WHEN {proto} <> 'icmp' THEN TRY_CAST({of('sport', 'VARCHAR')} AS INTEGER) END AS src_p, "
        f"CASE WHEN {proto} <> 'icmp' THEN TRY_CAST({of('dport', 'VARCHAR')} AS INTEGER) END AS dst_p, "
        f"{proto} AS proto, {of('octets', 'BIGINT')} AS octets, {of('packets', 'BIGINT')} AS packets, "
        f"{of('back_octets', 'BIGINT')} AS back_octets, {of('back_packets', 'BIGINT')} AS back_packets, "
        # Where a record holds both directions, its flags are of both, and tell nothing.
        f"CASE WHEN {proto} = 'tcp' AND coalesce({of('back_packets', 'BIGINT')}, 0) = 0 "
        f"AND {of('flags', 'VARCHAR')} IS NOT NULL THEN {bits} END AS flags FROM {table.source}) "
        f"SELECT {forth} UNION ALL SELECT {back} WHERE back_packets > 0 AND {flow_table.GOOD}"
    )


READER = Reader(
    "nfdump",
    "Flows as nfdump prints them as CSV (all layouts); both directions become one connection.",
    recognise,
    read,
    ("connection",),
)
