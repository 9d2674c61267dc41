"""One connection as a sensor logged it."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SMALL, TEXT, TIME, Column, Noun

CONNECTION = Noun(
    "connection",
    "stream",
    "One connection as a sensor logged it.",
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
        Column("service", TEXT, "Application protocol that the sensor recognised.", "Guessed from content or port."),
        Column("duration_us", COUNT, "Length in microseconds.", "Null for one-packet connections."),
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
        Column("conn_state", TEXT, "Zeek's state code.", "One-sided captures look like failures."),
        Column(
            "server_name",
            TEXT,
            "Name of the responder, where the record itself has it.",
            "Written by the party that is audited; it may be wrong or forged.",
        ),
        Column("name_source", TEXT, "sni or host; null: no name.", "As server_name."),
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
    ),
)
