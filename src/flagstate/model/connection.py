"""One connection as a sensor logged it."""

from __future__ import annotations

from flagstate.model.ends import CLAIMED_ORIG_H, CONNECT_TO, OPENED, ORIG_BYTES, RESP_BYTES, SERVICE
from flagstate.model.noun import COUNT, TEXT, Column, Noun

CONNECTION = Noun(
    "connection",
    "stream",
    "One connection as a sensor logged it.",
    (
        *OPENED,
        SERVICE,
        Column("duration_us", COUNT, "Length in microseconds.", "Null for one-packet connections."),
        ORIG_BYTES,
        RESP_BYTES,
        Column("missed_bytes", COUNT, "Bytes that the sensor knows it missed.", "Only gaps that it noticed."),
        Column("conn_state", TEXT, "Zeek's state code.", "One-sided captures look like failures."),
        Column(
            "server_name",
            TEXT,
            "Name of the responder, where the record itself has it.",
            "Written by the party that is audited; it may be wrong or forged.",
        ),
        Column("name_source", TEXT, "sni or host; null: no name.", "As server_name."),
        CONNECT_TO,
        CLAIMED_ORIG_H,
    ),
)
