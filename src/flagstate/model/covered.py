"""Whether an entity counts as held by the members of a list: stakes add up and are not multiplied; exactly 50 % counts."""

from __future__ import annotations

from flagstate.model.noun import SHARE, TEXT, TEXTS, Column, Noun

COVERED = Noun(
    "covered",
    "derived",
    "Whether an entity counts as held by the members of a list: stakes add up and are not multiplied; exactly 50 % counts.",
    (
        Column(
            "list",
            TEXT,
            "Name of the list of countries, such as us_28cfr202_countries_of_concern.",
            "As right as its source.",
        ),
        Column("entity_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
        Column(
            "verdict",
            TEXT,
            "yes, no or unknown.",
            "unknown where shares are bounds, owners are unknown or facts contradict each other.",
        ),
        Column(
            "basis",
            TEXT,
            "organised, principal_place, state, person, listed (by name), owned_50 (or the list's threshold) or none.",
            "As right as its source.",
        ),
        Column("share_lo_pct", SHARE, "Stake of covered owners, at least.", "Registers round."),
        Column("share_hi_pct", SHARE, "Stake of covered owners, at most.", "Registers round."),
        Column(
            "why",
            TEXT,
            "Why it is unknown: bounds, unnamed, unaccounted, no_owner_known, place or above; null: it is not.",
            "The first reason that was found.",
        ),
        Column("proof", TEXT, "Why, as a sentence.", "One chain; others may exist."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
    ),
)
