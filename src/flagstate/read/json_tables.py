"""Which tables a JSON file holds, by the paths that were learnt, and which column each path is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flagstate.read import json_scan as scan

MOST_COLUMNS = 2_000
MOST_INNER = 8
"""Arrays of objects inside rows that become tables of their own; the others stay JSON text."""
FLAT = 8
"""Dots in the name of a column, from which on objects stay JSON text."""
SHAPE = re.compile(r"‹[a-z]+›")
REST = "(more)"
"""Column of what got no column of its own."""


@dataclass(frozen=True)
class Paths:
    """The tree of paths, as Python sees it."""

    tree: scan.Tree
    count: int
    """Nodes."""
    crowded: bool
    """Some paths found no place in it."""
    below: dict[int, list[int]]
    """Nodes below each node, in the order in which they were met."""

    @staticmethod
    def of(tree: scan.Tree, count: int, keys: int) -> Paths:
        """Return the paths.

        Args:
            tree: As the walk learnt it.
            count: Nodes in it.
            keys: Bytes of keys in it.
        """
        below: dict[int, list[int]] = {}
        for node, parent in enumerate(tree.parent[1:count].tolist(), 1):
            below.setdefault(parent, []).append(node)
        full = count >= scan.MOST_NODES or keys + scan.LONGEST_KEY > scan.KEY_BYTES
        return Paths(tree, count, full, below)

    def scalars(self, node: int) -> int:
        """How many scalars stand at a node."""
        return int(self.tree.counts[node, 0])

    def objects(self, node: int) -> int:
        """How many objects stand at a node."""
        return int(self.tree.counts[node, 1])

    def arrays(self, node: int) -> int:
        """How many arrays stand at a node."""
        return int(self.tree.counts[node, 2])

    def keys(self, node: int) -> Iterator[tuple[int, str]]:
        """Yield nodes and keys of the objects at a node."""
        for inner in self.below.get(node, ()):
            if (size := int(self.tree.key_size[inner])) >= 0:
                at = int(self.tree.key_at[inner])
                yield inner, _key(self.tree.keys[at : at + size].tobytes())

    def places(self, node: int) -> Iterator[tuple[int, int]]:
        """Yield nodes and places, from 1, of the elements of the arrays at a node, where each is a column."""
        for inner in self.below.get(node, ()):
            if (size := int(self.tree.key_size[inner])) <= -2:
                yield inner, -1 - size

    def item(self, node: int) -> int:
        """The node of all elements of the arrays at a node, or -1."""
        return int(self.tree.item[node])


def _key(data: bytes) -> str:
    text = data.decode("utf-8", "ignore")
    if "\\" in text:
        try:
            said = json.loads(f'"{text}"')
        except ValueError:
            return text
        return str(said).encode("utf-8", "replace").decode()
    return text


@dataclass
class Container:
    """One table of a file."""

    node: int
    """Its rows stand here; the top: single values above all tables are one row."""
    path: str
    """Keys that lead to it, masked; empty: the file itself."""
    roles: scan.Roles = field(default_factory=scan.new_roles)
    columns: dict[str, int] = field(default_factory=dict)
    over: int = -1
    """Column of values that have no column of their own, or -1."""
    over_key: int = -1
    """Column of their keys."""
    crowded: bool = False
    """Some values have no column of their own."""


def outermost(paths: Paths) -> list[tuple[int, str]]:
    """Return the arrays of a single object that lie in no other array, and their paths of raw keys.

    Args:
        paths: Of the file.
    """
    found: list[tuple[int, str]] = []
    waiting = [(0, "")]
    while waiting:
        node, path = waiting.pop()
        if paths.arrays(node):
            found.append((node, path))
        waiting.extend((inner, f"{path}.{key}" if path else key) for inner, key in paths.keys(node))
    return sorted(found)


def inner(paths: Paths, container: Container, mask: Callable[[str], str], room: int) -> dict[int, str]:
    """Return the arrays of objects inside the rows of a table that become tables, with their paths.

    Args:
        paths: Of the file.
        container: The table.
        mask: As the context gives it.
        room: How many, at most.
    """
    found: dict[int, str] = {}
    waiting = [(container.node, container.path, 0)]
    while waiting and len(found) < room:
        node, path, depth = waiting.pop(0)
        for at, name in paths.keys(node):
            deeper = f"{path}.{mask(name)}" if path else mask(name)
            item = paths.item(at)
            if paths.arrays(at) and item >= 0 and len(found) < room:
                objects = paths.objects(item)
                if objects and objects >= 9 * (paths.scalars(item) + paths.arrays(item)):
                    found[at] = deeper
            if paths.objects(at) and depth < FLAT:
                waiting.append((at, deeper, depth + 1))
    return found


def lay_out(paths: Paths, container: Container, apart: dict[int, str], mask: Callable[[str], str]) -> None:
    """Give each path below the rows of a table its column.

    Args:
        paths: Of the file.
        container: The table; its columns and roles are filled.
        apart: Arrays that are tables of their own.
        mask: As the context gives it.
    """
    container.roles.row[container.node] = 1
    if paths.crowded:
        _crowd(container)
    _place(paths, container, apart, mask, container.node, "", 0)


def gather(paths: Paths, container: Container, apart: dict[int, str], mask: Callable[[str], str]) -> None:
    """Give each single value outside all tables its column; each becomes a row, to be joined to one.

    Args:
        paths: Of the file.
        container: The table; its columns and roles are filled.
        apart: Arrays that are tables.
        mask: As the context gives it.
    """
    _place(paths, container, apart, mask, 0, "", 0)
    # An object is no row of its own here: what lies in it is, down to its tables.
    container.roles.row[:] = container.roles.column >= 0
    container.roles.row[0] = 0


def _place(
    paths: Paths, made: Container, apart: dict[int, str], mask: Callable[[str], str], node: int, prefix: str, depth: int
) -> None:
    roles = made.roles
    if paths.scalars(node):
        roles.column[node] = _column(made, prefix or "value")
    if paths.objects(node):
        if depth <= FLAT:
            roles.open[node] |= 1
            for below, key in paths.keys(node):
                name = mask(key)
                full = f"{prefix}.{name}" if prefix else name
                if name != key and SHAPE.search(name):
                    roles.key_column[below] = _column(made, f"{full} (key)")
                _place(paths, made, apart, mask, below, full, depth + 1)
        else:
            roles.column[node] = _column(made, prefix)
    if paths.arrays(node) and node not in apart:
        places = list(paths.places(node)) if node == made.node else []
        if places:
            roles.open[node] |= 2
            for below, place in places:
                _place(paths, made, apart, mask, below, f"column_{place}", depth + 1)
        else:
            roles.column[node] = _column(made, prefix or "value")


def _column(made: Container, name: str) -> int:
    if name in made.columns:
        return made.columns[name]
    if len(made.columns) >= MOST_COLUMNS:
        _crowd(made)
        return made.over_key if name.endswith(" (key)") else made.over
    made.columns[name] = len(made.columns)
    return made.columns[name]


def _crowd(made: Container) -> None:
    if made.over < 0:
        made.crowded = True
        made.over = made.columns.setdefault(REST, len(made.columns))
        made.over_key = made.columns.setdefault(f"{REST} (key)", len(made.columns))
