"""The three-way ledger and what is concluded from it: small worlds that must not come out greener than they are."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from flagstate import engine, model
from flagstate.assess.flows import MOST, flows
from flagstate.assess.holdings import holdings
from flagstate.assess.reconcile import reconcile

AS_OF = date(2026, 11, 20)
DAY = date(2026, 11, 16)
CN, DE, OUT = "52.81.0.1", "8.209.64.10", "198.18.5.5"


def seen(orig: str, resp: str, **more: object) -> dict[str, object]:
    """Return one observed flow."""
    base: dict[str, object] = {
        "orig_h": orig, "resp_h": resp, "resp_p": 443, "proto": "tcp", "service": "ssl", "day": DAY, "hours": 1,
        "conns": 1, "failed_conns": 0, "orig_bytes": 100, "resp_bytes": 50, "missed_bytes": 0, "unsized_conns": 0,
        "first_ts": datetime(2026, 11, 16, tzinfo=UTC), "last_ts": datetime(2026, 11, 16, tzinfo=UTC),
        "stance": "observed", "evidence_id": "e1",
    }  # fmt: skip
    return base | more


def said(to: str, **more: object) -> dict[str, object]:
    """Return one declared flow."""
    return {"to_pattern": to, "action": "send", "stance": "declared", "evidence_id": "e2"} | more


def world(listed: list[dict[str, object]], **others: list[dict[str, object]]) -> dict[str, pa.Table]:
    """Return the tables of a small world whose own network is 10.0.0.0/8 unless it says otherwise."""
    named = {"flow": listed, "network": [{"cidr": "10.0.0.0/8"}], **others}
    nouns = ("flow", "network", "endpoint", "interest", "asset", "place", "coverage")
    tables = {}
    for noun in nouns:
        made = model.rows(model.NOUNS[noun], named.get(noun, []))
        tables[noun] = model.stamp(made, model.NOUNS[noun]) if "fact_id" in made.column_names else made
    return tables


def judged(
    listed: list[dict[str, object]], **others: list[dict[str, object]]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the ledger's rows and the findings of a small world."""
    tables = world(listed, **others)
    con = engine.connect()
    tables["reconciliation"] = reconcile(tables, con, AS_OF)
    return tables["reconciliation"].to_pylist(), flows(tables).to_pylist()


def results(rows: list[dict[str, object]]) -> dict[str, str]:
    """Return the result of each subject that was seen."""
    return {str(row["subject"]): str(row["result"]) for row in rows if row["conns"] is not None}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"from_asset": "est:a"}, "only from est:a"),
        ({"proto": "udp"}, "only for udp"),
        ({"service": "http"}, "only for service http"),
        ({"resp_p": 25}, "only for port 25"),
        ({"valid_to": datetime(2026, 11, 16, tzinfo=UTC)}, "only until 2026-11-16"),
        ({"valid_from": datetime(2026, 11, 17, tzinfo=UTC)}, "only since 2026-11-17"),
    ],
)
def test_every_condition_of_a_declaration_counts(condition: dict[str, object], words: str) -> None:
    asset = [{"asset_id": "est:a", "addr": "10.0.0.9", "stance": "declared", "evidence_id": "e2"}]
    rows, found = judged([seen("10.0.0.5", OUT), said(f"cidr:{OUT}/32", **condition)], asset=asset)
    assert results(rows) == {OUT: "undeclared"}
    (one,) = [f for f in found if f["rule_id"] == "flow-undeclared"]
    assert words in str(one["message"])
    without = dict.fromkeys(condition)
    rows, _ = judged([seen("10.0.0.5", OUT), said(f"cidr:{OUT}/32", **without)], asset=asset)
    assert results(rows) == {OUT: "covered"}


def test_a_declared_sender_covers_its_own_flows_only() -> None:
    asset = [
        {"asset_id": "est:zone", "stance": "declared", "evidence_id": "e2"},
        {"asset_id": "est:a", "addr": "10.0.0.9", "runs_on": "est:zone", "stance": "declared", "evidence_id": "e2"},
    ]
    both = [seen("10.0.0.9", OUT, orig_bytes=7), seen("10.0.0.5", OUT, orig_bytes=1000)]
    rows, _ = judged([*both, said(f"cidr:{OUT}/32", from_asset="est:zone")], asset=asset)
    assert {(row["result"], row["orig_bytes"]) for row in rows} == {("covered", 7), ("undeclared", 1000)}


def test_what_the_evidence_does_not_say_stays_open() -> None:
    asset = [{"asset_id": "est:a", "stance": "declared", "evidence_id": "e2"}]
    listed = [seen("10.0.0.5", OUT, service=None), seen("10.0.0.5", CN)]
    patterns = [said(f"cidr:{OUT}/32", service="http"), said(f"cidr:{CN}/32", from_asset="est:a")]
    rows, found = judged([*listed, *patterns], asset=asset)
    assert results(rows) == {OUT: "unknown", CN: "unknown"}
    assert [f["rule_id"] for f in found if f["verdict"] != "yes"] == ["flow-maybe"]


def test_who_may_call_one_door_may_not_call_another() -> None:
    asset = [{"asset_id": "est:web", "addr": "10.0.0.9", "stance": "declared", "evidence_id": "e2"}]
    places = [{"addr": DE, "provider_country": "DE"}, {"addr": CN, "provider_country": "CN"}]
    calls = [seen(CN, "10.0.0.9"), seen(CN, "10.0.0.8", resp_p=22, resp_bytes=5_000_000), seen(DE, "10.0.0.7")]
    rows, _ = judged([*calls, said("asset:est:web", action="receive")], asset=asset, endpoint=places)
    assert results(rows)["callers of 10.0.0.9"] == "covered"
    assert results(rows)["callers of 10.0.0.8"] == "unknown"
    rows, found = judged([*calls, said("country:DE", action="receive")], asset=asset, endpoint=places)
    assert results(rows) == {
        "callers of 10.0.0.9": "unknown",
        "callers of 10.0.0.8": "unknown",
        "callers of 10.0.0.7": "covered",
    }
    assert any("took 5.0 MB" in str(f["message"]) for f in found)


def test_callers_of_one_door_are_one_row_unless_a_declaration_parts_them() -> None:
    places = [{"addr": DE, "provider_country": "DE"}, {"addr": CN, "provider_country": "CN"}]
    calls = [seen(DE, "10.0.0.9"), seen(CN, "10.0.0.9", orig_bytes=1), seen(OUT, "10.0.0.9", orig_bytes=2)]
    rows, _ = judged([*calls, said("country:DE", action="receive")], endpoint=places)
    assert {(r["result"], r["orig_bytes"], str(r["remark"])[:9]) for r in rows if r["conns"]} == {
        ("covered", 100, "1 caller "),
        ("unknown", 3, "2 callers"),
    }


def test_a_disputed_country_neither_covers_nor_stands_in_a_sentence() -> None:
    place = {"addr": OUT, "host_country": "DE", "host_country_second": "CN", "confidence": "disputed"}
    rows, found = judged([seen("10.0.0.5", OUT), said("country:DE")], endpoint=[place])
    assert results(rows) == {OUT: "unknown"}
    assert rows[0]["country"] is None
    assert not any("host in" in str(f["message"]) for f in found)


def test_a_small_stake_makes_a_destination_nobody_s_own() -> None:
    def owned(share: float) -> str:
        interest = [
            {"holder_id": "est:q", "subject_id": "est:s", "kind": "operates"},
            {"holder_id": "est:p", "subject_id": "est:q", "kind": "owns", "share_lo_pct": share, "share_hi_pct": share},
        ]
        facts = [row | {"stance": "declared", "evidence_id": "e2"} for row in interest]
        asset = [{"asset_id": "est:s", "addr": OUT, "stance": "declared", "evidence_id": "e2"}]
        rows, _ = judged([seen("10.0.0.5", OUT), said("entity:est:p")], interest=facts, asset=asset)
        return results(rows)[OUT]

    assert owned(5) == "undeclared"
    assert owned(50) == "covered"


def test_attempts_beyond_the_bound_are_not_told_as_sent_and_lead_to_rows() -> None:
    tries = [
        seen("10.0.0.5", f"198.18.{n // 200}.{n % 200}", orig_bytes=0, failed_conns=1) for n in range(1, MOST + 40)
    ]
    _, found = judged([seen("10.0.0.5", OUT), *tries])
    adverse = [f for f in found if f["verdict"] == "yes"]
    assert all(f["facts"] for f in adverse)
    assert len({f["finding_id"] for f in found}) == len(found)
    told = [str(f["message"]) for f in adverse if OUT not in str(f["message"])]
    assert all("Attempted" in m or m.startswith("0 bytes sent, or only attempts, to 40 further") for m in told)


def test_established_without_a_byte_is_no_attempt_and_no_loss() -> None:
    _, found = judged([seen("10.0.0.5", OUT, orig_bytes=0, resp_bytes=9999)])
    (one,) = [f for f in found if f["verdict"] == "yes"]
    assert "0 bytes were sent and 10.0 kB came back" in str(one["message"])
    assert one["level"] == "info"


def test_bytes_of_unknown_size_make_a_sum_a_lower_bound() -> None:
    _, found = judged([seen("10.0.0.5", OUT), seen("10.0.0.5", OUT, service="http", orig_bytes=0, unsized_conns=1)])
    (one,) = [f for f in found if f["verdict"] == "yes"]
    assert str(one["message"]).startswith("At least 100 bytes sent to")


def test_one_name_over_two_protocols_and_addresses_is_one_finding() -> None:
    listed = [seen("10.0.0.5", a, proto=p, server_name="x.example") for a in (OUT, CN) for p in ("tcp", "udp")]
    rows, found = judged(listed)
    assert sum(int(str(r["orig_bytes"])) for r in rows) == 400
    (one,) = [f for f in found if f["verdict"] == "yes"]
    assert str(one["message"]).startswith("400 bytes sent to x.example port 443 in 4 connections")


def test_data_sets_that_contradict_a_place_are_one_recorded_contradiction_and_no_traffic() -> None:
    asset = [{"asset_id": "est:a", "addr": CN, "stance": "declared", "evidence_id": "e2"}]
    facts = [
        {"subject_id": "est:a", "country": "US", "source_kind": "declared", "stance": "declared", "source": "estate"},
        {
            "subject_id": f"host:{CN}",
            "country": "CN",
            "source_kind": "host",
            "confidence": "sure",
            "stance": "recorded",
            "source": "one",
        },
    ]
    region = facts[1] | {"source_kind": "provider_region", "source": "two"}
    for listed, confidence in ((facts, "medium"), ([*facts, region], "high")):
        rows, found = judged([], asset=asset, place=[row | {"evidence_id": "e2"} for row in listed])
        (row,) = rows
        assert (row["result"], row["observed"], len(row["recorded"])) == ("contradicted", [], len(listed) - 1)  # type: ignore[arg-type]
        (one,) = [f for f in found if f["verdict"] == "yes"]
        assert (one["rests_on"], one["confidence"]) == ("recorded", confidence)
        assert [f["rule_id"] for f in found if f["verdict"] == "unknown"] == ["flow-observed"]


def test_records_that_name_no_sender_may_repeat_what_others_show() -> None:
    _, found = judged([seen("10.0.0.5", OUT), seen("", OUT) | {"orig_h": None}])
    (one,) = [f for f in found if f["rule_id"] == "flow-ends"]
    assert "nor whether other records show the same" in str(one["message"])
    assert "a HAR never does" in str(one["missing"])


def test_copies_of_a_table_are_not_more_records() -> None:
    held = [
        {"asset_id": f"store:{name}", "container": name, "data_class": "iban", "records": 90, "confidence": "high"}
        for name in ("a.csv", "a.json")
    ]
    made = [model.stamp(model.rows(model.HOLDING, held), model.HOLDING, stance="observed", evidence_id="e")]
    said_ = [{"asset_id": "est:a", "data_class": "email"}]
    made.append(model.stamp(model.rows(model.HOLDING, said_), model.HOLDING, stance="declared", evidence_id="e"))
    (one,) = holdings({"holding": pa.concat_tables(made)}).to_pylist()
    said = "iban is found in 2 containers (the largest with 90 records: a.csv, a.json) and is not declared."
    assert one["message"] == said


def test_a_range_that_an_asset_uses_is_not_thereby_ours() -> None:
    ranges = [{"cidr": "10.0.0.0/8", "own": True}, {"cidr": "52.81.0.0/24", "asset_id": "est:saas", "own": False}]
    asset = [{"asset_id": "est:saas", "stance": "declared", "evidence_id": "e2"}]
    rows, _ = judged([seen("10.0.0.5", CN)], network=ranges, asset=asset)
    assert results(rows) == {CN: "undeclared"}
    rows, _ = judged([seen("10.0.0.5", CN), said("asset:est:saas")], network=ranges, asset=asset)
    assert [(row["result"], row["egress"]) for row in rows] == [("covered", "yes")]


def test_a_name_that_only_dns_gave_is_said_to_be_no_proof() -> None:
    for source, told in (("dns", True), ("sni", False)):
        flow = seen("10.0.0.5", OUT, server_name="x.good.example", name_source=source)
        (row,) = judged([flow, said("domain:good.example")])[0]
        assert row["result"] == "covered"
        assert ("which is no proof" in str(row["remark"])) is told


@pytest.mark.parametrize(
    ("asked", "subject", "port"),
    [
        ("files.example.cn:443", "files.example.cn", 443),
        ("198.18.5.5:8443", "198.18.5.5", 8443),
        ("[2001:db8::7]:443", "2001:db8::7", 443),
    ],
)
def test_what_a_proxy_of_ours_is_asked_for_is_where_it_goes(asked: str, subject: str, port: int) -> None:
    inside = seen("10.0.0.5", "10.0.0.8", resp_p=3128, service="http")
    rows, found = judged([inside | {"connect_to": asked}, inside])
    left = [row for row in rows if row["result"] == "undeclared"]
    assert [(row["subject"], row["resp_p"], row["egress"]) for row in left] == [(subject, port, "yes")]
    # The same proxy without a word of where to stays inside.
    assert [row["subject"] for row in rows if row["result"] == "covered"] == ["10.0.0.8"]
    assert any(row["verdict"] == "yes" and subject in row["message"] for row in found)


def test_a_declared_name_covers_it_through_a_proxy_too() -> None:
    asked = seen("10.0.0.5", "10.0.0.8", resp_p=3128, connect_to="files.example.cn:443")
    rows, _ = judged([asked, said("domain:example.cn")])
    assert results(rows) == {"files.example.cn": "covered"}
