"""A report, statement or document in which assertions stand."""

from __future__ import annotations

from flagstate.model.noun import DAY, FLAG, TEXT, TEXTS, Column, fact

SOURCE = fact(
    "source",
    "A report, statement or document in which assertions stand.",
    ("source_id",),
    Column("source_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
    Column("source_form", TEXT, "One of the codes of `SOURCE_FORMS`.", "Who wrote the dossier decided."),
    Column("outlet", TEXT, "Who published it.", "As right as its source."),
    Column("on_date", DAY, "When.", "Often the date of publication."),
    Column(
        "derived_from",
        TEXTS,
        "Claims or sources that it repeats, each by id.",
        "Only what somebody said or worked out.",
    ),
    Column("anonymous", FLAG, "Whether it rests on persons who are not named.", "Null: not said."),
    Column("verified", TEXT, "Whether its publisher could verify it: yes, no or unknown.", "The publisher's own word."),
    Column("remark", TEXT, "What to know of it, in words.", "As right as its source."),
)
