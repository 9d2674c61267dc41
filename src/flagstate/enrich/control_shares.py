"""Beneficial shares: multiplied along chains and added up over them, at least and at most.

In a circle of holdings the shares solve a system of linear equations, in which what comes back to a holder through
its own holdings is not counted again, so that nobody owns more than 100 per cent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pyarrow as pa

from flagstate.enrich.control_tops import rings
from flagstate.enrich.control_words import Teller
from flagstate.enrich.control_world import EPSILON, OWNERS, PERSON, STATE, VOTES, World, read_world

PAIRS = 100_000
"""Shares are told of at most so many pairs."""
Sides = tuple[float, float]
"""At least and at most, as parts of one."""


@dataclass(frozen=True)
class Net:
    """Stakes as parts of one, with the order in which they are walked."""

    below: dict[int, dict[int, tuple[float, float, str]]]
    """Subjects of each holder: at least, at most, and the fact."""
    ring: list[int]
    """Number of each entity's circle, those above before those below."""
    members: list[list[int]]
    """Members of each circle."""


def net_of(teller: Teller, kinds: Collection[int] = OWNERS) -> Net:
    """Return the stakes of some kinds; an indirect one counts only where no chain of direct ones is known."""
    world = teller.world
    stakes = world.stakes
    below: dict[int, dict[int, tuple[float, float, str]]] = {}
    late: list[int] = []
    for at in range(len(stakes.holder)):
        if int(stakes.kind[at]) in kinds and stakes.holder[at] >= 0 and stakes.holder[at] != stakes.subject[at]:
            if stakes.direct[at]:
                _add(below, teller, at)
            else:
                late.append(at)
    for at in [at for at in late if int(stakes.subject[at]) not in _below(below, int(stakes.holder[at]))]:
        _add(below, teller, at)
    up: list[list[int]] = [[] for _ in range(world.size)]
    for holder, held in below.items():
        for subject in held:
            up[subject].append(holder)
    ring, members = rings(up)
    return Net(below, ring, members)


def _add(below: dict[int, dict[int, tuple[float, float, str]]], teller: Teller, at: int) -> None:
    stakes = teller.world.stakes
    holder, subject = int(stakes.holder[at]), int(stakes.subject[at])
    low, high, fact = below.get(holder, {}).get(subject, (0.0, 0.0, ""))
    low, high = min(1.0, low + stakes.low[at] / 100.0), min(1.0, high + stakes.high[at] / 100.0)
    below.setdefault(holder, {})[subject] = (float(low), float(high), fact or teller.fact(at))


def _below(below: Mapping[int, Mapping[int, object]], holder: int) -> set[int]:
    """Return an entity and everything below it."""
    seen, queue = {holder}, [holder]
    for one in queue:
        for other in below.get(one, ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def shares_of(net: Net, holder: int) -> dict[int, tuple[float, float, dict[str, None]]]:
    """Return what a holder owns in the end of everything below it: at least, at most, and on which facts."""
    found: dict[int, tuple[float, float, dict[str, None]]] = {}
    below = _below(net.below, holder)
    entering: dict[int, list[tuple[int, tuple[float, float, str]]]] = {}
    for one in below:
        for other, stake in net.below.get(one, {}).items():
            if other != holder:
                entering.setdefault(other, []).append((one, stake))
    done: dict[int, tuple[float, float, dict[str, None]]] = {holder: (1.0, 1.0, {})}
    for number in sorted({net.ring[one] for one in below}):
        among = [one for one in net.members[number] if one in below and one != holder]
        if len(among) == 1:
            one = among[0]
            low, high, facts = _outside(entering.get(one, ()), done)
            found[one] = done[one] = (min(low, 1.0), min(high, 1.0), facts)
        elif among:
            for one, solved in _circle(among, entering, done).items():
                found[one] = done[one] = solved
    return found


def _outside(
    entering: Sequence[tuple[int, tuple[float, float, str]]],
    done: Mapping[int, tuple[float, float, dict[str, None]]],
) -> tuple[float, float, dict[str, None]]:
    low = high = 0.0
    facts: dict[str, None] = {}
    for one, (least, most, fact) in entering:
        if one in done:
            above = done[one]
            low, high = low + above[0] * least, high + above[1] * most
            facts |= above[2]
            facts[fact] = None
    return low, high, facts


def _circle(
    among: Sequence[int],
    entering: Mapping[int, Sequence[tuple[int, tuple[float, float, str]]]],
    done: Mapping[int, tuple[float, float, dict[str, None]]],
) -> dict[int, tuple[float, float, dict[str, None]]]:
    """Solve the shares in a circle of holdings."""
    at = {one: i for i, one in enumerate(among)}
    facts: dict[str, None] = {}
    given = np.zeros((2, len(among)))
    inner = np.zeros((2, len(among), len(among)))
    for one in among:
        low, high, outside = _outside(entering.get(one, ()), done)
        given[:, at[one]] = low, high
        facts |= outside
        for other, (least, most, fact) in entering.get(one, ()):
            if other in at:
                inner[:, at[one], at[other]] = least, most
                facts[fact] = None
    low_, high_ = solve(inner[0], given[0], most=False), solve(inner[1], given[1], most=True)
    return {one: (float(low_[i]), float(max(low_[i], high_[i])), facts) for one, i in at.items()}


def solve(inner: np.ndarray, given: np.ndarray, *, most: bool) -> np.ndarray:
    """Return the least shares x = given + inner · x, none above 1.

    Args:
        inner: Part of the row's entity that the column's holds, both in the circle.
        given: Part of each entity that comes from outside the circle.
        most: What to say where holders add up to the whole or more, so that the system has no single answer: 1
            wherever anything enters; else what a thousand rounds prove.
    """
    size = len(given)
    try:
        found = np.linalg.solve(np.eye(size) - inner, given)
        if np.all(found >= -EPSILON) and np.all(found <= 1 + 1e-6) and float(inner.sum(axis=1).max()) <= 1 + EPSILON:
            return np.clip(found, 0.0, 1.0)
    except np.linalg.LinAlgError:
        pass
    share = np.zeros(size)
    for _ in range(1000):
        share = np.minimum(1.0, given + inner @ share)
    return np.where(share > EPSILON, 1.0, 0.0) if most else share


def share_rows(teller: Teller, net: Net) -> Iterator[dict[str, object]]:
    """Yield rows of `owned_share` for every holder and everything below it; none where they are too many."""
    ids = teller.world.ids
    if sum(len(_below(net.below, holder)) for holder in net.below) > PAIRS:
        return
    for holder in sorted(net.below):
        for subject, (low, high, facts) in sorted(shares_of(net, holder).items()):
            if high > 0:
                yield {
                    "holder_id": ids[holder],
                    "subject_id": ids[subject],
                    "share_lo_pct": round(100 * low, 9),
                    "share_hi_pct": round(100 * high, 9),
                    "facts": list(facts),
                }


@dataclass(frozen=True)
class Outside:
    """A holder from outside a set of countries."""

    holder_id: str
    share_lo_pct: float
    share_hi_pct: float
    certain: bool
    """It is known to be from outside; else its place is not known, or it has one on each side."""
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """How much of an entity is held from outside a set of countries, directly or over others."""

    share_lo_pct: float
    """Together, at least; a chain is counted where it first leaves the set, and once."""
    share_hi_pct: float
    """Together, at most: with everything whose holder or place is not known."""
    each: tuple[Outside, ...]
    """Single holders, the largest first."""


def held_by(
    tables: Mapping[str, pa.Table],
    as_of: date,
    members: Collection[str] | Callable[[str], bool | None],
    subject: str,
    *,
    kind: Literal["owns", "votes"] = "owns",
) -> Held:
    """Return how much of an entity is held by those who are organised or based outside a set of countries.

    Args:
        tables: As for `control`.
        as_of: The day.
        members: The set of countries; or a function of an entity id: True if it is from outside, None if not known.
        subject: The entity.
        kind: Shares or votes.

    Returns:
        The sum and each holder's own share, as tests such as 24 per cent each and 39 per cent together need them.
        Who holds nothing at least and nothing at most is not in it.
    """
    world = read_world(tables, as_of, [subject])
    if subject not in world.at:
        return Held(0.0, 100.0, ())
    teller = Teller(world)
    kinds = OWNERS if kind == "owns" else (VOTES,)
    net = net_of(teller, kinds)
    out = [_outsider(world, one, members) for one in range(world.size)]
    target = world.at[subject]
    each = []
    for one in range(world.size):
        if one != target and out[one] is not False:
            low, high, facts = shares_of(net, one).get(target, (0.0, 0.0, {}))
            if high > 0:
                sure = out[one] is True
                each.append(Outside(world.ids[one], 100 * low if sure else 0.0, 100 * high, sure, tuple(facts)))
    low, high = _together(world, net, out, target, kinds)
    each.sort(key=lambda o: (-o.share_lo_pct, -o.share_hi_pct, o.holder_id))
    return Held(100 * low, 100 * high, tuple(each))


def _outsider(world: World, one: int, members: Collection[str] | Callable[[str], bool | None]) -> bool | None:
    """Return whether an entity is from outside; None where it is not known or its places differ."""
    if callable(members):
        return members(world.ids[one])
    columns = (0, 1, 2, 3) if world.kind[one] in (PERSON, STATE) else (0, 1)
    told = (world.place_of == one) & np.isin(world.place_as, columns)
    inside = {world.countries[c] in members for c in world.place_in[told].tolist()}
    if len(inside) != 1 or not world.place_firm[told].all():
        return None
    return not inside.pop()


def _together(
    world: World, net: Net, out: Sequence[bool | None], target: int, kinds: Collection[int]
) -> tuple[float, float]:
    """Return which part is held from outside, counting each chain where it first leaves the set."""
    up: dict[int, list[tuple[int, tuple[float, float, str]]]] = {}
    for holder, held in net.below.items():
        for subject, stake in held.items():
            up.setdefault(subject, []).append((holder, stake))
    done: dict[int, Sides] = {}
    for members in net.members:
        given = np.array([_given(world, one, up, done, out, kinds) if one != target else (0.0, 0.0) for one in members])
        if target in members:
            at = members.index(target)
            given[at] = _given(world, target, up, done, [*out[:target], False, *out[target + 1 :]], kinds)
        inner = np.zeros((2, len(members), len(members)))
        for i, one in enumerate(members):
            for holder, (low, high, _) in up.get(one, ()):
                if holder in members and not (out[one] is True and one != target):
                    inner[:, i, members.index(holder)] = low, high
        lows, highs = solve(inner[0], given[:, 0], most=False), solve(inner[1], given[:, 1], most=True)
        for i, one in enumerate(members):
            done[one] = (float(lows[i]), float(max(lows[i], highs[i])))
    return done[target]


def _given(
    world: World,
    one: int,
    up: Mapping[int, Sequence[tuple[int, tuple[float, float, str]]]],
    done: Mapping[int, Sides],
    out: Sequence[bool | None],
    kinds: Collection[int],
) -> Sides:
    """Return which part of an entity comes from outside over holders that are done, and what nobody accounts for."""
    if out[one] is True:
        return 1.0, 1.0
    low = sum(done[h][0] * least for h, (least, _, _) in up.get(one, ()) if h in done)
    high = sum(done[h][1] * most for h, (_, most, _) in up.get(one, ()) if h in done)
    if out[one] is None:
        return min(1.0, low), 1.0
    if world.kind[one] not in (PERSON, STATE) and not world.complete[one]:
        told = sum(least for _, (least, _, _) in up.get(one, ()))
        high += max(0.0, 1.0 - told)
    return min(1.0, low), min(1.0, high)
