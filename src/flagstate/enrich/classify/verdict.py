"""What was decided about one class in one column."""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENCES = ("low", "medium", "high")


@dataclass(frozen=True)
class Verdict:
    """One class in one column, or in the rows of a table as a whole."""

    made: str
    """Id of the class."""
    column: str
    """Name of the column, masked; empty: the row as a whole."""
    share: float
    """Of the distinct values, those that are of the class, 0 to 1."""
    basis: str
    """filled: every value counts; whole: values with the form and check; inside: values that hold one; row."""
    confidence: str
    """low, medium or high."""
    reason: str
    """Why, without values."""
    score: float = 0.0
    """How strong the evidence is, to compare rivals; above 0."""
