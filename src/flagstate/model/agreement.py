"""A contract between two parties."""

from __future__ import annotations

from flagstate.model.noun import TEXT, Column, fact

AGREEMENT = fact(
    "agreement",
    "A contract between two parties.",
    ("agreement_id", "kind", "from_id", "to_id", "asset_id", "container", "purpose"),
    Column(
        "agreement_id", TEXT, "Id, by which controls name it.", "Ids are ours; two of them may name one real thing."
    ),
    Column("kind", TEXT, "vendor, brokerage, employment, investment, processor, ict or export.", "Declared."),
    Column("from_id", TEXT, "Who takes.", "Ids are ours; two of them may name one real thing."),
    Column("to_id", TEXT, "Who gives.", "Ids are ours; two of them may name one real thing."),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
    Column(
        "container",
        TEXT,
        "Table, file or path; null: all.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("purpose", TEXT, "Purpose.", "Declared."),
    Column("terms", TEXT, "Terms as JSON.", "Declared."),
)
