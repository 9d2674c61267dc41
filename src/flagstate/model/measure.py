"""A measure that the declaring party would consider, with its cost."""

from __future__ import annotations

from flagstate.model.noun import COUNT, TEXT, Column, fact

MEASURE = fact(
    "measure",
    "A measure that the declaring party would consider, with its cost.",
    ("measure_id", "measure"),
    Column("measure_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
    Column("measure", TEXT, "Code of the catalogue of measures.", "As right as its source."),
    Column("params", TEXT, "What it is applied to, as JSON.", "Declared."),
    Column("cost", COUNT, "Its cost, in a unit of the user's own; null: that of the catalogue.", "A guess."),
    Column("lead_days", COUNT, "Days until it works; null: those of the catalogue.", "A guess."),
)
