"""How far a noun was seen: the only way to read an absence."""

from __future__ import annotations

from flagstate.model.noun import SHARE, TEXT, TIME, Column, Noun

COVERAGE = Noun(
    "coverage",
    "ledger",
    "How far a noun was seen: the only way to read an absence.",
    (
        Column("noun", TEXT, "Which table.", "As right as its source."),
        Column(
            "scope", TEXT, "Of what: an asset, a network, a question, or `all`.", "As told, or as far as we can tell."
        ),
        Column("from_ts", TIME, "Seen from (UTC).", "As right as the clock of the sensor."),
        Column("to_ts", TIME, "Seen to (UTC).", "As right as the clock of the sensor."),
        Column("complete", TEXT, "yes, no or unknown.", "`yes` is somebody's word unless said_by is a sensor."),
        Column(
            "share_seen", SHARE, "Share seen, 0 to 1; null: not known.", "A sensor knows only the gaps that it noticed."
        ),
        Column("said_by", TEXT, "Who says so.", "As right as its source."),
        Column("remark", TEXT, "What was not seen, in words.", "As right as its source."),
        Column("todo", TEXT, "What to collect next to decide.", "A proposal."),
        Column(
            "evidence_id",
            TEXT,
            "The artefact it is about; null: the whole case.",
            "Ids are ours; two of them may name one real thing.",
        ),
    ),
)
