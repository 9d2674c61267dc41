"""An address range that the declaring party calls its own."""

from __future__ import annotations

from flagstate.model.noun import TEXT, Column, fact

NETWORK = fact(
    "network",
    "An address range that the declaring party calls its own.",
    ("cidr",),
    Column("cidr", TEXT, "Range in CIDR notation.", "Translated addresses may hide others behind it."),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
)
