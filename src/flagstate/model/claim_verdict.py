"""What the evidence says of one part of a claim's test."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SHARE, TEXT, TEXTS, TIME, Column, Noun

CLAIM_VERDICT = Noun(
    "claim_verdict",
    "derived",
    "What the evidence says of one part of a claim's test.",
    (
        Column("claim_id", TEXT, "The claim.", "Ids are ours; two of them may name one real thing."),
        Column("verb", TEXT, "The word of the test, such as place_in; null: it has no test.", "A test may ask less."),
        Column("asset_id", TEXT, "Of what.", "Ids are ours; two of them may name one real thing."),
        Column("claim_verdict", TEXT, "One of the codes of `CLAIM_VERDICTS`.", "Of the test, not of the sentence."),
        Column("message", TEXT, "What was seen, in one sentence.", "As right as the figures."),
        Column("french", TEXT, "The same in French.", "A translation."),
        Column("rows_for", COUNT, "Rows of evidence that support it.", "Only what was given."),
        Column("rows_against", COUNT, "Rows of evidence that contradict it.", "Only what was given."),
        Column("facts", TEXTS, "fact_ids of the rows, those against it first.", "Some of many: the tables have all."),
        Column("remainder", TEXTS, "What the evidence did not cover, in words.", "What nobody knows of is not in it."),
        Column("from_ts", TIME, "Seen from (UTC).", "As right as the clock of the sensor."),
        Column("to_ts", TIME, "Seen to (UTC).", "As right as the clock of the sensor."),
        Column("share_seen", SHARE, "Share of the traffic or records that was seen, 0 to 1.", "Null: not known."),
        Column("missing", TEXTS, "What to collect to decide.", "A proposal."),
        Column("does_not_say", TEXTS, "What the claim does not say, though it may be heard so.", "Not a full list."),
        Column("query", TEXT, "The query that was asked of the tables.", "It asks what the test says, no more."),
        Column("rests_on", TEXT, "The weakest stance under it.", "As right as its sources."),
        Column("confidence", TEXT, "low, medium or high.", "As right as its source."),
    ),
    ("claim_id", "verb"),
)
