"""Which client software spoke TLS from an address, by the fingerprint of its offer."""

from __future__ import annotations

from flagstate.model.noun import COUNT, TEXT, TIME, Column, fact

TLS_CLIENT = fact(
    "tls_client",
    "Which client software spoke TLS from an address, by the fingerprint of its offer.",
    ("orig_h", "ja4", "ja3", "next_protocol"),
    Column("orig_h", TEXT, "Address that opened the connections.", "Translation (NAT) and proxies hide the real one."),
    Column(
        "ja4", TEXT, "JA4 of the client; null: not given.", "Many programs share one, and a program may change its own."
    ),
    Column(
        "ja3", TEXT, "JA3 of the client; null: not given.", "As ja4; browsers that shuffle their offer have thousands."
    ),
    Column("next_protocol", TEXT, "Application protocol (ALPN).", "A name that both ends wrote."),
    Column(
        "handshakes", COUNT, "Handshakes.", "Resumed sessions show less; one that two artefacts hold counts in each."
    ),
    Column("name_count", COUNT, "Distinct server names that it asked for.", "Hidden names (ECH) count as their front."),
    Column("first_ts", TIME, "First of them (UTC).", "As right as the clock of the sensor."),
    Column("last_ts", TIME, "Last of them (UTC).", "As right as the clock of the sensor."),
)
