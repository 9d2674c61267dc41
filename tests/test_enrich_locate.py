"""Places: four countries that stay four facts, each with the id that the model would give it."""

from __future__ import annotations

import ipaddress
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import engine, model
from flagstate.enrich.locate import addresses, locate
from flagstate.model import codes

KNOWN = ["8.209.64.10", "1.1.1.1", "52.81.0.1", "10.0.0.1", "2001:4860:4860::8888", "203.0.113.9", "::1", "224.0.0.251"]


def tables(*addrs: str | None) -> dict[str, pa.Table]:
    half = len(addrs) // 2
    flows = [{"orig_h": addr} for addr in addrs[:half]] + [{"resp_h": addr} for addr in addrs[half:]]
    return {
        "flow": model.rows(model.FLOW, flows),
        "asset": model.rows(model.ASSET, [{"asset_id": "a", "addr": addrs[0] if addrs else None}]),
    }


def located(*addrs: str | None, **options: Any) -> dict[str, pa.Table]:
    con = engine.connect()
    try:
        return locate(tables(*addrs), con, **options)
    finally:
        con.close()


def test_the_id_that_the_database_makes_is_that_of_the_model() -> None:
    place = located(*KNOWN)["place"]
    assert place.num_rows > len(KNOWN)
    again = model.stamp(place, model.PLACE)
    assert again.column("fact_id").to_pylist() == place.column("fact_id").to_pylist()
    assert len(set(place.column("fact_id").to_pylist())) == place.num_rows


def test_four_countries_stay_four_facts_each_with_its_evidence() -> None:
    found = located("8.209.64.10")
    rows = {row["source_kind"]: row for row in found["place"].to_pylist()}
    assert set(rows) <= set(codes.SOURCE_KINDS)
    assert rows["host"]["country"] == "DE"
    assert rows["prefix_registrant"]["country"] == "SG"
    assert rows["as_registration"]["country"] == "CN"
    assert rows["host"]["confidence"] in codes.CONFIDENCE_OF_PLACE
    for kind in ("prefix_registrant", "as_registration"):
        assert rows[kind]["confidence"] is None, "it says nothing of the host"
    evidence = {row["evidence_id"]: row for row in found["evidence"].to_pylist()}
    for row in rows.values():
        assert row["stance"] == "recorded"
        source = evidence[row["evidence_id"]]
        assert source["sha256"]
        assert source["licence"]
        assert source["retrieved_at"]
        assert str(source["retrieved_at"].date()) in row["source"]
    (endpoint,) = found["endpoint"].to_pylist()
    assert endpoint["host_country"] == "DE"
    assert endpoint["registrant_country"] == "SG"


def test_anycast_and_special_addresses_have_no_one_place() -> None:
    rows = {row["addr"]: row for row in located(*KNOWN)["endpoint"].to_pylist()}
    assert rows["1.1.1.1"]["anycast"]
    assert not rows["8.209.64.10"]["anycast"]
    for special in ("10.0.0.1", "::1", "224.0.0.251", "203.0.113.9"):
        assert rows[special]["special"], special
        assert rows[special]["host_country"] is None


def test_feeds_of_providers_can_be_left_out() -> None:
    with_feeds = located("52.81.0.1")["place"].column("source_kind").to_pylist()
    without = located("52.81.0.1", without_feeds=True)["place"].column("source_kind").to_pylist()
    assert "provider_region" in with_feeds
    assert "provider_region" not in without
    assert "as_registration" in without


@pytest.mark.parametrize("odd", [None, "", "not an address", "8.8.8.8/24", "1.2.3", "fe80::1%eth0", "٨.٨.٨.٨"])
def test_what_is_no_address_is_no_place(odd: str | None) -> None:
    found = located("8.209.64.10", odd)
    subjects = set(found["place"].column("subject_id").to_pylist())
    assert subjects == {"host:8.209.64.10"}


def test_nothing_to_look_up_is_nothing() -> None:
    found = located()
    assert found["endpoint"].num_rows == found["place"].num_rows == 0
    assert found["endpoint"].schema == model.ENDPOINT.schema
    assert addresses(tables()).to_pylist() == []


@settings(max_examples=10, deadline=None)
@given(st.lists(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), min_size=1, max_size=8), st.randoms())
def test_neither_order_nor_repetition_changes_a_place(
    some: list[ipaddress.IPv4Address | ipaddress.IPv6Address], rnd: Any
) -> None:
    named = [str(one) for one in some]
    mixed = named * 2
    rnd.shuffle(mixed)
    first, second = located(*named), located(*mixed)
    assert first["place"].equals(second["place"])
    assert first["endpoint"].equals(second["endpoint"])
    assert first["endpoint"].num_rows == len(set(named))
