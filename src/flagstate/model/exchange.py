"""One HTTP request and its response."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SMALL, TEXT, TIME, Column, Noun

EXCHANGE = Noun(
    "exchange",
    "stream",
    "One HTTP request and its response.",
    (
        Column("ts", TIME, "Start (UTC).", "As right as the clock of the sensor."),
        Column("uid", TEXT, "The record's own connection id, if it has one.", "Unique within one sensor only."),
        Column(
            "orig_h", TEXT, "Address that opened the connection.", "Translation (NAT) and proxies hide the real one."
        ),
        Column("orig_p", SMALL, "Its port.", "Null where the format has none."),
        Column("resp_h", TEXT, "Address that answered.", "A proxy or anycast front stands for the real one."),
        Column("resp_p", SMALL, "Its port.", "A service may hide on any port."),
        Column("proto", TEXT, "tcp, udp or icmp.", "Null where the format has none."),
        Column(
            "host", TEXT, "Host header or URL host.", "Written by the party that is audited; it may be wrong or forged."
        ),
        Column(
            "connect_to",
            TEXT,
            "Where the client asked a proxy to connect to (CONNECT), as `host:port`; null: no proxy was asked.",
            "The proxy may refuse, or go elsewhere.",
        ),
        Column(
            "claimed_orig_h",
            TEXT,
            "Client that a forwarded-for header names.",
            "Anybody can write this header: forgeable, and never merged with the address that was seen.",
        ),
        Column("method", TEXT, "Method.", "Null if the request was not seen."),
        Column("status_code", SMALL, "Status.", "Null or 0: no response seen."),
        Column(
            "request_bytes", COUNT, "Bytes sent, body and known headers.", "Lower bound: many tools log only the body."
        ),
        Column("response_bytes", COUNT, "Bytes received.", "Lower bound, or decoded size, by tool."),
    ),
)
