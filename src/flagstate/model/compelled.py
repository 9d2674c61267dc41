"""An entity that a government can address, on one ground."""

from __future__ import annotations

from flagstate.model.noun import FLAG, TEXT, TEXTS, Column, Noun

COMPELLED = Noun(
    "compelled",
    "derived",
    "An entity that a government can address, on one ground.",
    (
        Column("government", TEXT, "ISO 3166-1 alpha-2, or EU.", "As right as its source."),
        Column("entity_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
        Column(
            "basis",
            TEXT,
            "organised, principal_place, located, via_parent, nationality or market.",
            "As right as its source.",
        ),
        Column("level", TEXT, "One of `REACH_LEVELS`.", "As right as its source."),
        Column(
            "via_id",
            TEXT,
            "The owner or person in charge through whom; null: directly.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("law", TEXT, "The laws, the firmest first.", "See their status."),
        Column("gag", TEXT, "Secrecy that the law imposes.", "As right as its source."),
        Column("remedy", TEXT, "What the addressee can do against it.", "As right as its source."),
        Column("contested", FLAG, "The sources dispute the basis.", "As right as its source."),
        Column(
            "disputed",
            FLAG,
            "It rests on facts that contradict each other, on control that is not certain, or on no country.",
            "As right as its source.",
        ),
        Column("status", TEXT, "Status of the weakest link.", "As right as its source."),
        Column("stance", TEXT, "Weakest stance under it.", "As right as its source."),
        Column("proof", TEXT, "The chain as a sentence.", "One chain; others may exist."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
