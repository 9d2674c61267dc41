"""What the declaring party says it accepts."""

from __future__ import annotations

from flagstate.model.noun import TEXT, Column, fact

POLICY = fact(
    "policy",
    "What the declaring party says it accepts.",
    ("policy", "value"),
    Column("policy", TEXT, "Name of the policy, such as accept_reach.", "As right as its source."),
    Column("value", TEXT, "A country, group or threshold.", "Declared."),
)
