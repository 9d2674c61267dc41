"""Who controls whom in one step, and on which ground.

A link is certain (`yes`) or only possible, and its sources may dispute it. Thresholds stand here and in
docs/control.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.enrich.control_world import (
    APPOINTS,
    EPSILON,
    KINDS,
    NOMINATES,
    OWNERS,
    VOTES,
    Flags,
    Ints,
    Reals,
    Stakes,
    World,
)

HALF = 50.0
"""More than this is a majority; exactly this, on both sides, is joint control."""
DOMINANT = 25.0
"""From this stake in per cent, the largest known one dominates while no other reaches half of it."""

GROUNDS = (
    "majority",
    "half",
    "aggregate",
    "votes",
    "board",
    "contract",
    "control",
    "nominee",
    "dominant_minority",
    "veto",
    "trust",
)
"""Grounds of control, the firmest first."""
RANK = {ground: i for i, ground in enumerate(GROUNDS)}
_FULL = {"controls": "control", "contracts": "contract"}


@dataclass(frozen=True)
class Links:
    """One link per holder and subject: the firmest."""

    holder: Ints
    """Who controls."""
    subject: Ints
    """Whom."""
    ground: Ints
    """Place in `GROUNDS`."""
    sure: Flags
    """Certain; else only possible."""
    contested: Flags
    """The sources dispute it."""
    stake: Ints
    """The stake it rests on."""


@dataclass(frozen=True)
class _Found:
    """Links of one sort, before the firmest is chosen."""

    stake: Ints
    ground: Ints
    sure: Flags
    contested: Flags


def find_links(world: World) -> tuple[Links, Links]:
    """Return who controls whom in one step, and the same of those who are not named.

    A person or a group can be controlled by nobody: such links are only possible.
    """
    stakes = world.stakes
    found = [*_by_share(stakes), *_by_kind(stakes)]
    stake = np.concatenate([f.stake for f in found])
    ground = np.concatenate([f.ground for f in found])
    sure = np.concatenate([f.sure for f in found])
    contested = np.concatenate([f.contested for f in found])
    holder, subject = stakes.holder[stake], stakes.subject[stake]
    human = np.isin(world.kind[subject], (1, 2)) if len(stake) else np.zeros(0, np.bool_)
    sure = sure & ~human
    order = np.lexsort((stake, ~stakes.direct[stake], ground, contested, ~sure, holder, subject))
    holder, subject = holder[order], subject[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (holder[1:] != holder[:-1]) | (subject[1:] != subject[:-1]) | (holder[1:] < 0)
    first &= holder != subject
    kept = order[first]
    every = Links(holder[first], subject[first], ground[kept], sure[kept], contested[kept], stake[kept])
    return _where(every, every.holder >= 0), _where(every, every.holder < 0)


def _where(links: Links, kept: Flags) -> Links:
    return Links(
        links.holder[kept],
        links.subject[kept],
        links.ground[kept],
        links.sure[kept],
        links.contested[kept],
        links.stake[kept],
    )


def _by_share(stakes: Stakes) -> list[_Found]:
    """Return links by shares, votes, seats of the board and through nominees."""
    found = []
    for kinds, ground in ((OWNERS, "majority"), ((VOTES,), "votes"), ((APPOINTS,), "board")):
        at = np.flatnonzero(np.isin(stakes.kind, kinds))
        said, low, high, more = stakes.said[at], stakes.low[at], stakes.high[at], stakes.more[at]
        above, firm = more | (said > HALF + EPSILON), more | (low > HALF + EPSILON)
        even = ~above & (said >= HALF - EPSILON)
        maybe = ~above & ~even & (high >= HALF - EPSILON)
        chief, sure, undisputed = _dominant(stakes, at)
        minor = chief & ~above & ~even & ~maybe
        top = np.where(stakes.kind[at] == NOMINATES, RANK["nominee"], RANK[ground])
        code = np.where(even | (maybe & (high <= HALF + EPSILON)), RANK["half"], top)
        code = np.where(minor | (maybe & sure), RANK["dominant_minority"], code)
        certain = above | even | sure
        disputed = (above & ~firm) | (even & (low < HALF - EPSILON)) | (~above & ~even & sure & ~undisputed)
        disputed |= (more & ~stakes.firm[at]) & above
        any_ = above | even | maybe | minor
        found.append(_Found(at[any_], code[any_], certain[any_], disputed[any_]))
    return found


def _dominant(stakes: Stakes, at: Ints) -> tuple[Flags, Flags, Flags]:
    """Return which stakes may dominate as a minority, which do for certain, and which without dispute.

    Certain only where the others are known: what nobody accounts for may be one hand.
    """
    subject, direct = stakes.subject[at], stakes.direct[at]
    said, low, high = stakes.said[at], stakes.low[at], stakes.high[at]
    others_high, others_low = _others(subject, high, direct), _others(subject, low, direct)
    told = np.bincount(subject, weights=np.where(direct, low, 0.0), minlength=int(subject.max(initial=-1)) + 1)
    others_high = np.maximum(others_high, 100.0 - told[subject])
    may = direct & (high >= DOMINANT - EPSILON) & (others_low < high / 2 - EPSILON)
    sure = direct & (said >= DOMINANT - EPSILON) & (others_high < said / 2 - EPSILON)
    undisputed = direct & (low >= DOMINANT - EPSILON) & (others_high < low / 2 - EPSILON)
    return may, sure, undisputed


def _others(subject: Ints, value: Reals, counted: Flags) -> Reals:
    """Return, for each stake, the largest value among the other stakes in its subject."""
    size = int(subject.max(initial=-1)) + 1
    value = np.where(counted, value, -1.0)
    largest = np.full(size, -1.0)
    np.maximum.at(largest, subject, value)
    ties = np.bincount(subject, weights=value >= largest[subject], minlength=size) if size else np.zeros(0)
    second = np.full(size, -1.0)
    below = value < largest[subject]
    np.maximum.at(second, subject[below], value[below])
    alone = (value >= largest[subject]) & (ties[subject] < 2)
    return np.where(alone, second[subject], largest[subject])


def _by_kind(stakes: Stakes) -> list[_Found]:
    """Return links by contract, other control, veto, and the parties of trusts, which control nobody by that alone."""
    found = []
    for code, name in enumerate(KINDS):
        role = interest_kinds()[name].control
        if role == "share" or code == NOMINATES:
            continue
        at = np.flatnonzero(stakes.kind == code)
        if role == "full":
            ground, sure, contested = _FULL[name], stakes.sound[at], ~stakes.firm[at]
        elif role == "veto":
            ground, sure, contested = "veto", np.zeros(len(at), np.bool_), np.ones(len(at), np.bool_)
        else:
            ground = "nominee" if name == "nominee" else "trust"
            sure, contested = np.zeros(len(at), np.bool_), ~stakes.firm[at]
        found.append(_Found(at, np.full(len(at), RANK[ground], np.int64), sure, contested))
    return found
