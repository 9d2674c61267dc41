"""Live MariaDB: a real server where this machine has one, read in transactions that cannot write."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from flagstate.errors import EvidenceError
from flagstate.read.live import mysql
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.faults import TableFaultError
from flagstate.read.live.sampling import Bounds, Timeouts, slices
from flagstate.read.live.target import Target, parse
from flagstate.read.part import Facts, Note, Records
from live_servers import PASSWORD, MariaDB, mariadb, mariadb_programs

needs_server = pytest.mark.skipif(
    mariadb_programs() is None,
    reason="there is no MariaDB on this machine: apt-get install mariadb-server-core mariadb-client-core",
)
VALUE = "canary-value-51c0"
HOSTILE = "a`b\n漢 %s; DROP TABLE x"
SCHEMA = (
    f"CREATE USER auditor@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
    "CREATE DATABASE shop CHARACTER SET utf8mb4",
    "USE shop",
    "CREATE TABLE shop.kinds (t text, v varchar(40), i int, n decimal(30,2), d date, ts timestamp NULL, raw blob, "
    "j json, b bit(8), p point, y year, e enum('a','b'), bin varbinary(9))",
    "INSERT INTO shop.kinds VALUES ('anna@example.com', 'v😀', 7, 12345678901234567890.50, '2001-02-03', "
    "'2024-05-06 07:08:09', 'plain text', '{\"a\": 1}', b'101', ST_GeomFromText('POINT(1 2)'), 2020, 'b', x'00ff'), "
    "(NULL, '', -1, 0, '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "CREATE TABLE shop.many (k bigint PRIMARY KEY, pad varchar(200))",
    "INSERT INTO shop.many SELECT seq * 3, REPEAT('x', 100) FROM seq_1_to_20000",
    "CREATE TABLE shop.keyless AS SELECT seq AS k FROM seq_1_to_5000",
    "CREATE VIEW shop.view AS SELECT SLEEP(1000) AS s",
    "CREATE TABLE shop.closed (a text)",
    f"INSERT INTO shop.closed VALUES ('{VALUE}')",
    "CREATE TABLE shop.`" + HOSTILE.replace("`", "``") + "` (`na``me %s` text)",
    "INSERT INTO shop.`" + HOSTILE.replace("`", "``") + "` VALUES ('x')",
    "GRANT SELECT ON shop.* TO auditor@'127.0.0.1'",
)


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    with mariadb() as running:
        running.sql(*SCHEMA)
        yield running


@dataclass
class Got:
    """What was read."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    totals: dict[str, int | None] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    coverage: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return "\n".join(f"{note.reason} {note.todo}" for note in self.notes)


def target(server: MariaDB, database: str = "shop") -> Target:
    return parse(f"mysql://auditor@127.0.0.1:{server.port}/{database}")


def read(server: MariaDB, bounds: Bounds | None = None, meanwhile: Any = None) -> Got:
    got = Got()
    for part in mysql.read(target(server), Credentials("auditor", PASSWORD), bounds or Bounds()):
        if isinstance(part, Records):
            if meanwhile:
                meanwhile(part.container)
            got.tables[part.container] = part.reader.read_all()
            got.totals[part.container] = part.rows_total
        elif isinstance(part, Note):
            got.notes.append(part)
        elif isinstance(part, Facts):
            (got.coverage,) = part.table.to_pylist()
    return got


@needs_server
def test_every_table_is_read_and_values_arrive_as_text(server: MariaDB) -> None:
    got = read(server)
    rows = {name: table.num_rows for name, table in got.tables.items()}
    assert rows.pop(next(name for name in rows if "DROP" in name)) == 1
    assert 9000 < rows.pop("shop.many") <= 10000
    assert rows == {"shop.closed": 1, "shop.keyless": 5000, "shop.kinds": 2}
    full, odd = got.tables["shop.kinds"].to_pylist()
    assert full == {
        "t": "anna@example.com", "v": "v😀", "i": "7", "n": "12345678901234567890.50", "d": "2001-02-03",
        "ts": full["ts"], "raw": "plain text", "j": '{"a": 1}', "b": "5", "p": "POINT(1 2)", "y": "2020", "e": "b",
        "bin": None,
    }  # fmt: skip
    assert odd["t"] is None
    assert odd["d"] == "0000-00-00"
    assert "1 view was not run" in got.said


@needs_server
@pytest.mark.parametrize("cheap", [True, False])
def test_a_sample_keeps_its_bounds(server: MariaDB, monkeypatch: pytest.MonkeyPatch, cheap: bool) -> None:
    if not cheap:
        server.sql("ANALYZE TABLE shop.many, shop.keyless")
        monkeypatch.setattr(mysql, "CHEAP_BYTES", 1)
    got = read(server, Bounds(sample_rows=500))
    keys = [int(k) for k in got.tables["shop.many"].column("k").to_pylist()]
    assert 400 < len(keys) <= 500
    assert len(set(keys)) == len(keys)
    assert min(keys) < 6000
    assert max(keys) > 54000
    assert got.totals["shop.many"] == pytest.approx(20000, rel=0 if cheap else 0.2)
    assert 400 < got.tables["shop.keyless"].num_rows <= 500
    assert ("the first rows were read" in got.said) is not cheap
    assert 0 < got.coverage["share_seen"] < 0.1


@needs_server
def test_full_reads_every_row(server: MariaDB) -> None:
    got = read(server, Bounds(full=True, sample_rows=10))
    assert got.tables["shop.many"].num_rows == 20000
    assert got.coverage["complete"] == "yes"


@needs_server
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE shop.x (a int)", "DELETE FROM shop.many", "INSERT INTO shop.keyless VALUES (1)"]
)
def test_nothing_can_be_written(server: MariaDB, statement: str) -> None:
    server.sql(f"CREATE USER IF NOT EXISTS mighty@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
               "GRANT ALL ON *.* TO mighty@'127.0.0.1'")  # fmt: skip
    session = mysql.Session(target(server), Credentials("mighty", PASSWORD), Bounds())
    session.open()
    try:
        for within in (session.reading, contextlib.nullcontext):
            with pytest.raises(TableFaultError) as problem, within():
                session.ask(statement)
            assert "nothing may be changed" in problem.value.fault.reason
    finally:
        session.close()


@needs_server
def test_the_session_names_itself_and_has_its_time_outs(server: MariaDB) -> None:
    session = mysql.Session(target(server), Credentials("auditor", PASSWORD), Bounds())
    session.open()
    try:
        asked = session.ask("SELECT @@max_statement_time, @@lock_wait_timeout, @@innodb_lock_wait_timeout")
        assert asked == [("60.000000", "2", "2")]
        (number,) = session.ask("SELECT CONNECTION_ID()")[0]
        sent = server.sql("SHOW PROCESSLIST")
        assert number in {str(row[0]) for row in sent}
        # A hostile server may ask any client for the files of its user.
        assert session._connection._local_infile is False
    finally:
        session.close()


@needs_server
def test_a_locked_and_a_cut_table_cost_only_themselves(server: MariaDB) -> None:
    import pymysql

    with pymysql.connect(unix_socket=server.socket, user="root") as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES shop.keyless WRITE")
        got = read(server, Bounds(timeouts=Timeouts(lock_s=1)))
    assert "somebody else holds a lock on it: shop.keyless" in got.said
    assert got.tables["shop.many"].num_rows > 9000

    server.sql("USE shop", "CREATE TABLE shop.long AS SELECT seq, REPEAT('y', 2000) AS t FROM seq_1_to_30000")

    def cut(container: str) -> None:
        if container == "shop.long":
            for row in server.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'auditor'"):
                server.sql(f"KILL {row[0]}")
            time.sleep(0.2)

    try:
        got = read(server, Bounds(full=True), meanwhile=cut)
    finally:
        server.sql("DROP TABLE shop.long")
    assert "One table was not read to the end" in got.said
    assert "shop.long" in got.said
    assert got.tables["shop.many"].num_rows == 20000
    assert got.coverage["complete"] == "no"


@needs_server
@pytest.mark.parametrize(
    ("secret", "database", "why"),
    [("wrong-" + VALUE, "shop", "refused the user or the password"), (PASSWORD, "absent", "refuses this user")],
)
def test_a_refused_connection_says_why_and_nothing_else(server: MariaDB, secret: str, database: str, why: str) -> None:
    with pytest.raises(EvidenceError) as problem:
        list(mysql.read(target(server, database), Credentials("auditor", secret), Bounds()))
    text = f"{problem.value} {problem.value!r} {problem.value.__cause__!r}"
    assert why in text
    assert VALUE not in text
    assert PASSWORD not in text


def test_nobody_there_is_said() -> None:
    with pytest.raises(EvidenceError, match="nothing answers there"):
        list(mysql.read(parse("mysql://a@127.0.0.1:1/x"), Credentials("a", "ключ"), Bounds()))


def test_ranges_of_keys_cover_without_overlap() -> None:
    for low, high, most in ((1, 10, 3), (-5, 5, 100), (0, 10**18, 1000), (7, 7, 10)):
        listed = list(slices(low, high, most))
        assert listed[0][0] == low
        assert listed[-1][1] == high + 1
        assert all(one[1] == two[0] for one, two in itertools.pairwise(listed))
        assert sum(share for *_, share in listed) == most
