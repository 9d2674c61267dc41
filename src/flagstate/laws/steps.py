"""The steps of a law in order: what each reads, and that nothing reads what comes after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flagstate.catalog import form, strict
from flagstate.catalog.strict import Node, fail
from flagstate.errors import LawError
from flagstate.laws.ground import LAW_TABLES, documented, macro_names
from flagstate.laws.sql import Block

Reads = Callable[[Block, frozenset[str], frozenset[str]], frozenset[str]]
"""Returns the tables that a query reads, of those that it may name, with the parameters that it may bind."""


@dataclass(frozen=True)
class Step:
    """A view or rule as it runs."""

    kind: str
    """view or rule."""
    name: str
    sql: str = field(repr=False)
    file: str
    line: int
    params: frozenset[str]
    """Parameters that it binds."""
    reads: frozenset[str]
    """Tables that it reads."""


_NAME = re.compile(r"[a-z][a-z0-9_]*")


def steps(root: Node, blocks: Mapping[str, Block], params: set[str], rules: set[str], reads: Reads) -> tuple[Step, ...]:
    """Return the steps in order; one that reads what comes after it is refused, and so is what no step names."""
    names = [str(one.value) for one in root.pairs["steps"].items]
    ground = documented()
    known = {*ground, *LAW_TABLES}
    later = {name for name, block in blocks.items() if block.kind == "view"}
    macros = macro_names()
    made: list[Step] = []
    for node in root.pairs["steps"].items:
        name = str(node.value)
        block = blocks.get(name)
        if block is None:
            near = form.near(name, blocks)
            raise fail(node, f"rules.sql has no step {name}", f"Did you mean {near}?" if near else "Add it there")
        if block.kind == "lookup":
            raise LawError("A law has views and rules only", where=f"{block.file}:{block.line}", todo="Make it a view")
        if names.count(name) > 1:
            raise fail(node, f"The step {name} stands twice", "Leave one of them out")
        if block.kind == "rule" and name not in rules:
            raise fail(node, f"The rule {name} is not among `rules`", "Say there what it is and what it says")
        if block.kind == "view" and (name in known or name in macros or not _NAME.fullmatch(name)):
            raise LawError(
                f"A view cannot be called {strict.printable(name)}",
                where=f"{block.file}:{block.line}",
                why="that is the name of a table that there is already" if name in known else "it is no plain name",
                todo="Use another name of small letters, digits and _",
            )
        seen = reads(block, frozenset(known | later), frozenset(params | {"as_of"}))
        if ahead := sorted(seen & (later - known)):
            raise LawError(
                f"The step {name} reads {ahead[0]}, which only comes after it",
                where=f"{block.file}:{block.line}",
                todo="Put it later in `steps`, or break the circle",
            )
        made.append(Step(block.kind, name, block.sql, block.file, block.line, block.params, seen))
        known.add(name)
    _whole(root, blocks, names, rules)
    return tuple(made)


def _whole(root: Node, blocks: Mapping[str, Block], names: list[str], rules: set[str]) -> None:
    for name, block in blocks.items():
        if name not in names:
            raise LawError(
                f"No step runs {name}", where=f"{block.file}:{block.line}", todo="Name it in `steps`, or leave it out"
            )
    for name in sorted(rules - set(names)):
        raise fail(root.pairs["rules"].pairs[name], f"No step runs the rule {name}", "Name it in `steps`")
