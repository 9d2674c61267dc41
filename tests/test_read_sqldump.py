"""SQL dumps of several databases: every spelling of a value, statements that are damaged, and code that is no dump."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import sqldump
from flagstate.read.part import Head
from format_runs import CANARY, bears_cuts, read, run

DATA = Path(__file__).parent / "data"

NORTHWIND = {
    "categories": 8, "customers": 91, "employees": 9, "employee_territories": 49, "order_details": 2155, "orders": 830,
    "products": 77, "region": 4, "shippers": 6, "suppliers": 29, "territories": 53, "us_states": 51,
}  # fmt: skip


def test_every_row_of_a_known_database() -> None:
    said = read(sqldump.READER, DATA / "db-northwind/northwind.sql")
    assert {name: len(said.rows(name)) for name in said.tables} == NORTHWIND
    first = said.rows("customers")[0]
    assert first["company_name"] == "Alfreds Futterkiste"
    assert first["address"] == "Obere Str. 57"
    assert any("'" in row["company_name"] for row in said.rows("customers")), "doubled quotes are one"
    assert not said.rejects
    assert not said.notes


def test_mysqldump_values() -> None:
    said = read(sqldump.READER, DATA / "sql/shop.mysql.sql")
    assert said.kind == "sqldump mysql"
    one, two, three, four = said.rows("customers")
    assert one == {
        "id": "1", "name": "Anneke Vandervelde", "email": "anneke.v@post.example", "phone": "+32478123456",
        "balance": "12.50",
    }  # fmt: skip
    assert two["name"] == 'Brian O\'Neil; "Bo"'
    assert "phone" not in two, "NULL is no text"
    assert three["name"] == "J\\K, (Jörg)\nÖztürk"
    assert (four["name"], four["balance"]) == ("It's me", "1e3")
    parcel = said.rows("parcels")[0]
    assert (parcel["number"], parcel["payload"]) == ("RB123456785GB", '{"to": "Kerkstraat 12"}')
    assert set(said.tables) == {"customers", "parcels"}, "what a trigger would insert is no row"
    assert not said.rejects


def test_pg_dump_values() -> None:
    said = read(sqldump.READER, DATA / "sql/shop.pg.sql")
    rows = said.rows("people")
    assert rows[1]["full_name"] == "Jörg Öztürk"
    assert rows[1]["note"] == "tab\there\nand a line; 'quoted'"
    assert rows[2] == {"id": "3", "full_name": "Li Wei", "note": "back\\slash"}
    assert rows[3] == {
        "id": "4", "full_name": "O'Neil -- no comment", "E-mail": "bo'n@post.example", "birth_date": "2000-01-01",
        "note": "a\\b",
    }  # fmt: skip
    assert [row.get("full_name") for row in rows[4:]] == ["Only two", "six"]
    assert said.rows("keys") == [
        {"column_1": "1", "column_2": "\\x6869", "column_3": "a", "column_4": "it's; raw", "column_5": "hi"}
    ]
    assert set(said.tables) == {"people", "keys"}


def test_sqlites_dump_is_the_database_itself(tmp_path: Path) -> None:
    con = sqlite3.connect(tmp_path / "x.db")
    con.execute(
        "CREATE TABLE [odd name] (id INTEGER PRIMARY KEY, \"full name\" TEXT, data BLOB, note TEXT DEFAULT 'a,b')"
    )
    values = [
        (n, f'it\'s; "{n}"\nline --{n} /* x', bytes([104, 105]), None if n % 2 else "\\n(), é") for n in range(300)
    ]
    con.executemany('INSERT INTO "odd name" VALUES (?, ?, ?, ?)', values)
    con.commit()
    said = run(sqldump.READER, "\n".join(con.iterdump()).encode())
    assert said is not None
    rows = said.rows("odd name")
    assert [row["full name"] for row in rows] == [value[1] for value in values]
    assert {row["data"] for row in rows} == {"hi"}
    assert [row.get("note") for row in rows] == [value[3] for value in values]


def test_scripts_of_sql_server() -> None:
    text = (
        "USE [Shop]\nGO\nSET ANSI_NULLS ON\nGO\nCREATE TABLE [dbo].[People](\n\t[Id] [int] IDENTITY(1,1) NOT NULL,\n"
        "\t[Name] [nvarchar](50) NULL,\n CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([Id] ASC)\n) ON [PRIMARY]\nGO\n"
        "SET IDENTITY_INSERT [dbo].[People] ON \n\nINSERT [dbo].[People] ([Id], [Name]) VALUES (1, N'Jörg O''Neil')\n"
        "INSERT [dbo].[People] ([Id], [Name]) VALUES (2, CAST(N'Li Wei' AS NVarChar(50)))\n"
        "GO\nSET IDENTITY_INSERT [dbo].[People] OFF\nGO\n"
    )
    for codec in ("utf-8", "utf-16"):
        said = run(sqldump.READER, text.encode(codec))
        assert said is not None
        assert said.rows("People") == [{"Id": "1", "Name": "Jörg O'Neil"}, {"Id": "2", "Name": "Li Wei"}]


def test_a_damaged_statement_costs_itself() -> None:
    text = (
        "CREATE TABLE a (x int, y text);\nINSERT INTO a VALUES (1, 'one');\nINSERT INTO a VALUES (2, 'two', 'three');\n"
        f"INSERT INTO a VALUES (3, {CANARY}((;\nINSERT INTO a VALUES (4, 'four');\nINSERT INTO a VALUES (5, 'open"
    )
    said = run(sqldump.READER, text.encode())
    assert said is not None
    assert [row["x"] for row in said.rows("a")] == ["1", "4"]
    assert [reject.line for reject in said.rejects] == [None, 4, 6] or [r.line for r in said.rejects] == [4, None, 6]
    assert any("stopped in the statement of line 6" in reason for reason in said.lost)
    assert CANARY not in said.words()


def test_data_of_copy_that_are_cut_off() -> None:
    data = (DATA / "sql/shop.pg.sql").read_bytes()
    said = run(sqldump.READER, data[: data.index(b"3\tLi Wei")])
    assert said is not None
    assert len(said.rows("people")) == 2
    assert any("cut off" in reason for reason in said.lost)


@pytest.mark.parametrize(
    "text",
    [
        "", "-- only a comment\n", "SELECT 1;", "CREATE TABLE x (a int);\n", "Insert coin to continue\n",
        "import x\nsql = '''\nINSERT INTO t VALUES (1);\n'''\n",
        "# How to\n\nINSERT INTO t VALUES (1)\n is a statement.",
        "Create table top ideas\nINSERT the card\n", "insert,into,values\n1,2,3\n", "SET x=1\nCOPY a b\n",
        "use strict;\nmy $x = 1;\n", "drop\nbegin\n",
    ],
)  # fmt: skip
def test_look_alikes_are_not_ours(text: str) -> None:
    assert sqldump.READER.recognise(Head(text.encode(), len(text), ".sql")) is None


@pytest.mark.parametrize("name", ["sql/shop.mysql.sql", "sql/shop.pg.sql"])
def test_cut_anywhere(name: str) -> None:
    bears_cuts(sqldump.READER, DATA / name)


@pytest.mark.parametrize("shift", [0, 1, 7])
def test_what_lies_across_the_windows_is_read_alike(shift: int) -> None:
    row = "(1,'it''s é \\'x\\' -- no /* c',-2.5e-3,NULL,0x6869),\n"
    values = row * 25_000
    text = (
        "-- MySQL dump\n"
        + "x" * 0
        + "-" * 2
        + " "
        + "p" * shift
        + "\nINSERT INTO `t` VALUES "
        + values.rstrip(",\n")
        + ";\n"
    )
    said = run(sqldump.READER, text.encode())
    assert said is not None
    assert not said.rejects
    assert sum(len(table) for table in said.tables["t"]) == 25_000
    assert {tuple(row.values()) for table in said.tables["t"] for row in table.slice(0, 50).to_pylist()} == {
        ("1", "it's é 'x' -- no /* c", "-2.5e-3", None, "hi")
    }


HEAD = "CREATE TABLE t (a int, b text);\nINSERT INTO t VALUES (1, 'x');\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "INSERT INTO t VALUES (1, '" + "x" * (20 << 20),
        HEAD + "INSERT INTO t VALUES (" + "(" * 200_000,
        HEAD + "INSERT INTO t VALUES " + "(1,'a')," * 50_000,
        HEAD + "\nSET /* x" * 3000,
        HEAD + "SELECT $a$" + "\nSELECT $b$" * 3000,
        HEAD + "CREATE TABLE u (" + ",".join(f"c{n} int" for n in range(20_000)) + ");\n",
        HEAD + "".join(f"INSERT INTO t{n % 3000} VALUES (1);\n" for n in range(6000)),
        HEAD + "COPY t FROM stdin;\n" + "a\tb\n" * 100_000,
        HEAD + " " * (3 << 20) + "\n" * 100_000,
        HEAD + "--" + "x" * (3 << 20) + "\nINSERT INTO t VALUES (1,'after');",
    ],
    ids=range(10),
)
def test_hostile_dumps_take_no_time(text: str) -> None:
    began = time.monotonic()
    said = run(sqldump.READER, text.encode())
    assert said is not None
    assert said.rows("t")[0] == {"a": "1", "b": "x"}
    assert ("after" in text) == any(row.get("b") == "after" for row in said.rows("t")[:3])
    assert time.monotonic() - began < 15


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("INSERTVALUCOPYinto'\"`$;,()\\-/*#[]_.0x1 \né\t"), max_size=150),
    st.integers(0, 4000),
    st.booleans(),
)
def test_no_damage_makes_it_crash(noise: str, at: int, mysql: bool) -> None:
    data = (DATA / f"sql/shop.{'mysql' if mysql else 'pg'}.sql").read_bytes()
    at %= len(data)
    run(sqldump.READER, data[:at] + noise.encode() + data[at:])
    run(sqldump.READER, (HEAD + ("-- MySQL dump\n" if mysql else "") + noise).encode())
