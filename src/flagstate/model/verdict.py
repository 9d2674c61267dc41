"""Verdicts and what they do to the exit code of an audit."""

from __future__ import annotations

from collections.abc import Iterable

from flagstate.model.codes import LEVELS

SEVERITY = {
    ("prohibited", "high"): "critical",
    ("prohibited", "medium"): "high",
    ("prohibited", "low"): "medium",
    ("breach", "high"): "critical",
    ("breach", "medium"): "high",
    ("breach", "low"): "medium",
    ("restricted", "high"): "high",
    ("restricted", "medium"): "medium",
    ("restricted", "low"): "low",
    ("conflict", "high"): "high",
    ("conflict", "medium"): "medium",
    ("conflict", "low"): "low",
    ("notify", "high"): "medium",
    ("notify", "medium"): "low",
    ("notify", "low"): "low",
    ("assess", "high"): "medium",
    ("assess", "medium"): "low",
    ("assess", "low"): "info",
}
"""(outcome, confidence) of an adverse finding to its level; whatever is not listed is `info`."""


def severity(outcome: str | None, confidence: str | None) -> str:
    """Return the level of an adverse finding."""
    return SEVERITY.get((outcome or "", confidence or "low"), "info")


def conclude(verdicts: Iterable[str]) -> str:
    """Return the verdict of a question from those of its findings: one yes is yes, else one unknown is unknown.

    No finding at all is unknown: absence of evidence is not an answer.
    """
    seen = set(verdicts)
    if "yes" in seen:
        return "yes"
    if seen == {"no"}:
        return "no"
    return "unknown"


def standing(verdict: str, *, level: str | None, settled: bool, fail_on: str = "info") -> str:
    """Return what a finding still says to the exit code: an adverse one that does not count is `settled`.

    Args:
        verdict: yes, no or unknown.
        level: Its level, if it is adverse.
        settled: A judgement that stands explains or mutes it.
        fail_on: Adverse findings below this level do not count.
    """
    if verdict != "yes":
        return verdict
    low = LEVELS.index(level) < LEVELS.index(fail_on) if level in LEVELS else False
    return "settled" if settled or low else "yes"


def left_open(verdicts: Iterable[str]) -> str:
    """Return the verdict of a question that decides the exit code, from what its findings still say.

    A settled finding answers what it is about, and nothing beside it: what is unknown there stays unknown.
    """
    seen = set(verdicts)
    return "no" if seen and seen <= {"settled", "no"} else conclude(seen - {"settled"})


def exit_code(verdicts: Iterable[str], levels: Iterable[str], *, fail_on: str = "info") -> int:
    """Return the exit code of an audit.

    Args:
        verdicts: One per asked question.
        levels: Levels of the adverse findings under the asked questions that no judgement has explained.
        fail_on: Adverse findings below this level do not count.

    Returns:
        10 to 14 for the gravest adverse finding, else 3 if some asked question is unknown, else 0.
    """
    floor = LEVELS.index(fail_on)
    grave = [LEVELS.index(level) for level in levels if LEVELS.index(level) >= floor]
    if grave:
        return 10 + max(grave)
    return 3 if not (listed := list(verdicts)) or "unknown" in listed else 0
