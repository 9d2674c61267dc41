"""Who controls whom, who stands at the top, who owns how much in the end, and who counts as held by members of a list.

Pure functions of tables and a day. Names merge nothing: give tables that `identity.unify` has been over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.catalog.lists import lists_on
from flagstate.enrich.control_chains import Above, Ways, all_ways, chain_rows, quality, steps_above
from flagstate.enrich.control_covered import cover, holdings
from flagstate.enrich.control_covered_rows import covered_rows
from flagstate.enrich.control_links import RANK, Links, find_links
from flagstate.enrich.control_many import control_many
from flagstate.enrich.control_shares import held_by, net_of, share_rows
from flagstate.enrich.control_tops import find_tops, top_rows
from flagstate.enrich.control_words import Teller
from flagstate.enrich.control_world import GROUP, Flags, World, read_world

__all__ = ["MANY", "control", "held_by"]

MANY = 5_000
"""With more entities than this: single links instead of chains, no beneficial shares, and of `covered` only what is not
merely unknown. Ask for some entities to have chains and all of `covered` of them; shares only where no more than this
are above them."""


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
    reasons = _reasons(teller, nameless)
    held, parties = holdings(world), _parties(world)
    covers = (cover(world, held, members) for members in lists_on(as_of))
    few = world.size <= MANY
    wanted = parties if few or of is None else parties & np.isin(np.array(world.ids), list(of))
    above = steps_above(teller, links) if few or of is not None else {}
    ways = all_ways(above if few else np.flatnonzero(wanted).tolist(), above) if above else {}
    if ways is None or (not few and of is None):
        return control_many(teller, links, reasons, covers, parties)
    covered = [row for found in covers for row in covered_rows(found, teller, wanted)]
    return {
        "control_chain": model.rows(model.CONTROL_CHAIN, chain_rows(world, ways)),
        "ultimate_parent": model.rows(model.ULTIMATE_PARENT, _tops(teller, above, reasons, ways, wanted)),
        "owned_share": model.rows(model.OWNED_SHARE, share_rows(teller, net_of(teller)) if few else ()),
        "covered": model.rows(model.COVERED, covered),
    }


def _parties(world: World) -> Flags:
    """Return the entities that can own or be owned: groups only where they hold something."""
    parties = world.kind != GROUP
    parties[world.stakes.holder[world.stakes.holder >= 0]] = True
    return np.asarray(parties, np.bool_)


def _tops(
    teller: Teller,
    above: Above,
    reasons: dict[int, str],
    ways: Mapping[int, Ways],
    parties: Flags,
) -> Iterator[dict[str, object]]:
    size = teller.world.size
    sure: list[list[int]] = [[] for _ in range(size)]
    maybe: list[list[int]] = [[] for _ in range(size)]
    for subject, steps in above.items():
        for step in steps:
            if step.ground != RANK["veto"]:
                maybe[subject].append(step.holder)
                if quality(step) == 0:
                    sure[subject].append(step.holder)

    def chain(top: int, one: int) -> tuple[str, Sequence[str]]:
        path = ways[one].path(top)
        return " → ".join(s.words for s in path), [f for s in path for f in s.facts]

    return top_rows(teller, np.flatnonzero(parties).tolist(), (find_tops(sure), find_tops(maybe)), reasons, chain)


def _reasons(teller: Teller, nameless: Links) -> dict[int, str]:
    """Return why a register names nobody above an entity."""
    told = teller.world.interests["unknown_reason"].take(pa.array(teller.best[nameless.stake])).to_pylist()
    return {one: why or "" for one, why in zip(nameless.subject.tolist(), told, strict=True)}
