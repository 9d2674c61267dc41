"""What a person decided about a finding or a flow."""

from __future__ import annotations

from flagstate.model.noun import DAY, TEXT, TIME, Column, Noun

JUDGEMENT = Noun(
    "judgement",
    "conclusion",
    "What a person decided about a finding or a flow.",
    (
        Column("judgement_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
        Column("on_id", TEXT, "finding_id or fact_id.", "Ids are ours; two of them may name one real thing."),
        Column("kind", TEXT, "explained, muted, assigned or comment.", "As right as its source."),
        Column("reason", TEXT, "Why.", "The author's word."),
        Column("author", TEXT, "Who.", "As told."),
        Column("assignee", TEXT, "To whom a finding is assigned; null for other kinds.", "As told."),
        Column("until", DAY, "Until when it holds.", "As right as its source."),
        Column("made_at", TIME, "When (UTC).", "As right as the clock of the sensor."),
    ),
)
