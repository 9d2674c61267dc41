"""Tables that are harmless by row and telling in bulk: who sells what, how much of it, and where it goes.

One parcel says little. A year of them says which firm sells which goods to which region in which season and at which
price: that is trade intelligence, whoever the consignees are. Such a table is named as a holding of its own, with its
grain (what stands together in one row) and its period.

What it cannot see: a flow that only a join of several tables would show; what is sold where neither a description, a
customs code nor an article number is kept. How much is enough is a matter of judgement: BULK is the least number of
rows that is named at all.
"""

from __future__ import annotations

import pyarrow as pa

from flagstate import model

CLASS = "trade_flow"

ROLES: dict[str, frozenset[str]] = {
    "seller": frozenset({"consignor", "eori", "ioss", "lei", "vat_number", "gln"}),
    "product": frozenset({"hs_code", "goods_description", "gtin"}),
    "volume": frozenset({"quantity", "weight", "declared_value", "transaction_amount", "purchase_history"}),
    "route": frozenset(
        {"unlocode", "residence_country", "consignee", "city", "postcode", "postal_address", "container_number"}
    ),
}
"""What a row says of a trade, by the classes that say it."""

UNITS: tuple[tuple[str, frozenset[str]], ...] = (
    ("parcel", frozenset({"parcel_s10", "parcel_ups", "parcel_cainiao", "parcel_number", "parcel_dhl", "parcel_dpd",
                          "parcel_fedex", "parcel_usps"})),
    ("customs declaration", frozenset({"customs_mrn", "customs_lrn", "h7_declaration", "ens_declaration"})),
    ("consignment", frozenset({"air_waybill", "bill_of_lading", "bill_of_lading_record", "sscc", "gsin"})),
    ("container", frozenset({"container_number"})),
)  # fmt: skip
"""What one row stands for, the finest first."""

BULK = 100
"""Rows below which a table tells no pattern of trade."""


def trade_flows(holding: pa.Table, population: pa.Table) -> pa.Table:
    """Return the trade flows that tables hold.

    Args:
        holding: Rows of `holding` of some containers, before they are stamped.
        population: Rows of `population` of the same containers; their months say the period.

    Returns:
        Rows of `holding` with the class `trade_flow`, one per container that says of at least BULK rows which product
        in which volume, and from whom or where to; grain and period stand in `marks`.
    """
    tables: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in holding.to_pylist():
        tables.setdefault((str(row["asset_id"]), str(row["container"])), []).append(row)
    periods: dict[tuple[str, str], set[str]] = {}
    for row in population.select(["asset_id", "container", "month"]).to_pylist():
        if row["month"]:
            periods.setdefault((str(row["asset_id"]), str(row["container"])), set()).add(str(row["month"]))
    made = [row for key, rows in sorted(tables.items()) if (row := _flow(rows, sorted(periods.get(key, ()))))]
    return model.rows(model.HOLDING, made)


def _flow(rows: list[dict[str, object]], months: list[str]) -> dict[str, object] | None:
    by_class = {str(row["data_class"]): row for row in rows}
    roles = {role: sorted(members & set(by_class)) for role, members in ROLES.items()}
    told = [role for role, classes in roles.items() if classes]
    if not roles["product"] or not roles["volume"] or len(told) < 3:
        return None
    # As many rows tell the pattern as have the scarcest of its parts.
    records = min(max(_records(by_class[name]) for name in roles[role]) for role in told)
    if records < BULK:
        return None
    unit = next((name for name, members in UNITS if members & set(by_class)), "")
    marks = [f"grain:{' × '.join(told)}", *([f"per:{unit}"] if unit else [])]
    if months:
        marks += [f"from:{months[0]}", f"to:{months[-1]}"]
    ranks = ("low", "medium", "high")
    least = min(max(ranks.index(str(by_class[name]["confidence"] or "low")) for name in roles[role]) for role in told)
    parts = "; ".join(f"{role}: {', '.join(roles[role])}" for role in told)
    return {
        "asset_id": rows[0]["asset_id"],
        "container": rows[0]["container"],
        "data_class": CLASS,
        "records": records,
        "state": rows[0]["state"],
        "marks": marks,
        "confidence": ranks[least],
        "reasons": [f"one row says {parts}"],
    }


def _records(row: dict[str, object]) -> int:
    found = row["records"]
    return found if isinstance(found, int) else 0
