"""The three-way ledger: declared, configured and observed, side by side."""

from __future__ import annotations

from flagstate.model.ends import ORIG_BYTES, PROTO, RESP_BYTES, RESP_P
from flagstate.model.noun import COUNT, TEXT, TEXTS, TIME, Column, Noun

RECONCILIATION = Noun(
    "reconciliation",
    "derived",
    "The three-way ledger: declared, configured and observed, side by side.",
    (
        Column(
            "subject",
            TEXT,
            "Destination or declared pattern.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column(
            "result",
            TEXT,
            "covered, undeclared, never_seen, contradicted or unknown.",
            "`never_seen` holds for the stated window and coverage only.",
        ),
        Column("declared", TEXTS, "fact_ids that declare it.", "As right as its source."),
        Column("configured", TEXTS, "fact_ids that configure it.", "As right as its source."),
        Column("observed", TEXTS, "fact_ids that observed it (the largest ones).", "Bounded: see conns for the whole."),
        Column("recorded", TEXTS, "fact_ids of registers and data sets that contradict it.", "As right as its source."),
        Column("own_end", TEXT, "Which end is ours.", "By declared networks."),
        Column("egress", TEXT, "yes, no or unknown.", "unknown where neither end is known to be ours."),
        Column(
            "country",
            TEXT,
            "Host country of the destination; null: anycast, not known or disputed.",
            "As right as its source.",
        ),
        Column("operator_id", TEXT, "Entity that operates it.", "By AS number, feed or domain; null: not known."),
        RESP_P,
        PROTO,
        Column("conns", COUNT, "Connections.", "Counted once over overlapping artefacts."),
        Column("failed_conns", COUNT, "Of them, refused or never answered.", "One-sided captures look like failures."),
        ORIG_BYTES,
        RESP_BYTES,
        Column(
            "unsized_conns",
            COUNT,
            "Connections whose sent bytes the source does not give.",
            "Their bytes are missing from the sums.",
        ),
        Column("first_ts", TIME, "Earliest start (UTC).", "As right as the clock of the sensor."),
        Column("last_ts", TIME, "Latest start (UTC).", "As right as the clock of the sensor."),
        Column("remark", TEXT, "Why, in words.", "As right as its source."),
    ),
)
