"""Who controls whom, who stands at the top, who owns how much in the end, and who counts as held by members of a list.

Pure functions of tables and a day. Names merge nothing: give tables that `identity.unify` has been over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.catalog.lists import lists_on
from flagstate.enrich.control_chains import Above, chain_rows, edge_rows, paths_up, quality, steps_above
from flagstate.enrich.control_covered import cover, covered_rows, holdings
from flagstate.enrich.control_links import RANK, Links, find_links
from flagstate.enrich.control_shares import held_by, net_of, share_rows
from flagstate.enrich.control_tops import find_tops, top_rows
from flagstate.enrich.control_words import Step, Teller
from flagstate.enrich.control_world import GROUP, Flags, World, read_world

__all__ = ["MANY", "control", "held_by"]

MANY = 5_000
"""With more entities than this: single links instead of chains, no beneficial shares, and of `covered` only what is not
merely unknown. Ask for some entities to have all of it of them."""


def control(tables: Mapping[str, pa.Table], as_of: date, *, of: Collection[str] | None = None) -> dict[str, pa.Table]:
    """Derive control over entities, with the proof of each row.

    Args:
        tables: `legal_entity` and `interest` with one id per entity; `contradiction`, `asset` and `coverage` if there.
        as_of: The day on which facts must hold.
        of: Derive rows only for these entities and what is above them; None: all.

    Returns:
        `control_chain`, `ultimate_parent`, `owned_share` and `covered`. Of more than `MANY` entities only part of it.

    It cannot see an owner that no source names: the rest of the shares is unknown, never nobody's.
    """
    world = read_world(tables, as_of, of)
    teller = Teller(world)
    links, nameless = find_links(world)
    many = world.size > MANY
    chains: list[dict[str, object]]
    if many:
        chains, shares = list(edge_rows(world, teller, links)), []
        tops = _tops_of_many(world, teller, links, nameless)
    else:
        above = steps_above(teller, links)
        paths = {one: paths_up(one, above) for one in above}
        chains, shares = list(chain_rows(world, paths)), list(share_rows(teller, net_of(teller)))
        tops = _tops(world, teller, above, nameless, paths)
    return {
        "control_chain": model.rows(model.CONTROL_CHAIN, chains),
        "ultimate_parent": model.rows(model.ULTIMATE_PARENT, tops),
        "owned_share": model.rows(model.OWNED_SHARE, shares),
        "covered": model.rows(model.COVERED, _covered(world, teller, as_of, many=many)),
    }


def _parties(world: World) -> Flags:
    """Return the entities that can own or be owned: groups only where they hold something."""
    parties = world.kind != GROUP
    parties[world.stakes.holder[world.stakes.holder >= 0]] = True
    return np.asarray(parties, np.bool_)


def _covered(world: World, teller: Teller, as_of: date, *, many: bool) -> Iterator[dict[str, object]]:
    held, parties = holdings(world), _parties(world)
    for members in lists_on(as_of):
        found = cover(world, held, members)
        only = parties & (found.least.inside | found.most.inside) if many else parties
        yield from covered_rows(found, teller, only)


def _tops(
    world: World,
    teller: Teller,
    above: Above,
    nameless: Links,
    paths: Mapping[int, Mapping[int, Sequence[Step]]],
) -> Iterator[dict[str, object]]:
    sure: list[list[int]] = [[] for _ in range(world.size)]
    maybe: list[list[int]] = [[] for _ in range(world.size)]
    for subject, steps in above.items():
        for step in steps:
            if step.ground != RANK["veto"]:
                maybe[subject].append(step.holder)
                if quality(step) == 0:
                    sure[subject].append(step.holder)

    def chain(top: int, one: int) -> tuple[str, Sequence[str]]:
        path = paths[one][top]
        return " → ".join(s.words for s in reversed(path)), [f for s in reversed(path) for f in s.facts]

    entities = np.flatnonzero(_parties(world)).tolist()
    return top_rows(teller, entities, (find_tops(sure), find_tops(maybe)), _reasons(teller, nameless), chain)


def _tops_of_many(world: World, teller: Teller, links: Links, nameless: Links) -> Iterator[dict[str, object]]:
    """Yield the parents of all entities of a large world, with the facts of one chain each and few words."""
    usable = links.ground != RANK["veto"]
    firm = usable & links.sure & ~links.contested
    ways = []
    for kept in (firm, usable):
        up: list[list[int]] = [[] for _ in range(world.size)]
        for holder, subject in zip(links.holder[kept].tolist(), links.subject[kept].tolist(), strict=True):
            up[subject].append(holder)
        ways.append((up, find_tops(up)))
    stake = dict(
        zip(
            zip(links.holder.tolist(), links.subject.tolist(), strict=True),
            links.stake.tolist(),
            strict=True,
        )
    )

    def chain(top: int, one: int) -> tuple[str, Sequence[str]]:
        for up, tops in ways:
            if top in tops.of[one]:
                path = _climb(up, one, top)
                if path:
                    facts = [teller.fact(stake[h, s]) for s, h in pairwise(path)]
                    return f"in {len(facts)} step{'s' if len(facts) > 1 else ''} → {teller.names[one]}", facts
        return f"→ {teller.names[one]}", []

    entities = np.flatnonzero(_parties(world)).tolist()
    return top_rows(teller, entities, (ways[0][1], ways[1][1]), _reasons(teller, nameless), chain)


def _climb(up: Sequence[Sequence[int]], one: int, top: int) -> list[int]:
    """Return the shortest way up, or nothing where it is longer than can be looked for."""
    before = {one: one}
    queue = [one]
    for at in queue:
        for holder in up[at]:
            if holder not in before:
                before[holder] = at
                queue.append(holder)
                if holder == top:
                    path = [top]
                    while path[-1] != one:
                        path.append(before[path[-1]])
                    return path[::-1]
        if len(before) > 10_000:
            break
    return []


def _reasons(teller: Teller, nameless: Links) -> dict[int, str]:
    """Return why a register names nobody above an entity."""
    return {
        int(nameless.subject[at]): str(teller.row_of(int(nameless.stake[at]))["unknown_reason"] or "")
        for at in range(len(nameless.subject))
    }
