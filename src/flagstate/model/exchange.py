"""One HTTP request and its response."""

from __future__ import annotations

from flagstate.model.ends import CLAIMED_ORIG_H, CONNECT_TO, OPENED
from flagstate.model.noun import COUNT, SMALL, TEXT, Column, Noun

EXCHANGE = Noun(
    "exchange",
    "stream",
    "One HTTP request and its response.",
    (
        *OPENED,
        Column(
            "host", TEXT, "Host header or URL host.", "Written by the party that is audited; it may be wrong or forged."
        ),
        CONNECT_TO,
        CLAIMED_ORIG_H,
        Column("method", TEXT, "Method.", "Null if the request was not seen."),
        Column("status_code", SMALL, "Status.", "Null or 0: no response seen."),
        Column(
            "request_bytes", COUNT, "Bytes sent, body and known headers.", "Lower bound: many tools log only the body."
        ),
        Column("response_bytes", COUNT, "Bytes received.", "Lower bound, or decoded size, by tool."),
    ),
)
