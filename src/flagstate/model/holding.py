"""A class of data in a container."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SMALL, TEXT, TEXTS, Column, fact

HOLDING = fact(
    "holding",
    "A class of data in a container.",
    ("asset_id", "container", "data_class"),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
    Column(
        "container",
        TEXT,
        "Table, file, path or column group; masked.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("data_class", TEXT, "Class.", "Decided per column on its values: see confidence."),
    Column("about", TEXT, "Group of persons.", "Declared or by a residence column."),
    Column("records", COUNT, "Rows with a value of the class.", "Rejected rows are not in it."),
    Column("unit", TEXT, "persons or devices.", "As right as its source."),
    Column("subjects_lo", COUNT, "Distinct subjects, at least.", "From a sketch or a sample."),
    Column("subjects_hi", COUNT, "Distinct subjects, at most.", "From a sketch or a sample."),
    Column("state", TEXT, "stored, moved or used.", "Use is often not observable."),
    Column("key_ids", TEXTS, "Keys that are all needed to read it.", "Declared unless configured."),
    Column("split", TEXT, "Name of what it is a share of, where data is split.", "Declared unless configured."),
    Column("split_needs", SMALL, "How many shares are needed to read it.", "Declared unless configured."),
    Column("marks", TEXTS, "Marks such as residence_proxy.", "As right as its source."),
    Column("confidence", TEXT, "low, medium or high.", "As right as its source."),
    Column("reasons", TEXTS, "Why it was decided so; no values.", "As right as its source."),
)
