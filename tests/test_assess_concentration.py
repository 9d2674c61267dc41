"""Concentration: shares of services and bytes per ultimate parent and country, with the index over both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutoff_world import DAY, asset, chain, entity, holds, stands, world
from flagstate.assess.concentration import Shares
from flagstate.assess.cutoff import assess_cutoff


def by(kind: str, **rows: list[dict[str, object]]) -> dict[str | None, dict[str, Any]]:
    made = assess_cutoff(world("observed", **rows), DAY)["concentration"].to_pylist()
    return {row["member"]: row for row in made if row["by"] == kind}


FIRMS = [entity("x", organised_in=["US"]), entity("y", organised_in=["DE"])]
SERVICES = [asset(name, kind="service") for name in "abcd"]


def test_services_by_parent_and_country() -> None:
    """Two of four hang on the owner of x, one on y, one on nobody known: 10,000 × (½² + ¼² + ¼²)."""
    rows: dict[str, Any] = {
        "asset": [*SERVICES, asset("z", kind="zone")],
        "legal_entity": FIRMS,
        "interest": [
            holds("x", "a"),
            holds("x", "b"),
            holds("y", "c"),
            holds("x", "d", "administers"),
            holds("x", "z"),
        ],
        "control_chain": [chain("top", "x")],
        "ultimate_parent": [{"entity_id": "x", "parent_id": "top", "kind": "organisation", "verdict": "yes"}],
    }
    found = by("parent", **rows)
    assert {member: row["services"] for member, row in found.items()} == {"top": 2, "y": 1, None: 1}
    assert {row["services_total"] for row in found.values()} == {4}
    assert {row["hhi_services"] for row in found.values()} == {3750.0}
    assert {m: r["services"] for m, r in by("country", **rows).items()} == {"US": 2, "DE": 1, None: 1}


def test_a_service_that_hangs_on_two_counts_for_both_and_in_halves() -> None:
    rows: dict[str, Any] = {"asset": SERVICES[:1], "legal_entity": FIRMS, "place": [stands("a", "FR")]}
    found = by("country", **rows, interest=[holds("x", "a"), holds("y", "a")])
    assert {m: r["services"] for m, r in found.items()} == {"US": 1, "DE": 1, "FR": 1}
    assert found["US"]["hhi_services"] == pytest.approx(10_000 / 3)


def test_a_contested_parent_does_not_count() -> None:
    rows: dict[str, Any] = {"asset": SERVICES[:1], "legal_entity": [*FIRMS, entity("top", organised_in=["CN"])]}
    found = by("country", **rows, interest=[holds("x", "a")], control_chain=[chain("top", "x")])
    assert set(found) == {"US"}


def test_unknown_parents_are_separate_members() -> None:
    found = by("parent", asset=SERVICES)
    assert found[None]["services"] == 4
    assert found[None]["hhi_services"] == 2500.0


def _flow(addr: str, size: int | None, **more: object) -> dict[str, object]:
    return {"orig_h": "10.0.0.1", "resp_h": addr, "orig_bytes": size} | more


def test_bytes_go_to_who_controls_the_operator() -> None:
    """Outgoing and observed only: not to our own addresses, not what is declared, not what stays inside."""
    rows: dict[str, Any] = {
        "flow": [
            _flow("192.0.2.1", 600), _flow("192.0.2.2", 200), _flow("192.0.2.3", 100), _flow("192.0.2.4", 100),
            _flow("10.0.0.9", 5_000), _flow("198.51.100.7", 5_000), _flow("192.0.2.1", None),
            _flow("192.0.2.1", 5_000, stance="declared"),
        ],
        "endpoint": [
            {"addr": "192.0.2.1", "operator_id": "x", "controller_id": "top", "controller_country": "US"},
            {"addr": "192.0.2.2", "operator_id": "y"},
            {"addr": "192.0.2.3"},
            {"addr": "10.0.0.9", "special": "private"},
            {"addr": "198.51.100.7", "operator_id": "x", "controller_id": "top", "controller_country": "US"},
        ],
        "network": [{"cidr": "198.51.100.0/24", "own": True}],
    }  # fmt: skip
    found = by("parent", **rows)
    assert {m: r["orig_bytes"] for m, r in found.items()} == {"top": 600, "y": 200, None: 200}
    assert {r["total_bytes"] for r in found.values()} == {1000}
    assert {r["hhi_bytes"] for r in found.values()} == {3600 + 400 + 100 + 100}
    assert {m: r["orig_bytes"] for m, r in by("country", **rows).items()} == {"US": 600, None: 400}


def test_nothing_to_share_is_no_index() -> None:
    assert by("parent") == {}
    assert Shares(0, {}).hhi is None


@given(st.lists(st.integers(1, 10**12), max_size=20), st.lists(st.integers(1, 10**12), max_size=20))
def test_the_index_lies_within_its_bounds(known: list[int], unknown: list[int]) -> None:
    """Between 10,000 / n and 10,000; naming an unknown member after a known one never lowers it."""
    total = sum(known) + sum(unknown)
    shares = Shares(total, {str(n): float(v) for n, v in enumerate(known)}, tuple(map(float, unknown)))
    if not total:
        assert shares.hhi is None
        return
    assert shares.hhi is not None
    assert 10_000 / (len(known) + len(unknown)) - 1e-5 <= shares.hhi <= 10_000 + 1e-5
    if known and unknown:
        more = {**shares.by_member, "0": shares.by_member["0"] + unknown[0]}
        named = Shares(total, more, shares.unknown[1:])
        assert named.hhi is not None
        assert named.hhi >= shares.hhi - 1e-5
