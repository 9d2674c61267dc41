"""One of a thing is said as one."""

from __future__ import annotations

import pytest

from flagstate.model.counted import counted


@pytest.mark.parametrize(
    ("number", "reason", "said"),
    [
        (0, "connection[|s]", "0 connections"),
        (1, "connection[|s]", "1 connection"),
        (12_345, "bod[y is|ies are] long; [it was|they were] cut", "12,345 bodies are long; they were cut"),
        (1, "bod[y is|ies are] long; [it was|they were] cut", "1 body is long; it was cut"),
        (1, "further", "1 further"),
    ],
)
def test_the_form_fits_the_number(number: int, reason: str, said: str) -> None:
    assert counted(number, reason) == said
