"""Which data classes each table of the hub's stores holds, in which columns: the maker's word, not the auditor's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

TABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "flights": {
        "air_waybill": ("mawb_number",), "unlocode": ("origin",), "customs_mrn": ("ens_mrn",),
        "quantity": ("piece_count",), "weight": ("gross_weight_t",),
    },
    "merchants": {
        "consignor": ("seller_name",), "person_name": ("contact_name",), "email": ("contact_email",),
        "phone": ("contact_phone",), "city": ("city",), "residence_country": ("country",), "ioss": ("ioss_number",),
    },
    "products": {
        "merchant_reference": ("sku", "product_id"), "gtin": ("gtin",), "goods_description": ("product_name",),
        "hs_code": ("hs_code",), "weight": ("net_weight_g",), "declared_value": ("unit_price",),
        "currency": ("currency",),
    },
    "parcels": {
        "parcel_s10": ("parcel_number",), "merchant_reference": ("product_id",), "customer_id": ("customer_id",),
        "consignee": ("consignee_name",), "email": ("consignee_email",), "phone": ("consignee_phone",),
        "postal_address": ("consignee_street",), "postcode": ("consignee_postcode",), "city": ("consignee_city",),
        "residence_country": ("consignee_country",), "goods_description": ("goods_description",),
        "hs_code": ("hs_code",), "quantity": ("quantity",),
        "declared_value": ("declared_value",), "currency": ("currency",), "weight": ("weight_kg",),
        "ioss": ("ioss_number",), "h7_declaration": (), "trade_flow": ("ioss_number",),
    },
    "customs_h7": {
        "customs_lrn": ("lrn",), "customs_mrn": ("mrn",), "eori": ("declarant_eori",), "ioss": ("ioss_number",),
        "parcel_s10": ("parcel_number",), "customer_id": ("customer_id",), "consignor": ("consignor_name",),
        "consignee": ("consignee_name",),
        "postal_address": ("consignee_street",), "postcode": ("consignee_postcode",), "city": ("consignee_city",),
        "residence_country": ("consignee_country",), "goods_description": ("goods_description",),
        "hs_code": ("hs_code",), "declared_value": ("intrinsic_value",), "currency": ("currency",),
        "weight": ("gross_mass_kg",), "h7_declaration": (), "trade_flow": (),
    },
    "scans": {"parcel_s10": ("parcel_number",)},
    "returns": {
        "parcel_s10": ("parcel_number",), "customer_id": ("customer_id",), "email": ("consignee_email",),
        "iban": ("refund_iban",),
        "transaction_amount": ("refund_amount",), "currency": ("currency",), "weight": ("weight_kg",),
    },
}  # fmt: skip
"""Columns of each class; none: the rows as a whole, all of them."""


@dataclass
class Count:
    """What was written of one table."""

    rows: int = 0
    """Rows."""
    filled: dict[str, int] = field(default_factory=dict)
    """Values of each column that are not null."""

    def add(self, table: pa.Table) -> None:
        """Count the rows of a table, or of a part of it."""
        self.rows += table.num_rows
        for name, column in zip(table.column_names, table.columns, strict=True):
            self.filled[name] = self.filled.get(name, 0) + len(column) - column.null_count

    def records(self, name: str) -> dict[str, int]:
        """Return by data class the rows that hold a value of it.

        Args:
            name: Of the table.
        """
        return {
            made: max((self.filled.get(column, 0) for column in columns), default=self.rows)
            for made, columns in TABLES[name].items()
        }


def joined(counts: Iterable[Mapping[str, Count]]) -> dict[str, Count]:
    """Return the counts of all parts of each table."""
    whole: dict[str, Count] = {}
    for part in counts:
        for name, count in part.items():
            kept = whole.setdefault(name, Count())
            kept.rows += count.rows
            for column, filled in count.filled.items():
                kept.filled[column] = kept.filled.get(column, 0) + filled
    return whole
