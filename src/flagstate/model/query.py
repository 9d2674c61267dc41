"""One DNS query."""

from __future__ import annotations

from flagstate.model.ends import OPENED
from flagstate.model.noun import TEXT, TEXTS, Column, Noun

QUERY = Noun(
    "query",
    "stream",
    "One DNS query.",
    (
        *OPENED,
        Column(
            "query",
            TEXT,
            "Name asked for.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column("qtype_name", TEXT, "Record type.", "Null if the sensor did not decode it."),
        Column("rcode_name", TEXT, "Answer code.", "Null: no answer seen."),
        Column("answers", TEXTS, "Answers as text.", "Answers may be truncated."),
    ),
)
