"""One artefact, catalog table or set of them that facts rest on."""

from __future__ import annotations

from flagstate.model.noun import COUNT, FLAG, TEXT, TEXTS, TIME, Column, Noun

EVIDENCE = Noun(
    "evidence",
    "ledger",
    "One artefact, catalog table or set of them that facts rest on.",
    (
        Column(
            "evidence_id",
            TEXT,
            "Id: hash of the bytes and where they were.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column(
            "artefact",
            TEXT,
            "Name relative to what was given, archive members after `!`; masked.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column("sha256", TEXT, "SHA-256 of the bytes.", "Null where it could not be opened."),
        Column("size_bytes", COUNT, "Size of the artefact.", "Null where it could not be opened."),
        Column("range_from", COUNT, "First byte of the range that was hashed.", "A growing log has one row per range."),
        Column("range_to", COUNT, "One past the last byte of the range.", "As range_from."),
        Column(
            "kind",
            TEXT,
            "What it was recognised as (reader and variant).",
            "Recognised by content: a look-alike may be misread.",
        ),
        Column("invented", FLAG, "Whether it says of itself that it is made up.", "Null: it does not say."),
        Column("title", TEXT, "Title that it gives itself; masked.", "Its author's word; null for most kinds."),
        Column(
            "state",
            TEXT,
            "One of the codes of `READ_STATES`.",
            "`read` says that every record parsed, not that the log is complete.",
        ),
        Column(
            "reason", TEXT, "Why it was not, or not wholly, read.", "Names the first reason; more may be in `reject`."
        ),
        Column("todo", TEXT, "What would make it readable.", "A proposal."),
        Column("asserted_by", TEXT, "Who vouches for it.", "As told by the user or the source."),
        Column(
            "retrieved_at",
            TIME,
            "When we read it, or when the source was retrieved (UTC).",
            "As right as the clock of the sensor.",
        ),
        Column("first_ts", TIME, "Earliest time in it (UTC).", "As right as the clock of the sensor."),
        Column("last_ts", TIME, "Latest time in it (UTC).", "As right as the clock of the sensor."),
        Column("rows_read", COUNT, "Records read.", "Of the rows that reached the reader."),
        Column(
            "rows_rejected",
            COUNT,
            "Records that could not be parsed.",
            "A damaged length or quote may hide several records in one.",
        ),
        Column("misses", COUNT, "Bytes that the sensor itself says it missed.", "Only gaps that it noticed."),
        Column(
            "overlaps",
            TEXTS,
            "Other evidence with some of the same records; each was counted once.",
            "By connection id, or addresses, ports and a start within 1 ms.",
        ),
        Column("members", TEXTS, "For a set: the rows it stands for.", "Empty unless state is `set`."),
        Column("licence", TEXT, "Licence of a catalog table.", "Null for the user's own artefacts."),
        Column("url", TEXT, "Where a catalog table came from.", "Null for the user's own artefacts."),
    ),
)
