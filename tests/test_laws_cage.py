"""The database in which rules run can open no file, load no extension, see no Python variable and change no setting."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from flagstate.laws import cage


def caged() -> duckdb.DuckDBPyConnection:
    con = cage.connect(memory_bytes=128 << 20)
    cage.lock(con)
    return con


def test_settings_are_those_of_a_cage() -> None:
    con = cage.connect(memory_bytes=300 << 20, threads=2)
    cage.lock(con)
    names = {
        "TimeZone": "UTC",
        "memory_limit": "300.0 MiB",
        "threads": "2",
        "temp_directory": "",
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_unsigned_extensions": "false",
        "allow_persistent_secrets": "false",
        "allow_unredacted_secrets": "false",
        "python_enable_replacements": "false",
        "lock_configuration": "true",
        "enable_logging": "0",
    }
    rows = con.execute("SELECT name, value FROM duckdb_settings()").fetchall()
    found = {name: value for name, value in rows if name in names}
    assert {name: found[name].lower() for name in names} == {name: value.lower() for name, value in names.items()}


def outside(folder: Path) -> list[str]:
    """Return statements that reach out of the database: each must fail here, too, though `check` refuses them first."""
    there = folder / "there.csv"
    there.write_text("a\n1\n")
    (folder / "there.json").write_text('{"a": 1}')
    pa.parquet.write_table(pa.table({"a": [1]}), folder / "there.parquet")
    out = folder / "out"
    return [
        f"SELECT * FROM '{there}'",
        f"SELECT * FROM read_csv('{there}')",
        f"SELECT * FROM read_text('{there}')",
        f"SELECT * FROM read_blob('{there}')",
        f"SELECT * FROM read_parquet('{folder}/there.parquet')",
        f"SELECT * FROM read_json('{folder}/there.json')",
        f"SELECT * FROM sniff_csv('{there}')",
        f"SELECT * FROM glob('{folder}/*')",
        f"SELECT * FROM query('FROM read_text(''{there}'')')",
        f"COPY (SELECT 1) TO '{out}.csv'",
        f"COPY (SELECT 1) TO '{out}.parquet'",
        f"EXPORT DATABASE '{out}'",
        f"IMPORT DATABASE '{folder}'",
        f"ATTACH '{out}.db'",
        f"ATTACH '{out}.db' AS other (TYPE sqlite)",
        "INSTALL httpfs",
        "LOAD httpfs",
        f"LOAD '{out}.duckdb_extension'",
        "FORCE INSTALL icu",
        "UPDATE EXTENSIONS",
        f"PRAGMA profiling_output='{out}.profile'",
        f"SET profiling_output='{out}.profile'",
        "PRAGMA enable_profiling",
        "CALL enable_logging()",
        f"SET log_query_path='{out}.log'",
        f"CALL enable_logging('QueryLog', storage = 'file', storage_path = '{out}')",
        "CREATE PERSISTENT SECRET s (TYPE http)",
        "SET enable_external_access=true",
        "SET allowed_directories=['/']",
        "SET lock_configuration=false",
        "RESET lock_configuration",
        "SET memory_limit='100GB'",
        "SET threads=64",
        f"SET temp_directory='{folder}'",
        "SET TimeZone='Asia/Tokyo'",
        "SET python_enable_replacements=true",
        "SET autoload_known_extensions=true",
        "SET allow_unredacted_secrets=true",
        "SELECT getenv('HOME')",
    ]


def test_nothing_reaches_out_of_it(tmp_path: Path) -> None:
    statements = outside(tmp_path)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    plain = duckdb.connect()
    assert plain.execute(statements[0]).fetchall() == [(1,)], "it would work outside the cage"
    for sql in statements:
        con = caged()
        with pytest.raises(duckdb.Error):
            con.execute(sql).fetchall()
        con.close()
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_python_variables_are_out_of_sight() -> None:
    frame = pa.table({"a": [1]})
    assert frame.num_rows == 1
    with pytest.raises(duckdb.CatalogException):
        caged().execute("SELECT * FROM frame")


def test_tables_can_be_registered_before_and_after_the_lock() -> None:
    con = cage.connect()
    con.register("before", pa.table({"a": [1, 2]}))
    cage.lock(con)
    con.register("after", pa.table({"a": [2, 3]}))
    con.execute("CREATE TABLE kept AS SELECT * FROM after")
    con.unregister("after")
    assert con.execute("SELECT a FROM before JOIN kept USING (a)").fetchall() == [(2,)]
    con.close()


def test_two_cages_share_nothing() -> None:
    one, other = caged(), caged()
    one.execute("CREATE TABLE kept AS SELECT 1 AS a")
    one.execute("SET VARIABLE kept = 1")
    with pytest.raises(duckdb.CatalogException):
        other.execute("SELECT * FROM kept")
    assert other.execute("SELECT getvariable('kept')").fetchall() == [(None,)]


def test_days_are_days_in_utc() -> None:
    con = caged()
    assert con.execute("SELECT '2026-11-21 23:30:00+00'::TIMESTAMPTZ::DATE::VARCHAR").fetchall() == [("2026-11-21",)]


def test_memory_is_bounded_and_the_database_lives_on() -> None:
    con = caged()
    with pytest.raises(duckdb.OutOfMemoryException):
        con.execute("SELECT list(i ORDER BY i) FROM range(100000000) AS r(i)").fetchall()
    assert con.execute("SELECT 1").fetchall() == [(1,)]


def test_time_is_bounded_and_the_database_lives_on() -> None:
    con = caged()
    since = time.monotonic()
    with pytest.raises(duckdb.InterruptException), cage.within(con, 0.3):
        con.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > 0) SELECT max(i) FROM n")
    assert 0.3 <= time.monotonic() - since < 5
    with cage.within(con, 0.0):
        time.sleep(0.1)
    with cage.within(con, 60):
        assert con.execute("SELECT 1").fetchall() == [(1,)], "an interrupt does not outlive its statement"
