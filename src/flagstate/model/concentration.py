"""How much of the services and of the bytes hangs on one parent or one country."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SHARE, TEXT, Column, Noun

CONCENTRATION = Noun(
    "concentration",
    "derived",
    "How much of the services and of the bytes hangs on one parent or one country.",
    (
        Column("by", TEXT, "parent or country.", "As right as its source."),
        Column(
            "member",
            TEXT,
            "entity_id of the ultimate parent, or country; null: not known.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("services", COUNT, "Services that stop without it.", "Of the services that are known."),
        Column("services_total", COUNT, "Services that are known.", "Of the services that are known."),
        Column("orig_bytes", COUNT, "Payload bytes sent to it.", "Of the flows that were seen."),
        Column("total_bytes", COUNT, "Payload bytes sent in all.", "Of the flows that were seen."),
        Column(
            "hhi_services",
            SHARE,
            "Herfindahl-Hirschman index over services, 0 to 10,000; the same in every row of `by`.",
            "Unknown members count as one each.",
        ),
        Column(
            "hhi_bytes",
            SHARE,
            "Herfindahl-Hirschman index over bytes, 0 to 10,000; the same in every row of `by`.",
            "Addresses whose member is not known count as one each.",
        ),
    ),
)
