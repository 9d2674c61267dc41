"""An entity that can decrypt with a key."""

from __future__ import annotations

from flagstate.model.noun import TEXT, TEXTS, Column, Noun

KEY_USE = Noun(
    "key_use",
    "derived",
    "An entity that can decrypt with a key.",
    (
        Column("key_id", TEXT, "The key.", "Ids are ours; two of them may name one real thing."),
        Column("entity_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
        Column(
            "kind",
            TEXT,
            "holds_key, uses_key, or the custody through which it can use it.",
            "Contracts name roles loosely.",
        ),
        Column("words", TEXT, "How a proof says it.", "As right as its source."),
        Column(
            "status",
            TEXT,
            "Status of the weakest link.",
            "`sourced` says that a source was read, not that it is right.",
        ),
        Column("stance", TEXT, "Weakest stance under it.", "As right as its source."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
