"""A country for something, from one kind of source; never merged with another kind."""

from __future__ import annotations

from flagstate.model.noun import TEXT, Column, fact

PLACE = fact(
    "place",
    "A country for something, from one kind of source; never merged with another kind.",
    ("subject_id", "source_kind", "country"),
    Column("subject_id", TEXT, "Asset, entity or address.", "Ids are ours; two of them may name one real thing."),
    Column(
        "country",
        TEXT,
        "ISO 3166-1 alpha-2; null: not known.",
        "Depends on the kind of source: read `source_kind` first.",
    ),
    Column("source_kind", TEXT, "One of the codes of `SOURCE_KINDS`.", "As right as its source."),
    Column("confidence", TEXT, "sure, likely, disputed or none.", "Calibrated on published regions only."),
    Column("region", TEXT, "Region code, where the source gives one.", "Unknown codes stay unknown."),
    Column("source", TEXT, "The data set and its date.", "As right as its source."),
)
