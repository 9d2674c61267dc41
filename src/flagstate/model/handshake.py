"""One TLS handshake."""

from __future__ import annotations

from flagstate.model.ends import OPENED
from flagstate.model.noun import FLAG, TEXT, Column, Noun

HANDSHAKE = Noun(
    "handshake",
    "stream",
    "One TLS handshake.",
    (
        *OPENED,
        Column(
            "server_name",
            TEXT,
            "Server name that the client asked for (SNI).",
            "Written by the party that is audited; it may be wrong or forged.",
        ),
        Column("version", TEXT, "TLS version.", "Null if the handshake was not seen."),
        Column(
            "next_protocol",
            TEXT,
            "Application protocol that was agreed (ALPN); of the client's offer the first, where no answer was seen.",
            "A name that both ends wrote: what follows is encrypted.",
        ),
        Column(
            "ja3",
            TEXT,
            "Fingerprint of the client's offer (JA3, MD5 of its fields).",
            "Many programs share one, and a program may change its own.",
        ),
        Column(
            "ja4",
            TEXT,
            "Fingerprint of the client's offer (JA4, the client's only).",
            "Many programs share one, and a program may change its own.",
        ),
        Column("established", FLAG, "The handshake completed.", "Null if not seen."),
        Column(
            "issuer",
            TEXT,
            "Issuer of the server's certificate, as it names itself.",
            "Null from TLS 1.3 on, and where the sensor does not write it; a certificate may be forged.",
        ),
    ),
)
