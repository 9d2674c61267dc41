"""How a claim changed on the way from what it repeats, or does not agree with itself."""

from __future__ import annotations

from flagstate.model.noun import TEXT, Column, Noun

MUTATION = Noun(
    "mutation",
    "derived",
    "How a claim changed on the way from what it repeats, or does not agree with itself.",
    (
        Column("claim_id", TEXT, "The claim.", "Ids are ours; two of them may name one real thing."),
        Column(
            "parent_id", TEXT, "The claim that it repeats; null: it is held against itself.", "As right as its source."
        ),
        Column("mutation_kind", TEXT, "One of the codes of `MUTATIONS`.", "A change may be a correction."),
        Column("figure", TEXT, "The figure that changed; null: none.", "As the dossier names it."),
        Column("before", TEXT, "How it was.", "In the words of the dossier."),
        Column("after", TEXT, "How it is.", "In the words of the dossier."),
        Column("message", TEXT, "What was seen, in one sentence.", "As right as the figures."),
        Column("french", TEXT, "The same in French.", "A translation."),
    ),
    ("claim_id", "parent_id", "mutation_kind", "figure"),
)
