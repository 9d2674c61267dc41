"""Which classes stand together in one row."""

from __future__ import annotations

from flagstate.model.noun import BYTES, COUNT, TEXT, TEXTS, Column, fact

POPULATION = fact(
    "population",
    "Which classes stand together in one row.",
    ("asset_id", "container", "data_classes", "about", "month", "unit", "subject_class"),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
    Column(
        "container",
        TEXT,
        "Table; masked.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("data_classes", TEXTS, "Classes together in one row.", "As right as its source."),
    Column("about", TEXT, "Group of persons, such as residents:DE.", "Declared or by a residence column."),
    Column("month", TEXT, "YYYY-MM; null: no date column.", "By the column that looked like the event date."),
    Column("records", COUNT, "Rows with a value of the class.", "Rejected rows are not in it."),
    Column("unit", TEXT, "persons or devices.", "As right as its source."),
    Column(
        "subject_class",
        TEXT,
        "Class of the column that tells subjects apart; null: none does.",
        "One person may have two e-mail addresses, and two persons one.",
    ),
    Column("subjects_lo", COUNT, "Distinct subjects, at least.", "From a sketch or a sample."),
    Column("subjects_hi", COUNT, "Distinct subjects, at most.", "From a sketch or a sample."),
    Column(
        "sketch", BYTES, "Mergeable sketch of keyed fingerprints.", "Error bounds are in subjects_lo and subjects_hi."
    ),
    Column(
        "marks",
        TEXTS,
        "residence_proxy, estimate, sample, by_year, without_month, without_residence or fewer_classes.",
        "Residence is not nationality; what was made coarser cannot be told apart again.",
    ),
)
