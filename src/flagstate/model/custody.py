"""An entity that can get at what an asset shows."""

from __future__ import annotations

from flagstate.model.noun import TEXT, TEXTS, Column, Noun

CUSTODY = Noun(
    "custody",
    "derived",
    "An entity that can get at what an asset shows.",
    (
        Column("asset_id", TEXT, "What.", "Ids are ours; two of them may name one real thing."),
        Column("entity_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
        Column("kind", TEXT, "Kind of interest, such as operates or administers.", "Contracts name roles loosely."),
        Column(
            "layer_id",
            TEXT,
            "The asset at which it has it: this one or one below.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column(
            "through",
            TEXT,
            "The staff that it employs, if the custody is theirs.",
            "Ids are ours; two of them may name one real thing.",
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
