"""Checks of queries that were made before: those of the laws that are shipped need not be made in every audit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import msgspec

from flagstate.laws.ground import macro_names
from flagstate.laws.sql import Block

FILE = "checked.json"
"""What queries read that were found allowed, by `digest`; `tools/check_laws.py` makes it."""
HOW = ("check.py", "tree.py", "functions.yaml", "macros.sql")
"""Files that decide what is allowed."""


def reads(block: Block, tables: frozenset[str], params: frozenset[str]) -> frozenset[str]:
    """Return the tables that a query reads, once it is known to be allowed.

    Args:
        block: The query.
        tables: What it may read.
        params: What it may bind.

    Raises:
        LawError: It is not allowed.
    """
    before = _before().get(digest(block, tables, params))
    return frozenset(before) if before is not None else now(block, tables, params)


def now(block: Block, tables: frozenset[str], params: frozenset[str]) -> frozenset[str]:
    """Return the same, checked now."""
    from flagstate.laws.check import check

    return check(block.sql, tables=tables, macros=macro_names(), params=params, where=block.file, line=block.line)


def digest(block: Block, tables: frozenset[str], params: frozenset[str]) -> str:
    """Return what tells one check from another: the query, what it may name, and how checks are made."""
    found = hashlib.sha256(_how().encode())
    for part in (block.sql, *sorted(tables), "", *sorted(params)):
        found.update(part.encode() + b"\0")
    return found.hexdigest()


@lru_cache(maxsize=1)
def _how() -> str:
    found = hashlib.sha256()
    for name in HOW:
        found.update(resources.files("flagstate.laws").joinpath(name).read_bytes())
    return found.hexdigest()


@lru_cache(maxsize=1)
def _before() -> Mapping[str, list[str]]:
    data = resources.files("flagstate.laws").joinpath(FILE).read_bytes()
    return msgspec.json.decode(data, type=dict[str, list[str]])
