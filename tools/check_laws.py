"""Checks every query of the laws that are shipped, and keeps what each reads, so that an audit need not do it again.

A query that is changed by a letter, or a check that works otherwise, is not found there and is made anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from flagstate.laws import checked, pack
from flagstate.laws.sql import Block

TARGET = Path(checked.__file__).parent / checked.FILE


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


if __name__ == "__main__":
    TARGET.write_text(json.dumps(checks(), indent=0) + "\n", "utf-8")
