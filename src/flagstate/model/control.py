"""A control of the catalogue, and whether it is in place."""

from __future__ import annotations

from flagstate.model.noun import DAY, TEXT, Column, fact

CONTROL = fact(
    "control",
    "A control of the catalogue, and whether it is in place.",
    ("subject_id", "control"),
    Column("subject_id", TEXT, "Of what.", "Ids are ours; two of them may name one real thing."),
    Column("control", TEXT, "Catalogue code.", "As right as its source."),
    Column("state", TEXT, "yes, no or unknown.", "Declared unless tested."),
    Column("tested_on", DAY, "When it was tested.", "Declared."),
)
