"""Who counts as held by the members of a list: a least fixpoint in which stakes add up and are not multiplied.

It goes through three times. At least: what nobody disputes, shares as low as they may be. At most: disputed and bounded
facts in, shares as high as they may be, holders that a register does not name taken for members. At worst: as well
what nobody has told, the rest of the shares and the owners of an entity of which none is known. `no` needs the worst.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flagstate.catalog.countries import CODES
from flagstate.catalog.lists import Members
from flagstate.enrich.control_world import (
    EPSILON,
    GROUP,
    OWNERS,
    PERSON,
    PLACES,
    STATE,
    Flags,
    Ints,
    Reals,
    World,
)

FEW = 48
"""A step with fewer entities than this is walked one by one: long thin chains would cost an array pass per link."""
ORGANISED, PRINCIPAL, LOCATED, NATIONAL = range(len(PLACES))


@dataclass(frozen=True)
class Holdings:
    """Stakes of owners by holder, ready to be walked down."""

    start: Ints
    """[entity, and one more] Where its stakes begin."""
    subject: Ints
    low: Reals
    high: Reals
    direct: Flags
    stake: Ints
    """The stake in the world."""
    told: Reals
    """[entity] What all named direct owners hold at least."""
    unnamed: Reals
    """[entity] What holders who are not named hold at most."""


def holdings(world: World) -> Holdings:
    """Return the stakes that count for tests that add up stakes."""
    stakes, size = world.stakes, world.size
    at = np.flatnonzero(np.isin(stakes.kind, OWNERS) & (stakes.holder >= 0) & (stakes.holder != stakes.subject))
    order = at[np.argsort(stakes.holder[at], kind="stable")]
    subject, direct = stakes.subject[order], stakes.direct[order]
    start = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(stakes.holder[order], minlength=size), out=start[1:])
    nameless = np.isin(stakes.kind, OWNERS) & (stakes.holder < 0)
    return Holdings(
        start,
        subject,
        stakes.low[order],
        stakes.high[order],
        direct,
        order,
        np.bincount(subject[direct], weights=stakes.low[order][direct], minlength=size).astype(np.float64),
        np.bincount(stakes.subject[nameless], weights=stakes.high[nameless], minlength=size).astype(np.float64),
    )


@dataclass(frozen=True)
class Spread:
    """The outcome of one way through."""

    inside: Flags
    """[entity] It counts."""
    turn: Ints
    """[entity] In which turn it came in; -1: never."""
    share: Reals
    """[entity] Stake of those inside."""


def spread(held: Holdings, base: Flags, threshold: float, *, most: bool, rest: Reals) -> Spread:
    """Return the least set that holds the base and whatever its members hold from a threshold.

    Args:
        held: Stakes by holder.
        base: Who is in without owners.
        threshold: Per cent; reaching it is enough.
        most: Shares as high as they may be, and not as low.
        rest: Per cent of each entity that is to be taken for held by members beside.
    """
    size = len(base)
    value = held.high if most else held.low
    sums, lows, alone = rest.copy(), np.zeros(size), np.zeros(size)
    inside, turn = base.copy(), np.where(base, 0, -1)
    frontier, now = np.flatnonzero(base), 0

    def share(at: Ints) -> Reals:
        return np.maximum(np.minimum(sums[at], 100.0 - held.told[at] + lows[at]), alone[at])

    later = np.flatnonzero(~inside & (share(np.arange(size)) >= threshold - EPSILON))
    while len(frontier) or len(later):
        now += 1
        if len(frontier) < FEW:
            touched = _few(held, frontier, value, sums, lows, alone)
        else:
            touched = _many(held, frontier, value, sums, lows, alone)
        fresh = touched[~inside[touched]]
        fresh = fresh[share(fresh) >= threshold - EPSILON]
        if len(later):
            fresh, later = np.union1d(fresh, later), later[:0]
        inside[fresh], turn[fresh] = True, now
        frontier = fresh
    return Spread(inside, turn, np.clip(share(np.arange(size)), 0.0, 100.0))


def _few(held: Holdings, frontier: Ints, value: Reals, sums: Reals, lows: Reals, alone: Reals) -> Ints:
    touched = []
    for holder in frontier.tolist():
        for at in range(int(held.start[holder]), int(held.start[holder + 1])):
            subject = int(held.subject[at])
            if held.direct[at]:
                sums[subject] += value[at]
                lows[subject] += held.low[at]
            else:
                alone[subject] = max(alone[subject], value[at])
            touched.append(subject)
    return np.array(sorted(set(touched)), np.int64)


def _many(held: Holdings, frontier: Ints, value: Reals, sums: Reals, lows: Reals, alone: Reals) -> Ints:
    counts = held.start[frontier + 1] - held.start[frontier]
    first = np.repeat(held.start[frontier] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    at = first + np.arange(int(counts.sum()))
    subject, direct = held.subject[at], held.direct[at]
    size = len(sums)
    sums += np.bincount(subject[direct], weights=value[at][direct], minlength=size)
    lows += np.bincount(subject[direct], weights=held.low[at][direct], minlength=size)
    np.maximum.at(alone, subject[~direct], value[at][~direct])
    seen = np.zeros(size, np.bool_)
    seen[subject] = True
    return np.flatnonzero(seen)


@dataclass(frozen=True)
class Base:
    """Who is of a list's countries without owners, and why."""

    least: Flags
    """Nobody disputes it."""
    most: Flags
    """It may be."""
    nowhere: Flags
    """It is not known where it is organised or based."""
    row: Ints
    """[entity] Place row that says it; -1: none."""


def base_of(world: World, members: Members) -> Base:
    """Return who is organised or based in countries of a list, is a state or a person of them, or is named."""
    size = world.size
    listed = np.array([c in members.countries for c in world.countries], np.bool_)
    inside = listed[world.place_in] if len(listed) else np.zeros(0, np.bool_)
    firm, of = world.place_firm, world.place_of

    def some(column: int, wanted: Flags) -> Flags:
        kept = np.zeros(size, np.bool_)
        kept[of[(world.place_as == column) & wanted]] = True
        return kept

    human = np.isin(world.kind, (PERSON, GROUP))
    state = world.kind == STATE
    # Two principal places, or homes of a person, that differ: at least one of them is wrong, or both are half true.
    based, based_only = some(PRINCIPAL, inside), some(PRINCIPAL, inside & firm) & ~some(PRINCIPAL, ~inside)
    organised, organised_firm = some(ORGANISED, inside), some(ORGANISED, inside & firm)
    most, least = based | organised, based_only | organised_firm
    lives, lives_only = some(LOCATED, inside) | based, some(LOCATED, inside & firm) & ~some(LOCATED, ~inside)
    homed = some(LOCATED, inside | True) | some(PRINCIPAL, inside | True)
    citizen, citizen_firm = some(NATIONAL, inside), some(NATIONAL, inside & firm)
    if members.persons == "resident":
        citizen, citizen_firm = citizen & ~homed, citizen_firm & ~homed
    exempt = np.array([c in members.except_nationals for c in world.countries], np.bool_)
    never = some(NATIONAL, exempt[world.place_in]) if exempt.any() else np.zeros(size, np.bool_)
    most = np.where(human, (lives | citizen) & ~never, most)
    least = np.where(human, (lives_only | based_only | citizen_firm) & ~never, least)
    anywhere = some(LOCATED, inside | True)
    most = np.where(state, most | lives, most)
    least = np.where(state, least | lives_only, least)
    placed = some(ORGANISED, inside | True) | some(PRINCIPAL, inside | True)
    nowhere = ~np.where(human | state, placed | anywhere | some(NATIONAL, inside | True), placed)
    # A code that is no country may stand for any, one of the list included.
    odd = np.array([c not in CODES for c in world.countries], np.bool_)
    if odd.any():
        nowhere |= some(ORGANISED, odd[world.place_in]) | some(PRINCIPAL, odd[world.place_in])
        nowhere |= human & (some(NATIONAL, odd[world.place_in]) | some(LOCATED, odd[world.place_in]))
    named = _named(world, members)
    row = np.full(size, -1, np.int64)
    for column in (NATIONAL, LOCATED, PRINCIPAL, ORGANISED):
        told = np.flatnonzero((world.place_as == column) & inside)
        if column == LOCATED:
            told = told[(human | state)[of[told]]]
        told = told[np.argsort(firm[told], kind="stable")]
        row[of[told]] = told
    return Base(least | named, most | named, nowhere, row)


def _named(world: World, members: Members) -> Flags:
    named = np.zeros(world.size, np.bool_)
    named[[world.at[one] for one in members.entity_ids if one in world.at]] = True
    if members.leis:
        told = zip(world.entities["entity_id"].to_pylist(), world.entities["lei"].to_pylist(), strict=True)
        named[[world.at[one] for one, lei in told if lei in members.leis]] = True
    return named


@dataclass(frozen=True)
class Cover:
    """The three ways through for one list."""

    world: World
    held: Holdings
    members: Members
    base: Base
    least: Spread
    most: Spread
    worst: Spread

    @cached_property
    def owners(self) -> dict[int, list[int]]:
        """Return the stakes of owners in each entity, by place in `held`."""
        found: dict[int, list[int]] = {}
        for at, subject in enumerate(self.held.subject.tolist()):
            found.setdefault(subject, []).append(at)
        return found

    @cached_property
    def holder(self) -> list[int]:
        """Return the holder of each stake of `held`."""
        holders: list[int] = np.repeat(np.arange(self.world.size), np.diff(self.held.start)).tolist()
        return holders

    @cached_property
    def nameless(self) -> dict[int, list[int]]:
        """Return the stakes in the world whose holder is not named, by entity."""
        stakes = self.world.stakes
        found: dict[int, list[int]] = {}
        for at in np.flatnonzero((stakes.holder < 0) & np.isin(stakes.kind, OWNERS)).tolist():
            found.setdefault(int(stakes.subject[at]), []).append(at)
        return found

    @cached_property
    def turns(self) -> tuple[list[int], list[int]]:
        """Return when each entity came in, at least and at most; -1: never."""
        return self.least.turn.tolist(), self.most.turn.tolist()


def cover(world: World, held: Holdings, members: Members) -> Cover:
    """Go through three times for one list."""
    base = base_of(world, members)
    human = np.isin(world.kind, (PERSON, GROUP, STATE))
    nothing = np.zeros(world.size)
    rest = np.where(world.complete | human, held.unnamed, 100.0)
    return Cover(
        world,
        held,
        members,
        base,
        spread(held, base.least, members.threshold, most=False, rest=nothing),
        spread(held, base.most, members.threshold, most=True, rest=held.unnamed),
        spread(held, base.most | base.nowhere, members.threshold, most=True, rest=rest),
    )
