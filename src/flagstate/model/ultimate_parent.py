"""An entity at the top of control: several at 50/50."""

from __future__ import annotations

from flagstate.model.noun import TEXT, TEXTS, Column, Noun

ULTIMATE_PARENT = Noun(
    "ultimate_parent",
    "derived",
    "An entity at the top of control: several at 50/50.",
    (
        Column("entity_id", TEXT, "Whose.", "Ids are ours; two of them may name one real thing."),
        Column(
            "parent_id",
            TEXT,
            "The top; itself where nobody is known above it.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column(
            "kind",
            TEXT,
            "organisation, person, state, circle (they hold each other) or unnamed (a register says why).",
            "As right as its source.",
        ),
        Column("verdict", TEXT, "yes or unknown.", "As right as its source."),
        Column("words", TEXT, "Why, as a sentence.", "As right as its source."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
