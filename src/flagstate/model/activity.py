"""Who touched what from where."""

from __future__ import annotations

from flagstate.model.noun import COUNT, DAY, TEXT, Column, fact

ACTIVITY = fact(
    "activity",
    "Who touched what from where.",
    ("principal", "asset_id", "action", "from_place", "to_party", "day"),
    Column(
        "principal",
        TEXT,
        "Group of principals; never a private person's name.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
    Column("action", TEXT, "read, write, admin, login, share, stop_logging…", "Mapped from the source's own verbs."),
    Column("from_place", TEXT, "Country or address it came from.", "Addresses may be a proxy's."),
    Column(
        "to_party",
        TEXT,
        "For a share: the account or party that was given access, masked.",
        "An account number does not say whose it is.",
    ),
    Column("failed", COUNT, "Of the times, those that were refused.", "Logs of refusals may be off."),
    Column("day", DAY, "UTC day.", "As right as the clock of the sensor."),
    Column("count", COUNT, "Times.", "Logging may have been off."),
    Column("bytes", COUNT, "Bytes, where the log has them.", "Often absent."),
)
