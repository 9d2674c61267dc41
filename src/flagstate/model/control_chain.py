"""An entity that controls another one, over any number of steps."""

from __future__ import annotations

from flagstate.model.noun import FLAG, SMALL, TEXT, TEXTS, Column, Noun

CONTROL_CHAIN = Noun(
    "control_chain",
    "derived",
    "An entity that controls another one, over any number of steps.",
    (
        Column("holder_id", TEXT, "Who controls.", "Ids are ours; two of them may name one real thing."),
        Column("subject_id", TEXT, "Whom.", "Ids are ours; two of them may name one real thing."),
        Column("steps", SMALL, "Number of links.", "The shortest way."),
        Column("path", TEXTS, "entity_ids from holder to subject, both included.", "One chain; others may exist."),
        Column(
            "kind",
            TEXT,
            "The weakest ground in the chain: majority, half, aggregate, votes, board, contract, control, nominee, dominant_minority, veto or trust.",
            "Thresholds are stated in docs/control.md.",
        ),
        Column(
            "verdict",
            TEXT,
            "yes, or unknown where shares are bounds or facts contradict each other.",
            "As right as its source.",
        ),
        Column("contested", FLAG, "The sources dispute a link.", "As right as its source."),
        Column(
            "status",
            TEXT,
            "Status of the weakest link.",
            "`sourced` says that a source was read, not that it is right.",
        ),
        Column("stance", TEXT, "Weakest stance under it.", "As right as its source."),
        Column("proof", TEXT, "The chain as a sentence, links only.", "One chain; others may exist."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
