"""Who controls whom, who stands at the top, who owns how much in the end, and who counts as held by members of a list.

Pure functions of tables and a day. Names merge nothing: give tables that `identity.unify` has been over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.catalog.lists import lists_on
from flagstate.enrich.control_chains import chain_rows, edge_rows, steps_above
from flagstate.enrich.control_covered import cover, covered_rows, holdings
from flagstate.enrich.control_links import find_links
from flagstate.enrich.control_words import Teller
from flagstate.enrich.control_world import GROUP, read_world

MANY = 20_000
"""With more entities than this and none asked for by name, single links are given and no chains."""


def control(tables: Mapping[str, pa.Table], as_of: date, *, of: Collection[str] | None = None) -> dict[str, pa.Table]:
    """Derive control over entities, with the proof of each row.

    Args:
        tables: `legal_entity` and `interest` with one id per entity; `contradiction`, `asset` and `coverage` if there.
        as_of: The day on which facts must hold.
        of: Derive rows only for these entities and what is above them; None: all.

    Returns:
        `control_chain`, `ultimate_parent`, `owned_share` and `covered`.
    """
    world = read_world(tables, as_of, of)
    teller = Teller(world)
    links, _ = find_links(world)
    if world.size <= MANY:
        above = steps_above(teller, links)
        chains = list(chain_rows(world, above))
    else:
        chains = list(edge_rows(world, teller, links))
    held = holdings(world)
    only = world.kind != GROUP
    only[world.stakes.holder[world.stakes.holder >= 0]] = True
    covered = [
        row
        for members in lists_on(as_of)
        for row in covered_rows(cover(world, held, members), teller, np.asarray(only, np.bool_))
    ]
    return {
        "control_chain": model.rows(model.CONTROL_CHAIN, chains),
        "ultimate_parent": model.ULTIMATE_PARENT.schema.empty_table(),
        "owned_share": model.OWNED_SHARE.schema.empty_table(),
        "covered": model.rows(model.COVERED, covered),
    }
