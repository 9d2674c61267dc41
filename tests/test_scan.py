"""`flagstate scan` as a user runs it: live stores of every kind at once, and no secret anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flagstate.errors import UsageError
from flagstate.pipeline.scan import ScanOrder, ScanOutcome, Store, scan
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.target import parse
from live_servers import PASSWORD, S3, Postgres, postgres, s3

VALUE = "canary-value-51c0"
LEFT = {"PGPASSFILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none", "AWS_CONFIG_FILE": "/none"}


@dataclass
class Stores:
    """Two servers."""

    database: Postgres
    objects: S3

    @property
    def shop(self) -> str:
        return f"postgresql://auditor@127.0.0.1:{self.database.port}/shop"

    @property
    def bucket(self) -> str:
        return f"s3://parcels/?endpoint={self.objects.endpoint}"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with postgres() as database, s3(tmp_path_factory.mktemp("s3")) as objects:
        database.sql(f"CREATE ROLE auditor LOGIN PASSWORD '{PASSWORD}'; CREATE DATABASE shop")
        database.sql(
            "CREATE TABLE customer AS SELECT g AS id, 'user' || g || '@example.com' AS email, "
            f"'{VALUE}' AS note FROM generate_series(1, 300) g; GRANT SELECT ON customer TO auditor; "
            "CREATE TABLE closed (a int)",
            database="shop",
        )
        client = objects.client()
        client.create_bucket(Bucket="parcels")
        lines = "".join(f"{n},person{n}@example.org,{VALUE}\n" for n in range(200))
        client.put_object(Bucket="parcels", Key="in/people-1.csv", Body=f"id,email,note\n{lines}".encode())
        client.put_object(Bucket="parcels", Key="in/noise.bin", Body=os.urandom(4096))
        yield Stores(database, objects)


def keys() -> Credentials:
    return Credentials("auditor", PASSWORD, source="PGPASSWORD")


@pytest.fixture(scope="module")
def outcome(stores: Stores) -> ScanOutcome:
    bucket = parse(stores.bucket)
    order = (
        Store(parse(stores.shop), keys()),
        Store(bucket, keys()),
        Store(parse("postgresql://127.0.0.1:1/x"), keys()),
    )
    return scan(ScanOrder(stores=order))


def held(outcome: ScanOutcome) -> set[tuple[str, str]]:
    return {(row["asset_id"], row["data_class"]) for row in outcome.tables["holding"].to_pylist()}


def test_holdings_of_every_store_lead_to_its_row_of_the_ledger(stores: Stores, outcome: ScanOutcome) -> None:
    port = stores.database.port
    assert (f"store:postgresql://127.0.0.1:{port}/shop", "email") in held(outcome)
    assert ("store:s3://parcels/in/people-1.csv", "email") in held(outcome)
    rows = {row["artefact"]: row for row in outcome.tables["evidence"].to_pylist()}
    shop = rows[f"postgresql://127.0.0.1:{port}/shop"]
    assert (shop["kind"], shop["sha256"], shop["rows_read"]) == ("live.postgresql", None, 300)
    assert shop["retrieved_at"] is not None
    assert shop["state"] == "partly_read"
    assert "our role may not: public.closed" in shop["reason"]
    assert rows["s3://parcels"]["kind"] == "live.s3"
    fetched = rows["s3://parcels/in/people-1.csv"]
    assert len(fetched["sha256"]) == 64
    assert fetched["state"] == "read"
    assert rows["s3://parcels/in/noise.bin"]["state"] == "not_recognised"
    dead = rows["postgresql://127.0.0.1:1/x"]
    assert dead["state"] == "refused"
    assert "nothing answers there" in dead["reason"]
    ids = {row["evidence_id"] for row in rows.values()}
    for noun in ("holding", "population", "coverage"):
        assert {row["evidence_id"] for row in outcome.tables[noun].to_pylist()} <= ids
    assert {row["scope"] for row in outcome.tables["coverage"].to_pylist()} == {
        f"store:postgresql://127.0.0.1:{port}/shop",
        "store:s3://parcels",
    }


def test_what_could_not_be_read_is_three_and_nothing_at_all_is_one(outcome: ScanOutcome) -> None:
    assert outcome.exit_code == 3
    states = dict(
        zip(*(outcome.tables["evidence"].column(c).to_pylist() for c in ("evidence_id", "state")), strict=True)
    )
    assert len(outcome.lost) == 3
    assert {states[one] for one in outcome.lost} == {"partly_read", "refused", "not_recognised"}
    assert ScanOutcome(outcome.tables, frozenset()).exit_code == 0
    assert ScanOutcome(outcome.tables, outcome.lost, ("email",)).exit_code == 10
    assert ScanOutcome(outcome.tables, frozenset(), ("iban",)).exit_code == 0
    nothing = dict(outcome.tables) | {"evidence": outcome.tables["evidence"].slice(0, 0)}
    assert ScanOutcome(nothing).exit_code == 1


def test_no_value_and_no_secret_is_in_what_comes_out(outcome: ScanOutcome) -> None:
    text = json.dumps(outcome.document(), default=str)
    assert '"email"' in text
    for canary in (VALUE, PASSWORD, "user7@", "person7@"):
        assert canary not in text


def command(*told: str) -> list[str]:
    return [sys.executable, "-P", "-m", "flagstate", "scan", *told]


def ours(parent: int) -> list[int]:
    import psutil

    try:
        process = psutil.Process(parent)
        return [process.pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def test_the_command_shows_no_secret_to_anybody(stores: Stores, tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text(stores.shop.replace("auditor@", f"auditor:{PASSWORD}@") + "\n")
    file.chmod(0o600)
    env = os.environ | LEFT | {"PGPASSWORD": PASSWORD, "AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": PASSWORD}
    out, err = tmp_path / "out", tmp_path / "err"
    seen: set[int] = set()
    with out.open("wb") as one, err.open("wb") as two:
        run = subprocess.Popen(command(stores.bucket, "--dsn-file", str(file), "--json"), stdout=one, stderr=two,
                               stdin=subprocess.DEVNULL, cwd=tmp_path, env=env)  # fmt: skip
        while run.poll() is None:
            for pid in ours(run.pid):
                try:
                    spoken = Path(f"/proc/{pid}/cmdline").read_bytes()
                    inherited = Path(f"/proc/{pid}/environ").read_bytes() if pid != run.pid else b""
                except OSError:
                    continue
                seen.add(pid)
                assert PASSWORD.encode() not in spoken + inherited
            time.sleep(0.02)
    assert len(seen) >= 3  # the command, the warm parent, a reading process
    text = out.read_text()
    document: dict[str, Any] = json.loads(text)
    assert run.returncode == 3, err.read_text()
    assert {row["data_class"] for row in document["holding"]} >= {"email"}
    assert PASSWORD not in text + err.read_text()
    assert VALUE not in text + err.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dsn", "err", "out"]


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ([f"postgresql://me:{PASSWORD}@db.example/x"], 2, "may not hold a password"),
        (["ftp://db.example/x"], 2, "are not read"),
        ([], 2, "nothing to scan"),
        (["s3://bucket", "--fail-on", "nonsense"], 2, "is no data class"),
    ],
)
def test_usage(flagstate: Any, tmp_path: Path, told: list[str], code: int, said: str) -> None:
    done = flagstate("scan", *told, cwd=tmp_path, **LEFT)
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert PASSWORD not in done.stderr.decode()


def test_a_summary_fits_a_terminal_and_says_what_to_do(outcome: ScanOutcome) -> None:
    from rich.console import Console

    from flagstate.report.scan import summary

    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(summary(outcome.tables, lost=outcome.lost, refused=("email",)))
    text = console.export_text()
    assert "Found what must not be: email" in text
    assert "nothing answers there" in text
    assert "Do: " in text
    assert VALUE not in text
    assert max(map(len, text.splitlines())) <= 100


def test_an_order_with_a_secret_in_its_address_cannot_be_made() -> None:
    with pytest.raises(UsageError):
        Store(parse(f"postgresql://a:{PASSWORD}@h/x"))
