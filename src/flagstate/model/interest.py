"""Somebody owns, operates or holds something."""

from __future__ import annotations

from flagstate.model.noun import FLAG, SHARE, TEXT, Column, fact

INTEREST = fact(
    "interest",
    "Somebody owns, operates or holds something.",
    ("holder_id", "subject_id", "kind", "interest_type", "directness", "valid_from"),
    Column("holder_id", TEXT, "Who.", "Ids are ours; two of them may name one real thing."),
    Column("subject_id", TEXT, "What: an entity or an asset.", "Ids are ours; two of them may name one real thing."),
    Column(
        "kind",
        TEXT,
        "Kind of interest: owns, operates, hosts, administers, controller…",
        "Contracts name roles loosely.",
    ),
    Column("share_lo_pct", SHARE, "Share held, at least, in per cent.", "Registers round."),
    Column("share_hi_pct", SHARE, "Share held, at most, in per cent.", "Registers round."),
    Column("interest_type", TEXT, "Kind in the register's own words.", "As right as its source."),
    Column("directness", TEXT, "direct, indirect or unknown.", "An indirect interest repeats direct ones."),
    Column("beneficial", FLAG, "The register calls it beneficial ownership or control.", "As right as its source."),
    Column("unknown_reason", TEXT, "Why no holder is named, in the register's own code.", "As right as its source."),
    Column("contested", FLAG, "The sources dispute it.", "As right as its source."),
    Column(
        "status",
        TEXT,
        "sourced, to verify, declared or fictitious.",
        "`sourced` says that a source was read, not that it is right.",
    ),
    Column("source", TEXT, "Where it is said.", "As right as its source."),
)
