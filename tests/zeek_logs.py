"""Zeek logs for tests: read one, write one, audit several as the pipeline does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from flagstate.engine import connect
from flagstate.enrich import flows
from flagstate.read.part import Context, Head, Opened, Part, Records, Stream, Tally
from flagstate.read.zeek import READER

ZAT = Path(__file__).parent / "data" / "zeek-logs-zat"
CONN = [
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "missed_bytes",
]


def head(path: Path) -> Head:
    """Return the beginning of a file."""
    data = path.read_bytes()
    return Head(data[: 2**16], len(data), path.suffix)


def read(path: Path, take: Callable[[Stream, duckdb.DuckDBPyConnection], object]) -> tuple[str, list[object]]:
    """Read a log; return its kind and its parts, with what `take` makes of streams."""
    begin = head(path)
    kind = READER.recognise(begin)
    assert kind is not None
    con = connect(threads=1, files=[str(path)])
    given = READER.read(Opened(str(path), begin, path.name, ""), kind, Context(con, str))
    parts = [take(part, con) if isinstance(part, Stream) else part for part in given]
    con.close()
    return kind.name, parts


def table(path: Path) -> tuple[pa.Table, list[Part]]:
    """Return the records of a log in order of time, and its other parts."""
    _, parts = read(path, lambda part, _: part.relation.to_arrow_table())
    streams = [part for part in parts if isinstance(part, pa.Table)]
    rest = [part for part in parts if not isinstance(part, pa.Table | Records)]
    # What a log of HTTP says was sent is tested by itself.
    rest = [part for part in rest if not (isinstance(part, Tally) and part.rows_read < 0)]
    joined = pa.concat_tables(streams) if streams else pa.table({})
    order = [(name, "ascending") for name in joined.column_names if not pa.types.is_list(joined[name].type)]
    return joined.sort_by(order) if order else joined, rest  # type: ignore[return-value]


def conn_log(rows: Sequence[Mapping[str, object]], *, path: str = "conn", fields: Sequence[str] = CONN) -> bytes:
    """Write a TSV log."""
    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{path}"]
    lines.append("#fields\t" + "\t".join(fields))
    lines += ["\t".join("-" if row.get(f) is None else _text(f, row[f]) for f in fields) for row in rows]
    return ("\n".join(lines) + "\n#close\t2026-01-01-00-00-00\n").encode()


def _text(name: str, value: object) -> str:
    return f"{value:.6f}" if name in ("ts", "duration") else str(value)


def as_json(tsv: bytes) -> bytes:
    """Rewrite a TSV log as Zeek would have written it as JSON."""
    out, fields, kinds = [], [], []
    for line in tsv.decode().splitlines():
        if line.startswith("#fields"):
            fields = line.split("\t")[1:]
        elif line.startswith("#types"):
            kinds = line.split("\t")[1:]
        elif not line.startswith("#"):
            pairs = zip(fields, line.split("\t"), kinds, strict=True)
            out.append(json.dumps({n: _value(v, k) for n, v, k in pairs if v != "-"}))
    return ("\n".join(out) + "\n").encode()


def _value(text: str, kind: str) -> object:
    if kind.startswith(("vector", "set", "table")):
        return [] if text == "(empty)" else text.split(",")
    if kind in ("time", "interval", "double"):
        return float(text)
    if kind in ("count", "port", "int"):
        return int(text)
    return text == "T" if kind == "bool" else text


def summarise(path: Path, *, mask: Callable[[str], str] = str, **known: object) -> flows.Summary:
    """Summarise one log."""

    def take(part: Stream, con: duckdb.DuckDBPyConnection) -> flows.Summary:
        return flows.extract(part.noun, part.relation, con, mask=mask, salt=11, **known)  # type: ignore[arg-type]

    return flows.combine(part for part in read(path, take)[1] if isinstance(part, flows.Summary))


def audit(paths: Sequence[Path], *, mask: Callable[[str], str] = str) -> flows.Merged:
    """Go through all the steps that `flows` names, in their order."""
    con = connect(threads=1)
    conns = [path for path in paths if ".conn" in str(READER.recognise(head(path))) or "open_conn" in path.name]
    done = {str(path): summarise(path, mask=mask) for path in paths if path not in conns}
    names = flows.names(done.values(), con)
    done |= {str(path): summarise(path, mask=mask, names=names) for path in conns}
    suspects = flows.suspects({key: each.keys for key, each in done.items()})
    for path in conns:
        if suspects.touches(done[str(path)].keys):
            done[str(path)] = summarise(path, mask=mask, names=names, suspects=suspects)
    return flows.merge(done, con, salt=11)
