"""Who stands behind a claim: its primary sources, and what others say of it."""

from __future__ import annotations

from flagstate.model.noun import COUNT, FLAG, TEXT, TEXTS, Column, Noun

PROVENANCE = Noun(
    "provenance",
    "derived",
    "Who stands behind a claim: its primary sources, and what others say of it.",
    (
        Column("claim_id", TEXT, "The claim.", "Ids are ours; two of them may name one real thing."),
        Column("assertions", COUNT, "How many sources and claims carry it, copies included.", "Only those given."),
        Column(
            "primaries", TEXTS, "Sources or claims behind it that repeat nothing.", "They may share one unnamed source."
        ),
        Column("independent", COUNT, "Distinct primaries: copies of one count once.", "At most: see primaries."),
        Column("unnamed", COUNT, "Of the primaries, those that rest on persons who are not named.", "As they say."),
        Column(
            "circular", FLAG, "Whether its sources repeat each other in a circle.", "Only of links that were given."
        ),
        Column("absent", TEXTS, "Ids that are named as its origin and were not given.", "They may exist."),
        Column("confirmed_by", TEXTS, "Who confirms it.", "As right as its source."),
        Column("denied_by", TEXTS, "Who denies it; a denial lowers nothing and is shown.", "As right as its source."),
        Column("no_comment_by", TEXTS, "Who gave no comment.", "As right as its source."),
        Column("unverified_by", TEXTS, "Who published it and could not verify it.", "As right as its source."),
    ),
    ("claim_id",),
)
