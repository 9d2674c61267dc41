"""Beneficial share of a holder in an entity: multiplied along chains and added up over them."""

from __future__ import annotations

from flagstate.model.noun import SHARE, TEXT, TEXTS, Column, Noun

OWNED_SHARE = Noun(
    "owned_share",
    "derived",
    "Beneficial share of a holder in an entity: multiplied along chains and added up over them.",
    (
        Column("holder_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
        Column("subject_id", TEXT, "In whom.", "Ids are ours; two of them may name one real thing."),
        Column("share_lo_pct", SHARE, "At least, in per cent.", "Registers round."),
        Column("share_hi_pct", SHARE, "At most, in per cent.", "Unknown shares count as up to what the others leave."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
