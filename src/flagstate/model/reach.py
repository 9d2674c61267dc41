"""A government that could make somebody hand over what an asset shows: one row per minimal proof."""

from __future__ import annotations

from flagstate.model.noun import FLAG, SMALL, TEXT, TEXTS, Column, Noun

REACH = Noun(
    "reach",
    "derived",
    "A government that could make somebody hand over what an asset shows: one row per minimal proof.",
    (
        Column("government", TEXT, "ISO 3166-1 alpha-2, or EU; null: none found.", "As right as its source."),
        Column(
            "subject_id",
            TEXT,
            "The asset or operator it reaches.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column(
            "container",
            TEXT,
            "Table, file or path; masked; null: whatever is there.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column("data_classes", TEXTS, "Classes of data there.", "Empty: not known."),
        Column("state", TEXT, "stored, moved or used; presumed where nobody says.", "Use is often not observable."),
        Column(
            "data", TEXT, "clear, or metadata: sizes, times, names and who connects.", "Metadata may tell the content."
        ),
        Column(
            "answer",
            TEXT,
            "both, evidenced (without keys that are only declared) or declared (with them).",
            "A declared key may not exist.",
        ),
        Column("rank", SMALL, "1: the most direct proof of this answer.", "As right as its source."),
        Column("level", TEXT, "One of `REACH_LEVELS`.", "As right as its source."),
        Column("contested", FLAG, "The sources dispute the basis.", "As right as its source."),
        Column("disputed", FLAG, "It rests on facts that contradict each other.", "As right as its source."),
        Column(
            "entities",
            TEXTS,
            "Entities that it has to compel together.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("key_ids", TEXTS, "Keys that it has to use.", "Ids are ours; two of them may name one real thing."),
        Column("law", TEXT, "The law or basis.", "See its status."),
        Column("gag", TEXT, "Secrecy that the law imposes.", "As right as its source."),
        Column("remedy", TEXT, "What the addressee can do against it.", "As right as its source."),
        Column(
            "conflicts", TEXTS, "Laws that forbid the handing over; they remove no reach.", "As right as its source."
        ),
        Column(
            "status",
            TEXT,
            "Status of the weakest link.",
            "`sourced` says that a source was read, not that it is right.",
        ),
        Column("stance", TEXT, "Weakest stance under it.", "As right as its source."),
        Column("proof", TEXT, "The chain as a sentence.", "One chain; others may exist."),
        Column("more", FLAG, "More proofs exist than are kept.", "As right as its source."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
