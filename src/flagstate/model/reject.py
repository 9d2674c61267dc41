"""A record that could not be read."""

from __future__ import annotations

from flagstate.model.noun import COUNT, TEXT, Column, Noun

REJECT = Noun(
    "reject",
    "ledger",
    "A record that could not be read.",
    (
        Column("evidence_id", TEXT, "The artefact.", "Ids are ours; two of them may name one real thing."),
        Column("line", COUNT, "Line, row or entry number, from 1.", "Counted by the engine; a broken quote shifts it."),
        Column("reason", TEXT, "Why, without the record's text.", "The first thing that went wrong."),
    ),
)
