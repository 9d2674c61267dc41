"""How traffic behaves that may be a leak: the figures behind it, and the best innocent explanation."""

from __future__ import annotations

from flagstate.model.noun import COUNT, FLAG, SHARE, SMALL, TEXT, TEXTS, TIME, Column, Noun

BEHAVIOUR = Noun(
    "behaviour",
    "derived",
    "How traffic behaves that may be a leak: the figures behind it, and the best innocent explanation.",
    (
        Column(
            "behaviour_id", TEXT, "Id: hash of kind and ends.", "Ids are ours; two of them may name one real thing."
        ),
        Column("kind", TEXT, "One of the codes of `BEHAVIOURS`.", "A shape of traffic, never a purpose."),
        Column(
            "orig_h", TEXT, "Address that opened; null: several.", "Translation (NAT) and proxies hide the real one."
        ),
        Column(
            "far",
            TEXT,
            "The far end as a person reads it: name, registrable domain or address; masked.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column(
            "resp_h", TEXT, "Address that answered; null: several.", "A proxy or anycast front stands for the real one."
        ),
        Column("resp_p", SMALL, "Its port; null: several.", "A service may hide on any port."),
        Column("proto", TEXT, "tcp, udp or icmp.", "Null where the format has none."),
        Column(
            "score", SHARE, "How sure, 0 to 1; from 0.5 on it is said.", "Calibrated on made traffic: see benchmarks."
        ),
        Column("parts", TEXT, "Sub-scores by name, 0 to 1 each, as JSON.", "Each is one view of the same traffic."),
        Column(
            "figures", TEXT, "The figures behind the scores, with unit in the name, as JSON.", "Of what was captured."
        ),
        Column("message", TEXT, "What was seen, in one sentence.", "As right as the figures."),
        Column("innocent", TEXT, "The best innocent explanation.", "A proposal: check it."),
        Column(
            "benign",
            SHARE,
            "How well the innocent explanation fits, 0 to 1; it is taken off the score.",
            "What hides well looks innocent.",
        ),
        Column("conns", COUNT, "Connections or queries in it.", "Counted once over overlapping artefacts."),
        Column("orig_bytes", COUNT, "Payload bytes that were sent in it.", "Packet loss makes it too low."),
        Column("resp_bytes", COUNT, "Payload bytes that came back.", "Packet loss makes it too low."),
        Column(
            "pcr",
            SHARE,
            "Producer-consumer ratio: (sent - received) / (sent + received), -1 to 1; null: no bytes.",
            "Retransmissions and protocol overhead are in it.",
        ),
        Column("attempted", FLAG, "0 bytes were sent: an attempt, not a loss.", "Unsized connections count as sent."),
        Column("from_ts", TIME, "First of it (UTC).", "As right as the clock of the sensor."),
        Column("to_ts", TIME, "Last of it (UTC).", "As right as the clock of the sensor."),
        Column(
            "timeline",
            TEXT,
            "Counts per equal step of time, as JSON {from_us, step_us, conns, bytes}; null: no rhythm to show.",
            "At most 240 steps: fine rhythms are coarsened.",
        ),
        Column(
            "standing",
            TEXT,
            "yes: a declared pattern covers the destination; no; unknown: whose end it is; inside: both ends are ours.",
            "A declaration of a destination does not declare how much is sent there.",
        ),
        Column("facts", TEXTS, "Flow fact_ids it rests on; the largest.", "Bounded."),
    ),
)
