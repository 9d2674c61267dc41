"""An entity that a government can address."""

from __future__ import annotations

from flagstate.model.noun import FLAG, TEXT, TEXTS, Column, Noun

COMPELLED = Noun(
    "compelled",
    "derived",
    "An entity that a government can address.",
    (
        Column("government", TEXT, "ISO 3166-1 alpha-2.", "As right as its source."),
        Column("entity_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
        Column("basis", TEXT, "organised, principal_place, located, place, via_parent.", "As right as its source."),
        Column("law", TEXT, "The law or basis.", "See its status."),
        Column("contested", FLAG, "The sources dispute the basis.", "As right as its source."),
        Column("status", TEXT, "Status of the weakest link.", "As right as its source."),
        Column("proof", TEXT, "The chain as a sentence.", "One minimal chain; others may exist."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
