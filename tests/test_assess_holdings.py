"""Holdings: what is held beyond what was declared, and never green on what was not seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.holdings import holdings
from flagstate.catalog.containers import same
from flagstate.catalog.wider import covers

Row = dict[str, Any]


def held(name: str, **more: object) -> Row:
    base = {"asset_id": "store:a", "container": "t", "data_class": name, "records": 10, "confidence": "high"}
    return base | {"stance": "observed", "evidence_id": "e"} | more


def found(*rows: Row) -> list[Row]:
    table = model.stamp(model.rows(model.HOLDING, rows), model.HOLDING)
    listed: list[Row] = holdings({"holding": table}).to_pylist()
    return listed


def verdicts(*rows: Row) -> set[str]:
    return {row["verdict"] for row in found(*rows)}


DECLARED = held("email", stance="declared", records=None, confidence=None)


def test_nothing_found_is_unknown() -> None:
    (row,) = found()
    assert row["verdict"] == "unknown"
    assert row["missing"]
    assert verdicts(DECLARED) == {"unknown"}


def test_without_a_declaration_there_is_nothing_to_compare_with() -> None:
    (row,) = found(held("email"))
    assert row["verdict"] == "unknown"
    assert "1 class of data" in row["message"]
    assert "1 container " in row["message"]
    assert "2 classes of data" in found(held("email"), held("iban", container="u"))[0]["message"]
    assert "2 containers " in found(held("email"), held("iban", container="u"))[0]["message"]


def test_what_is_not_declared_is_adverse_and_leads_to_its_rows() -> None:
    rows = found(DECLARED, held("email"), held("iban", records=1), held("card", confidence="low", stance="configured"))
    assert {row["subject"]: row["verdict"] for row in rows} == {"iban": "yes", "card": "yes"}
    by = {row["subject"]: row for row in rows}
    assert "1 record" in by["iban"]["message"]
    assert "1 records" not in by["iban"]["message"]
    assert by["iban"]["level"] == "medium"
    assert by["iban"]["rests_on"] == "observed"
    assert by["card"]["level"] == "info"
    assert by["card"]["rests_on"] == "configured"
    assert all(row["facts"] for row in rows)


def test_all_declared_is_still_no_no() -> None:
    (row,) = found(DECLARED, held("email"))
    assert row["verdict"] == "unknown"
    assert row["missing"]


@pytest.mark.parametrize("stance", ["recorded", "declared"])
def test_other_stances_are_not_seen(stance: str) -> None:
    assert verdicts(DECLARED, held("iban", stance=stance)) == {"unknown"}


def test_a_class_is_compared_for_its_container() -> None:
    declared = [held("email", stance="declared", container="orders"), held("iban", stance="declared", container="pay")]
    rows = found(*declared, held("email", container="orders_2026-01.csv"), held("iban", container="public.orders"))
    assert [(row["subject"], row["rule_id"], row["verdict"]) for row in rows] == [("iban", "holding-beyond", "yes")]
    assert "public.orders" in rows[0]["message"]
    assert rows[0]["innocent"]


def test_a_container_that_no_declaration_names_stays_open() -> None:
    rows = found(held("email", stance="declared", container="orders"), held("email", container="backup_old"))
    assert [(row["rule_id"], row["verdict"]) for row in rows] == [("holding-unplaced", "unknown")]
    assert rows[0]["missing"]


def test_wider_words_cover_their_parts() -> None:
    declared = held("name", stance="declared"), held("financial", stance="declared", container="pay")
    assert verdicts(*declared, held("given_name"), held("iban", container="pay")) == {"unknown"}


@pytest.mark.parametrize(
    ("declared", "name", "alike"),
    [
        ("orders", "orders.csv", True), ("orders", "Orders_2026-01.csv.gz", True), ("orders", "shop.orders", True),
        ("orders", "export/orders-part-00012.parquet", True), ("orders", "orders_archive", False),
        ("orders*", "orders_archive", True), ("pay ments", "pay_ments.json", True), ("", "", False),
        ("orders", "reorders", False), ("h7", "h7.xml", True),
    ],
)  # fmt: skip
def test_containers_are_known_by_name(declared: str, name: str, alike: bool) -> None:
    assert same(declared, name) is alike


CLASSES = st.sampled_from(["email", "iban", "card", "name"])
ROWS = st.builds(
    lambda name, stance, container, records: held(name, stance=stance, container=container, records=records),
    CLASSES,
    st.sampled_from(["observed", "configured", "declared"]),
    st.sampled_from(["t", "u", None]),
    st.sampled_from([None, 0, 1, 10**9]),
)


@given(st.lists(ROWS, max_size=8), st.randoms(), CLASSES)
def test_order_changes_nothing_never_no_and_more_words_never_convict(rows: list[Row], rnd: Any, name: str) -> None:
    mixed = list(rows)
    rnd.shuffle(mixed)
    assert found(*mixed) == found(*rows)
    assert "no" not in verdicts(*rows)
    adverse = {row["subject"] for row in found(*rows) if row["verdict"] == "yes"}
    if any(row["stance"] == "declared" for row in rows):
        whole = held(name, stance="declared", container=None)
        more = {row["subject"] for row in found(*rows, whole) if row["verdict"] == "yes"}
        assert adverse - more == adverse & covers(name)
        assert more <= adverse
