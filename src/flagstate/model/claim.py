"""What somebody asserts."""

from __future__ import annotations

from flagstate.model.noun import DAY, TEXT, TEXTS, Column, fact

CLAIM = fact(
    "claim",
    "What somebody asserts.",
    ("claim_id",),
    Column("claim_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
    Column("sentence", TEXT, "The assertion in our words.", "A paraphrase."),
    Column(
        "claim_kind",
        TEXT,
        "One of the codes of `CLAIM_KINDS`.",
        "Who wrote the dossier decided; allegations may be facts.",
    ),
    Column("speaker", TEXT, "Outlet or role.", "As right as its source."),
    Column("outlet", TEXT, "Where it appeared.", "As right as its source."),
    Column("on_date", DAY, "When.", "Often the date of publication."),
    Column("hedging", TEXT, "How it was hedged, such as estimated.", "As right as its source."),
    Column("claim_scope", TEXT, "Of what it speaks, in few words.", "Words of the dossier: compared by letter only."),
    Column(
        "derived_from",
        TEXTS,
        "Claims or sources that it repeats, each by id.",
        "Only what somebody said or worked out.",
    ),
    Column("source_ids", TEXTS, "Sources that carry it.", "Others may carry it too."),
    Column("quote_hash", TEXT, "Hash of the quote.", "As right as its source."),
    Column("stances", TEXT, "What others say, as JSON.", "As right as its source."),
    Column("claim_figures", TEXT, "Its figures by name, with lo, hi and unit, as JSON.", "As right as its source."),
    Column("test", TEXT, "The test as JSON.", "A test may ask less than the sentence says."),
    Column("does_not_say", TEXTS, "What it does not say, though it may be heard so.", "Not a full list."),
    Column("remark", TEXT, "What to know of it, in words.", "As right as its source."),
)
