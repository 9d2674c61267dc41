"""What somebody asserts."""

from __future__ import annotations

from flagstate.model.noun import DAY, TEXT, Column, fact

CLAIM = fact(
    "claim",
    "What somebody asserts.",
    ("claim_id",),
    Column("claim_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
    Column("sentence", TEXT, "The assertion in our words.", "A paraphrase."),
    Column("speaker", TEXT, "Outlet or role.", "As right as its source."),
    Column("outlet", TEXT, "Where it appeared.", "As right as its source."),
    Column("on_date", DAY, "When.", "Often the date of publication."),
    Column("hedging", TEXT, "How it was hedged.", "As right as its source."),
    Column("derived_from", TEXT, "The claim it repeats.", "As right as its source."),
    Column("quote_hash", TEXT, "Hash of the quote.", "As right as its source."),
    Column("stances", TEXT, "What others say, as JSON.", "As right as its source."),
    Column("test", TEXT, "The test as JSON.", "A test may ask less than the sentence says."),
)
