"""A large register a column at a time says what small worlds say one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_world import AS_OF, chains, covered, parents, tables
from flagstate.enrich import control as whole
from flagstate.enrich.control import control
from flagstate.enrich.control_peel import peel
from flagstate.enrich.control_tops import find_tops, rings

PLACES = ["CN", "DE", "US", "RU"]
KINDS = ["owns"] * 6 + ["votes", "controls", "vetoes", "appoints", "nominates", "settles"]


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.sets(
    st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1]), max_size=16))))  # fmt: skip
def test_peeling_finds_the_tops(world: tuple[int, set[tuple[int, int]]]) -> None:
    size, links = world
    pairs = sorted(links)
    up: list[list[int]] = [[h for h, s in pairs if s == one] for one in range(size)]
    peeled = peel(size, np.array([h for h, _ in pairs], np.int64), np.array([s for _, s in pairs], np.int64))
    tops = find_tops(up)
    assert [peeled.of(one) for one in range(size)] == tops.of
    assert peeled.circle == tops.circle


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.sets(st.integers(0, n - 1)), min_size=n, max_size=n)))
def test_rings_are_who_reaches_each_other(up: list[set[int]]) -> None:
    size = len(up)
    reach = np.eye(size, dtype=bool)
    for one, holders in enumerate(up):
        reach[one, list(holders)] = True
    for _ in range(size):
        reach = reach | (reach.astype(int) @ reach.astype(int) > 0)
    ring, members = rings([sorted(h) for h in up])
    for one in range(size):
        for other in range(size):
            assert (ring[one] == ring[other]) == bool(reach[one, other] and reach[other, one])
            if reach[one, other]:
                assert ring[other] <= ring[one]
    assert sorted(one for listed in members for one in listed) == list(range(size))


def _world(seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    size = 40
    entities = {}
    for n in range(size):
        person = rng.random() < 0.2
        place = [str(rng.choice(PLACES))]
        entities[f"n{n:02}"] = {"kind": "person", "nationality": place} if person else {"organised_in": place}
    stakes, left = [], dict.fromkeys(entities, 100)
    for _ in range(90):
        holder, subject = (f"n{n:02}" for n in rng.integers(0, size, 2))
        kind, share = str(rng.choice(KINDS)), int(rng.choice([5, 10, 25, 30, 50, 51, 60, 100]))
        if holder == subject or entities[subject].get("kind") == "person" or share > left[subject]:
            continue
        left[subject] -= share
        extra = {"contested": bool(rng.random() < 0.1)}
        named = holder if rng.random() > 0.05 else None
        if kind in ("owns", "votes"):
            stakes.append((named, subject, kind, share, min(100, share + int(rng.choice([0, 0, 20]))), extra))
        else:
            stakes.append((named, subject, kind, extra))
    return tables(entities, stakes)  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(25))
def test_many_say_what_few_say(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = _world(seed)
    small = control(facts, AS_OF)  # type: ignore[arg-type]
    monkeypatch.setattr(whole, "MANY", 0)
    large = control(facts, AS_OF)  # type: ignore[arg-type]
    for name in set(small["covered"]["list"].to_pylist()):
        one, many = covered(small, name), covered(large, name)
        assert many.items() <= one.items()
        assert {e for e, v in one.items() if v == "yes"} == {e for e, v in many.items() if v == "yes"}
    basis = {(r["list"], r["entity_id"]): r for r in small["covered"].to_pylist()}
    for row in large["covered"].to_pylist():
        other = basis[row["list"], row["entity_id"]]
        assert row["basis"] == other["basis"]
        assert row["share_lo_pct"] == pytest.approx(other["share_lo_pct"])
        assert row["share_hi_pct"] == pytest.approx(other["share_hi_pct"])
        assert row["facts"] or row["why"] == "unnamed"
    # Joint holdings of one holder need chains, which large registers are not asked for.
    joint = {s for (_, s), r in chains(small).items() if "aggregate" in r["kind"] or "with those it" in r["proof"]}
    if not joint:
        assert parents(small) == parents(large)
    for pair, row in chains(large).items():
        assert chains(small)[pair]["verdict"] == "yes" or row["verdict"] == "unknown"
        assert row["path"] == list(pair)
