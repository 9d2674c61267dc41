"""An address range that somebody declared, as its own or as that of an asset."""

from __future__ import annotations

from flagstate.model.noun import FLAG, TEXT, Column, fact

NETWORK = fact(
    "network",
    "An address range that somebody declared, as its own or as that of an asset.",
    ("cidr",),
    Column("cidr", TEXT, "Range in CIDR notation.", "Translated addresses may hide others behind it."),
    Column(
        "own",
        FLAG,
        "It is the declaring party's; false: an asset uses it, and whose it is is not said.",
        "Null in cases of before: then it counts as own.",
    ),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
)
