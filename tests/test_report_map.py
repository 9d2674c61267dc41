"""The making of the small world map: borders stay shared, countries stay, points go."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import world_map

SCALE = 0.001


def _square(x: int, y: int, side: int) -> list[list[int]]:
    """Return a closed clockwise ring as steps, with a point of no turn on each side."""
    half = side // 2
    return [[x, y], [0, half], [0, half], [half, 0], [half, 0], [0, -half], [0, -half], [-half, 0], [-half, 0]]


def _topology() -> dict[str, object]:
    # Two countries share the border x = 10; the second has an island, and a third is a dot of land.
    arcs = [
        [[10000, 0], [0, 5000], [1, 0], [-1, 5000]],  # the border, northward, with a bump of 0.001 degrees
        [[10000, 0], [-10000, 0], [0, 10000], [10000, 0]],  # around the west
        [[10000, 10000], [10000, 0], [0, -10000], [-10000, 0]],  # around the east
        _square(30000, 0, 40),  # an island of 0.0016 square degrees
        _square(50000, 0, 40),  # a state of the same size
    ]
    shapes = [
        {"type": "Polygon", "id": "056", "properties": {"name": "West"}, "arcs": [[-1, 1]]},
        {"type": "MultiPolygon", "id": "276", "properties": {"name": "East"}, "arcs": [[[0, 2]], [[3]]]},
        {"type": "Polygon", "properties": {"name": "Dot"}, "arcs": [[4]]},
        {"type": "Polygon", "id": "999", "properties": {"name": "Nobody"}, "arcs": [[4]]},
    ]
    return {
        "type": "Topology",
        "transform": {"scale": [SCALE, SCALE], "translate": [0, 0]},
        "objects": {"countries": {"type": "GeometryCollection", "geometries": shapes}},
        "arcs": arcs,
    }


def _small() -> dict[str, object]:
    return world_map.shrink(_topology(), {"056": "BE", "276": "DE", "Dot": "SG"})


def test_countries_stay_and_islands_go() -> None:
    shapes = {s.get("id"): s["arcs"] for s in _small()["objects"]["countries"]["geometries"]}  # type: ignore[index]
    assert set(shapes) == {"BE", "DE", "SG", None}
    assert len(shapes["DE"]) == 1, "the island is under the bound"
    assert len(shapes["SG"]) == 1, "a country keeps its largest part, however small"


def test_the_border_stays_shared_and_loses_its_bump() -> None:
    small = _small()
    shapes = {s.get("id"): s["arcs"] for s in small["objects"]["countries"]["geometries"]}  # type: ignore[index]
    (west,), (east,) = shapes["BE"][0], shapes["DE"][0]
    shared = {i if i >= 0 else ~i for i in west} & {i if i >= 0 else ~i for i in east}
    assert len(shared) == 1
    assert len(small["arcs"][shared.pop()]) == 2  # type: ignore[index]


def test_small_rings_keep_four_points() -> None:
    small = _small()
    shapes = {s.get("id"): s["arcs"] for s in small["objects"]["countries"]["geometries"]}  # type: ignore[index]
    (index,) = shapes["SG"][0][0]
    ring = world_map._simplify([(50.0, 0.0), (50.0, 0.02), (50.0, 0.04), (50.04, 0.04), (50.04, 0.0), (50.0, 0.0)])
    assert len(ring) == 4
    assert ring[0] == ring[-1]
    assert small["arcs"][index]  # type: ignore[index]


def test_middles_are_inside_and_from_the_largest_part() -> None:
    middles = world_map.centroids(_small())
    assert abs(middles["BE"][0] - 5) < 0.1
    assert abs(middles["DE"][0] - 15) < 0.1
    assert abs(middles["DE"][1] - 5) < 0.1
