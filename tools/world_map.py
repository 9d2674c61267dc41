"""Make a world map small: fewer points on each border, small islands left out, ISO codes as names.

Borders stay shared: each arc between two countries is simplified once, so no gap opens between neighbours.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

Point = tuple[float, float]

SMALLEST_TURN = 0.02
"""Square degrees (at the equator) of the triangle that a point must span to be kept."""
SMALLEST_ISLAND = 0.06
"""Square degrees of a ring that is dropped unless it is the country's largest."""
GRID = 12000
"""Steps along each axis that coordinates are rounded to."""


def shrink(topology: Mapping[str, Any], codes: Mapping[str, str]) -> dict[str, Any]:
    """Return the topology with fewer points, one object `countries`, and ids that are ISO 3166-1 alpha-2.

    Args:
        topology: TopoJSON with quantised arcs, as world-atlas has it.
        codes: Numeric id or English name → alpha-2; shapes without either keep no id.

    What it loses: islands under the bound, and capes that a zoomed-in reader might look for.
    """
    arcs = [_simplify(arc) for arc in _decode(topology)]
    shapes = []
    for shape in topology["objects"]["countries"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        sized = sorted(((_area(_ring(polygon[0], arcs)), polygon) for polygon in polygons), key=lambda p: -p[0])
        kept = [polygon for at, (area, polygon) in enumerate(sized) if at == 0 or area >= SMALLEST_ISLAND]
        kept = [
            [ring for at, ring in enumerate(p) if at == 0 or _area(_ring(ring, arcs)) > SMALLEST_TURN] for p in kept
        ]
        name = codes.get(str(shape.get("id"))) or codes.get(shape["properties"]["name"])
        entry: dict[str, Any] = {"type": "MultiPolygon", "arcs": kept}
        if name:
            entry["id"] = name
        shapes.append(entry)
    return _encode(shapes, arcs)


def centroids(topology: Mapping[str, Any]) -> dict[str, Point]:
    """Return for each country the middle of its largest part, as longitude and latitude."""
    arcs = _decode(topology)
    middles: dict[str, tuple[float, Point]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        ring = _ring(shape["arcs"][0][0], arcs)
        area = _area(ring)
        if shape.get("id") and area >= middles.get(shape["id"], (-1.0, (0.0, 0.0)))[0]:
            middles[shape["id"]] = (area, _middle(ring))
    return {code: middle for code, (_, middle) in middles.items()}


def _decode(topology: Mapping[str, Any]) -> list[list[Point]]:
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * kx + dx, y * ky + dy))
        arcs.append(points)
    return arcs


def _encode(shapes: Sequence[dict[str, Any]], arcs: Sequence[Sequence[Point]]) -> dict[str, Any]:
    """Round to the grid, keep only the arcs in use, and number them anew."""
    order: dict[int, int] = {}

    def renumber(index: int) -> int:
        forward = index if index >= 0 else ~index
        number = order.setdefault(forward, len(order))
        return number if index >= 0 else ~number

    for shape in shapes:
        shape["arcs"] = [[[renumber(i) for i in ring] for ring in polygon] for polygon in shape["arcs"]]
    kx, ky = 360 / GRID, 180 / GRID
    packed = []
    for index in order:
        last = (0, 0)
        steps: list[list[int]] = []
        for lon, lat in arcs[index]:
            at = (round((lon + 180) / kx), round((lat + 90) / ky))
            if not steps or at != last:
                steps.append([at[0] - last[0], at[1] - last[1]])
            last = at
        packed.append(steps if len(steps) > 1 else [*steps, [0, 0]])
    collection = {"type": "GeometryCollection", "geometries": list(shapes)}
    transform = {"scale": [kx, ky], "translate": [-180, -90]}
    return {"type": "Topology", "transform": transform, "objects": {"countries": collection}, "arcs": packed}


def _ring(indexes: Sequence[int], arcs: Sequence[Sequence[Point]]) -> list[Point]:
    points: list[Point] = []
    for index in indexes:
        arc = list(arcs[index]) if index >= 0 else list(reversed(arcs[~index]))
        points.extend(arc[1:] if points else arc)
    return points


def _area(ring: Sequence[Point]) -> float:
    shrink_x = math.cos(math.radians(sum(y for _, y in ring) / max(len(ring), 1)))
    doubled = sum(ax * by - bx * ay for (ax, ay), (bx, by) in itertools.pairwise(ring))
    return abs(doubled) / 2 * shrink_x


def _middle(ring: Sequence[Point]) -> Point:
    doubled = x = y = 0.0
    for (ax, ay), (bx, by) in itertools.pairwise(ring):
        cross = ax * by - bx * ay
        doubled, x, y = doubled + cross, x + (ax + bx) * cross, y + (ay + by) * cross
    if abs(doubled) < 1e-9:
        return ring[0]
    return x / (3 * doubled), y / (3 * doubled)


def _simplify(points: Sequence[Point]) -> list[Point]:
    """Drop the points that turn least (Visvalingam), keeping both ends, and four points of a closed line."""
    least = 4 if points[0] == points[-1] else 2
    before, after = list(range(-1, len(points) - 1)), list(range(1, len(points) + 1))
    alive = [True] * len(points)

    def turn(i: int) -> float:
        return _area([points[before[i]], points[i], points[after[i]], points[before[i]]])

    heap = [(turn(i), i) for i in range(1, len(points) - 1)]
    heapq.heapify(heap)
    current = {i: t for t, i in heap}
    left = len(points)
    while heap and left > least:
        area, i = heapq.heappop(heap)
        if not alive[i] or current[i] != area:
            continue
        if area >= SMALLEST_TURN:
            break
        alive[i], left = False, left - 1
        after[before[i]], before[after[i]] = after[i], before[i]
        for j in (before[i], after[i]):
            if 0 < j < len(points) - 1:
                # Never less than what was dropped: a detour must not vanish point by point.
                current[j] = max(turn(j), area)
                heapq.heappush(heap, (current[j], j))
    return [p for p, keep in zip(points, alive, strict=True) if keep]
