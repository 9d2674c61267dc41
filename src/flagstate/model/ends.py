"""Columns that several nouns of traffic have alike: who spoke to whom, and how much."""

from __future__ import annotations

from flagstate.model.noun import COUNT, SMALL, TEXT, TIME, Column

ORIG_H = Column(
    "orig_h", TEXT, "Address that opened the connection.", "Translation (NAT) and proxies hide the real one."
)
RESP_H = Column("resp_h", TEXT, "Address that answered.", "A proxy or anycast front stands for the real one.")
RESP_P = Column("resp_p", SMALL, "Its port.", "A service may hide on any port.")
PROTO = Column("proto", TEXT, "tcp, udp or icmp.", "Null where the format has none.")
SERVICE = Column("service", TEXT, "Application protocol that the sensor recognised.", "Guessed from content or port.")
OPENED = (
    Column("ts", TIME, "Start (UTC).", "As right as the clock of the sensor."),
    Column("uid", TEXT, "The record's own connection id, if it has one.", "Unique within one sensor only."),
    ORIG_H,
    Column("orig_p", SMALL, "Its port.", "Null where the format has none."),
    RESP_H,
    RESP_P,
    PROTO,
)
"""How every record of a sensor begins: when, and between which ends."""
CONNECT_TO = Column(
    "connect_to",
    TEXT,
    "Where the client asked a proxy to connect to (CONNECT), as `host:port`; null: no proxy was asked.",
    "The proxy may refuse, or go elsewhere.",
)
CLAIMED_ORIG_H = Column(
    "claimed_orig_h",
    TEXT,
    "Client that a forwarded-for header names.",
    "Anybody can write this header: forgeable, and never merged with the address that was seen.",
)
ORIG_BYTES, RESP_BYTES = (
    Column(
        name,
        COUNT,
        f"Payload bytes from the {end}.",
        "From sequence numbers or headers: packet loss and truncation make it too low, wrapped counters too high.",
    )
    for name, end in (("orig_bytes", "originator"), ("resp_bytes", "responder"))
)
