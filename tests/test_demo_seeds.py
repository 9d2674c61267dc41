"""Twenty hubs: all that was hidden is found, nothing innocent is called a leak, and the figures are the maker's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demonstrations import AS_OF, EVIDENCE, SCALE, Hub, agree, build
from flagstate.pipeline import audit as audits
from flagstate.pipeline.audit import Order, audit


@pytest.mark.parametrize("seed", [*range(17), 101, 103, 107])
def test_what_was_hidden_is_found(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the laws and the plan, which the test of the whole demonstration has."""
    monkeypatch.setattr(audits, "PLAN_SECONDS", None)
    truth: Any = build(tmp_path, Hub(SCALE, seed))
    order = Order(paths=(tmp_path / EVIDENCE,), case=tmp_path / "case", as_of=AS_OF, without=("laws",), example=True)
    made = audit(order)
    agree(lambda noun: made.tables[noun].to_pylist(), truth)
