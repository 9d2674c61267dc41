"""Live object stores: a real server that speaks S3, read object by object."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flagstate.errors import EvidenceError
from flagstate.read.live import objects, open_target
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.sampling import Bounds, Timeouts
from flagstate.read.live.target import Target, parse
from flagstate.read.part import Facts, Note
from live_servers import PASSWORD, S3, s3

KEYS = Credentials("auditor", PASSWORD)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3(tmp_path_factory.mktemp("s3")) as running:
        client = running.client()
        client.create_bucket(Bucket="parcels")
        for day in range(1, 21):
            client.put_object(
                Bucket="parcels", Key=f"logs/2026/{day:02}/part-{day}.csv", Body=f"a,b\n{day},x\n".encode()
            )
        table = io.BytesIO()
        pq.write_table(pa.table({"a": list(range(100_000))}), table)
        client.put_object(Bucket="parcels", Key="tables/big.parquet", Body=table.getvalue())
        client.put_object(Bucket="parcels", Key="tables/long.csv", Body=b"a,b\n" + b"12345,abc\n" * 50_000)
        client.put_object(Bucket="parcels", Key="tables/packed.csv.gz", Body=gzip.compress(b"a,b\n1,2\n"))
        client.put_object(Bucket="parcels", Key="tables/empty", Body=b"")
        client.put_object(Bucket="parcels", Key="tables/näme 😀 %41.txt", Body=b"odd\n")
        client.create_bucket(Bucket="open-data", ACL="public-read")
        client.put_object(Bucket="open-data", Key="a.csv", Body=b"a,b\n1,2\n", ACL="public-read")
        yield running


@dataclass
class Got:
    """What was fetched."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    coverage: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return "\n".join(f"{note.reason} {note.todo}" for note in self.notes)


def target(server: S3, path: str = "parcels") -> Target:
    return parse(f"s3://{path}?endpoint={server.endpoint}&region=us-east-1")


def fetch(
    server: S3, folder: Path, bounds: Bounds | None = None, path: str = "parcels", keys: Credentials = KEYS
) -> Got:
    got = Got()
    for part in open_target(target(server, path), keys, bounds or Bounds(), spool=str(folder)):
        if isinstance(part, objects.Fetched):
            got.bodies[part.name] = os.pread(part.descriptor, 1 << 24, 0)
            got.totals[part.name] = part.size_total
            assert len(got.bodies[part.name]) == part.size
        elif isinstance(part, Note):
            got.notes.append(part)
        elif isinstance(part, Facts):
            (got.coverage,) = part.table.to_pylist()
    assert not list(folder.iterdir())
    return got


def test_a_sample_takes_a_few_objects_of_each_kind(server: S3, tmp_path: Path) -> None:
    got = fetch(server, tmp_path)
    logs = [name for name in got.bodies if name.startswith("logs/")]
    assert len(logs) == 3
    assert {"tables/big.parquet", "tables/long.csv", "tables/packed.csv.gz"} <= set(got.bodies)
    assert fetch(server, tmp_path).bodies == got.bodies
    assert "of 24 objects of 5 kinds 7 were read" in got.said
    assert got.coverage["complete"] == "no"
    assert 0.9 < got.coverage["share_seen"] < 1


def test_full_fetches_every_object_as_it_is(server: S3, tmp_path: Path) -> None:
    got = fetch(server, tmp_path, Bounds(full=True))
    assert len(got.bodies) == 24
    assert got.bodies["logs/2026/07/part-7.csv"] == b"a,b\n7,x\n"
    assert got.bodies["tables/näme 😀 %41.txt"] == b"odd\n"
    assert pq.read_table(io.BytesIO(got.bodies["tables/big.parquet"])).num_rows == 100_000
    assert got.coverage["complete"] == "yes"


def test_a_large_object_is_read_from_its_beginning_or_left_out(
    server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PIECE", 4096)
    got = fetch(server, tmp_path, Bounds(object_bytes=10_005))
    body = got.bodies["tables/long.csv"]
    assert 9_000 < len(body) <= 10_005
    assert body.endswith(b"12345,abc\n")
    assert got.totals["tables/long.csv"] == 500_004
    assert "tables/big.parquet" not in got.bodies
    assert "their format can only be read whole: tables/big.parquet" in got.said


def test_a_prefix_may_end_within_a_name(server: S3, tmp_path: Path) -> None:
    assert set(fetch(server, tmp_path, path="parcels/tables/l").bodies) == {"tables/long.csv"}
    assert set(fetch(server, tmp_path, path="parcels/tables/").bodies) >= {"tables/long.csv", "tables/big.parquet"}


def test_listing_is_bounded(server: S3, tmp_path: Path) -> None:
    got = fetch(server, tmp_path, Bounds(most_objects=10))
    assert "Only the first 10 objects were listed" in got.said
    assert got.coverage["share_seen"] is None


def test_an_object_that_changes_or_goes_while_it_is_read_costs_only_itself(server: S3, tmp_path: Path) -> None:
    client = server.client()
    for name in ("aa", "bb", "cc"):
        client.put_object(Bucket="parcels", Key=f"moving/{name}", Body=b"first\n")
    got = Got()
    stream = open_target(target(server, "parcels/moving/"), KEYS, Bounds(), spool=str(tmp_path))
    for part in stream:
        if isinstance(part, objects.Fetched):
            got.bodies[part.name] = b""
            client.put_object(Bucket="parcels", Key="moving/bb", Body=b"second!\n")
            client.delete_object(Bucket="parcels", Key="moving/cc")
        elif isinstance(part, Note):
            got.notes.append(part)
    for name in ("aa", "bb"):
        client.delete_object(Bucket="parcels", Key=f"moving/{name}")
    assert set(got.bodies) == {"moving/aa"}
    assert "it changed while it was read: moving/bb" in got.said
    assert "there is no such bucket or object: moving/cc" in got.said


def test_without_keys_nothing_is_signed_and_nobody_is_asked_for_some(server: S3, tmp_path: Path) -> None:
    got = fetch(server, tmp_path, path="open-data", keys=Credentials())
    assert "No keys were found: requests were not signed" in got.said
    assert got.bodies == {"a.csv": b"a,b\n1,2\n"}
    closed = fetch(server, tmp_path, keys=Credentials())
    assert not closed.bodies
    assert "because our keys may not read it" in closed.said


@pytest.mark.parametrize("path", ["absent-bucket", "parcels"])
def test_a_bucket_that_cannot_be_read_says_why_and_nothing_else(server: S3, tmp_path: Path, path: str) -> None:
    wanted = target(server, path)
    if path == "parcels":
        wanted = parse("s3://parcels?endpoint=http://127.0.0.1:1")
    bounds = Bounds(timeouts=Timeouts(connect_s=1, statement_s=2))
    with pytest.raises(EvidenceError) as problem:
        list(open_target(wanted, KEYS, bounds, spool=str(tmp_path)))
    text = f"{problem.value} {problem.value.__cause__!r}"
    assert ("no such bucket" if path == "absent-bucket" else "nothing answers there") in text
    assert PASSWORD not in text


def test_plain_http_only_where_the_endpoint_says_so(server: S3, tmp_path: Path) -> None:
    secure = parse(f"s3://parcels?endpoint={server.endpoint.replace('http:', 'https:')}")
    with pytest.raises(EvidenceError):
        list(open_target(secure, KEYS, Bounds(timeouts=Timeouts(1, 1, 2)), spool=str(tmp_path)))
    with contextlib.suppress(StopIteration):
        first = next(iter(open_target(target(server), KEYS, Bounds(), spool=str(tmp_path))))
        assert isinstance(first, Note)
        assert "not encrypted" in first.reason
