"""Patterns over destinations: each kind, its near misses, and what no order and no further word may change."""

from __future__ import annotations

import random
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import engine
from flagstate.assess.destination import FAILS, Book, Destination, Fit, patterns
from flagstate.assess.reconcile import reconcile
from pipeline_world import put, run
from test_assess_reconcile import AS_OF, judged, said, seen, world

Row = dict[str, Any]
CAY, TOP = "ent:cay", "ent:top"
ENDS: list[Row] = [
    {"addr": "198.18.5.5", "operator_id": CAY, "host_country": "DE", "confidence": "sure"},
    {"addr": "2001:db8::5", "operator_id": CAY, "host_country": "DE", "confidence": "sure"},
    {"addr": "198.18.9.9", "operator_id": "ent:other", "host_country": "US", "confidence": "sure", "anycast": True},
]
OWNED: list[Row] = [{"holder_id": TOP, "subject_id": CAY, "kind": "owns", "share_lo_pct": 100.0, "share_hi_pct": 100.0}]


def result_of(flow: Row, *patterns: Row, **others: Any) -> str:
    rows, _ = judged([flow, *patterns], endpoint=ENDS, interest=OWNED, **others)
    (found,) = [row for row in rows if row["conns"] is not None]
    return str(found["result"])


NAMED = seen("10.0.0.1", "198.18.5.5", server_name="api.example.com")


@pytest.mark.parametrize(
    ("flow", "pattern", "covered"),
    [
        (NAMED, "domain:example.com", True),
        (NAMED, "domain:*.example.com", True),
        (NAMED, "domain:API.Example.COM", True),
        (NAMED, "domain:example.com.", True),
        (NAMED, "domain:le.com", False),
        (NAMED, "domain:com.example", False),
        (NAMED, "domain:www.example.com", False),
        (NAMED | {"server_name": "evilexample.com"}, "domain:example.com", False),
        (NAMED | {"server_name": "example.com.evil.net"}, "domain:example.com", False),
        (NAMED | {"server_name": None}, "domain:example.com", False),
        (NAMED, "cidr:198.18.0.0/16", True),
        (NAMED, "cidr:198.18.5.5/32", True),
        (NAMED, "cidr:198.18.5.4/32", False),
        (NAMED, "cidr:0.0.0.0/0", True),
        (NAMED, "cidr:::/0", False),
        (NAMED | {"resp_h": "2001:db8::5"}, "cidr:2001:db8::/32", True),
        (NAMED | {"resp_h": "2001:db8::5"}, "cidr:2001:db9::/32", False),
        (NAMED | {"resp_h": "2001:db8::5"}, "cidr:0.0.0.0/0", False),
        (NAMED | {"resp_h": None}, "cidr:0.0.0.0/0", False),
        (NAMED, f"entity:{CAY}", True),
        (NAMED, f"entity:{TOP}", True),
        (NAMED, "entity:ent:other", False),
        (NAMED, "provider:cay", True),
        (NAMED, "provider:ca", False),
        (NAMED, "country:DE", True),
        (NAMED, "country:US", False),
        (NAMED | {"resp_h": "198.18.9.9"}, "country:US", False),  # anycast: it has no one place
        (NAMED, "asset:est:cdn", False),
    ],
)
def test_each_kind_of_pattern(flow: Row, pattern: str, covered: bool) -> None:
    assert result_of(flow, said(pattern)) == ("covered" if covered else "undeclared")


@pytest.mark.parametrize("where", [{"addr": "198.18.5.5"}, {"server_name": "example.com"}])
def test_an_asset_is_its_addresses_and_names(where: Row) -> None:
    assets = [{"asset_id": "est:cdn"} | where]
    assert result_of(NAMED, said("asset:est:cdn"), asset=assets) == "covered"


@pytest.mark.parametrize("pattern", ["cidr:0.0.0.0/0", "cidr:198.18.5.5/32", "domain:example.com"])
def test_what_is_only_configured_never_acquits(pattern: str) -> None:
    rows, found = judged([NAMED, said(pattern) | {"stance": "configured"}])
    assert [row["result"] for row in rows if row["conns"] is not None] == ["undeclared"]
    assert next(row for row in rows if row["conns"] is not None)["configured"]
    assert "yes" in {one["verdict"] for one in found}


def test_whose_end_it_is() -> None:
    flows = [
        seen("10.0.0.1", "10.0.0.2"),
        seen("10.0.0.1", "198.18.5.5"),
        seen("198.18.5.5", "10.0.0.1"),
        seen("198.18.5.5", "198.18.9.9"),
        seen("10.0.0.1", "192.0.2.1", resp_p=25),
    ]
    for networks in (
        [{"cidr": "10.0.0.0/8"}],
        [{"cidr": "10.0.0.0/8"}, {"cidr": "10.0.0.0/30"}, {"cidr": "10.0.0.2/32"}],
    ):
        rows, _ = judged(flows, network=networks)
        assert sorted((row["own_end"], row["result"]) for row in rows) == [
            ("both", "covered"),
            ("none", "unknown"),
            ("orig", "undeclared"),
            ("orig", "undeclared"),
            ("resp", "unknown"),
        ]
    rows, found = judged(flows, network=[])
    assert {row["result"] for row in rows} == {"unknown"}
    assert {row["egress"] for row in rows} == {"unknown"}
    assert {one["verdict"] for one in found} == {"unknown"}


def test_records_without_addresses_are_never_called_covered_or_lost() -> None:
    bare = seen("10.0.0.1", "198.18.5.5") | {"orig_h": None, "resp_h": None, "server_name": "api.example.com"}
    rows, found = judged([bare])
    assert [row["result"] for row in rows] == ["unknown"]
    assert {one["verdict"] for one in found} == {"unknown"}
    assert rows[0]["subject"] == "api.example.com"


def test_an_attempt_is_no_loss() -> None:
    refused = seen("10.0.0.1", "198.18.5.5", orig_bytes=0, resp_bytes=0, conns=3, failed_conns=3)
    rows, found = judged([refused])
    assert [row["egress"] for row in rows] == ["no"]
    (one,) = [row for row in found if row["verdict"] == "yes"]
    assert one["level"] == "info"
    assert "ttempt" in str(one["message"])
    assert "3 connections" in str(one["message"])


@pytest.mark.parametrize(
    ("complete", "verdict"), [("yes", "no"), ("no", "unknown"), ("unknown", "unknown"), (None, "unknown")]
)
def test_a_no_needs_somebody_s_word_that_all_was_seen(complete: str | None, verdict: str) -> None:
    coverage = [{"noun": "flow", "scope": "all", "complete": complete, "said_by": "the sensor"}] if complete else []
    _, found = judged([NAMED, said("domain:example.com")], coverage=coverage)
    assert {one["verdict"] for one in found} == {verdict}


def test_one_word_of_doubt_beside_a_yes_is_doubt() -> None:
    coverage = [{"noun": "flow", "scope": "all", "complete": c, "said_by": "x"} for c in ("yes", "unknown")]
    _, found = judged([NAMED, said("domain:example.com")], coverage=coverage)
    assert {one["verdict"] for one in found} == {"unknown"}


@pytest.mark.parametrize("noun", ["flow", "evidence"])
@pytest.mark.parametrize("doubt", ["no", "unknown"])
def test_what_one_artefact_missed_is_doubt_beside_a_yes(noun: str, doubt: str) -> None:
    """Lost packets, a sampled log, a capture that could not be read: whoever says that all was seen is wrong."""
    coverage = [
        {"noun": "flow", "scope": "all", "complete": "yes", "said_by": "the operator"},
        {"noun": noun, "scope": "x", "complete": doubt, "said_by": "the sensor", "evidence_id": "e1"},
    ]
    _, found = judged([NAMED, said("domain:example.com")], coverage=coverage)
    assert {one["verdict"] for one in found} == {"unknown"}


# What nothing may change ----------------------------------------------------------------------------------------------

HOSTS = ["198.18.5.5", "198.18.9.9", "2001:db8::5", "192.0.2.7", "10.0.0.9", None]
NAMES = ["api.example.com", "example.com", "evilexample.com", "cdn.test", None]
SAID = ["domain:example.com", "domain:cdn.test", "cidr:198.18.0.0/16", "cidr:0.0.0.0/0", "cidr:2001:db8::/32",
        f"entity:{TOP}", "country:DE", "country:US", "provider:cay", "asset:est:x"]  # fmt: skip
flows_ = st.builds(
    lambda orig, resp, name, port, sent, number: seen(
        orig, resp, server_name=name, resp_p=port, orig_bytes=sent, evidence_id=f"e{number}"
    ),
    st.sampled_from(["10.0.0.1", "10.0.0.2", "198.18.5.5", None]),
    st.sampled_from(HOSTS),
    st.sampled_from(NAMES),
    st.sampled_from([443, 25, None]),
    st.sampled_from([0, 10, 10**9]),
    st.integers(0, 3),
)
patterns_ = st.builds(
    lambda to, port, action: said(to, resp_p=port, action=action),
    st.sampled_from(SAID),
    st.sampled_from([None, None, 443]),
    st.sampled_from(["send", "receive", "both"]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(flows_, min_size=1, max_size=6), st.lists(patterns_, max_size=3), patterns_)
def test_a_further_declaration_never_makes_anything_undeclared(flows: list[Row], some: list[Row], more: Row) -> None:
    def undeclared(patterns: list[Row]) -> int:
        rows, _ = judged([*flows, *patterns], endpoint=ENDS, interest=OWNED)
        return sum(int(str(row["conns"])) for row in rows if row["result"] == "undeclared")

    assert undeclared([*some, more]) <= undeclared(some)


@settings(max_examples=30, deadline=None)
@given(st.lists(flows_, min_size=1, max_size=8), st.lists(patterns_, max_size=3), st.randoms())
def test_the_order_of_flows_changes_nothing(flows: list[Row], some: list[Row], rnd: random.Random) -> None:
    listed = [*flows, *some]
    mixed = list(listed)
    rnd.shuffle(mixed)
    assert judged(mixed, endpoint=ENDS, interest=OWNED) == judged(listed, endpoint=ENDS, interest=OWNED)


@settings(max_examples=30, deadline=None)
@given(st.lists(flows_, min_size=1, max_size=8), st.lists(patterns_, max_size=3))
def test_the_sums_of_the_ledger_are_those_of_the_flows(flows: list[Row], some: list[Row]) -> None:
    rows, _ = judged([*flows, *some], endpoint=ENDS, interest=OWNED)
    for column in ("conns", "orig_bytes", "resp_bytes"):
        assert sum(row[column] or 0 for row in rows) == sum(flow[column] for flow in flows)


def test_many_destinations_and_fifty_patterns_take_seconds() -> None:
    listed = [
        seen("10.0.0.1", f"{20 + n % 100}.{n // 100}.0.7", server_name=f"h{n % 500}.example", orig_bytes=n)
        for n in range(20_000)
    ]
    some = [said(f"cidr:{20 + n}.0.0.0/12") for n in range(25)] + [said(f"domain:h{n}.example") for n in range(25)]
    tables = world([*listed, *some])
    con = engine.connect()
    since = time.process_time()
    found = reconcile(tables, con, AS_OF)
    spent = time.process_time() - since
    con.close()
    assert found.num_rows > 10_000
    assert spent < 10, f"{spent:.1f} s"


DESTINATIONS = st.builds(
    Destination,
    st.sampled_from(NAMES),
    st.sampled_from([*HOSTS, "no address"]),
    st.sampled_from(["DE", "US", None]),
    st.sampled_from([(), (CAY, TOP)]),
    st.sampled_from([443, None]),
    st.sampled_from(["10.0.0.1", None]),
    disputed=st.sampled_from([frozenset(), frozenset({"US", "DE"})]),
)


@given(st.lists(patterns_, max_size=6), DESTINATIONS, st.booleans())
def test_looking_a_pattern_up_leaves_none_out(some: list[Row], far: Destination, inbound: bool) -> None:
    every = patterns(world(some))
    about = Book(every).about(far)
    assert [one for one in every if one in about] == about
    for pattern in every:
        if pattern not in about:
            assert pattern.fit(far, inbound=inbound) == Fit(FAILS)


def test_a_declared_domain_covers_its_hosts_also_where_names_are_masked(tmp_path: Path) -> None:
    names = ["api.smith.com", "jsmith.okta.com", "anna-mueller.shop.example", "user12345678.app.example"]
    rows = "".join(
        f"1767225600.{n}\tC{n}\t10.0.0.1\t{40000 + n}\t198.18.5.{n}\t443\t{name}\n" for n, name in enumerate(names)
    )
    fields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p server_name".replace(" ", "\t")
    put(tmp_path / "given" / "ssl.log", f"#separator \\x09\n#path\tssl\n#fields\t{fields}\n{rows}")
    said_ = "".join(f"  f{n}: {{to: {name}}}\n" for n, name in enumerate(["smith.com", *names[1:]]))
    put(tmp_path / "given" / "estate.yaml", f"networks: [10.0.0.0/8]\nflows:\n{said_}")
    found = run(tmp_path / "given", case=tmp_path / "case", as_of=date(2026, 11, 20))
    results = [row["result"] for row in found.tables["reconciliation"].to_pylist()]
    assert results == ["covered"] * len(names)
