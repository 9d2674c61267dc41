"""One DNS query."""

from __future__ import annotations

from flagstate.model.noun import SMALL, TEXT, TEXTS, TIME, Column, Noun

QUERY = Noun(
    "query",
    "stream",
    "One DNS query.",
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
            "query",
            TEXT,
            "Name asked for.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column("qtype_name", TEXT, "Record type.", "Null if the sensor did not decode it."),
        Column("rcode_name", TEXT, "Answer code.", "Null: no answer seen."),
        Column("answers", TEXTS, "Answers as text.", "Answers may be truncated."),
    ),
)
