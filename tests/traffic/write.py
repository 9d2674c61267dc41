"""A world as files: Zeek's logs as text, and as Parquet with Zeek's names."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from traffic.world import World

_ENDS = (("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"), ("id.resp_p", "port"))
_CONN = (
    ("ts", "time"),
    ("uid", "string"),
    *_ENDS,
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("missed_bytes", "count"),
)
_DNS = (
    ("ts", "time"),
    ("uid", "string"),
    *_ENDS,
    ("proto", "enum"),
    ("query", "string"),
    ("qtype_name", "string"),
    ("rcode_name", "string"),
    ("answers", "vector[string]"),
)
_SSL = (
    ("ts", "time"),
    ("uid", "string"),
    *_ENDS,
    ("version", "string"),
    ("server_name", "string"),
    ("established", "bool"),
)
_HTTP = (
    ("ts", "time"),
    ("uid", "string"),
    *_ENDS,
    ("method", "string"),
    ("host", "string"),
    ("uri", "string"),
    ("request_body_len", "count"),
    ("response_body_len", "count"),
    ("status_code", "count"),
)


def logs(made: World) -> dict[str, pa.Table]:
    """Return Zeek's logs by name: conn, dns, ssl and http, with Zeek's columns and Arrow types.

    Args:
        made: The world.
    """
    talk, query = _renamed(made.connection), _renamed(made.query)
    conn = talk.append_column("duration", pc.divide(pc.cast(made.connection["duration_us"], pa.float64()), 1e6))
    source = made.connection["name_source"]
    named = talk.filter(pc.fill_null(pc.equal(source, "sni"), False))
    shown = talk.filter(pc.fill_null(pc.equal(source, "host"), False))
    ssl = named.append_column("version", pa.repeat("TLSv13", named.num_rows))
    ssl = ssl.append_column("established", pa.repeat(True, named.num_rows))
    http = shown.append_column("host", shown["server_name"])
    filled = {"method": "GET", "uri": "/", "status_code": 200}
    for name, value in filled.items():
        http = http.append_column(name, pa.repeat(value, shown.num_rows))
    http = http.append_column("request_body_len", shown["orig_bytes"])
    http = http.append_column("response_body_len", shown["resp_bytes"])
    return {
        name: table.select([column for column, _ in fields])
        for name, table, fields in (
            ("conn", conn, _CONN),
            ("dns", query, _DNS),
            ("ssl", ssl, _SSL),
            ("http", http, _HTTP),
        )
    }


def write(made: World, folder: Path, *, text: bool = True) -> list[Path]:
    """Write the logs of a world.

    Args:
        made: The world.
        folder: Where to.
        text: As Zeek's text logs; else as Parquet.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"conn": _CONN, "dns": _DNS, "ssl": _SSL, "http": _HTTP}
    found = []
    for name, table in logs(made).items():
        path = folder / (f"{name}.log" if text else f"{name}.parquet")
        if text:
            with path.open("wb") as out:
                out.write(_header(name, fields[name]).encode())
                options = pc_csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
                pc_csv.write_csv(_texts(table, fields[name]), out, options)
                out.write(b"#close\t2026-12-01-00-00-00\n")
        else:
            pq.write_table(table, path)
        found.append(path)
    return found


def _renamed(table: pa.Table) -> pa.Table:
    ends = {name.removeprefix("id."): name for name, _ in _ENDS}
    return table.rename_columns([ends.get(name, name) for name in table.column_names])


def _header(path: str, fields: tuple[tuple[str, str], ...]) -> str:
    names, types = ("\t".join(one[at] for one in fields) for at in (0, 1))
    return (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{path}\n#open\t2026-02-01-00-00-00\n#fields\t{names}\n#types\t{types}\n"
    )


def _texts(table: pa.Table, fields: tuple[tuple[str, str], ...]) -> pa.Table:
    columns = []
    for name, kind in fields:
        column = table[name]
        if kind == "time":
            us = pc.cast(column, pa.int64())
            column = _decimal(us)
        elif kind == "interval":
            column = _decimal(pc.cast(pc.round(pc.multiply(column, 1e6)), pa.int64()))
        elif kind == "vector[string]":
            column = pc.binary_join(column, ",")
        elif kind == "bool":
            column = pc.if_else(column, "T", "F")
        columns.append(pc.fill_null(pc.cast(column, pa.string()), "-"))
    return pa.table(columns, names=[name for name, _ in fields])


def _decimal(us: pa.ChunkedArray) -> pa.ChunkedArray:
    whole = pc.divide(us, 1_000_000)
    tail = pc.cast(pc.subtract(us, pc.multiply(whole, 1_000_000)), pa.string())
    return pc.binary_join_element_wise(pc.cast(whole, pa.string()), pc.utf8_lpad(tail, 6, "0"), ".")
