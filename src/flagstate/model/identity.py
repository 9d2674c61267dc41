"""Two ids of entities that are one, or may be one."""

from __future__ import annotations

from flagstate.model.noun import TEXT, TEXTS, Column, Noun

IDENTITY = Noun(
    "identity",
    "derived",
    "Two ids of entities that are one, or may be one.",
    (
        Column("entity_id", TEXT, "An id as a source has it.", "Ids are ours; two of them may name one real thing."),
        Column(
            "same_as", TEXT, "The id under which it is counted.", "Ids are ours; two of them may name one real thing."
        ),
        Column("by", TEXT, "lei, registration or name.", "`name` is a candidate only and merges nothing."),
        Column(
            "verdict",
            TEXT,
            "yes: they are one; unknown: only the names agree.",
            "Identifiers are typed by hand in registers.",
        ),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
