"""What a person decided about a finding or a flow."""

from __future__ import annotations

from flagstate.model.noun import COUNT, DAY, TEXT, TIME, Column, Noun

JUDGEMENT = Noun(
    "judgement",
    "conclusion",
    "What a person decided about a finding or a flow.",
    (
        Column("judgement_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
        Column(
            "on_id",
            TEXT,
            "finding_id, fact_id, or the key of flows that it covers.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("kind", TEXT, "explained, muted, assigned or comment.", "As right as its source."),
        Column("reason", TEXT, "Why.", "The author's word."),
        Column("author", TEXT, "Who.", "As told."),
        Column("assignee", TEXT, "To whom a finding is assigned; null for other kinds.", "As told."),
        Column("until", DAY, "Last day (UTC) on which it holds.", "As right as its source."),
        Column("made_at", TIME, "When (UTC).", "As right as the clock of the sensor."),
        Column(
            "explained_by",
            TEXT,
            "What explains it, as `contract:ID`, `ticket:ID`, `person:NAME` or `declaration:ID`.",
            "Only contracts are looked up, and only when the judgement is made.",
        ),
        Column(
            "covers",
            TEXT,
            "Flows that it covers on every day, as JSON {to, port, from, behaviour}; null: only what on_id names.",
            "Whatever else goes the same way is covered too.",
        ),
        Column(
            "figures",
            TEXT,
            "What was judged, in figures, as JSON; it settles no more once they grow.",
            "Of the evidence of that day.",
        ),
        Column(
            "up_to_bytes",
            COUNT,
            "Most bytes sent in one UTC day that it settles; null: three times what they were.",
            "The author's bound.",
        ),
    ),
)
