"""What is known of one responder address, with its four countries side by side."""

from __future__ import annotations

from flagstate.model.noun import COUNT, FLAG, TEXT, Column, Noun

ENDPOINT = Noun(
    "endpoint",
    "derived",
    "What is known of one responder address, with its four countries side by side.",
    (
        Column("addr", TEXT, "Address.", "Addresses move."),
        Column("special", TEXT, "private, loopback, multicast…; null: public.", "By IANA's registries."),
        Column(
            "host_country",
            TEXT,
            "Where the host stands, by the first data set.",
            "Right for 86 to 99 % of cloud prefixes: see calibration.",
        ),
        Column("host_country_second", TEXT, "The same by the second data set.", "Often only the registrant's country."),
        Column(
            "registrant_country", TEXT, "Under which the address block was registered.", "Says nothing of the host."
        ),
        Column("as_country", TEXT, "Under which the network (AS) was registered.", "Says nothing of the host."),
        Column(
            "provider",
            TEXT,
            "Provider whose published feed holds the address; null: in no feed.",
            "Feeds are dated, and a local partner may run the region.",
        ),
        Column("provider_country", TEXT, "Country of the region that the provider publishes.", "Feeds are dated."),
        Column("provider_region", TEXT, "Region that the provider publishes.", "Unknown codes stay unknown."),
        Column(
            "anycast",
            FLAG,
            "The address is announced from many places: it has no one place.",
            "The list is not complete.",
        ),
        Column("confidence", TEXT, "sure, likely, disputed or none.", "Calibrated on published regions only."),
        Column("asn", COUNT, "Number of the network that announces it.", "At the date of the data set."),
        Column("as_name", TEXT, "Name of its holder: a name, never a jurisdiction.", "As right as its source."),
        Column("operator_id", TEXT, "Entity that operates it.", "By AS number, feed or domain; null: not known."),
        Column("operator_by", TEXT, "asn, feed or domain.", "As right as its source."),
        Column("controller_id", TEXT, "Ultimate controller.", "By the links of `interest`, each with its status."),
        Column("controller_country", TEXT, "Principal place of the controller.", "Recall or filing, by status."),
    ),
)
