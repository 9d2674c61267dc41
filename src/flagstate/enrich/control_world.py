"""Entities and their stakes as arrays, as they stand on one day.

Several statements of one stake are one stake: at least what the firmest of them says, at most what the least of them
allows. A stake that is contested or contradicted counts as nothing at least and as what was said at most, so that what
depends on it comes out differently at both ends and is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.interest_kinds import interest_kinds

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KINDS = tuple(code for code, kind in interest_kinds().items() if kind.control != "none")
"""Kinds of interest that say something of control; a kind's number is its place here."""
OWNS, VOTES, APPOINTS, NOMINATES = (KINDS.index(code) for code in ("owns", "votes", "appoints", "nominates"))
SHARED = (OWNS, VOTES, APPOINTS, NOMINATES)
"""Kinds with a share; who is behind a nominee counts as holding what the nominee holds."""
OWNERS = (OWNS, NOMINATES)
"""Kinds that add up where stakes are added up."""
ORGANISATION, PERSON, GROUP, STATE = range(4)
ENTITY_KINDS = ("organisation", "person", "group", "state")
PLACES = ("organised_in", "principal_place", "located_in", "nationality")
EPSILON = 1e-9


@dataclass(frozen=True)
class Stakes:
    """One stake per holder, subject, kind and directness."""

    holder: Ints
    """Number of the holder; -1: not named."""
    subject: Ints
    """Number of the entity."""
    kind: Ints
    """Place in `KINDS`."""
    direct: Flags
    """Held directly; others repeat direct ones and never add up."""
    low: Reals
    """At least, in per cent, by what nobody disputes."""
    said: Reals
    """At least, in per cent, disputed statements included."""
    high: Reals
    """At most, in per cent, given what others hold at least."""
    more: Flags
    """More than half, though no figure is told."""
    firm: Flags
    """Some statement of it is neither contested nor contradicted."""
    sound: Flags
    """Some statement of it is not contradicted."""
    start: Ints
    """[stake, and one more] Where its statements begin in `rows`."""
    rows: Ints
    """Rows of `World.interests`, stake after stake."""


@dataclass(frozen=True)
class World:
    """What is known of entities on a day."""

    ids: list[str]
    """Ids, sorted; an entity's number is its place here."""
    at: dict[str, int]
    """Number by id."""
    kind: Ints
    """Place in `ENTITY_KINDS`."""
    countries: list[str]
    """Countries that are named."""
    place_of: Ints
    """[place] Entity."""
    place_as: Ints
    """[place] Place in `PLACES`."""
    place_in: Ints
    """[place] Place in `countries`."""
    place_firm: Flags
    """[place] The fact is not contradicted."""
    place_row: Ints
    """[place] Row of `entities`."""
    stakes: Stakes
    """Who holds what."""
    entities: pa.Table
    """Facts about entities that hold on the day."""
    interests: pa.Table
    """Facts about stakes that hold on the day."""
    complete: Flags
    """Somebody vouches that all owners of the entity are known."""

    @property
    def size(self) -> int:
        """Return the number of entities."""
        return len(self.ids)


def in_force(table: pa.Table, as_of: date) -> pa.Table:
    """Return the facts that hold on a day, and those whose dates are reversed: nobody knows whether they do."""
    since, until = table["valid_from"], table["valid_to"]
    if since.null_count == len(since) and until.null_count == len(until):
        return table
    morning = datetime.combine(as_of, time(), UTC)
    night = pa.scalar(morning + timedelta(days=1), model.noun.TIME)
    begun = pc.fill_null(pc.less(since, night), True)
    going = pc.fill_null(pc.greater_equal(until, night), True)
    reversed_ = pc.fill_null(pc.greater(since, until), False)
    return table.filter(pc.or_(pc.and_(begun, going), reversed_))


def read_world(tables: Mapping[str, pa.Table], as_of: date, of: Collection[str] | None = None) -> World:
    """Return what is known on a day of some entities and of everybody above them.

    Args:
        tables: `legal_entity`, `interest`, `asset`, `coverage` and `contradiction`, with one id per entity.
        as_of: The day.
        of: The entities; None: all.
    """
    entities = in_force(tables.get("legal_entity", model.LEGAL_ENTITY.schema.empty_table()), as_of)
    interests = in_force(_control(tables), as_of)
    ids, numbers = _number(entities, interests)
    if of is not None:
        kept = _above(ids, numbers["holder"], numbers["subject"], of)
        entities = entities.filter(pa.array(kept[numbers["entity"]]))
        interests = interests.filter(pa.array(kept[numbers["subject"]]))
        ids, numbers = _number(entities, interests)
    doubtful = _doubtful(tables.get("contradiction"))
    at = {one: i for i, one in enumerate(ids)}
    kind = np.zeros(len(ids), np.int64)
    listed = pc.index_in(entities["kind"], value_set=pa.array(ENTITY_KINDS)).fill_null(0)
    kind[numbers["entity"]] = _ints(listed)
    return World(
        ids=ids,
        at=at,
        kind=kind,
        **_places(entities, numbers["entity"], doubtful),
        stakes=_stakes(interests, numbers, doubtful),
        entities=entities,
        interests=interests,
        complete=_complete(tables.get("coverage"), at),
    )


def _control(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the interests that say something of control over an entity."""
    table = tables.get("interest", model.INTEREST.schema.empty_table())
    table = table.filter(pc.is_in(table["kind"], value_set=pa.array(KINDS)))
    assets = tables.get("asset")
    if assets is not None and assets.num_rows and table.num_rows:
        table = table.filter(pc.invert(pc.is_in(table["subject_id"], value_set=assets["asset_id"].combine_chunks())))
    return table.filter(pc.is_valid(table["subject_id"]))


def _ints(values: Any) -> Ints:  # noqa: ANN401
    return np.asarray(values.to_numpy(), np.int64)


def _number(entities: pa.Table, interests: pa.Table) -> tuple[list[str], dict[str, Ints]]:
    """Return the ids, sorted, and the numbers of entities, holders (-1: not named) and subjects."""
    columns = [entities["entity_id"], interests["holder_id"], interests["subject_id"]]
    chunks = [chunk for column in columns for chunk in column.chunks]
    unique = pc.unique(pa.chunked_array(chunks, pa.string())).drop_null()
    ids = unique.take(pc.sort_indices(unique))
    found = [_ints(pc.index_in(column, value_set=ids).fill_null(-1)) for column in columns]
    return ids.to_pylist(), dict(zip(("entity", "holder", "subject"), found, strict=True))


def _above(ids: list[str], holder: Ints, subject: Ints, of: Collection[str]) -> Flags:
    """Return which entities are among some or above them."""
    wanted = set(of)
    kept = np.fromiter((one in wanted for one in ids), np.bool_, len(ids))
    named = holder >= 0
    count = -1
    while count != (count := int(kept.sum())):
        kept[holder[named & kept[subject]]] = True
    return kept


def _doubtful(contradiction: pa.Table | None) -> pa.Array:
    if contradiction is None or not contradiction.num_rows:
        return pa.array([], pa.string())
    return pc.unique(pc.list_flatten(contradiction["facts"]))


def _sound(table: pa.Table, doubtful: pa.Array) -> Flags:
    """Return which facts are in no contradiction, and do not end before they begin."""
    sound: Flags = ~np.asarray(pc.fill_null(pc.greater(table["valid_from"], table["valid_to"]), False), np.bool_)
    if len(doubtful) and table.num_rows:
        sound &= ~np.asarray(pc.is_in(table["fact_id"], value_set=doubtful), np.bool_)
    return sound


def _places(entities: pa.Table, number: Ints, doubtful: pa.Array) -> dict[str, Any]:
    """Return where entities are organised, based, established and of which nationality, one country after the other."""
    firm = _sound(entities, doubtful)
    rows, columns, texts = [], [], []
    for code, name in enumerate(PLACES):
        column = entities[name].combine_chunks()
        if pa.types.is_list(column.type):
            parents, values = pc.list_parent_indices(column), pc.list_flatten(column)
            told = pc.is_valid(values)
            parents, values = parents.filter(told), values.filter(told)
        else:
            parents, values = pa.array(np.flatnonzero(column.is_valid())), column.drop_null()
        rows.append(_ints(parents))
        columns.append(np.full(len(values), code, np.int64))
        texts.append(values.cast(pa.string()))
    coded = pa.chunked_array(texts, pa.string()).combine_chunks().dictionary_encode()
    row = np.concatenate(rows)
    return {
        "countries": coded.dictionary.to_pylist(),
        "place_of": number[row],
        "place_as": np.concatenate(columns),
        "place_in": _ints(coded.indices),
        "place_firm": firm[row],
        "place_row": row,
    }


def _complete(coverage: pa.Table | None, at: Mapping[str, int]) -> Flags:
    """Return of which entities somebody says that all owners are known."""
    known = np.zeros(len(at), np.bool_)
    for row in coverage.to_pylist() if coverage is not None else ():
        if row["noun"] == "interest" and row["complete"] == "yes" and row["scope"] in at:
            known[at[str(row["scope"])]] = True
    return known


def _shares(table: pa.Table, name: str) -> Reals:
    return np.asarray(pc.cast(table[name], pa.float64()).to_numpy(), np.float64)


def _stakes(interests: pa.Table, numbers: Mapping[str, Ints], doubtful: pa.Array) -> Stakes:
    holder, subject = numbers["holder"], numbers["subject"]
    kind = _ints(pc.index_in(interests["kind"], value_set=pa.array(KINDS)))
    direct = np.asarray(pc.equal(interests["directness"].fill_null("direct"), "direct").to_numpy(), np.bool_)
    sound = _sound(interests, doubtful)
    disputed = np.asarray(interests["contested"].fill_null(False).to_numpy(), np.bool_)
    low, high = _shares(interests, "share_lo_pct"), _shares(interests, "share_hi_pct")
    plain = np.asarray(pc.is_null(interests["interest_type"]).to_numpy(), np.bool_)
    untold = np.isnan(low) & np.isnan(high)
    low, high = np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=100.0)
    # What is no share says nothing but that there is a stake.
    wrong = (low < 0) | (high > 100) | (low > high)
    sound &= ~wrong
    low, high = np.where(wrong, 0.0, low), np.where(wrong, 100.0, high)
    more = untold & (((kind == OWNS) & plain & direct & _alone(holder, subject, kind)) | (kind == APPOINTS))
    low = np.where(more, 50.0, low)
    whole = untold & (kind == NOMINATES) & _alone(holder, subject, kind, OWNERS)
    low = np.where(whole, 100.0, low)
    said = np.where(sound, low, 0.0)
    firm = sound & ~disputed
    return _merged(
        (holder, subject, kind, direct), low=np.where(firm, low, 0.0), said=said, high=high, more=more & sound,
        firm=firm, sound=sound,
    )  # fmt: skip


def _alone(holder: Ints, subject: Ints, kind: Ints, kinds: tuple[int, ...] = (OWNS,)) -> Flags:
    """Return which statements name the only holder of such a stake."""
    among = np.isin(kind, kinds)
    size = int(subject.max(initial=-1)) + 1
    lowest = np.full(size, np.iinfo(np.int64).max)
    highest = np.full(size, -2)
    np.minimum.at(lowest, subject[among], holder[among])
    np.maximum.at(highest, subject[among], holder[among])
    alone: Flags = among & (holder >= 0) & (lowest[subject] == highest[subject])
    return alone


def _merged(
    key: tuple[Ints, Ints, Ints, Flags],
    *,
    low: Reals,
    said: Reals,
    high: Reals,
    more: Flags,
    firm: Flags,
    sound: Flags,
) -> Stakes:
    """Return one stake per holder, subject, kind and directness."""
    holder, subject, kind, direct = key
    count = len(holder)
    # Somebody who is not named may be anybody: two such statements are two stakes.
    one = np.where(holder >= 0, holder, -1 - np.arange(count))
    order = np.lexsort((np.arange(count), one, ~direct, kind, subject))
    keys = [column[order] for column in (subject, kind, direct, one)]
    new = np.ones(count, np.bool_)
    if count:
        new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in keys])
    start = np.flatnonzero(new)
    if not count:
        none = np.zeros(0, np.int64)
        flag, real = np.zeros(0, np.bool_), np.zeros(0)
        return Stakes(none, none, none, flag, real, real, real, flag, flag, flag, np.zeros(1, np.int64), none)
    best = np.where(firm, high, np.where(sound, high + 1e3, 1e6))[order]
    least = np.minimum.reduceat(best, start)
    most = np.maximum.reduceat(high[order], start)
    top = np.where(least < 1e6, np.where(least > 500, least - 1e3, least), most)
    bottom = np.maximum.reduceat(low[order], start)
    told = np.maximum.reduceat(said[order], start)
    result = Stakes(
        holder=holder[order][start],
        subject=subject[order][start],
        kind=kind[order][start],
        direct=direct[order][start],
        low=bottom,
        said=told,
        high=np.clip(np.maximum(top, told), 0.0, 100.0),
        more=np.logical_or.reduceat(more[order], start),
        firm=np.logical_or.reduceat(firm[order], start),
        sound=np.logical_or.reduceat(sound[order], start),
        start=np.append(start, count),
        rows=order,
    )
    return _capped(result)


def _capped(stakes: Stakes) -> Stakes:
    """Lower what is held at most to what the others leave."""
    for kinds in (OWNERS, (VOTES,), (APPOINTS,)):
        among = np.isin(stakes.kind, kinds) & stakes.direct
        subject = stakes.subject[among]
        held = np.bincount(subject, weights=stakes.low[among], minlength=int(stakes.subject.max()) + 1)
        left = 100.0 - (held[subject] - stakes.low[among])
        stakes.high[among] = np.maximum(np.minimum(stakes.high[among], left), stakes.said[among])
    return stakes
