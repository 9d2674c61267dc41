"""Facts that cannot all be true: they are kept apart, and what depends on them is unknown."""

from __future__ import annotations

from flagstate.model.noun import TEXT, TEXTS, Column, Noun

CONTRADICTION = Noun(
    "contradiction",
    "derived",
    "Facts that cannot all be true: they are kept apart, and what depends on them is unknown.",
    (
        Column(
            "about_id",
            TEXT,
            "Entity, asset or interest (holder>subject) that they are about.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("noun", TEXT, "Table of the facts.", "As right as its source."),
        Column("column", TEXT, "The column in which they differ.", "As right as its source."),
        Column("sources", TEXTS, "Where each is said: file and line, or register.", "As right as its source."),
        Column("words", TEXT, "What they say, as a sentence.", "As right as its source."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
