"""Control over a large register at once: single links, ultimate parents and who is covered, a column at a time.

What a row stands on is told by one step: the rows of the owners above tell theirs. Ask `control` for some entities to
have whole chains, shares and proofs of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.enrich.control_covered import Cover
from flagstate.enrich.control_covered_rows import SAYS, UNTOLD
from flagstate.enrich.control_links import GROUNDS, RANK, Links
from flagstate.enrich.control_peel import Peeled, peel
from flagstate.enrich.control_words import Teller
from flagstate.enrich.control_world import ENTITY_KINDS, EPSILON, KINDS, PERSON, STATE, Flags, Ints, Reals

Column = Any
"""An Arrow array or scalar."""


def control_many(
    teller: Teller, links: Links, reasons: Mapping[int, str], covers: Iterable[Cover], parties: Flags
) -> dict[str, pa.Table]:
    """Return the tables of `control` for a large world.

    Args:
        teller: Tells the world.
        links: Who controls whom in one step.
        reasons: Why a register names nobody above an entity.
        covers: Who counts as held by members, list after list.
        parties: The entities that can own or be owned.
    """
    told = _Told(teller)
    return {
        "control_chain": _edges(told, links),
        "ultimate_parent": _parents(told, links, reasons, parties),
        "owned_share": model.OWNED_SHARE.schema.empty_table(),
        "covered": pa.concat_tables([_covered(told, found, parties) for found in covers]),
    }


class _Told:
    """Columns of words about entities and stakes."""

    def __init__(self, teller: Teller) -> None:
        self.teller, self.world = teller, teller.world
        self.ids, self.names = pa.array(self.world.ids, pa.string()), pa.array(teller.names, pa.string())
        self.row = teller.best

    def of_stake(self, stake: Ints, column: str) -> Column:
        """Return a column of the statements of some stakes."""
        return _column(self.world.interests[column]).take(pa.array(self.row[stake]))

    def link(self, stake: Ints, subject: Ints) -> Column:
        """Return some stakes as proofs say them."""
        says = pa.array([interest_kinds()[code].says for code in KINDS]).take(pa.array(self.world.stakes.kind[stake]))
        shares = _shares(self.of_stake(stake, "share_lo_pct"), self.of_stake(stake, "share_hi_pct"))
        status = _status(self.of_stake(stake, "status"), self.of_stake(stake, "stance"))
        marks = _join([status, self.of_stake(stake, "source")], ", ")
        return _join([says, shares, " → ", self.names.take(pa.array(subject)), " (", marks, ")"])


def _column(values: Column) -> pa.Array:
    combined = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _join(parts: Iterable[Column], between: str = "") -> Column:
    """Return texts joined; what is null is left out, with its separator."""
    listed = [pa.scalar(p) if isinstance(p, str) else p for p in parts]
    return pc.binary_join_element_wise(*listed, between, null_handling="skip")


def _status(status: Column, stance: Column) -> Column:
    default = pc.if_else(pc.equal(stance.fill_null(""), "recorded"), "to verify", "declared")
    return pc.coalesce(status, default)


def _shares(low: Column, high: Column) -> Column:
    """Return shares as proofs say them, with a blank before; null where none is told."""
    untold = pc.and_(pc.is_null(low), pc.is_null(high))
    least, most = low.fill_null(0.0), high.fill_null(100.0)
    one = _join([" ", _number(least), " %"])
    two = _join([" ", _number(least), " to ", _number(most), " %"])
    return pc.if_else(untold, None, pc.if_else(pc.equal(least, most), one, two))


def _number(values: Column) -> Column:
    coded = values.dictionary_encode()
    words = pa.array([f"{v:g}" for v in coded.dictionary.to_pylist()], pa.string())
    return words.take(coded.indices)


def _single(values: Column) -> pa.Array:
    """Return lists of one value each."""
    offsets = pa.array(np.arange(len(values) + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, values)


def _edges(told: _Told, links: Links) -> pa.Table:
    subject, stake = links.subject, links.stake
    count = len(subject)
    pairs = np.empty(2 * count, np.int64)
    pairs[0::2], pairs[1::2] = links.holder, subject
    path = pa.ListArray.from_arrays(
        pa.array(np.arange(0, 2 * count + 1, 2, dtype=np.int32)), told.ids.take(pa.array(pairs))
    )
    sure = pa.array(links.sure)
    marks = pc.if_else(sure, "", " [control not certain]")
    columns = {
        "holder_id": told.ids.take(pa.array(links.holder)),
        "subject_id": told.ids.take(pa.array(subject)),
        "steps": pa.array(np.ones(count, np.int32)),
        "path": path,
        "kind": pa.array(GROUNDS).take(pa.array(links.ground)),
        "verdict": pc.if_else(sure, "yes", "unknown"),
        "contested": pa.array(links.contested),
        "status": _status(told.of_stake(stake, "status"), told.of_stake(stake, "stance")),
        "stance": told.of_stake(stake, "stance").fill_null("declared"),
        "proof": _join([told.link(stake, subject), marks]),
        "facts": _single(told.of_stake(stake, "fact_id")),
    }
    return model.conform(pa.table(columns), model.CONTROL_CHAIN)


def _ways(told: _Told, links: Links) -> tuple[Peeled, Peeled]:
    """Return who stands at the top over certain links and over possible ones."""
    usable = links.ground != RANK["veto"]
    firm = usable & links.sure & ~links.contested
    size = told.world.size
    return (
        peel(size, links.holder[firm], links.subject[firm]),
        peel(size, links.holder[usable], links.subject[usable]),
    )


def _parents(told: _Told, links: Links, reasons: Mapping[int, str], parties: Flags) -> pa.Table:
    firm, maybe = _ways(told, links)
    plain = parties & (firm.top >= 0) & (firm.top == maybe.top)
    one = np.flatnonzero(plain)
    entities, parents, sure = [], [], []
    for at in np.flatnonzero(parties & ~plain).tolist():
        least, most = firm.of(at), maybe.of(at)
        for top in least if least == most else sorted({*least, *most}):
            entities.append(at)
            parents.append(top)
            sure.append(top in least and top in most)
    entity = np.concatenate((one, np.array(entities, np.int64)))
    parent = np.concatenate((firm.top[one], np.array(parents, np.int64)))
    certain = np.concatenate((np.ones(len(one), np.bool_), np.array(sure, np.bool_)))
    nameless = np.zeros(told.world.size, np.bool_)
    nameless[list(reasons)] = True
    rings = np.zeros(told.world.size, np.bool_)
    rings[[*firm.circle, *maybe.circle]] = True
    moved = [top for top in {*firm.circle, *maybe.circle} if firm.circle.get(top) != maybe.circle.get(top)]
    certain &= ~nameless[parent] & ~np.isin(parent, moved)
    code = np.where(nameless[parent], 5, np.where(rings[parent], 4, told.world.kind[parent]))
    words = pa.array(
        [
            "nobody is known to control it",
            "a person",
            "persons",
            "a state",
            "a circle of holders",
            "who is above it is not named",
        ]
    ).take(pa.array(code))
    columns = {
        "entity_id": told.ids.take(pa.array(entity)),
        "parent_id": told.ids.take(pa.array(parent)),
        "kind": pa.array([*ENTITY_KINDS, "circle", "unnamed"]).take(pa.array(code)),
        "verdict": pc.if_else(pa.array(certain), "yes", "unknown"),
        "words": _join([told.names.take(pa.array(parent)), ": ", words, "; the links are in control_chain"]),
        "facts": _none(len(entity)),
    }
    return model.conform(pa.table(columns), model.ULTIMATE_PARENT)


def _none(count: int) -> pa.Array:
    """Return empty lists."""
    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], pa.string()))


def _covered(told: _Told, found: Cover, parties: Flags) -> pa.Table:
    """Return the rows of one list: those who are covered, and those who may be by what is known of them."""
    yes = found.least.inside
    at = np.flatnonzero(parties & (yes | found.most.inside))
    sure = yes[at]
    based = np.where(sure, found.base.least[at], found.base.most[at])
    offsets, stakes = _parts(found, at, sure, based)
    lists = _facts(told, found, (at, based, offsets, stakes))
    unnamed = found.held.unnamed[at] > 0
    why = pc.if_else(pa.array(sure), None, pc.if_else(pa.array(unnamed), "unnamed", "bounds"))
    owned = f"owned_{found.members.threshold:g}"
    place = found.base.row[at]
    column = (
        np.where(place >= 0, found.world.place_as[np.maximum(place, 0)], -1) if len(found.world.place_as) else place
    )
    kind = found.world.kind[at]
    code = np.where(kind == PERSON, 3, np.where(kind == STATE, 2, np.where(column == 1, 1, 0)))
    code = np.where(~found.base.least[at], 4, np.where(place < 0, 5, code))
    code = np.where(sure, code, 6)
    bases = pa.array(["organised", "principal_place", "state", "person", owned, "listed", "none"])
    doubt = pc.if_else(
        pa.array(sure), "", pc.if_else(pa.array(unnamed), UNTOLD["unnamed"] + ": ", UNTOLD["bounds"] + ": ")
    )
    columns = {
        "list": pa.array([found.members.name]).take(pa.array(np.zeros(len(at), np.int64))),
        "entity_id": told.ids.take(pa.array(at)),
        "verdict": pc.if_else(pa.array(sure), "yes", "unknown"),
        "basis": bases.take(pa.array(code)),
        "share_lo_pct": pa.array(found.least.share[at]),
        "share_hi_pct": pa.array(np.maximum(found.most.share[at], found.least.share[at])),
        "why": why,
        "proof": _join([doubt, _proof(told, found, at, based, offsets, stakes)]),
        "facts": lists,
    }
    return model.conform(pa.table(columns), model.COVERED)


def _parts(found: Cover, at: Ints, sure: Flags, based: Flags) -> tuple[Ints, Ints]:
    """Return the stakes of owners who came in before each entity: offsets, and places in `held`, the largest first."""
    held, size = found.held, found.world.size
    holder = np.repeat(np.arange(size), np.diff(held.start))
    rank = np.full(size, -1, np.int64)
    owned = ~based
    rank[at[owned]] = np.flatnonzero(owned)
    least = np.zeros(size, np.bool_)
    least[at] = sure
    turn = np.where(least[held.subject], found.least.turn[holder], found.most.turn[holder])
    last = np.where(least, found.least.turn, found.most.turn)[held.subject]
    kept = np.flatnonzero((rank[held.subject] >= 0) & (turn >= 0) & (turn < last))
    value = np.where(least[held.subject[kept]], held.low[kept], held.high[kept])
    kept = kept[(value > 0)]
    value = value[value > 0]
    order = np.lexsort((-value, rank[held.subject[kept]]))
    kept = kept[order]
    counts = np.bincount(rank[held.subject[kept]], minlength=len(at))
    return np.concatenate(([0], np.cumsum(counts))), kept


def _facts(told: _Told, found: Cover, rows: tuple[Ints, Flags, Ints, Ints]) -> pa.Array:
    """Return the facts of one step under each row: of its place, or of the stakes that add up."""
    at, based, offsets, stakes = rows
    place = found.base.row[at]
    own = based & (place >= 0)
    counts = np.where(own, 1, np.diff(offsets))
    ends = np.concatenate(([0], np.cumsum(counts)))
    facts = told.of_stake(found.held.stake[stakes], "fact_id")
    first = _column(told.world.entities["fact_id"]).take(pa.array(found.world.place_row[place[own]]))
    source = np.empty(int(ends[-1]), np.int64)
    source[ends[:-1][own]] = len(stakes) + np.arange(int(own.sum()))
    mask = np.ones(len(source), np.bool_)
    mask[ends[:-1][own]] = False
    source[mask] = np.arange(int(mask.sum()))
    every = pa.concat_arrays([_column(facts), first])
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), every.take(pa.array(source)))


def _proof(told: _Told, found: Cover, at: Ints, based: Flags, offsets: Ints, stakes: Ints) -> Column:
    """Return where each entity is, or its largest covered owner and what all of them hold."""
    world, names = found.world, told.names.take(pa.array(at))
    place = np.maximum(found.base.row[at], 0)
    row = pa.array(world.place_row[place] if len(world.place_row) else np.zeros(len(at), np.int64))
    entities = world.entities
    says = pa.array(SAYS).take(pa.array(world.place_as[place] if len(world.place_as) else place))
    country = pa.array(world.countries, pa.string()).take(pa.array(world.place_in[place])) if world.countries else ""
    status = _status(_column(entities["status"]).take(row), _column(entities["stance"]).take(row))
    ground = _join(
        [names, " (", says, " ", country, ", ", _join([status, _column(entities["source"]).take(row)], ", "), ")"]
    )
    ground = pc.if_else(pa.array(found.base.row[at] >= 0), ground, _join([names, f" (named on {found.members.name})"]))
    counts = np.diff(offsets)
    some = ~based & (counts > 0)
    first = stakes[np.minimum(offsets[:-1], max(0, len(stakes) - 1))] if len(stakes) else np.zeros(len(at), np.int64)
    if not some.any():
        return ground
    holder = np.repeat(np.arange(world.size), np.diff(found.held.start))[first]
    chain = _join(
        [
            told.names.take(pa.array(holder)),
            " (covered) → ",
            told.link(found.held.stake[first], found.held.subject[first]),
        ]
    )
    share = _share(found, at)
    total = _join(["; covered owners hold ", _number(pa.array(np.round(share, 4))), " % together"])
    more = pc.if_else(pa.array(counts > 1), total, None)
    return pc.if_else(pa.array(some), _join([chain, more]), ground)


def _share(found: Cover, at: Ints) -> npt.NDArray[np.float64]:
    value: Reals = np.where(found.least.inside[at], found.least.share[at], found.most.share[at])
    return np.where(value < EPSILON, 0.0, value)
