"""Who stands at the top of control: one, several at 50/50, a circle of holders, or somebody whom no register names.

It is asked twice: over links that are certain and undisputed, and over all that are possible. Only a top of both is
certain. A veto makes nobody a parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flagstate.enrich.control_words import Teller

TOPS = 32
"""At most so many tops are given per entity."""


@dataclass(frozen=True)
class Tops:
    """The tops of every entity over some links."""

    of: list[tuple[int, ...]]
    """[entity] Its tops; of a circle, its first member."""
    circle: dict[int, tuple[int, ...]]
    """Members of each circle at a top, by its first member."""
    more: frozenset[int]
    """Entities with more tops than are given."""


def rings(up: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Return the circle (or single entity) of each entity, and their members, those above before those below.

    Args:
        up: Holders of each entity. This is Tarjan's algorithm without recursion.
    """
    size = len(up)
    order, low, ring = [-1] * size, [0] * size, [-1] * size
    found: list[list[int]] = []
    stack: list[int] = []
    clock = 0
    for root in range(size):
        if order[root] >= 0:
            continue
        if not up[root]:
            order[root], ring[root] = clock, len(found)
            clock += 1
            found.append([root])
            continue
        order[root] = low[root] = clock
        clock += 1
        stack.append(root)
        work = [(root, iter(up[root]))]
        while work:
            at, rest = work[-1]
            for above in rest:
                if order[above] < 0:
                    order[above] = low[above] = clock
                    clock += 1
                    stack.append(above)
                    work.append((above, iter(up[above])))
                    break
                if ring[above] < 0:
                    low[at] = min(low[at], order[above])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == order[at]:
                    members = []
                    while ring[at] < 0:
                        members.append(stack.pop())
                        ring[members[-1]] = len(found)
                    found.append(members)
    return ring, found


def find_tops(up: Sequence[Sequence[int]]) -> Tops:
    """Return who stands at the top of every entity.

    Args:
        up: Holders of each entity.
    """
    ring, found = rings(up)
    tops: list[tuple[int, ...]] = []
    circle: dict[int, tuple[int, ...]] = {}
    crowded: set[int] = set()
    # A ring comes after all that is above it.
    for number, members in enumerate(found):
        above = {ring[h] for one in members for h in up[one]} - {number}
        if not above:
            first = min(members)
            if len(members) > 1:
                circle[first] = tuple(sorted(members))
            tops.append((first,))
        elif len(above) == 1:
            (only,) = above
            tops.append(tops[only])
            if only in crowded:
                crowded.add(number)
        else:
            every = sorted({top for one in above for top in tops[one]})
            if len(every) > TOPS or above & crowded:
                crowded.add(number)
            tops.append(tuple(every[:TOPS]))
    more = frozenset(one for one, number in enumerate(ring) if number in crowded) if crowded else frozenset()
    return Tops([tops[number] for number in ring], circle, more)


def top_rows(
    teller: Teller,
    entities: Iterable[int],
    ways: tuple[Tops, Tops],
    nameless: dict[int, str],
    chain: Callable[[int, int], tuple[str, Sequence[str]]],
) -> Iterator[dict[str, object]]:
    """Yield rows of `ultimate_parent`.

    Args:
        teller: Tells names.
        entities: Whose parents are asked for.
        ways: Tops over certain links and over possible ones.
        nameless: Why a register names nobody above an entity, in its own code.
        chain: Gives the sentence and the facts of the chain from a top down to an entity.
    """
    firm, all_ = ways
    ids, crowded = teller.world.ids, firm.more | all_.more
    for one in entities:
        least, most = firm.of[one], all_.of[one]
        for top in least if least == most else sorted({*least, *most}):
            sure = top in least and top in most and firm.circle.get(top) == all_.circle.get(top)
            members = firm.circle.get(top) or all_.circle.get(top)
            kind = "circle" if members else teller.kind_of(top)
            inside = bool(members) and one in (members or ())
            words, facts = ("", ()) if one == top or inside else chain(top, one)
            if top in nameless:
                kind, sure = "unnamed", False
            yield {
                "entity_id": ids[one],
                "parent_id": ids[top],
                "kind": kind,
                "verdict": "yes" if sure else "unknown",
                "words": _words(teller, top, words, members, nameless.get(top), crowded=one in crowded),
                "facts": list(facts),
            }


def _words(
    teller: Teller,
    top: int,
    chain: str,
    members: Sequence[int] | None,
    reason: str | None,
    *,
    crowded: bool,
) -> str:
    names = teller.names
    parts = [f"{names[top]} {chain}" if chain else names[top]]
    if members:
        listed = ", ".join(names[m] for m in members[:6]) + (" and others" if len(members) > 6 else "")
        parts.append(f"{listed} hold each other, and nobody outside is known to control them")
    elif reason is not None:
        parts.append(f"who is above {names[top]} is not named: {reason or 'no reason is given'}")
    elif teller.kind_of(top) == "organisation":
        parts.append(f"nobody is known to control {names[top]}")
    if crowded:
        parts.append("there are more at the top than are shown")
    return "; ".join(parts)
