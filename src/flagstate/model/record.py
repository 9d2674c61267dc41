"""Rows of a stored table, as its file has them."""

from __future__ import annotations

from flagstate.model.noun import COUNT, TEXT, Column, Noun

RECORD = Noun(
    "record",
    "stream",
    "Rows of a stored table, as its file has them.",
    (
        Column(
            "container",
            TEXT,
            "Table, sheet or path within the artefact.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column("rows_read", COUNT, "Rows.", "Rejected rows are not in it."),
    ),
)
