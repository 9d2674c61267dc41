"""Flow logs of AWS VPC (versions 2 to 5, text or Parquet, default or custom fields) and of Alibaba Cloud.

A record is one direction of one interface and interval; both directions, and what several interfaces saw of them,
    become
one connection: see `one_way`. Where the log has them, `pkt-srcaddr` and `pkt-dstaddr` are the ends, so that a gateway
in between does not hide who really spoke to whom. A rejected record is an attempt, and carried nothing. Intervals that
the service skipped are gaps in coverage. Ids of accounts, interfaces and instances are not kept.

What it cannot see: names of servers; traffic that AWS never logs (its own DNS, DHCP, metadata, licence activation);
times finer than a second. A custom format is known by its header only: without it the file is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb

from flagstate import model
from flagstate.errors import EvidenceError
from flagstate.read import flow_table, footer
from flagstate.read.flow_table import Table
from flagstate.read.one_way import named
from flagstate.read.part import Context, Facts, Head, Kind, Opened, Part, Reader
from flagstate.read.zeek_fields import moment

DEFAULT = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
    "start", "end", "action", "log-status",
)  # fmt: skip
NUMBERS = {
    **dict.fromkeys(("srcport", "dstport", "protocol", "tcp-flags"), "INTEGER"),
    **dict.fromkeys(("packets", "bytes", "start", "end"), "BIGINT"),
}
_ALIAS = {"eni-id": "interface-id"}
_FIELD = re.compile(r"[a-z][a-z0-9_-]{1,40}")
_STATUS = ("OK", "NODATA", "SKIPDATA")
_CLOUDWATCH = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_ENDS = ({"srcaddr", "dstaddr"}, {"pkt-srcaddr", "pkt-dstaddr"})


def _header(texts: list[str]) -> tuple[str, ...] | None:
    """Return the fields that a first line names; null: it is no header of a flow log."""
    if len(texts) < 4 or not all(_FIELD.fullmatch(text) for text in texts):
        return None
    names = [text.replace("_", "-") for text in texts]
    known = {"start", "end"} <= set(names) and any(ends <= set(names) for ends in _ENDS)
    return tuple(_ALIAS.get(name, name) for name in names) if known else None


def _layout(head: Head) -> tuple[tuple[str, ...], int] | None:
    """Return the fields and the lines before the first record; null: not a flow log as text."""
    first = flow_table.lines(head.data[:8192])[0].rstrip("\r")
    texts = first.split(" ")
    if found := _header(texts):
        return found, 1
    lead = ("",) if len(texts) == 15 and _CLOUDWATCH.fullmatch(texts[0]) else ()
    texts = texts[len(lead) :]
    if len(texts) == 14 and texts[0] == "2" and texts[12] in ("ACCEPT", "REJECT", "-") and texts[13] in _STATUS:
        return lead + DEFAULT, 0
    return None


def _schema(head: Head) -> dict[str, str] | None:
    """Return fields and columns of a Parquet file by its footer; null: not a flow log."""
    names = footer.columns(head)
    if names is None or (found := _header(names)) is None or not {"log-status", "action"} & set(found):
        return None
    return dict(reversed(list(zip(found, names, strict=True))))


def recognise(head: Head) -> Kind | None:
    """Tell by the header, by the shape of a line in the default format, or by the columns of a Parquet file."""
    if head.data.startswith(footer.MAGIC):
        return Kind("vpc_flow parquet") if _schema(head) else None
    return Kind("vpc_flow text") if _layout(head) else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield connections, lines that could not be read, and what the service skipped.

    Raises:
        EvidenceError: The Parquet file is damaged.
    """
    if kind.name.endswith("text"):
        yield from _text(opened, context)
        return
    columns = _schema(opened.head) or {}
    fields = {field: f'TRY_CAST("{name}" AS {NUMBERS.get(field, "VARCHAR")})' for field, name in columns.items()}
    quoted = "'" + opened.path.replace("'", "''") + "'"
    try:
        yield from _parts(f"read_parquet({quoted})", fields, Table.tagged(opened), context)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise EvidenceError("The Parquet file cannot be read to its end", todo="Copy or export it again.") from None


def _text(opened: Opened, context: Context) -> Iterator[Part]:
    found = _layout(opened.head)
    if found is None:
        return
    names, skip = found
    first = opened.head.data.partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf")
    table = Table(
        opened.path,
        tuple((name, NUMBERS.get(name, "VARCHAR")) for name in names),
        delimiter=" ",
        skip=skip,
        nulls=("-", ""),
        ends=(ends := flow_table.ends(opened.head.data)),
        torn=flow_table.torn(opened.path, ends),
        ignored=(first[:64],) if skip else (),
        tag=Table.tagged(opened),
    )
    yield from _parts(table.source, table.fields, table.tag, context)
    yield from flow_table.rejected(context.con, table)


def _parts(source: str, fields: dict[str, str], tag: str, context: Context) -> Iterator[Part]:
    con, status = context.con, fields.get("log-status", "'OK'")
    kept = f"{tag}_lines"
    wanted = {name: fields.get(name, "NULL") for name in (*DEFAULT, "tcp-flags", "pkt-srcaddr", "pkt-dstaddr")}
    limit = "" if context.max_rows is None else f" LIMIT {int(context.max_rows)}"
    # The file is read once: the engine counts what it rejects with every reading.
    flow_table.load(
        con,
        kept,
        f"SELECT {wanted['start']}::BIGINT AS s, {wanted['end']}::BIGINT AS e, "
        f"coalesce({wanted['pkt-srcaddr']}, {wanted['srcaddr']})::VARCHAR AS src_h, "
        f"coalesce({wanted['pkt-dstaddr']}, {wanted['dstaddr']})::VARCHAR AS dst_h, "
        f"{wanted['srcport']}::INTEGER AS src_p, {wanted['dstport']}::INTEGER AS dst_p, "
        f"{wanted['protocol']}::INTEGER AS number, {wanted['bytes']}::BIGINT AS octets, "
        f"{wanted['packets']}::BIGINT AS packets, {wanted['tcp-flags']}::INTEGER AS flags, "
        f"{wanted['action']}::VARCHAR AS action, {wanted['interface-id']}::VARCHAR AS scope, "
        f"coalesce({status}, 'OK') AS status FROM {source}{limit}",
    )
    seconds = f"CASE WHEN {{}} BETWEEN 0 AND {flow_table.LAST_US // 10**6} THEN {{}} * 1000000 END"
    records = (
        f"SELECT {seconds.format('s', 's')} AS first_us, {seconds.format('e', 'e')} AS last_us, "
        f"src_h, src_p, dst_h, dst_p, coalesce({named('number')}, 'unknown_transport') AS proto, octets, packets, "
        "flags, action = 'REJECT' AS denied, scope, NULL::BOOLEAN AS opened, NULL::VARCHAR AS uid, "
        "NULL::BIGINT AS payload "
        f"FROM {kept} WHERE status NOT IN ('NODATA', 'SKIPDATA')"
    )
    try:
        yield from flow_table.stream(con, records, tag=tag, flags="tcp-flags" in fields)
        yield from _coverage(con, kept)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {kept}")


def _coverage(con: duckdb.DuckDBPyConnection, kept: str) -> Iterator[Part]:
    """Yield the intervals that the service skipped, and those in which it saw nothing."""
    last = flow_table.LAST_US // 10**6
    found = con.execute(
        f"SELECT status, count(*), count(DISTINCT scope), min(s), max(e) FROM {kept} "
        f"WHERE status IN ('NODATA', 'SKIPDATA') AND s BETWEEN 0 AND {last} AND e BETWEEN s AND {last} "
        "GROUP BY status ORDER BY status DESC"
    ).fetchall()
    rows = []
    for status, count, scopes, first, end in found:
        skipped = status == "SKIPDATA"
        said = "that the service skipped (SKIPDATA)" if skipped else "without traffic, or without a log of it (NODATA)"
        rows.append(
            {
                "noun": "flow",
                "scope": f"network interfaces: {scopes}",
                "from_ts": moment(first * 10**6),
                "to_ts": moment(end * 10**6),
                "complete": "no" if skipped else "unknown",
                "said_by": "the flow log",
                "remark": f"Intervals {said}: {count}",
                "todo": "Ask the provider, or capture at the gateway" if skipped else None,
            }
        )
    if rows:
        yield Facts("coverage", model.rows(model.COVERAGE, rows), "observed")


READER = Reader(
    "vpcflow",
    "Flow logs of AWS VPC, version 2 to 5 (text, Parquet), and of Alibaba Cloud; skipped intervals are coverage.",
    recognise,
    read,
    ("connection",),
)
