"""Something that happened to a party."""

from __future__ import annotations

from flagstate.model.noun import DAY, TEXT, Column, fact

EVENT = fact(
    "event",
    "Something that happened to a party.",
    ("kind", "subject_id", "object_id", "on_date"),
    Column(
        "kind",
        TEXT,
        "demand, order, disclosure, breach, offer, sale, determination, closing, filing or outage.",
        "As right as its source.",
    ),
    Column("subject_id", TEXT, "To whom.", "Ids are ours; two of them may name one real thing."),
    Column("object_id", TEXT, "About what.", "Ids are ours; two of them may name one real thing."),
    Column("on_date", DAY, "When.", "Often the date of publication."),
    Column("event_id", TEXT, "Id, by which controls name it, such as a filing.", "Ids are ours."),
)
