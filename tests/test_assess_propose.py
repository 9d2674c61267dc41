"""The proposed declaration: it declares nothing as written, and is valid once a person has uncommented it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.propose import MOST, propose, quoted
from flagstate.catalog import strict
from flagstate.read import estate
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part

HOSTILE = "x'y\": {a: [b]} # \u202e\x1b]8;;http://e\x07 \u2028 \x85 \n- z <b>[bold]\ufeff\x00 \ufffe é ‹name›"


def tables(**nouns: list[dict[str, Any]]) -> dict[str, pa.Table]:
    return {n: model.rows(model.NOUNS[n], rows) for n, rows in nouns.items()}


def flow(to: str, name: str | None = None, sent: int = 10, orig: str | None = "10.1.2.3") -> dict[str, Any]:
    return {"orig_h": orig, "resp_h": to, "server_name": name, "conns": 1, "orig_bytes": sent, "stance": "observed"}


SEEN = tables(
    flow=[
        flow("198.51.100.1", "a.shop.example.co.uk", 500),
        flow("198.51.100.2", "b.shop.example.co.uk", 700),
        flow("203.0.113.5", sent=90),
        flow("8.8.8.8", sent=80),
        flow("10.1.2.9"),
        flow("224.0.0.251"),
        flow("10.1.2.9", orig="203.0.113.77"),
        flow("fd00::1", orig="fd00::2"),
        flow("203.0.113.6", HOSTILE, orig=None),
        {**flow("1.1.1.1", "declared.example"), "stance": "declared"},
    ],
    endpoint=[
        {"addr": "8.8.8.8", "operator_id": "ent:google-cloud", "host_country": "US"},
        {"addr": "10.1.2.9", "special": "private"},
    ],
    asset=[
        {"asset_id": "store:db", "kind": "store", "name": HOSTILE, "stance": "observed"},
        {"asset_id": "tf:x", "kind": "store", "name": "configured", "stance": "configured"},
    ],
    holding=[
        {"asset_id": "store:db", "container": HOSTILE, "data_class": "email", "stance": "observed"},
        {"asset_id": "store:db", "container": HOSTILE, "data_class": "iban", "stance": "observed"},
        {"asset_id": "tf:x", "container": "t", "data_class": "iban", "stance": "configured"},
    ],
)


def read(text: str, folder: Path) -> list[Part]:
    path = folder / "estate.yaml"
    path.write_text(text, "utf-8")
    data = path.read_bytes()
    head = Head(data[:65536], len(data), ".yaml")
    kind = estate.recognise(head)
    assert kind is not None
    with duckdb.connect() as con:
        return list(estate.read(Opened(str(path), head, "estate.yaml", "ev:1"), kind, Context(con, str)))


def uncomment(text: str) -> str:
    """Do what a person does who confirms everything."""
    lines = [line.removeprefix("# ") for line in text.split("\n")]
    text = "\n".join(lines).replace("yaml-language-server", "# yaml-language-server", 1)
    return text.replace("confirmed_by:", "confirmed_by: the officer", 1).replace(
        "confirmed_on:", "confirmed_on: 2026-01-31", 1
    )


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    return [row for p in parts if isinstance(p, Facts) and p.noun == noun for row in p.table.to_pylist()]


@pytest.mark.parametrize("seen", [SEEN, {}], ids=["evidence", "nothing"])
def test_unedited_it_declares_nothing(seen: Mapping[str, pa.Table], tmp_path: Path) -> None:
    parts = read(propose(seen), tmp_path)
    assert not [p for p in parts if isinstance(p, Facts)]
    assert [p.todo for p in parts if isinstance(p, Note)] == ["Set confirmed_by and confirmed_on"]


def test_uncommented_but_unconfirmed_it_declares_nothing(tmp_path: Path) -> None:
    text = uncomment(propose(SEEN)).replace("confirmed_on: 2026-01-31", "confirmed_on:")
    assert not [p for p in read(text, tmp_path) if isinstance(p, Facts)]


def test_confirmed_it_is_valid_and_says_what_was_seen(tmp_path: Path) -> None:
    parts = read(uncomment(propose(SEEN)), tmp_path)
    assert {row["to_pattern"] for row in rows(parts, "flow")} == {
        "domain:example.co.uk",
        "provider:ent:google-cloud",
        "cidr:203.0.113.5/32",
        "cidr:203.0.113.6/32",
    }
    assert {row["cidr"] for row in rows(parts, "network")} == {"10.1.2.0/24", "fd00::/64"}
    assert [(row["asset_id"], row["kind"]) for row in rows(parts, "asset")] == [("est:a1", "store")]
    assert {row["data_class"] for row in rows(parts, "holding")} == {"email", "iban"}
    assert not [p for p in parts if isinstance(p, Note)]


def test_reasons_and_order() -> None:
    lines = propose(SEEN).split("\n")
    flows = [line for line in lines if line.startswith("#   f")]
    assert flows[0] == "#   f1: {to: 'example.co.uk', action: send}  # 2 connections; 1,200 bytes sent"
    assert any("hosts in US; operated by ent:google-cloud" in line for line in flows)
    assert "## 1 flow came from outside" in "\n".join(lines)
    assert all(line.isprintable() for line in lines)


def test_long_lists_are_cut_and_said(tmp_path: Path) -> None:
    many = tables(flow=[flow(f"9.9.{n // 256}.{n % 256}") for n in range(MOST + 50)])
    text = propose(many)
    assert "## 50 smaller ones are not listed." in text
    assert len(rows(read(uncomment(text), tmp_path), "flow")) == MOST


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=50))
def test_quoted_text_is_one_scalar(text: str) -> None:
    node = strict.load(f"k: {{a: {quoted(text)}, b: 1}}".encode(), name="f").pairs["k"]
    assert set(node.pairs) == {"a", "b"}
    assert node.text("a") == "".join(c if c.isprintable() else "·" for c in text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_any_name_stays_inert(tmp_path_factory: pytest.TempPathFactory, host: str, name: str, container: str) -> None:
    seen = tables(
        flow=[flow("203.0.113.6", host)],
        endpoint=[{"addr": "203.0.113.6", "host_country": name, "operator_id": host}],
        asset=[{"asset_id": "store:db", "kind": "store", "name": name, "stance": "observed"}],
        holding=[{"asset_id": "store:db", "container": container, "data_class": "email", "stance": "observed"}],
    )
    parts = read(uncomment(propose(seen)), tmp_path_factory.getbasetemp())
    assert len(rows(parts, "flow")) == len(rows(parts, "asset")) == len(rows(parts, "holding")) == 1
