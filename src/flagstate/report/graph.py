"""The control graph: who owns whom, who has custody of what, drawn in layers from owners to data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 34
"""Boxes that are drawn; how many more there are is said."""

WIDTH, HEIGHT, ACROSS, DOWN, TEXT = 178, 40, 250, 56, 25
"""Size of a box, distance of layers and of boxes, and letters of a name."""


@dataclass(frozen=True)
class Edge:
    """A line from holder to what it holds."""

    start: str
    end: str
    kind: str
    """control or custody."""
    words: str
    contested: bool = False


def draw(
    edges: Iterable[Edge], names: Mapping[str, str], notes: Mapping[str, str], marked: Mapping[str, str]
) -> dict[str, Any]:
    """Lay the graph out: what is held stands right of who holds it; circles are cut where they close.

    Args:
        edges: Lines; the first ones stay if there are too many boxes.
        names: Names by id.
        notes: A second line by id, such as the countries of an entity.
        marked: How a box is marked: asset, adverse or plain.

    Returns:
        Boxes and lines with their coordinates, the size of the drawing, and how many boxes were left out.
    """
    kept, left_out = _bounded(list(dict.fromkeys(edges)))
    nodes = sorted({end for edge in kept for end in (edge.start, edge.end)})
    layer = _layers(nodes, kept)
    rows = order(nodes, [(edge.start, edge.end) for edge in kept], layer)
    place = {node: (layer[node] * ACROSS + 8, at * DOWN + 8) for column in rows for at, node in enumerate(column)}
    tallest = max((len(column) for column in rows), default=0)
    for column in rows:  # a short column stands in the middle
        shift = (tallest - len(column)) * DOWN // 2
        for node in column:
            place[node] = (place[node][0], place[node][1] + shift)
    boxes = [
        {
            "x": place[node][0],
            "y": place[node][1],
            "name": _short(names.get(node, node.removeprefix("est:"))),
            "title": names.get(node, node),
            "note": notes.get(node, ""),
            "mark": marked.get(node, "plain"),
        }
        for node in nodes
    ]
    return {
        "boxes": boxes,
        "lines": [_line(edge, place) for edge in kept],
        "width": (len(rows) - 1) * ACROSS + WIDTH + 16 if rows else 0,
        "height": tallest * DOWN + 8,
        "box": (WIDTH, HEIGHT),
        "left_out": left_out,
    }


def _bounded(edges: list[Edge]) -> tuple[list[Edge], int]:
    seen: set[str] = set()
    kept = []
    for edge in edges:
        ends = {edge.start, edge.end}
        if len(seen | ends) <= MOST:
            seen |= ends
            kept.append(edge)
    every = {end for edge in edges for end in (edge.start, edge.end)}
    return kept, len(every - seen)


def _layers(nodes: list[str], edges: list[Edge]) -> dict[str, int]:
    """Return the layer of each box: one right of the last of its holders; a line that closes a circle counts not."""
    above: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in edges:
        above[edge.end].append(edge.start)
    layer: dict[str, int] = {}

    def depth(node: str, trail: frozenset[str]) -> int:
        if node not in layer:
            inner = trail | {node}
            layer[node] = max((depth(one, inner) + 1 for one in above[node] if one not in inner), default=0)
        return layer[node]

    for node in nodes:
        depth(node, frozenset())
    # A holder with nothing above it stands right before what it holds, not at the far left.
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in edges:
        below[edge.start].append(edge.end)
    for node in sorted(nodes, key=lambda n: -layer[n]):
        nearest = min((layer[one] for one in below[node] if layer[one] > layer[node]), default=None)
        if nearest is not None and not above[node]:
            layer[node] = max(layer[node], nearest - 1)
    last = max(layer.values(), default=0)
    for node in nodes:  # what holds nothing is held: it stands at the right
        if not below[node]:
            layer[node] = last
    return layer


def order(nodes: list[str], edges: Iterable[tuple[str, str]], layer: Mapping[str, int]) -> list[list[str]]:
    """Return the boxes of each layer, ordered by the middle of their neighbours, so that few lines cross.

    Args:
        nodes: Ids of boxes.
        edges: Lines from start to end.
        layer: Layer of each box, 0 being the left one.
    """
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        columns[layer[node]].append(node)
    beside: dict[str, list[str]] = {node: [] for node in nodes}
    for start, end in edges:
        beside[start].append(end)
        beside[end].append(start)
    for _ in range(6):
        at = {node: index - len(column) / 2 for column in columns for index, node in enumerate(column)}
        for column in columns:
            column.sort(key=lambda n: (sum(at[b] for b in beside[n]) / max(len(beside[n]), 1), n))
    return columns


def _line(edge: Edge, place: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    (x1, y1), (x2, y2) = place[edge.start], place[edge.end]
    back = x2 <= x1
    x1, x2 = (x1, x2 + WIDTH) if back else (x1 + WIDTH, x2)
    y1, y2 = y1 + HEIGHT // 2, y2 + HEIGHT // 2
    middle = (x1 + x2) // 2
    return {
        "path": f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}",
        "kind": edge.kind,
        "contested": edge.contested,
        "words": edge.words,
        "x": middle,
        "y": (y1 + y2) // 2 - 4,
    }


def _short(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[: TEXT - 1]}…"
