"""Payloads: sensitive data sent to somebody whom nothing declares."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.assess.payloads import payloads

KIT = "kit.count.example"
Row = dict[str, Any]


def held(data_class: str = "email", server: str = KIT, **more: Any) -> Row:
    return {
        "asset_id": f"host:{server}", "container": f"sent to {server}", "data_class": data_class, "records": 20,
        "unit": "persons", "subjects_lo": 11, "subjects_hi": 20, "state": "moved", "confidence": "high",
    } | more  # fmt: skip


def world(*holdings: Row, ledger: list[Row] | None = None, declared: bool = True, **more: Any) -> dict[str, pa.Table]:
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}

    def put(name: str, rows: list[Row], stance: str) -> None:
        made = model.stamp(model.rows(model.NOUNS[name], rows), model.NOUNS[name], stance=stance, evidence_id="e")
        tables[name] = pa.concat_tables([tables[name], made])

    put("holding", list(holdings), "observed")
    page = {"from_name": "portal.hub.example", "role": "fetch", "to_name": KIT, "times": 2}
    put("reliance", more.get("reliance", [page]), "observed")
    put("asset", [{"asset_id": "est:portal", "kind": "service", "server_name": "portal.hub.example"}], "declared")
    if declared:
        put("flow", [{"to_pattern": "domain:carrier.example", "action": "send"}], "declared")
    rows = [{"subject": KIT, "result": "unknown", "declared": [], "observed": ["f1"]}]
    tables["reconciliation"] = model.rows(model.RECONCILIATION, rows if ledger is None else ledger)
    return tables


def test_what_a_page_of_ours_sends_to_somebody_else_is_told() -> None:
    (row,) = payloads(world(held(), held("user_agent", records=60, unit="devices"))).to_pylist()
    assert (row["rule_id"], row["verdict"], row["subject"], row["level"]) == (
        "payload-undeclared", "yes", KIT, "medium",
    )  # fmt: skip
    assert row["message"] == (
        f"{KIT} was sent email (20 records, of 11 to 20 persons) by a page of portal.hub.example; nothing declares it."
    )
    assert json.loads(row["values"])["classes"] == ["email"]
    assert "f1" in row["facts"]


def test_a_sender_of_ours_in_other_records_is_enough() -> None:
    undeclared = [{"subject": KIT, "result": "undeclared", "declared": [], "observed": []}]
    (row,) = payloads(world(held(), reliance=[], ledger=undeclared)).to_pylist()
    assert "by a page" not in row["message"]


@pytest.mark.parametrize(
    "told",
    [
        {"declared": False},
        {"reliance": []},
        {"ledger": [{"subject": KIT, "result": "covered", "declared": ["d"], "observed": []}]},
        {"ledger": [{"subject": KIT, "result": "unknown", "declared": ["d"], "observed": []}]},
    ],
)
def test_what_is_declared_or_whose_sender_nobody_knows_makes_no_finding(told: Any) -> None:
    assert payloads(world(held(), **told)).num_rows == 0


@pytest.mark.parametrize(
    "row",
    [
        held("user_agent", unit="devices"),
        held(confidence="low"),
        held(container=f"received from {KIT}"),
        held(server="portal.hub.example"),
        held(state="stored"),
    ],
)
def test_technical_doubtful_received_or_own_is_none(row: Row) -> None:
    assert payloads(world(row)).num_rows == 0
