"""Chains of control: from every holder down to every entity below it, on the firmest and then the shortest way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flagstate.catalog.operators import weakest
from flagstate.enrich.control_links import GROUNDS, HALF, RANK, Links
from flagstate.enrich.control_words import Step, Teller, chain_row, share_words
from flagstate.enrich.control_world import EPSILON, OWNERS, VOTES, World
from flagstate.model.stance import status_of, weakest_stance

WORK = 400_000
"""So many stakes are walked at most to find those who control by what they hold together with those they control."""

STEPS = 1_000_000
"""Chains are told as long as they have at most so many links together; then single links are given instead."""

Above = dict[int, list[Step]]


def quality(step: Step) -> int:
    """Return 0 for a link that is certain, 1 for one that its sources dispute, 2 for a possible one."""
    return 2 if not step.sure else 1 if step.contested else 0


def steps_above(teller: Teller, links: Links) -> Above:
    """Return the links into each entity, the firmest first, with those by joint holdings of one holder."""
    above: Above = {}
    for at in range(len(links.holder)):
        step = teller.step(links, at)
        above.setdefault(step.subject, []).append(step)
    for step in _aggregated(teller, above):
        above.setdefault(step.subject, []).append(step)
    for listed in above.values():
        listed.sort(key=lambda s: (quality(s), s.ground, s.holder))
    return above


@dataclass(frozen=True)
class Ways:
    """The ways to everybody above one entity: certain ones before disputed ones, these before possible ones."""

    start: int
    came: tuple[dict[int, Step], ...]
    """[worst quality] The first link down from each holder."""
    quality: dict[int, int]
    """The best quality of a way, by holder."""
    steps: int
    """Links of all ways together, at most."""

    def path(self, holder: int) -> list[Step]:
        """Return the links from a holder down to the entity; among ways of one quality the shortest."""
        came = self.came[self.quality[holder]]
        path = [came[holder]]
        while path[-1].subject != self.start:
            path.append(came[path[-1].subject])
        return path


def ways_up(start: int, above: Mapping[int, list[Step]]) -> Ways:
    """Return the ways to everybody above an entity; circles end."""
    came: list[dict[int, Step]] = []
    best: dict[int, int] = {}
    steps = 0
    for worst in range(3):
        first: dict[int, Step] = {}
        depth = {start: 0}
        queue = [start]
        for subject in queue:
            for step in above.get(subject, ()):
                if step.holder not in depth and quality(step) <= worst:
                    depth[step.holder] = depth[subject] + 1
                    first[step.holder] = step
                    queue.append(step.holder)
        came.append(first)
        for holder in first:
            if holder not in best:
                best[holder] = worst
                steps += depth[holder]
    return Ways(start, tuple(came), best, steps)


def all_ways(subjects: Iterable[int], above: Above) -> dict[int, Ways] | None:
    """Return the ways above several entities; None where they are too many to be told."""
    found: dict[int, Ways] = {}
    steps = 0
    for one in subjects:
        found[one] = ways_up(one, above)
        steps += found[one].steps
        if steps > STEPS:
            return None
    return found


def chain_rows(world: World, ways: Mapping[int, Ways]) -> Iterator[dict[str, object]]:
    """Yield a row of `control_chain` per pair.

    Args:
        world: Where the entities are.
        ways: By subject.
    """
    for _, found in sorted(ways.items()):
        for holder in sorted(found.quality):
            yield chain_row(world, found.path(holder), grounds=GROUNDS)


def _aggregated(teller: Teller, above: Above) -> list[Step]:
    """Return links of holders who control by what they hold together with those they already control.

    It is the rule of company control: stakes of a holder and of all that it controls add up. What several holders
    hold together gives control to none of them.
    """
    held = _held(teller.world)
    below: dict[int, dict[int, tuple[str, ...]]] = {}
    for subject, steps in sorted(above.items()):
        for step in steps:
            if step.sure:
                below.setdefault(step.holder, {}).setdefault(subject, step.facts)
    inside: dict[int, set[int]] = {}
    made: dict[tuple[int, int], Step] = {}
    left = WORK
    for holder in sorted(below):
        inside[holder], steps, work = _spread(teller, holder, below, held)
        made |= {(holder, step.subject): step for step in steps}
        left -= work
        if left < 0:
            break
    # A link is told at the lowest holder that has it; those above reach it over that one.
    return [
        step
        for (holder, subject), step in made.items()
        if not any(
            (one, subject) in made and holder not in inside.get(one, ()) for one in inside[holder] if one != holder
        )
    ]


def _held(world: World) -> dict[int, list[int]]:
    """Return the direct stakes and votes of each holder."""
    stakes = world.stakes
    held: dict[int, list[int]] = {}
    for at in range(len(stakes.holder)):
        if stakes.direct[at] and stakes.said[at] > 0 and (stakes.kind[at] in OWNERS or stakes.kind[at] == VOTES):
            held.setdefault(int(stakes.holder[at]), []).append(at)
    return held


def _spread(
    teller: Teller,
    holder: int,
    below: Mapping[int, Mapping[int, tuple[str, ...]]],
    held: Mapping[int, list[int]],
) -> tuple[set[int], list[Step], int]:
    """Return whom a holder controls, its links by stakes that add up, and how many stakes were walked."""
    stakes = teller.world.stakes
    sums: dict[tuple[int, bool], list[int]] = {}
    inside: dict[int, tuple[str, ...]] = {holder: ()}
    found: list[Step] = []
    queue, work = [holder], 0
    while queue:
        fresh: list[int] = []
        for one in queue:
            fresh.append(one)
            for other, facts in below.get(one, {}).items():
                if other not in inside:
                    inside[other] = (*inside[one], *facts)
                    queue.append(other)
        # All links are followed before anything is added up, so that the order of holders decides nothing.
        for one in fresh:
            work += 1 + len(held.get(one, ()))
            for at in held.get(one, ()):
                sums.setdefault((int(stakes.subject[at]), bool(stakes.kind[at] == VOTES)), []).append(at)
        queue = []
        for (subject, _), parts in sorted(sums.items()):
            if subject not in inside and sum(float(stakes.said[a]) for a in parts) > HALF + EPSILON:
                facts = tuple(f for a in sorted(parts) for f in inside[int(stakes.holder[a])])
                step = _together(teller, holder, subject, sorted(parts), facts)
                found.append(step)
                inside[subject] = step.facts
                queue.append(subject)
    return set(inside), found, work


def _together(teller: Teller, holder: int, subject: int, parts: list[int], facts: tuple[str, ...]) -> Step:
    """Return the link of a holder by several stakes, with the facts by which it controls who holds them."""
    stakes, names = teller.world.stakes, teller.names
    rows = [teller.row_of(at) for at in parts]
    said = [
        f"{names[int(stakes.holder[at])]}{share_words(row['share_lo_pct'], row['share_hi_pct'])}"
        for at, row in zip(parts, rows, strict=True)
    ]
    status = weakest(*(status_of(row) for row in rows))
    sources = dict.fromkeys(str(row["source"]) for row in rows if row["source"])
    contested = any(stakes.low[at] < stakes.said[at] - EPSILON for at in parts)
    total = sum(float(stakes.said[at]) for at in parts)
    marks = ", ".join([status, *sources, *(["contested"] if contested else [])])
    words = f"holds {total:g} % with those it controls ({', '.join(said)}) → {names[subject]} ({marks})"
    stance = weakest_stance(str(row["stance"] or "declared") for row in rows)
    every = tuple(dict.fromkeys((*facts, *(str(row["fact_id"]) for row in rows))))
    return Step(holder, subject, RANK["aggregate"], True, contested, status, stance, words, every)
