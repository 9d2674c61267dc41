"""Live PostgreSQL: a real server, read by a role that may do little, in a session that cannot write."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from flagstate.errors import EvidenceError
from flagstate.read.live import postgresql
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.faults import TableFaultError
from flagstate.read.live.sampling import Bounds, Timeouts
from flagstate.read.live.target import Target, parse
from flagstate.read.part import Facts, Note, Records
from live_servers import PASSWORD, Postgres, postgres

VALUE = "canary-value-51c0"

SCHEMA = f"""
CREATE ROLE auditor LOGIN PASSWORD '{PASSWORD}';
CREATE DATABASE shop; CREATE DATABASE other;
\\c shop
CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO auditor;
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE pair AS (x text, y int);
CREATE FUNCTION leak(pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{VALUE}'; END $$;
CREATE CAST (pair AS text) WITH FUNCTION leak(pair) AS IMPLICIT;
CREATE TABLE app.kinds (t text, v varchar(40), b bool, i int, n numeric, d date, ts timestamptz, u uuid, ip inet,
  raw bytea, j jsonb, x xml, tags text[], grid int[], m mood, p pair, span interval);
INSERT INTO app.kinds VALUES ('anna@example.com', 'v', true, 7, 12345678901234567890.5, '2001-02-03',
  '2024-05-06T07:08:09Z', '00000000-0000-0000-0000-00000000002a', '10.1.2.3', 'plain text', '{{"a": 1}}', NULL,
  '{{a,"b c"}}', '{{{{1,2}},{{3,4}}}}', 'glad', ('q', 1), '3 days'),
  (NULL, '', false, -1, 'NaN', 'infinity', '-infinity', NULL, NULL, '\\x00ff', 'null', NULL,
   '{{}}', NULL, NULL, NULL, NULL);
CREATE TABLE app."a ""b"".c; DROP TABLE x --
😀" ("na""me" text, "drop table" int); INSERT INTO app."a ""b"".c; DROP TABLE x --
😀" VALUES ('x', 1);
CREATE TABLE app.parts (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE app.parts_2 PARTITION OF app.parts FOR VALUES FROM (100) TO (5000);
INSERT INTO app.parts SELECT g, 'p' FROM generate_series(0, 2999) g;
CREATE TABLE app.base (k int); INSERT INTO app.base VALUES (1);
CREATE TABLE app.heir (extra int) INHERITS (app.base); INSERT INTO app.heir VALUES (2, 3);
CREATE MATERIALIZED VIEW app.shown AS SELECT t FROM app.kinds;
CREATE VIEW app.view AS SELECT pg_sleep(1000)::text AS s;
CREATE TABLE app.many AS SELECT g AS k, repeat('x', 200) AS pad FROM generate_series(1, 20000) g;
CREATE TABLE app.empty (a text); CREATE TABLE app.bare ();
CREATE TABLE app.mixed (seen text, unseen text); INSERT INTO app.mixed VALUES ('a', '{VALUE}');
GRANT SELECT ON ALL TABLES IN SCHEMA app TO auditor;
REVOKE SELECT ON app.mixed FROM auditor; GRANT SELECT (seen) ON app.mixed TO auditor;
CREATE TABLE app.closed (a text); INSERT INTO app.closed VALUES ('{VALUE}');
CREATE SCHEMA shut; CREATE TABLE shut.away (a text); GRANT SELECT ON shut.away TO auditor;
CREATE EXTENSION IF NOT EXISTS plpgsql;
ANALYZE;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        running.sql(SCHEMA)
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


def target(server: Postgres, database: str = "shop", query: str = "") -> Target:
    return parse(f"postgresql://auditor@127.0.0.1:{server.port}/{database}{query}")


def read(
    server: Postgres, bounds: Bounds | None = None, query: str = "?schema=app", meanwhile: Any = None, after: Any = None
) -> Got:
    got = Got()
    for part in postgresql.read(target(server, query=query), Credentials("auditor", PASSWORD), bounds or Bounds()):
        if isinstance(part, Records):
            if meanwhile:
                meanwhile(part.container)
            got.tables[part.container] = part.reader.read_all()
            got.totals[part.container] = part.rows_total
            if after:
                after(part.container)
        elif isinstance(part, Note):
            got.notes.append(part)
        elif isinstance(part, Facts):
            (got.coverage,) = part.table.to_pylist()
    return got


@pytest.fixture(scope="module")
def got(server: Postgres) -> Got:
    return read(server)


def test_every_table_of_the_schema_is_read(got: Got) -> None:
    rows = {name: table.num_rows for name, table in got.tables.items()}
    hostile = rows.pop(next(name for name in rows if "DROP" in name))
    assert hostile == 1
    assert 9000 < rows.pop("app.many") <= 10000
    assert rows == {
        "app.kinds": 2, "app.parts": 3000, "app.base": 1, "app.heir": 1, "app.shown": 2, "app.empty": 0, "app.mixed": 1,
    }  # fmt: skip


def test_values_of_any_type_arrive_as_text_or_as_themselves(got: Got) -> None:
    full, odd = got.tables["app.kinds"].to_pylist()
    assert full["t"] == "anna@example.com"
    assert full["i"] == 7
    assert full["n"] == "12345678901234567890.5"
    assert str(full["d"]) == "2001-02-03"
    assert full["u"] == "00000000-0000-0000-0000-00000000002a"
    assert full["ip"] == "10.1.2.3"
    assert full["raw"] == "plain text"
    assert full["j"] == '{"a": 1}'
    assert full["tags"] == '["a","b c"]'
    assert full["grid"] == "[[1,2],[3,4]]"
    assert full["m"] == "glad"
    # A cast that the owner of the type wrote would have run as us, and have failed.
    assert full["p"] == "(q,1)"
    assert odd["t"] is None
    assert odd["raw"] is None
    assert odd["d"] is None
    assert odd["ts"] is None


def test_what_our_role_may_not_read_is_said_and_the_rest_goes_on(got: Got) -> None:
    assert "1 table was not read, because our role may not: app.closed" in got.said
    assert "1 column of app.mixed not read" in got.said
    assert got.tables["app.mixed"].column_names == ["seen"]
    assert "1 view was not run" in got.said
    assert VALUE not in got.said
    assert got.coverage["complete"] == "no"


def test_a_schema_without_usage_is_forbidden(server: Postgres) -> None:
    got = read(server, query="?schema=shut")
    assert not got.tables
    assert "shut.away" in got.said


def test_a_sample_keeps_its_bounds_and_is_the_same_again(server: Postgres) -> None:
    bounds = Bounds(sample_rows=500)
    one, two = read(server, bounds), read(server, bounds)
    for name in ("app.many", "app.parts"):
        assert 300 < one.tables[name].num_rows <= 500
        assert one.tables[name].equals(two.tables[name])
    assert one.totals["app.many"] == 20000
    assert one.totals["app.parts"] == 3000
    assert one.totals["app.kinds"] is None
    # Newest rows are not cut off.
    keys = one.tables["app.many"].column("k").to_pylist()
    assert max(keys) > 19000
    assert "seed 20261122" in one.said
    assert one.coverage["share_seen"] is None  # there is a table that could not be read


def test_a_large_table_is_sampled_by_blocks(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "CHEAP_BYTES", 1 << 16)
    got = read(server, Bounds(sample_rows=2000))
    assert 1000 < got.tables["app.many"].num_rows <= 2000
    assert got.totals["app.many"] == pytest.approx(20000, rel=0.05)
    server.sql("CREATE TABLE app.new AS SELECT * FROM app.many; GRANT SELECT ON app.new TO auditor", database="shop")
    try:
        fresh = read(server, Bounds(sample_rows=2000))  # never analysed: a few blocks are counted
        assert fresh.totals["app.new"] == pytest.approx(20000, rel=0.3)
    finally:
        server.sql("DROP TABLE app.new", database="shop")


def test_full_reads_every_row(server: Postgres) -> None:
    got = read(server, Bounds(full=True, sample_rows=10))
    assert got.tables["app.many"].num_rows == 20000
    assert got.totals["app.many"] is None
    assert sorted(got.tables["app.parts"].column("k").to_pylist()) == list(range(3000))


@pytest.fixture
def session(server: Postgres) -> Iterator[postgresql.Session]:
    made = postgresql.Session(target(server), Credentials("auditor", PASSWORD), Bounds())
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE app.x (a int)", "DELETE FROM app.many", "CREATE TEMP TABLE t (a int)", "SELECT nextval('s')"],
)
def test_nothing_can_be_written(session: postgresql.Session, server: Postgres, statement: str) -> None:
    server.sql(
        "CREATE SEQUENCE IF NOT EXISTS public.s; GRANT ALL ON SEQUENCE public.s TO auditor; "
        "GRANT CREATE ON SCHEMA app TO auditor; GRANT DELETE ON app.many TO auditor",
        database="shop",
    )
    for within in (session.reading, contextlib.nullcontext):
        with pytest.raises(TableFaultError) as problem, within():
            session.ask(statement.replace("nextval('s')", "pg_catalog.nextval('public.s')"))
        assert "nothing may be changed" in problem.value.fault.reason


def test_the_session_names_itself_and_has_its_time_outs(session: postgresql.Session, server: Postgres) -> None:
    seen = server.sql("SELECT application_name FROM pg_stat_activity WHERE usename = 'auditor'")
    assert ["flagstate"] in seen
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path")
    asked = ", ".join(f"pg_catalog.current_setting('{name}') AS {name}" for name in names)
    assert session.ask(f"SELECT {asked}")[0] == {
        "statement_timeout": "1min",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "1min",
        "search_path": "pg_catalog",
    }


def test_a_locked_table_is_left_out_and_the_rest_goes_on(server: Postgres) -> None:
    command = [server.programs / "psql", "-h", server.folder, "-p", str(server.port), "-U", "keeper", "shop", "-c",
               "BEGIN; LOCK TABLE app.kinds; SELECT pg_sleep(30)"]  # fmt: skip
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as holder:
        try:
            locked = (
                "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation IS NOT NULL"
            )
            while server.sql(locked, database="shop") == [["0"]]:
                time.sleep(0.05)
            got = read(server, Bounds(timeouts=Timeouts(lock_s=1)))
        finally:
            holder.kill()
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' "
               "AND pid <> pg_backend_pid()")  # fmt: skip
    assert "somebody else holds a lock on it: app.kinds" in got.said
    assert got.tables["app.parts"].num_rows == 3000


def test_a_search_that_takes_long_loses_nothing(server: Postgres) -> None:
    bounds = Bounds(timeouts=Timeouts(idle_s=1))
    got = read(server, bounds, after=lambda name: time.sleep(1.5) if name == "app.kinds" else None)
    assert "not read to the end" not in got.said
    assert got.tables["app.kinds"].num_rows == 2
    assert got.tables["app.parts"].num_rows == 3000


def test_an_error_that_holds_a_value_is_not_passed_on(server: Postgres) -> None:
    server.sql(
        f"CREATE TABLE app.trap (a text); INSERT INTO app.trap VALUES ('{VALUE}'); "
        "GRANT SELECT ON app.trap TO auditor; "
        "ALTER TABLE app.trap ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.trap USING (a::int > 0)",
        database="shop",
    )
    try:
        got = read(server)
    finally:
        server.sql("DROP TABLE app.trap", database="shop")
    assert "a value in it cannot be sent: app.trap" in got.said
    assert VALUE not in got.said
    assert got.tables["app.parts"].num_rows == 3000


def test_hidden_rows_and_slow_tables_are_said(server: Postgres) -> None:
    server.sql(
        "CREATE TABLE app.slow AS SELECT g FROM generate_series(1, 1000) g; GRANT SELECT ON app.slow TO auditor; "
        "ALTER TABLE app.slow ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY p ON app.slow USING (pg_sleep(0.05)::text IS NOT NULL); "
        "CREATE TABLE app.veiled AS SELECT 1 AS a; GRANT SELECT ON app.veiled TO auditor; "
        "ALTER TABLE app.veiled ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.veiled USING (false)",
        database="shop",
    )
    try:
        got = read(server, Bounds(timeouts=Timeouts(statement_s=1)))
    finally:
        server.sql("DROP TABLE app.slow, app.veiled", database="shop")
    assert "it took longer than its time-out: app.slow" in got.said
    assert "Row security may hide rows of 1 table from our role" in got.said


def test_a_connection_that_is_cut_is_made_again(server: Postgres) -> None:
    cut: list[str] = []

    def meanwhile(container: str) -> None:
        if container == "app.many" and not cut:
            cut.append(container)
            server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'auditor'")
            time.sleep(0.2)

    server.sql("CREATE TABLE app.long AS SELECT g, repeat('y', 2000) AS t FROM generate_series(1, 30000) g; "
               "GRANT SELECT ON app.long TO auditor", database="shop")  # fmt: skip
    try:
        got = read(
            server, Bounds(full=True), meanwhile=lambda name: meanwhile("app.many" if name == "app.long" else "")
        )
    finally:
        server.sql("DROP TABLE app.long", database="shop")
    assert cut
    assert got.tables["app.long"].num_rows < 30000
    assert "One table was not read to the end" in got.said
    assert "app.long" in got.said
    assert got.tables["app.parts"].num_rows == 3000
    assert got.coverage["complete"] == "no"


def test_a_server_that_dies_ends_with_its_reason() -> None:
    with postgres() as dying:
        dying.sql(f"CREATE ROLE auditor LOGIN PASSWORD '{PASSWORD}'; CREATE DATABASE shop")
        dying.sql("CREATE TABLE aa AS SELECT g, repeat('y', 2000) AS t FROM generate_series(1, 20000) g; "
                  "CREATE TABLE bb (a int); GRANT SELECT ON aa, bb TO auditor", database="shop")  # fmt: skip
        got = read(dying, Bounds(full=True), query="", meanwhile=lambda _: dying.stop())
    assert "public.aa" in got.said
    assert "1 table was not read, because" in got.said
    assert got.coverage["complete"] == "no"


@pytest.mark.parametrize(
    ("user", "secret", "database", "query", "why"),
    [
        ("auditor", "wrong-" + VALUE, "shop", "", "refused the password"),
        ("auditor", "", "shop", "", "wants a password"),
        ("auditor", PASSWORD, "absent", "", "no such user or database"),
        ("auditor", PASSWORD, "shop", "?sslmode=require", "offers no TLS"),
    ],
)
def test_a_refused_connection_says_why_and_nothing_else(
    server: Postgres, user: str, secret: str, database: str, query: str, why: str
) -> None:
    wanted = target(server, database, query)
    with pytest.raises(EvidenceError) as problem:
        list(postgresql.read(wanted, Credentials(user, secret), Bounds()))
    text = f"{problem.value} {problem.value!r} {problem.value.__cause__!r}"
    assert why in text
    assert VALUE not in text
    assert PASSWORD not in text
    assert problem.value.__suppress_context__


def test_nobody_there_is_said(server: Postgres) -> None:
    with pytest.raises(EvidenceError, match="nothing answers there"):
        list(postgresql.read(parse("postgresql://a@127.0.0.1:1/x"), Credentials("a", PASSWORD), Bounds()))


def test_a_quoted_secret_reaches_the_server_as_it_is(server: Postgres) -> None:
    odd = "it's \\ a 'secret' = with 😀 host=elsewhere"
    server.sql("CREATE ROLE odd LOGIN PASSWORD '" + odd.replace("'", "''") + "'")
    session = postgresql.Session(target(server), Credentials("odd", odd), Bounds())
    session.open()
    session.close()


def test_a_consumer_that_stops_early_spoils_nothing(server: Postgres) -> None:
    parts = list(
        postgresql.read(target(server, query="?schema=app"), Credentials("auditor", PASSWORD), Bounds(full=True))
    )
    (row,) = next(part.table.to_pylist() for part in parts if isinstance(part, Facts))
    assert row["remark"] == read(server, Bounds(full=True)).coverage["remark"]
    assert row["remark"].startswith("10 tables, 23,008 rows read")
