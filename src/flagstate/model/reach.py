"""A government that could make somebody hand over what an asset shows."""

from __future__ import annotations

from flagstate.model.noun import FLAG, TEXT, TEXTS, Column, Noun

REACH = Noun(
    "reach",
    "derived",
    "A government that could make somebody hand over what an asset shows.",
    (
        Column("government", TEXT, "ISO 3166-1 alpha-2.", "As right as its source."),
        Column(
            "subject_id",
            TEXT,
            "The asset or operator it reaches.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("level", TEXT, "One of `REACH_LEVELS`.", "As right as its source."),
        Column("contested", FLAG, "The sources dispute the basis.", "As right as its source."),
        Column("law", TEXT, "The law or basis.", "See its status."),
        Column(
            "status",
            TEXT,
            "Status of the weakest link.",
            "`sourced` says that a source was read, not that it is right.",
        ),
        Column("stance", TEXT, "Weakest stance under it.", "As right as its source."),
        Column("proof", TEXT, "The chain as a sentence.", "One minimal chain; others may exist."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
