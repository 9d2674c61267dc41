"""Zeek logs as Parquet: the same log ends in the same flows, whatever the names and types of its columns."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.engine import connect
from flagstate.enrich import flows
from flagstate.errors import EvidenceError
from flagstate.read.part import Context, Head, Opened, Stream, Tally
from flagstate.read.registry import identify
from flagstate.read.source import HEAD_BYTES
from flagstate.read.zeek import READER
from zeek_logs import ZAT, audit

SHORT = {f"id.{end}": end for end in ("orig_h", "orig_p", "resp_h", "resp_p")}


def as_parquet(log: Path, to: Path, *, names: str = "zeek", times: bool = True) -> Path:
    """Rewrite a TSV log as a log store would keep it: typed columns, times or seconds, one of three namings."""
    lines = log.read_text().splitlines()
    fields = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
    kinds = next(line for line in lines if line.startswith("#types")).split("\t")[1:]
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    columns = {}
    for at, (field, kind) in enumerate(zip(fields, kinds, strict=True)):
        texts = [None if row[at] in ("-", "(empty)") else row[at] for row in rows]
        name = {"zeek": field, "flat": field.replace(".", "_"), "short": SHORT.get(field, field)}[names]
        columns[name] = _typed(texts, kind, times=times)
    pq.write_table(pa.table(columns), to)
    return to


def _typed(texts: list[str | None], kind: str, *, times: bool) -> pa.Array:
    if kind == "time" and times:
        return pa.array([None if t is None else round(float(t) * 1e6) for t in texts], pa.timestamp("us", tz="UTC"))
    if kind in ("time", "interval"):
        return pa.array([None if t is None else float(t) for t in texts])
    if kind in ("count", "port"):
        return pa.array([None if t is None else int(t) for t in texts])
    if kind.startswith(("vector", "set")):
        return pa.array([None if t is None else t.split(",") for t in texts])
    return (
        pa.array([None if t is None else t == "T" for t in texts]) if kind == "bool" else pa.array(texts, pa.string())
    )


def head(path: Path) -> Head:
    data = path.read_bytes()
    return Head(data[:HEAD_BYTES], len(data), ".parquet", data[-HEAD_BYTES:] if len(data) > HEAD_BYTES else b"")


@pytest.mark.parametrize("names", ["zeek", "flat", "short"])
@pytest.mark.parametrize("times", [True, False])
def test_same_flows_as_the_text(tmp_path: Path, names: str, times: bool) -> None:
    logs = [ZAT / f"{name}.log" for name in ("conn", "dns", "http", "ssl")]
    stored = [as_parquet(log, tmp_path / f"{log.stem}.parquet", names=names, times=times) for log in logs]
    for path, log in zip(stored, logs, strict=True):
        reader, kind = identify(head(path))
        assert reader is READER
        assert kind.name == f"zeek.{log.stem} parquet"
    text, parquet = audit(logs), audit(stored)
    assert parquet.flow.equals(text.flow)
    assert parquet.flow.num_rows
    assert parquet.timing.blob.tobytes() == text.timing.blob.tobytes()
    assert parquet.lookups.equals(text.lookups)


def test_rows_without_a_time_are_rejected(tmp_path: Path) -> None:
    path = as_parquet(ZAT / "conn.log", tmp_path / "conn.parquet")
    whole = pq.read_table(path)
    gone = pa.concat_tables([whole, whole.set_column(0, "ts", pa.nulls(whole.num_rows, whole["ts"].type))])
    pq.write_table(gone, path)
    parts = list(_read(path))
    assert sum(part.rows_rejected for part in parts if isinstance(part, Tally)) == whole.num_rows
    assert sum(part for part in parts if isinstance(part, int)) == whole.num_rows


def test_other_tables_are_not_taken_for_logs(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"ts": [1.0], "id": [1], "amount": [2.0]}), path)
    assert READER.recognise(head(path)) is None


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_an_error_for_people(tmp_path: Path, data: st.DataObject) -> None:
    path = as_parquet(ZAT / "conn.log", tmp_path / "conn.parquet")
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(4, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    if READER.recognise(head(path)) is None:
        return
    # What breaks while its records are summed up is the engine's error, which the pipeline turns into words.
    with suppress(EvidenceError, duckdb.Error):
        list(_read(path))


def _read(path: Path) -> list[object]:
    con = connect(threads=1, files=[str(path)])
    begin = head(path)
    kind = READER.recognise(begin)
    assert kind is not None
    done: list[object] = []
    for part in READER.read(Opened(str(path), begin, "conn.parquet", ""), kind, Context(con, str)):
        if isinstance(part, Stream):
            made = flows.extract(part.noun, part.relation, con, mask=str, salt=11)
            done.append(int(pc.sum(made.flow["conns"]).as_py() or 0))
        else:
            done.append(part)
    return done
