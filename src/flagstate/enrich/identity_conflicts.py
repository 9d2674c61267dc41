"""Facts that cannot all be true: both are kept, named with their sources, and what depends on them is unknown.

A fact that its source itself calls contested is marked already and contradicts nothing. Circular holdings are legal
and contradict nothing either.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.countries import CODES
from flagstate.catalog.interest_kinds import interest_kinds

ROUNDING = 0.5
"""Registers round: shares may add up to so much more than 100 per cent."""
SMALL = 50_000
"""Fewer rows are grouped on one thread: waking others takes longer."""
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

Row = Mapping[str, object]


def overlap(one: Row, other: Row) -> bool:
    """Say whether two facts hold on some common day; open ends hold."""
    return _since(one) < _until(other) and _since(other) < _until(one)


def _since(row: Row) -> datetime:
    value = row["valid_from"]
    return value if isinstance(value, datetime) else _FIRST


def _until(row: Row) -> datetime:
    value = row["valid_to"]
    return value if isinstance(value, datetime) else _LAST


def _contested(row: Row) -> bool:
    return bool(row.get("contested")) or str(row.get("source") or "").endswith("; contested")


def _register(row: Row) -> object:
    """Return who speaks: the catalog is one speaker and weighs its own sources."""
    said = str(row["evidence_id"] or "")
    return "catalog" if said.startswith("catalog:") else (said, row["source"])


def conflicts(tables: Mapping[str, pa.Table]) -> list[dict[str, object]]:
    """Return rows of `contradiction` for facts about entities and their owners.

    Args:
        tables: `legal_entity` and `interest` with one id per entity.
    """
    entities = tables.get("legal_entity", model.LEGAL_ENTITY.schema.empty_table())
    interests = tables.get("interest", model.INTEREST.schema.empty_table())
    kinds = [code for code, kind in interest_kinds().items() if kind.control != "none"]
    held = interests.filter(pc.is_in(interests["kind"], value_set=pa.array(kinds, pa.string())))
    found = [*_columns(entities), *_codes(entities), *_ranges(held), *_persons(entities, held)]
    found += [*_shares(held), *_sums(held)]
    found += [*_dates(entities, "legal_entity", "entity_id"), *_dates(held, "interest", "subject_id")]
    return sorted(found, key=lambda r: (str(r["about_id"]), str(r["column"]), str(r["words"])))


def _row(about: object, noun: str, column: str, facts: Iterable[Row], words: str) -> dict[str, object]:
    listed = list(facts)
    return {
        "about_id": about,
        "noun": noun,
        "column": column,
        "sources": sorted({str(f["source"] or f["evidence_id"] or "") for f in listed} - {""}),
        "words": words,
        "facts": sorted({str(f["fact_id"]) for f in listed}),
    }


def _many(table: pa.Table, keys: list[str], column: str) -> pa.Table:
    """Return the rows whose key has more than one value of a column."""
    kept = table.filter(pc.is_valid(table[column]))
    counted = kept.group_by(keys, use_threads=kept.num_rows > SMALL).aggregate([(column, "count_distinct")])
    twice = counted.filter(pc.greater(counted[f"{column}_count_distinct"], 1))
    return kept.join(twice.select(keys), keys, join_type="left semi") if twice.num_rows else kept.slice(0, 0)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> dict[Hashable, list[Row]]:
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _columns(entities: pa.Table) -> Iterable[dict[str, object]]:
    """Yield entities of which two speakers say different things."""
    plain = entities.select(
        ["entity_id", "kind", "name", "principal_place", "fact_id", "source", "evidence_id", "valid_from", "valid_to"]
    )
    countries = entities["organised_in"]
    joined = pc.if_else(
        pc.greater(pc.fill_null(pc.list_value_length(countries), 0), 0), pc.binary_join(countries, " "), None
    )
    plain = plain.append_column("organised_in", joined)
    for column in ("principal_place", "organised_in", "kind"):
        rows = _many(plain, ["entity_id"], column).to_pylist()
        for one, listed in _grouped(rows, lambda r: str(r["entity_id"])).items():
            facts = [row for row in listed if not _contested(row)]
            pairs = [
                (a, b)
                for a, b in combinations(facts[:40], 2)
                if overlap(a, b) and _register(a) != _register(b) and _differ(a, b, column)
            ]
            if pairs:
                odd = _distinct(row for pair in pairs for row in pair)
                told = {
                    "principal_place": "has its principal place in",
                    "organised_in": "is organised in",
                    "kind": "is a",
                }[column]
                said = "; ".join(f"{told} {row[column]} ({row['source'] or row['evidence_id']})" for row in odd)
                yield _row(one, "legal_entity", column, odd, f"{odd[0]['name'] or one} {said}")


def _differ(one: Row, other: Row, column: str) -> bool:
    return not set(str(one[column]).split()) & set(str(other[column]).split())


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({id(row): row for row in rows}.values())


def _codes(entities: pa.Table) -> Iterable[dict[str, object]]:
    """Yield facts that name a country that is none."""
    known = pa.array(sorted(CODES), pa.string())
    place = entities["principal_place"]
    odd = pc.and_(pc.is_valid(place), pc.invert(pc.is_in(place, value_set=known)))
    for row in entities.filter(odd).to_pylist():
        yield _row(
            row["entity_id"], "legal_entity", "principal_place", [row],
            f"{row['name'] or row['entity_id']} has its principal place in a country whose code is none of ISO 3166-1",
        )  # fmt: skip
    for column in ("organised_in", "located_in", "nationality"):
        lists = entities[column].combine_chunks()
        bad = pc.and_(pc.is_valid(lists.flatten()), pc.invert(pc.is_in(lists.flatten(), value_set=known)))
        at = pc.unique(pc.filter(pc.list_parent_indices(lists), bad))
        for row in entities.take(at).to_pylist():
            yield _row(
                row["entity_id"], "legal_entity", column, [row],
                f"{row['name'] or row['entity_id']}: `{column}` names a country whose code is none of ISO 3166-1",
            )  # fmt: skip


def _ranges(held: pa.Table) -> Iterable[dict[str, object]]:
    """Yield shares that no share can be."""
    low, high = held["share_lo_pct"], held["share_hi_pct"]
    odd = [pc.less(low, 0), pc.greater(low, 100), pc.less(high, 0), pc.greater(high, 100), pc.greater(low, high)]
    either = pc.fill_null(odd[0], False)
    for more in odd[1:]:
        either = pc.or_(either, pc.fill_null(more, False))
    for row in held.filter(either).to_pylist():
        words = f"{_pair(row)}: {_share(row)} is no share between 0 and 100 %, at least before at most"
        yield _row(_pair(row), "interest", "share_lo_pct", [row], words)


def _persons(entities: pa.Table, held: pa.Table) -> Iterable[dict[str, object]]:
    """Yield persons that somebody is said to own."""
    persons = entities.filter(pc.is_in(entities["kind"], value_set=pa.array(["person", "group"])))
    odd = held.filter(pc.is_in(held["subject_id"], value_set=persons["entity_id"].combine_chunks()))
    if not odd.num_rows:
        return
    known = {str(row["entity_id"]): row for row in persons.to_pylist()}
    for row in odd.to_pylist():
        person = known[str(row["subject_id"])]
        words = f"{_pair(row)}: {interest_kinds()[str(row['kind'])].says} a person, whom nobody can own"
        yield _row(_pair(row), "interest", "subject_id", [row], f"{words} ({person['source'] or 'kind: person'})")


def _pair(row: Row) -> str:
    return f"{row['holder_id'] or 'somebody'}>{row['subject_id']}"


def _share(row: Row) -> str:
    low, high = row["share_lo_pct"], row["share_hi_pct"]
    if low is None and high is None:
        return "no share told"
    return f"{low:g} %" if low == high else f"{0 if low is None else low:g} to {100 if high is None else high:g} %"


def _shares(held: pa.Table) -> Iterable[dict[str, object]]:
    """Yield stakes of one holder that two facts give shares that exclude each other."""
    keys = ["holder_id", "subject_id", "kind"]
    told = held.filter(pc.and_(pc.is_valid(held["share_lo_pct"]), pc.is_valid(held["holder_id"])))
    top = told.set_column(
        told.column_names.index("share_hi_pct"), "share_hi_pct", pc.fill_null(told["share_hi_pct"], 100.0)
    )
    spans = top.group_by(keys, use_threads=top.num_rows > SMALL).aggregate(
        [("share_lo_pct", "max"), ("share_hi_pct", "min")]
    )
    apart = spans.filter(pc.greater(spans["share_lo_pct_max"], pc.add(spans["share_hi_pct_min"], ROUNDING)))
    if not apart.num_rows:
        return
    rows = told.join(apart.select(keys), keys, join_type="left semi").to_pylist()
    for listed in _grouped(rows, lambda r: (*(str(r[k]) for k in keys), str(r["directness"] or "direct"))).values():
        facts = [row for row in listed if not _contested(row)]
        odd = _distinct(row for a, b in combinations(facts[:40], 2) if _apart(a, b) and overlap(a, b) for row in (a, b))
        if odd:
            said = "; ".join(f"{_share(row)} ({row['source'] or row['evidence_id']})" for row in odd)
            what = interest_kinds()[str(odd[0]["kind"])].says
            yield _row(_pair(odd[0]), "interest", "share_lo_pct", odd, f"{_pair(odd[0])}: {what} {said}")


def _bounds(row: Row) -> tuple[float, float]:
    low, high = row["share_lo_pct"], row["share_hi_pct"]
    return (float(low) if isinstance(low, float) else 0.0, float(high) if isinstance(high, float) else 100.0)


def _apart(one: Row, other: Row) -> bool:
    (low, high), (least, most) = _bounds(one), _bounds(other)
    return low > most + ROUNDING or least > high + ROUNDING


def _sums(held: pa.Table) -> Iterable[dict[str, object]]:
    """Yield entities whose direct owners hold more than 100 per cent together on some day."""
    direct = held.filter(
        pc.and_(
            pc.equal(pc.fill_null(held["directness"], "direct"), "direct"),
            pc.and_(pc.is_valid(held["share_lo_pct"]), pc.invert(pc.fill_null(held["contested"], False))),
        )
    )
    keys = ["subject_id", "kind"]
    summed = direct.group_by(keys, use_threads=direct.num_rows > SMALL).aggregate([("share_lo_pct", "sum")])
    over = summed.filter(pc.greater(summed["share_lo_pct_sum"], 100 + ROUNDING))
    if not over.num_rows:
        return
    rows = direct.join(over.select(keys), keys, join_type="left semi").to_pylist()
    for listed in _grouped(rows, lambda r: (str(r["subject_id"]), str(r["kind"]))).values():
        subject, kind = listed[0]["subject_id"], listed[0]["kind"]
        worst = _worst(listed)
        if worst:
            said = "; ".join(f"{row['holder_id'] or 'somebody'} {_share(row)} ({row['source']})" for row in worst[:8])
            words = f"{subject}: the shares of those who are said to have `{kind}` add up to more than 100 %: {said}"
            yield _row(subject, "interest", "share_lo_pct", worst, words)


def _worst(rows: list[Row]) -> list[Row]:
    """Return the facts of the first day on which they add up to too much; each holder counts once, with its least."""
    least: dict[object, float] = {}
    keys = [row["holder_id"] or f"\0{n}" for n, row in enumerate(rows)]
    for key, row in zip(keys, rows, strict=True):
        least[key] = min(least.get(key, 100.0), _bounds(row)[0])
    lasting = [(row, key) for row, key in zip(rows, keys, strict=True) if _since(row) < _until(row)]
    # An end comes before a beginning on the same day: who sells and who buys do not hold at once.
    events = [(_until(row), 0, key) for row, key in lasting] + [(_since(row), 1, key) for row, key in lasting]
    active: dict[object, int] = {}
    total = 0.0
    for day, begins, key in sorted(events, key=lambda e: (e[0], e[1])):
        before = active.get(key, 0)
        active[key] = before + (1 if begins else -1)
        if begins and before == 0:
            total += least[key]
        elif not begins and before == 1:
            total -= least[key]
        if total > 100 + ROUNDING:
            return [row for row, _ in lasting if _since(row) <= day < _until(row)]
    return []


def _dates(table: pa.Table, noun: str, about: str) -> Iterable[dict[str, object]]:
    """Yield facts that end before they begin."""
    odd = pc.fill_null(pc.greater(table["valid_from"], table["valid_to"]), False)
    for row in table.filter(odd).to_pylist():
        begin, end = (value.date() for value in (row["valid_from"], row["valid_to"]))
        one = _pair(row) if noun == "interest" else row[about]
        yield _row(one, noun, "valid_to", [row], f"{one}: it is said to hold from {begin} and to end before, on {end}")
