"""Checks that are kept are those that would be made now."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from flagstate.laws import checked, pack
from flagstate.laws.sql import Block

ROOT = Path(__file__).parents[1]


def tool() -> ModuleType:
    """Return the tool that checks the shipped laws."""
    spec = importlib.util.spec_from_file_location("check_laws", ROOT / "tools" / "check_laws.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_that_what_is_kept_is_what_would_be_found_now() -> None:
    """Otherwise run tools/check_laws.py."""
    ours = tool()
    assert json.loads(ours.TARGET.read_text("utf-8")) == ours.checks(), "run tools/check_laws.py"
    assert json.loads(ours.NEEDS.read_text("utf-8")) == ours.needs(), "run tools/check_laws.py"


def test_that_a_query_with_one_letter_more_is_checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def now(block: Block, tables: frozenset[str], params: frozenset[str]) -> frozenset[str]:
        asked.append(block.sql)
        return frozenset()

    monkeypatch.setattr(checked, "now", now)
    block = Block("rule", "X-1", "SELECT 1 AS a", "x/rules.sql", 1, "", frozenset())
    monkeypatch.setattr(checked, "_before", lambda: {checked.digest(block, frozenset(), frozenset()): []})
    assert checked.reads(block, frozenset(), frozenset()) == frozenset()
    assert not asked
    for other in (Block("rule", "X-1", "SELECT 1 AS a ", "x/rules.sql", 1, "", frozenset()), block):
        checked.reads(other, frozenset({"asset"}), frozenset())
    assert len(asked) == 2


def test_that_laws_are_taken_in_once() -> None:
    assert pack.packs() is pack.packs()
