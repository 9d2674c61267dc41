"""Tables that tell a trade in bulk are named with their grain and period."""

from __future__ import annotations

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.enrich import trade


def holdings(records: int = 5000, **classes: str) -> pa.Table:
    rows = [
        {"asset_id": "store:a", "container": "orders", "data_class": name, "records": records, "state": "stored",
         "confidence": confidence}
        for name, confidence in classes.items()
    ]  # fmt: skip
    return model.rows(model.HOLDING, rows)


def months(*names: str | None) -> pa.Table:
    rows = [
        {"asset_id": "store:a", "container": "orders", "data_classes": ["city"], "month": name, "records": 1}
        for name in names
    ]
    return model.rows(model.POPULATION, rows)


def test_seller_product_volume_and_route_are_a_trade_flow() -> None:
    table = holdings(consignor="medium", hs_code="high", quantity="medium", city="high", parcel_s10="high")
    (row,) = trade.trade_flows(table, months("2026-03", "2025-11", None)).to_pylist()
    assert row["data_class"] == "trade_flow"
    assert row["marks"] == ["grain:seller × product × volume × route", "per:parcel", "from:2025-11", "to:2026-03"]
    assert (row["records"], row["confidence"]) == (5000, "medium")


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        ({"hs_code": "high", "weight": "high", "consignee": "high"}, True),
        ({"gtin": "high", "quantity": "high", "consignor": "low"}, True),
        ({"hs_code": "high", "weight": "high"}, False),
        ({"consignor": "high", "consignee": "high", "weight": "high"}, False),
        ({"email": "high", "card": "high", "city": "high"}, False),
    ],
)
def test_three_parts_with_product_and_volume_are_needed(classes: dict[str, str], told: bool) -> None:
    assert trade.trade_flows(holdings(**classes), months()).num_rows == told


def test_a_handful_of_rows_tells_no_pattern() -> None:
    classes = {"hs_code": "high", "weight": "high", "consignee": "high"}
    assert trade.trade_flows(holdings(trade.BULK, **classes), months()).num_rows == 1
    assert trade.trade_flows(holdings(trade.BULK - 1, **classes), months()).num_rows == 0


def test_the_roles_name_classes_that_exist() -> None:
    from flagstate.catalog.data_class import by_id

    named = set().union(*trade.ROLES.values(), *(members for _, members in trade.UNITS))
    assert named - set(by_id()) == set()
