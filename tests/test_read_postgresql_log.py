"""PostgreSQL's logs of a real server in five forms: the same accesses from each, and no value from any."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity_runs import DATA, Told, read_bytes, read_sample
from flagstate.catalog.role_words import impersonal
from flagstate.read.postgresql_log import READER
from flagstate.read.statement import statement

FORMS = {"m.log": "", "m.csv": " csv", "m.json": " json", "t_ud.log": "", "mrq.log": ""}
"""The first three are one session of the server in three forms; the others are written with other prefixes."""


def sample(name: str) -> Told:
    return read_sample(READER, f"postgresql_log/{name}")


def plain(*lines: str) -> Told:
    made = read_bytes(READER, "\n".join(lines).encode(), ".log")
    assert made is not None
    return made


def accesses(made: Told) -> list[dict[str, object]]:
    return made.rows["activity"]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_read_whole(name: str) -> None:
    made = sample(name)
    assert made.kinds == [f"postgresql log{FORMS[name]}"]
    assert made.read > 60
    assert not made.rejects
    assert not made.rejected


def test_three_forms_of_one_session_say_the_same() -> None:
    first = accesses(sample("m.log"))
    assert first == accesses(sample("m.csv")) == accesses(sample("m.json"))


@pytest.mark.parametrize("name", FORMS)
def test_who_touched_which_table(name: str) -> None:
    made = sample(name)
    roles = made.count("principal", "asset_id", "action", where={"from_place": "127.0.0.1"})
    assert roles["postgresql:role/app_writer", "postgresql:shop/customers", "write"] == 2
    assert roles["postgresql:role/app_writer", "postgresql:shop/orders", "write"] == 1
    assert roles["postgresql:role/shop_reader", "postgresql:shop/customers", "read"] == 1
    assert roles["postgresql:role/shop_reader", "postgresql:shop/public.customers", "read"] == 1
    # A role with a person's name counts among the users; it was refused, once and not twice.
    refused = [r for r in accesses(made) if r["asset_id"] == "postgresql:shop/customers" and r["action"] == "read"]
    assert [(r["principal"], r["count"], r["failed"]) for r in refused if r["failed"]] == [("postgresql:users", 1, 1)]
    assert all("secrets" not in str(r["asset_id"]) and "big" not in str(r["asset_id"]) for r in accesses(made))


@pytest.mark.parametrize("name", FORMS)
def test_refused_connections_and_a_log_that_was_switched_off(name: str) -> None:
    made = sample(name)
    assert sum(int(str(r["failed"])) for r in accesses(made) if r["action"] == "login") == 3
    gaps = [r for r in made.rows["coverage"] if r["said_by"] == "postgresql" and r["to_ts"] is None]
    assert [r["complete"] for r in gaps] == ["no", "unknown"]
    assert gaps[0]["from_ts"] <= gaps[1]["from_ts"]
    assert any("sessions ended" in note.reason for note in made.notes)


def test_no_value_statement_or_name_comes_out() -> None:
    for name in FORMS:
        words = sample(name).words()
        for secret in ("benjamin", "ttokar", "kanari", "canary", "Pa55word", "SELECT", "keeper", "total > 100"):
            assert secret not in words
        assert secret.encode() in (DATA / "postgresql_log" / name).read_bytes()


def test_prefixes_of_other_shapes() -> None:
    head = "LOG:  connection received: host=203.0.113.9 port=5"
    for prefix in (
        "2026-01-02 03:04:05 UTC [77] ",
        "2026-01-02 03:04:05.678 UTC [77] [unknown]@[unknown] ",
        "2026-01-02 03:04:05 UTC:203.0.113.9(5):app_reader@shop:[77]:",
        "1767323045.678 [77] ",
        "Jan  2 03:04:05 db1 postgres[77]: [3-1] 2026-01-02 03:04:05 UTC [77] ",
    ):
        made = plain(
            prefix + head,
            prefix + "LOG:  connection authorized: user=app_reader database=shop",
            prefix + "LOG:  duration: 1.5 ms  execute <unnamed>: SELECT 1 FROM parcels WHERE n = $1",
            prefix + "DETAIL:  parameters: $1 = 'ottokar'",
        )
        found = {(r["principal"], r["asset_id"], r["action"], r["from_place"], str(r["day"])) for r in accesses(made)}
        assert ("postgresql:role/app_reader", "postgresql:shop/parcels", "read", "203.0.113.9", "2026-01-02") in found
        assert "ottokar" not in made.words()


def test_zones_of_time() -> None:
    line = "2026-01-02 23:30:00 {} [1] LOG:  statement: SELECT 1 FROM a"
    other = "2026-01-02 23:30:00 {} [1] LOG:  connection received: host=[local]"
    for zone, day, told in (
        ("UTC", "2026-01-02", 0),
        ("-03", "2026-01-03", 0),
        ("+05:30", "2026-01-02", 0),
        ("CET", "2026-01-02", 1),
    ):
        made = plain(line.format(zone), other.format(zone))
        assert {str(r["day"]) for r in accesses(made)} == {day}
        assert sum("zone" in note.reason for note in made.notes) == told


def test_pgaudit_names_class_and_table() -> None:
    lead = "2026-01-02 03:04:05 UTC [7] user=etl,db=wms LOG:  AUDIT: "
    made = plain(
        lead + "SESSION,1,1,READ,SELECT,TABLE,public.parcels,SELECT secret FROM parcels,<none>",
        lead + "SESSION,2,1,WRITE,INSERT,,,INSERT INTO x VALUES (1),<none>",
    )
    assert made.count("principal", "asset_id", "action") == {
        ("postgresql:role/etl", "postgresql:wms/public.parcels", "read"): 1,
        ("postgresql:role/etl", "postgresql:wms", "write"): 1,
    }


@pytest.mark.parametrize(
    ("text", "action", "tables"),
    [
        ('SELECT * FROM a, b x, "C d" AS z WHERE x IN (SELECT 1 FROM s.f)', "read", ("a", "b", "C d", "s.f")),
        ("COPY t FROM STDIN", "write", ("t",)),
        ("COPY t (a, b) TO STDOUT", "read", ("t",)),
        ("COPY (SELECT * FROM u) TO '/x from y'", "read", ("u",)),
        ("INSERT INTO s.t (a) SELECT * FROM v", "write", ("s.t", "v")),
        ("WITH a AS (DELETE FROM q RETURNING *) SELECT * FROM a", "write", ("q",)),
        ("SELECT f(x) FROM generate_series(1, 2)", "read", ()),
        ("SELECT $q$ FROM nowhere $q$, E'\\' FROM no' -- FROM never\nFROM y", "read", ("y",)),
        ("UPDATE ONLY t SET a = 1 FROM u", "write", ("t", "u")),
        ("MERGE INTO t USING s ON 1 = 1", "write", ("t", "s")),
        ("EXPLAIN SELECT * FROM t", "inspect", ("t",)),
        ("DROP TABLE IF EXISTS a, b CASCADE", "admin", ("a", "b")),
        ("GRANT SELECT ON a, b TO c", "admin", ("a", "b")),
        ("BEGIN", "", ()),
        ("", "", ()),
    ],
)
def test_what_statements_do(text: str, action: str, tables: tuple[str, ...]) -> None:
    made = statement(text)
    assert (made.action, made.tables) == (action, tables)


def test_which_settings_switch_the_log() -> None:
    said = {text: statement(text).logging for text in (
        "ALTER SYSTEM SET log_statement = 'none'", "ALTER SYSTEM SET log_statement TO 'all'",
        "set log_connections to off",
        "ALTER SYSTEM SET log_min_duration_statement = -1", "ALTER ROLE x SET log_statement = none",
        "ALTER SYSTEM RESET log_statement", "ALTER SYSTEM SET work_mem = '1GB'", "SHOW log_statement")}  # fmt: skip
    assert list(said.values()) == [False, True, False, False, False, True, None, None]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="selctfromwhin'\"$();,.- \n/*\\", max_size=200))
def test_no_statement_is_too_odd(text: str) -> None:
    for name in statement(f"SELECT '{CANARY}' FROM t " + text).tables:
        assert CANARY not in name


CANARY = "ottokar zwengel"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FORMS)), st.data())
def test_damage_costs_little_and_raises_nothing(name: str, more: st.DataObject) -> None:
    data = bytearray((DATA / "postgresql_log" / name).read_bytes())
    data = data[: more.draw(st.integers(2000, len(data)))]
    for _ in range(more.draw(st.integers(0, 3))):
        data[more.draw(st.integers(1000, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff"\n\t,:{}'))
    whole = data.count(b"\n")
    made = read_bytes(READER, bytes(data), ".log")
    assert made is not None
    if not name.endswith(".csv"):
        assert made.read >= whole // 2 - 12
    for row in made.rows.get("activity", []):
        assert row["count"] >= row["failed"] >= 0 or row["count"] == 0


def test_other_logs_are_not_taken_for_it() -> None:
    for text in (
        "2026-01-02 03:04:05 INFO: started\n" * 9,
        "ERROR:  something\n" * 9,
        json.dumps({"timestamp": "x", "message": "y"}),
        "Jan  2 03:04:05 host sshd[1]: Accepted publickey for x\n" * 5,
    ):
        assert read_bytes(READER, text.encode(), ".log") is None


def test_counts_are_those_of_the_log() -> None:
    text = (DATA / "postgresql_log" / "m.log").read_text()
    made = sample("m.log")
    logins = [r for r in accesses(made) if r["action"] == "login"]
    said = Counter("refused" if "FATAL" in line else "let in" for line in text.splitlines()
                   if "FATAL:" in line or "connection authorized" in line)  # fmt: skip
    assert sum(int(str(r["count"])) for r in logins) == said["let in"] + said["refused"] == 19


@pytest.mark.parametrize(
    ("name", "task"),
    [("app_reader", True), ("svc-etl2", True), ("postgres", True), ("benjamin", False), ("app_benjamin", False),
     ("", False), ("app_20481", False), ("ottokar", False), ("аpp", False)],
)  # fmt: skip
def test_names_of_accounts_that_stand_for_a_task(name: str, task: bool) -> None:
    assert impersonal(name) is task
