"""How a conclusion is written: one shape for every question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from flagstate import model
from flagstate.model.verdict import severity


def finding(
    question: str,
    rule_id: str,
    subject: str,
    verdict: str,
    message: str,
    *,
    counterparty: str | None = None,
    outcome: str | None = None,
    confidence: str = "high",
    values: Mapping[str, object] | None = None,
    facts: Iterable[str] = (),
    missing: Iterable[str] = (),
    rests_on: str | None = None,
    innocent: str | None = None,
    proof: str | None = None,
) -> dict[str, object]:
    """Return one row of `finding`; its id depends on question, rule, subject and counterparty only.

    Args:
        question: One of the six.
        rule_id: The step or rule that decided.
        subject: What it is about.
        verdict: yes, no or unknown.
        message: The sentence that a person reads.
        counterparty: The other side.
        outcome: Class of an adverse finding.
        confidence: low, medium or high; an unknown has none.
        values: The figures that decided.
        facts: fact_ids it rests on.
        missing: What to collect to decide.
        rests_on: The weakest stance under it.
        innocent: The best innocent explanation.
        proof: The chain as a sentence.
    """
    return {
        "finding_id": model.digest("finding", question, rule_id, subject, counterparty),
        "question": question,
        "rule_id": rule_id,
        "subject": subject,
        "counterparty": counterparty,
        "verdict": verdict,
        "outcome": outcome,
        "level": severity(outcome, confidence) if verdict == "yes" else "info",
        "confidence": None if verdict == "unknown" else confidence,
        "interpretive": False,
        "message": message,
        "values": json.dumps(dict(values), sort_keys=True, default=str) if values else None,
        "facts": list(facts),
        "missing": list(missing),
        "rests_on": rests_on,
        "innocent": innocent,
        "proof": proof,
    }


def bytes_in_words(count: int | None) -> str:
    """Return a number of bytes as a person reads it, such as `2.3 GB`."""
    value = float(count or 0)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
