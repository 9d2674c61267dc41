"""A conclusion, with the facts it rests on and the facts that are missing."""

from __future__ import annotations

from flagstate.model.noun import FLAG, TEXT, TEXTS, Column, Noun

FINDING = Noun(
    "finding",
    "conclusion",
    "A conclusion, with the facts it rests on and the facts that are missing.",
    (
        Column(
            "finding_id",
            TEXT,
            "Stable id: hash of question, rule, subject and counterparty.",
            "Ids are ours; two of them may name one real thing.",
        ),
        Column("question", TEXT, "One of the six questions.", "As right as its source."),
        Column("rule_id", TEXT, "The rule or step that decided.", "As right as its source."),
        Column(
            "subject",
            TEXT,
            "What it is about; masked.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column(
            "counterparty",
            TEXT,
            "The other side; masked.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column("verdict", TEXT, "yes, no or unknown; yes is adverse.", "Within the stated coverage."),
        Column("outcome", TEXT, "Legal or practical class of an adverse finding.", "As right as its source."),
        Column("level", TEXT, "info, low, medium, high or critical.", "From outcome and confidence, by a table."),
        Column("confidence", TEXT, "low, medium or high.", "As right as its source."),
        Column("interpretive", FLAG, "Rests on our own reading.", "As right as its source."),
        Column("message", TEXT, "The sentence a person reads.", "As right as its source."),
        Column("values", TEXT, "The figures that decided, as JSON.", "As right as its source."),
        Column("facts", TEXTS, "fact_ids it rests on.", "Bounded: the largest ones."),
        Column("missing", TEXTS, "What to collect to decide.", "A proposal."),
        Column("exemption", TEXT, "Exemption applied or refused.", "As right as its source."),
        Column("bounds", TEXT, "Bounds under which it holds, as JSON.", "As right as its source."),
        Column("rests_on", TEXT, "The weakest stance under it.", "As right as its source."),
        Column("innocent", TEXT, "The best innocent explanation.", "A proposal."),
        Column("proof", TEXT, "The chain as a sentence.", "One minimal chain; others may exist."),
        Column(
            "citation", TEXT, "Where the law says so; null: no rule of law.", "Numbering changes; see the last check."
        ),
        Column(
            "status",
            TEXT,
            "sourced, to verify or interpretive, and whether the rule is law: in force, not yet, proposed or lapsed.",
            "It never changes an outcome.",
        ),
        Column(
            "measures", TEXTS, "What would change it, each with the new outcome.", "A proposal; side effects exist."
        ),
        Column("french", TEXT, "Message, measures and what is missing in French, as JSON.", "English decides."),
        Column("judged", TEXT, "The judgement in force, if any.", "Applied when shown; never removes a finding."),
    ),
)
