"""Checks every query of the laws that are shipped, and keeps what each reads, so that an audit need not do it again.

A query that is changed by a letter, or a check that works otherwise, is not found there and is made anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from flagstate.laws import barren, checked, pack
from flagstate.laws.sql import Block

TARGET = Path(checked.__file__).parent / checked.FILE
NEEDS = Path(barren.__file__).parent / barren.FILE


def checks() -> dict[str, list[str]]:
    """Return what each query of the shipped laws reads, checked now."""
    found: dict[str, list[str]] = {}

    def noted(block: Block, tables: frozenset[str], params: frozenset[str]) -> frozenset[str]:
        made = checked.now(block, tables, params)
        found[checked.digest(block, tables, params)] = sorted(made)
        return made

    for folder in pack.folders():
        pack.load(folder, reads=noted)
    return dict(sorted(found.items()))


def needs() -> dict[str, list[list[str]]]:
    """Return the tables without which each step of the shipped laws has no row; what is not known is left out."""
    steps = [step for law in pack.packs().laws for step in law.steps]
    found = {barren.digest(one.sql): barren.needs(one.sql, one.file, one.line) for one in steps}
    return {key: [sorted(one) for one in sets] for key, sets in sorted(found.items()) if sets != barren.ALWAYS}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(checks(), indent=0) + "\n", "utf-8")
    NEEDS.write_text(json.dumps(needs(), indent=0) + "\n", "utf-8")
