"""What went between two ends in one UTC day; for declared rows a pattern."""

from __future__ import annotations

from flagstate.model.noun import BYTES, COUNT, DAY, SMALL, TEXT, TIME, Column, fact

FLOW = fact(
    "flow",
    "What went between two ends in one UTC day; for declared rows a pattern.",
    ("orig_h", "resp_h", "resp_p", "proto", "service", "server_name", "day", "to_pattern", "from_asset", "container"),
    Column("orig_h", TEXT, "Address that opened the connection.", "Translation (NAT) and proxies hide the real one."),
    Column("resp_h", TEXT, "Address that answered.", "A proxy or anycast front stands for the real one."),
    Column("resp_p", SMALL, "Its port.", "A service may hide on any port."),
    Column("proto", TEXT, "tcp, udp or icmp.", "Null where the format has none."),
    Column("service", TEXT, "Application protocol that the sensor recognised.", "Guessed from content or port."),
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
    Column("day", DAY, "UTC day.", "As right as the clock of the sensor."),
    Column("hours", SMALL, "24-bit mask of UTC hours with a connection start.", "As right as the clock of the sensor."),
    Column("conns", COUNT, "Connections.", "Counted once over overlapping artefacts."),
    Column("failed_conns", COUNT, "Of them, refused or never answered.", "One-sided captures look like failures."),
    Column(
        "orig_bytes",
        COUNT,
        "Payload bytes from the originator.",
        "From sequence numbers or headers: packet loss and truncation make it too low, wrapped counters too high.",
    ),
    Column(
        "resp_bytes",
        COUNT,
        "Payload bytes from the responder.",
        "From sequence numbers or headers: packet loss and truncation make it too low, wrapped counters too high.",
    ),
    Column("missed_bytes", COUNT, "Bytes that the sensor knows it missed.", "Only gaps that it noticed."),
    Column(
        "unsized_conns",
        COUNT,
        "Connections whose sent bytes the source does not give.",
        "Their bytes are missing from the sums.",
    ),
    Column("first_ts", TIME, "Earliest start (UTC).", "As right as the clock of the sensor."),
    Column("last_ts", TIME, "Latest start (UTC).", "As right as the clock of the sensor."),
    Column("timing", BYTES, "Sparse counts per bin of time; null until behaviour is computed.", "Coarsened when many."),
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
