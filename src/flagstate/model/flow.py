"""What went between two ends in one UTC day; for declared rows a pattern."""

from __future__ import annotations

from flagstate.model.ends import CLAIMED_ORIG_H, ORIG_BYTES, ORIG_H, PROTO, RESP_BYTES, RESP_H, RESP_P, SERVICE
from flagstate.model.noun import BYTES, COUNT, DAY, SMALL, TEXT, TIME, Column, fact

FLOW = fact(
    "flow",
    "What went between two ends in one UTC day; for declared rows a pattern.",
    (
        "orig_h",
        "resp_h",
        "resp_p",
        "proto",
        "service",
        "server_name",
        "connect_to",
        "claimed_orig_h",
        "day",
        "to_pattern",
        "from_asset",
        "container",
    ),
    ORIG_H,
    RESP_H,
    RESP_P,
    PROTO,
    SERVICE,
    Column(
        "server_name",
        TEXT,
        "Name of the responder; masked.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column(
        "name_source",
        TEXT,
        "sni, host, dns or null.",
        "A name from DNS is the last one that resolved to the address, not proof.",
    ),
    Column(
        "connect_to",
        TEXT,
        "Where the client asked a proxy to connect to (CONNECT), as `host:port`, masked; null: no proxy was asked.",
        "The proxy may refuse, or go elsewhere.",
    ),
    CLAIMED_ORIG_H,
    Column("day", DAY, "UTC day.", "As right as the clock of the sensor."),
    Column("hours", SMALL, "24-bit mask of UTC hours with a connection start.", "As right as the clock of the sensor."),
    Column("conns", COUNT, "Connections.", "Counted once over overlapping artefacts."),
    Column("failed_conns", COUNT, "Of them, refused or never answered.", "One-sided captures look like failures."),
    ORIG_BYTES,
    RESP_BYTES,
    Column("missed_bytes", COUNT, "Bytes that the sensor knows it missed.", "Only gaps that it noticed."),
    Column(
        "unsized_conns",
        COUNT,
        "Connections whose sent bytes the source does not give.",
        "Their bytes are missing from the sums.",
    ),
    Column(
        "half_conns",
        COUNT,
        "Of the connections, those of which only one side was seen.",
        "Counted only where the source shows it; asymmetric routes and one-armed taps make them.",
    ),
    Column(
        "max_duration_us",
        COUNT,
        "Longest connection in microseconds; null: the source gives no length.",
        "Of connections that are still open only what was seen.",
    ),
    Column("first_ts", TIME, "Earliest start (UTC).", "As right as the clock of the sensor."),
    Column("last_ts", TIME, "Latest start (UTC).", "As right as the clock of the sensor."),
    Column("timing", BYTES, "Always null: the rhythm of a pair over all days is in `behaviour`.", "Not filled."),
    Column("from_asset", TEXT, "Asset at the originator.", "By declared network or name."),
    Column("to_asset", TEXT, "Asset at the responder.", "By declared network or name."),
    Column(
        "container",
        TEXT,
        "Table, file or path that moved; null: payload unknown.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column(
        "to_pattern",
        TEXT,
        "Declared destination: domain, CIDR, provider, entity or country, as `kind:value`.",
        "Null unless declared or configured.",
    ),
    Column("action", TEXT, "send, receive or both, as declared.", "Null unless declared or configured."),
)
