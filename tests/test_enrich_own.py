"""Operators and owners of what was seen: by feed, network and domain, never by a name."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.catalog import networks
from flagstate.enrich.own import own

DAY = date(2026, 11, 21)


def located(*addresses: str, without_feeds: bool = False) -> pa.Table:
    """Look real addresses up in the shipped tables, as the step before does."""
    found = networks.lookup(list(addresses), without_feeds=without_feeds)
    known = [name for name in model.ENDPOINT.names if name in found.column_names]
    return model.conform(found.select(known), model.ENDPOINT)


def flows(*pairs: tuple[str, str | None]) -> pa.Table:
    rows = [{"orig_h": "10.0.0.1", "resp_h": addr, "server_name": name, "conns": 1} for addr, name in pairs]
    return model.stamp(model.rows(model.FLOW, rows), model.FLOW, stance="observed", evidence_id="e1")


def filled(result: dict[str, pa.Table]) -> dict[str, dict[str, object]]:
    return {row["addr"]: row for row in result["endpoint"].to_pylist()}


def test_four_countries_stay_apart_from_operator_and_controller() -> None:
    row = filled(own({}, located("8.209.64.10"), DAY))["8.209.64.10"]
    assert (row["host_country"], row["registrant_country"], row["as_country"]) == ("DE", "SG", "CN")
    assert row["operator_id"] == "ent:alibaba-cloud-international"
    assert row["operator_by"] == "asn"
    assert row["controller_id"] == "ent:alibaba-group-holding-limited"
    assert row["controller_country"] == "CN"


def test_the_local_operator_comes_before_the_publisher_of_the_feed() -> None:
    result = own({}, located("52.81.0.1", "52.82.184.10", "3.120.0.1"), DAY)
    rows = filled(result)
    assert rows["52.81.0.1"]["operator_id"] == "ent:sinnet"
    assert rows["52.82.184.10"]["operator_id"] == "ent:nwcd"
    assert rows["3.120.0.1"]["operator_id"] == "ent:amazon-web-services"
    kinds = {(r["holder_id"], r["subject_id"], r["kind"]) for r in result["interest"].to_pylist()}
    assert ("ent:sinnet", "net:AS55960", "operates") in kinds
    assert ("ent:amazon-web-services", "ent:sinnet", "supplies") in kinds


def test_without_feeds_the_network_decides() -> None:
    rows = filled(own({}, located("52.81.0.1", "3.120.0.1", without_feeds=True), DAY))
    assert (rows["52.81.0.1"]["operator_id"], rows["52.81.0.1"]["operator_by"]) == ("ent:sinnet", "asn")
    assert (rows["3.120.0.1"]["operator_id"], rows["3.120.0.1"]["operator_by"]) == ("ent:amazon-web-services", "asn")


def test_an_unknown_network_keeps_its_name_as_a_name() -> None:
    endpoint = {"addr": "198.18.0.1", "asn": 4_200_000_000, "as_name": "Alibaba (US) Technology Co., Ltd."}
    result = own({}, model.rows(model.ENDPOINT, [endpoint]), DAY)
    row = filled(result)["198.18.0.1"]
    assert row["operator_id"] is None
    assert row["controller_country"] is None
    assert row["as_name"] == "Alibaba (US) Technology Co., Ltd."
    assert result["legal_entity"].num_rows == 0


def test_a_name_decides_only_where_nothing_firmer_does() -> None:
    endpoint = {"addr": "198.51.100.7"}
    tables = {"flow": flows(("198.51.100.7", "api.umeng.com"))}
    row = filled(own(tables, model.rows(model.ENDPOINT, [endpoint]), DAY))["198.51.100.7"]
    assert (row["operator_id"], row["operator_by"]) == ("ent:umeng", "domain")
    two = {"flow": flows(("198.51.100.7", "api.umeng.com"), ("198.51.100.7", "www.tiktok.com"))}
    assert filled(own(two, model.rows(model.ENDPOINT, [endpoint]), DAY))["198.51.100.7"]["operator_id"] is None
    hosted = {"flow": flows(("8.209.64.10", "www.tiktok.com"))}
    result = own(hosted, located("8.209.64.10"), DAY)
    assert filled(result)["8.209.64.10"]["operator_id"] == "ent:alibaba-cloud-international"
    kinds = {(r["holder_id"], r["subject_id"]) for r in result["interest"].to_pylist() if r["kind"] == "operates"}
    assert ("ent:tiktok-bytedance-sdk", "domain:tiktok.com") in kinds


def test_a_private_address_has_no_operator_even_if_its_name_looks_known() -> None:
    tables = {"flow": flows(("10.0.0.9", "api.umeng.com"))}
    assert filled(own(tables, located("10.0.0.9"), DAY))["10.0.0.9"]["operator_id"] is None


def test_every_fact_is_recorded_with_status_source_and_evidence() -> None:
    result = own({"flow": flows(("8.209.64.10", "x.cainiao.com"))}, located("8.209.64.10", "1.1.1.1", "5.161.0.1"), DAY)
    evidence = set(result["evidence"]["evidence_id"].to_pylist())
    for noun in ("legal_entity", "interest"):
        assert result[noun].schema.equals(model.NOUNS[noun].schema)
        for row in result[noun].to_pylist():
            assert row["stance"] == "recorded"
            assert row["status"] in ("sourced", "to verify")
            assert row["source"]
            assert row["evidence_id"] in evidence
    owners = {r["subject_id"]: r for r in result["interest"].to_pylist() if r["kind"] == "owns"}
    assert owners["ent:cainiao"]["share_lo_pct"] == 64
    assert {r["state"] for r in result["evidence"].to_pylist()} == {"recorded"}
    assert all(r["sha256"] for r in result["evidence"].to_pylist())


def test_nothing_seen_gives_nothing() -> None:
    result = own({}, model.empty(model.ENDPOINT), DAY)
    assert result["endpoint"].num_rows == result["interest"].num_rows == 0


@pytest.mark.parametrize("count", [50_000])
def test_many_addresses_cost_little(count: int) -> None:
    import time

    rows = model.rows(
        model.ENDPOINT, [{"addr": f"198.{i >> 16}.{i >> 8 & 255}.{i & 255}", "asn": 45102} for i in range(count)]
    )
    start = time.perf_counter()
    result = own({}, rows, DAY)
    assert result["endpoint"]["operator_id"].null_count == 0
    assert time.perf_counter() - start < 5


def assets(*rows: dict[str, object]) -> dict[str, pa.Table]:
    table = model.rows(model.ASSET, [{"kind": "store"} | row for row in rows])
    return {"asset": model.stamp(table, model.ASSET, stance="configured", evidence_id="e2")}


def test_a_configured_resource_is_operated_by_its_provider_and_in_china_by_the_local_one() -> None:
    tables = assets(
        {"asset_id": "tf:a", "provider": "Amazon Web Services", "region": "eu-central-1"},
        {"asset_id": "tf:b", "provider": "Amazon Web Services", "region": "cn-north-1"},
        {"asset_id": "tf:c", "provider": "unheard of"},
        {"asset_id": "cdx:d", "provider": "Hetzner"},
        {"asset_id": "tf:e", "server_name": "bucket.oss-eu-central-1.aliyuncs.com"},
        {"asset_id": "tf:f", "addr": "8.209.64.10"},
    )
    result = own(tables, located("8.209.64.10"), DAY)
    rows = {r["subject_id"]: r for r in result["interest"].to_pylist() if r["kind"] == "operates"}
    assert rows["tf:a"]["holder_id"] == "ent:amazon-web-services"
    assert (rows["tf:a"]["stance"], rows["tf:a"]["evidence_id"]) == ("configured", "e2")
    assert rows["tf:b"]["holder_id"] == "ent:sinnet"
    assert rows["tf:e"]["holder_id"] == rows["tf:f"]["holder_id"] == "ent:alibaba-cloud-international"
    assert not {"tf:c", "cdx:d"} & set(rows)
    assert "ent:amazon-com-inc" in result["legal_entity"]["entity_id"].to_pylist()
