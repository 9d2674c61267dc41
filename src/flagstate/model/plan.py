"""A set of measures that cures what is unwanted, cheapest first."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SMALL, TEXT, TEXTS, Column, Noun

PLAN = Noun(
    "plan",
    "derived",
    "A set of measures that cures what is unwanted, cheapest first.",
    (
        Column("rank", SMALL, "1: the cheapest; then the next best.", "Ties are ordered by name."),
        Column(
            "state",
            TEXT,
            "optimal, next, not_proved, ban or nothing.",
            "`optimal` holds within the catalogue of measures and its costs.",
        ),
        Column(
            "measure_id",
            TEXT,
            "Id of the measure as applied; null: none.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("measure", TEXT, "Code of the catalogue.", "As right as its source."),
        Column("words", TEXT, "What to do, as a sentence.", "As right as its source."),
        Column("cost", COUNT, "Its cost, in the user's unit.", "A guess until the user sets it."),
        Column("total", COUNT, "Cost of the whole set.", "A guess until the user sets it."),
        Column("lead_days", COUNT, "Days until it works.", "A guess until the user sets it."),
        Column("cures", TEXTS, "finding_ids that it helps to cure.", "As right as its source."),
        Column("opens", TEXTS, "What it opens: sentences.", "As right as its source."),
        Column("proof", TEXT, "Where nothing works: a proof that no measure breaks.", "One chain; others may exist."),
    ),
)
