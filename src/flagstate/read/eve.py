"""Suricata's EVE log: one JSON event a line.

Events of flows become connections, those of DNS (all three layouts; a question and its answers are one), TLS, QUIC and
HTTP become what they are, under the flow id that all of them share. A connection is named by its own TLS, QUIC or HTTP
events in the same file; what requests say is searched for data classes. Statistics say how many packets were missed.
Alerts, files and all other events are counted.

Bytes of flows count whole frames, with headers: see `packet_bytes`; Ethernet is assumed. The state of a TCP connection
is told from the flags of both ends: who reset first is not in the log. What it cannot see: sizes of HTTP requests; the
order of retransmitted questions; whether a TLS handshake was completed.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from flagstate import model
from flagstate.read import eve_http, eve_sql, json_lines
from flagstate.read.flow_table import load
from flagstate.read.packet_bytes import NOTE
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Stream, Tally
from flagstate.read.zeek_fields import moment


def recognise(head: Head) -> Kind | None:
    """Tell by the first lines: objects with a time, a type of event, and a flow or ends."""
    data = head.data.removeprefix(b"\xef\xbb\xbf")
    if b'"event_type"' not in data or not data.lstrip().startswith(b"{"):
        return None
    return Kind("eve") if any(_is_event(row) for row in json_lines.first(head)) else None


def _is_event(row: dict[str, object]) -> bool:
    if not isinstance(row.get("event_type"), str) or "timestamp" not in row:
        return False
    return bool(row.keys() & {"flow_id", "src_ip", "in_iface"}) or (row["event_type"] == "stats" and "stats" in row)


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections and protocol records, lines that could not be read, counts, and what the sensor missed."""
    con = context.con
    table = f"eve_{abs(hash(opened.evidence_id)) % 10**9}"
    load(con, table, eve_sql.events(opened.path, context.max_rows))
    try:
        count = _counts(con, table)
        yield from _parts(con, table, opened, count)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {table}")
    if count["exchange"]:
        yield from eve_http.payloads(opened, context)


def _parts(con: duckdb.DuckDBPyConnection, table: str, opened: Opened, count: dict[str, int]) -> Iterator[Part]:
    for noun, query in eve_sql.STREAMS.items():
        if count[noun]:
            yield Stream(noun, con.sql(query.format(table=table)))
    listed = 0
    for reject in json_lines.rejects(opened.path, count["odd"], _odd):
        listed += 1
        yield reject
    yield Tally(
        rows_read=count["others"] + count["joined"],
        rows_rejected=count["odd"] - listed,
        first_ts=moment(count["first"]),
        last_ts=moment(count["last"]),
    )
    if count["connection"]:
        yield Note(NOTE, lost=False)
    if count["others"] - count["stats"]:
        yield Note(
            f"Events of other types, such as alerts and files, are only counted: {count['others'] - count['stats']:,}",
            lost=False,
        )
    yield from _coverage(con, table, count)


def _counts(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    names = ("connection", "query", "handshake", "exchange", "stats", "odd", "others", "joined", "gaps", "tcp", "first",
             "last")  # fmt: skip
    found = con.execute(eve_sql.COUNTS.format(table=table)).fetchall()[0]
    return dict(zip(names, (int(value or 0) for value in found), strict=True))


def _odd(line: bytes) -> str:
    row = json_lines.parsed(line)
    if row is None:
        return "it is not a JSON object"
    kind, body = row.get("event_type"), row.get(str(row.get("event_type")))
    if not isinstance(kind, str) or not isinstance(row.get("timestamp"), str):
        return "it has no type of event or no time"
    if kind in eve_sql.KINDS and (not body or row.get("src_ip") is None or row.get("dest_ip") is None):
        return "it lacks its ends, or what its type of event says"
    if kind in ("flow", "netflow", "dns") and not isinstance(body, dict):
        return "it lacks its ends, or what its type of event says"
    return ""


def _coverage(con: duckdb.DuckDBPyConnection, table: str, count: dict[str, int]) -> Iterator[Part]:
    """Yield what share of the packets the sensor says it lost, and how many connections have gaps."""
    rows: list[dict[str, object]] = []
    found = con.execute(eve_sql.DROPS.format(table=table)).fetchall()[0]
    if found[2]:
        packets, drops = int(found[2]), min(int(found[3] or 0), int(found[2]))
        rows.append(
            _row(
                found[0],
                found[1],
                drops,
                f"{drops} of {packets} packets were dropped by the kernel before the sensor saw them",
                "the sensor's statistics",
            )
            | {"share_seen": 1 - drops / packets}
        )
    if count["gaps"]:
        rows.append(
            _row(
                count["first"],
                count["last"],
                count["gaps"],
                f"TCP connections with gaps in what the sensor put together: {count['gaps']} of {count['tcp']}",
                "the sensor's records of flows",
            )
        )
    if rows:
        yield Facts("coverage", model.rows(model.COVERAGE, rows), "observed")


def _row(first: int, last: int, lost: int, remark: str, said_by: str) -> dict[str, object]:
    return {
        "noun": "flow",
        "scope": "what this sensor saw",
        "from_ts": moment(first),
        "to_ts": moment(last),
        "complete": "no" if lost else "unknown",
        "said_by": said_by,
        "remark": remark,
        "todo": "Give the sensor more capacity, or mirror less" if lost else None,
    }


READER = Reader(
    "eve",
    "Suricata's EVE JSON: flows, netflows, DNS, TLS, QUIC, HTTP; statistics are coverage; the rest counted.",
    recognise,
    read,
    ("connection", "query", "handshake", "exchange"),
)
