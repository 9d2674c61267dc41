"""Payloads with sensitive classes over flows that nothing encrypts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.enrich.behave import clear_text

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def holding(data_class: str, *, container: str = "sent to api.example.com › form", **more: object) -> dict[str, object]:
    plain = {"asset_id": "host:api.example.com", "container": container, "data_class": data_class, "records": 7}
    return plain | {"state": "moved", "stance": "observed", "confidence": "high"} | more


def flow(**more: object) -> dict[str, object]:
    plain = {"orig_h": "10.0.0.5", "resp_h": "192.0.2.1", "resp_p": 80, "proto": "tcp", "service": "http"}
    plain |= {"server_name": "api.example.com", "conns": 4, "orig_bytes": 900, "resp_bytes": 300, "stance": "observed"}
    return plain | {"first_ts": DAY, "last_ts": DAY, "fact_id": "f1"} | more


def found(holdings: list[dict[str, object]], flows: list[dict[str, object]]) -> list[dict[str, object]]:
    tables = {"holding": model.rows(model.HOLDING, holdings), "flow": model.rows(model.FLOW, flows)}
    made: pa.Table = clear_text.find_moved(tables)
    return made.to_pylist()


def test_a_form_in_clear() -> None:
    one = found([holding("email"), holding("card"), holding("user_agent")], [flow()])
    assert [(row["kind"], row["far"], row["orig_h"], row["resp_p"]) for row in one] == [
        ("clear_text", "api.example.com", "10.0.0.5", 80)
    ]
    assert one[0]["score"] > 0.7
    figures = json.loads(one[0]["figures"])
    assert (figures["classes_sent"], figures["classes_received"]) == ("card, email", "")
    assert figures["share_in_clear"] == 1
    assert one[0]["facts"] == ["f1"]


@pytest.mark.parametrize(
    "other",
    [
        flow(service="ssl", resp_p=443),
        flow(service="ssl,http", resp_p=8080),
        flow(resp_p=443),
        flow(service=None),
        flow(server_name="other.example.com"),
        flow(stance="declared"),
    ],
)
def test_what_is_encrypted_or_elsewhere_is_none(other: dict[str, object]) -> None:
    assert found([holding("card")], [other]) == []


@pytest.mark.parametrize(
    "held",
    [
        holding("card", state="stored"),
        holding("card", stance="declared"),
        holding("card", confidence="low"),
        holding("card", asset_id="db:orders"),
    ],
)
def test_what_did_not_move_is_none(held: dict[str, object]) -> None:
    assert found([held], [flow()]) == []


def test_partly_encrypted_is_less_sure_and_says_so() -> None:
    whole = found([holding("card")], [flow()])[0]
    mixed = found([holding("card")], [flow(conns=1), flow(service="ssl", resp_p=443, conns=9, fact_id="f2")])[0]
    assert float(mixed["score"]) < float(whole["score"])
    assert json.loads(mixed["figures"])["share_in_clear"] == 0.1
    assert mixed["facts"] == ["f1"]


def test_both_ways_and_several_clients() -> None:
    held = [holding("email"), holding("iban", container="received from api.example.com › page")]
    rows = found(held, [flow(), flow(orig_h="10.0.0.6", fact_id="f2")])
    assert {row["orig_h"] for row in rows} == {None}
    assert len(rows) == 1, "one row per server says both ways"
    figures = json.loads(rows[0]["figures"])
    assert (figures["classes_sent"], figures["classes_received"]) == ("email", "iban")
    assert rows[0]["message"].startswith("In clear text (http): email went to api.example.com and iban came from")


def test_an_address_is_a_server_too() -> None:
    held = [holding("email", asset_id="host:192.0.2.1", container="sent to 192.0.2.1")]
    assert [row["far"] for row in found(held, [flow(server_name=None, service="smtp", resp_p=25)])] == ["192.0.2.1"]


def test_nothing_is_made_of_nothing() -> None:
    assert found([], []) == []
