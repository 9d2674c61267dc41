"""Which ids of entities are one: equal LEI or equal registration number, never an equal name.

Facts stay as they were read; `unify` gives tables in which every id of one entity is the same, for what is derived
from them. What contradicts itself is merged by nobody and named in `contradiction`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.enrich.identity_conflicts import SMALL, conflicts

RANKS = ("ent:", "est:", "lei:")
"""Prefixes of ids in the order in which one of them stands for all: catalog, declaration, register."""
NAMED_ALIKE = 8
"""At most so many ids per name are shown as candidates."""
CANDIDATES = 10_000
"""At most so many candidates are shown in all."""

IDS: dict[str, tuple[str, ...]] = {
    "legal_entity": ("entity_id",),
    "interest": ("holder_id", "subject_id"),
    "agreement": ("from_id", "to_id"),
    "endpoint": ("operator_id", "controller_id"),
    "holding": ("about",),
    "population": ("about",),
    "activity": ("principal",),
    "control": ("subject_id",),
    "event": ("subject_id", "object_id"),
    "need": ("needs_id",),
    "place": ("subject_id",),
}
"""Columns that may hold the id of an entity."""

_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_BLANK = re.compile(r"\s+")


def lei_of(text: object) -> str | None:
    """Return an LEI as it is compared, or None where the text cannot be one."""
    plain = _BLANK.sub("", str(text or "")).upper()
    return plain if _LEI.fullmatch(plain) and len(set(plain)) > 4 else None


def number_of(text: object) -> tuple[str, str] | None:
    """Return register and number as they are compared; None without a register, as numbers repeat between them."""
    scheme, colon, number = _BLANK.sub("", str(text or "")).upper().partition(":")
    return (scheme, number) if colon and scheme and any(c.isalnum() and c != "0" for c in number) else None


def rank(one: str) -> tuple[int, str]:
    """Return the order in which ids are preferred as the one under which an entity is counted."""
    return next((i for i, prefix in enumerate(RANKS) if one.startswith(prefix)), len(RANKS)), one


@dataclass
class _Union:
    """Sets of ids that are one."""

    up: dict[str, str] = field(default_factory=dict)

    def top(self, one: str) -> str:
        while (above := self.up.get(one, one)) != one:
            self.up[one] = self.up.get(above, above)
            one = above
        return one

    def join(self, one: str, other: str) -> None:
        first, second = self.top(one), self.top(other)
        if first != second:
            low, high = sorted((first, second), key=rank)
            self.up[high] = low


@dataclass(frozen=True)
class _Said:
    """An identifier that a row gives an entity."""

    entity: str
    by: str
    scheme: str
    number: str
    fact: str
    source: str


def identify(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Say which ids are one entity, which may be, and which facts cannot all be true.

    Args:
        tables: `legal_entity` and `interest`; others are not looked at.

    Returns:
        `identity`, one row per id that is counted under another one or may be it, and `contradiction`.

    It cannot see that two records without a common identifier are one: equal names are only shown, those of persons
    not at all. Records that would be merged but differ in an identifier are not merged.
    """
    entities = tables.get("legal_entity", model.LEGAL_ENTITY.schema.empty_table())
    said = _identifiers(entities)
    shared = _shared(said)
    union = _Union()
    for listed in shared.values():
        for other in listed[1:]:
            union.join(listed[0].entity, other.entity)
    odd = _odd(said, union)
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for listed in shared.values():
        for one in listed:
            top = union.top(one.entity)
            doubtful = top in odd
            if one.entity != top and (one.entity, one.by) not in rows:
                rows[one.entity, one.by] = {
                    "entity_id": one.entity,
                    "same_as": top,
                    "by": one.by,
                    "verdict": "unknown" if doubtful else "yes",
                    "facts": sorted({s.fact for s in listed if s.entity == one.entity or s is listed[0]}),
                }
    known = _firmest(rows.values())
    known += _namesakes(entities, {str(r["entity_id"]): str(r["same_as"]) for r in known})
    identity = model.rows(model.IDENTITY, known)
    found = [row for top in sorted(odd) for row in odd[top]]
    found += conflicts(unify(tables, identity))
    return {"identity": identity, "contradiction": model.rows(model.CONTRADICTION, found)}


def _firmest(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Return one row per id: that of the LEI where there is one."""
    best: dict[str, dict[str, object]] = {}
    for row in sorted(rows, key=lambda r: (str(r["entity_id"]), r["by"] != "lei")):
        best.setdefault(str(row["entity_id"]), row)
    return list(best.values())


def _identifiers(entities: pa.Table) -> list[_Said]:
    marked = entities.filter(
        pc.or_(
            pc.is_valid(entities["lei"]), pc.greater(pc.fill_null(pc.list_value_length(entities["registration"]), 0), 0)
        )
    ).select(["entity_id", "lei", "registration", "fact_id", "source"])
    found: list[_Said] = []
    columns = [marked.column(i).to_pylist() for i in range(5)]
    for one, lei, numbers, fact, source in zip(*columns, strict=True):
        plain = lei_of(lei)
        if plain:
            found.append(_Said(one, "lei", "LEI", plain, fact or "", source or ""))
        for text in numbers or ():
            number = number_of(text)
            if number:
                found.append(_Said(one, "registration", *number, fact or "", source or ""))
    return found


def _shared(said: Iterable[_Said]) -> dict[tuple[str, str], list[_Said]]:
    """Return the identifiers that more than one id has, each with who has it, in the order of preference."""
    by: dict[tuple[str, str], list[_Said]] = {}
    for one in said:
        by.setdefault((one.scheme, one.number), []).append(one)
    return {
        key: sorted(listed, key=lambda s: (rank(s.entity), s.fact))
        for key, listed in by.items()
        if len(listed) > 1 and any(s.entity != listed[0].entity for s in listed)
    }


def _odd(said: Iterable[_Said], union: _Union) -> dict[str, list[dict[str, object]]]:
    """Return the sets whose records have different numbers of one register, with the contradiction as rows."""
    schemes: dict[tuple[str, str], dict[str, list[_Said]]] = {}
    for one in said:
        schemes.setdefault((union.top(one.entity), one.scheme), {}).setdefault(one.fact, []).append(one)
    found: dict[str, list[dict[str, object]]] = {}
    for (top, scheme), records in schemes.items():
        sets = [{s.number for s in listed} for listed in records.values()]
        if len(sets) < 2 or all(a & b for i, a in enumerate(sets) for b in sets[i + 1 : i + 50]):
            continue
        listed = [s for record in records.values() for s in record]
        ids = sorted({s.entity for s in listed}, key=rank)
        who = " and ".join(ids[:4])
        numbers = sorted({s.number for s in listed})
        found.setdefault(top, []).append(
            {
                "about_id": top,
                "noun": "legal_entity",
                "column": "lei" if scheme == "LEI" else "registration",
                "sources": sorted({s.source for s in listed if s.source}),
                "words": f"{who} {'share an identifier but have' if len(ids) > 1 else 'has'} different numbers in "
                f"{scheme}: {', '.join(numbers[:6])}; they are not counted as one",
                "facts": sorted({s.fact for s in listed}),
            }
        )
    return found


def _namesakes(entities: pa.Table, tops: Mapping[str, str]) -> list[dict[str, object]]:
    """Return candidates of the same name, at most so many; persons and groups are left out."""
    kept = entities.filter(
        pc.and_(
            pc.is_valid(entities["name"]),
            pc.invert(pc.is_in(pc.fill_null(entities["kind"], ""), pa.array(["person", "group"]))),
        )
    )
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(kept["name"]))
    keyed = pa.table({"name": plain, "entity_id": kept["entity_id"], "fact_id": kept["fact_id"]})
    many = keyed.group_by("name", use_threads=keyed.num_rows > SMALL).aggregate([("entity_id", "count_distinct")])
    twice = many.filter(pc.greater(many["entity_id_count_distinct"], 1))["name"]
    hit = keyed.filter(pc.is_in(keyed["name"], value_set=pa.array(twice.to_pylist(), pa.string())))
    alike: dict[str, dict[str, str]] = {}
    for name, one, fact in zip(*(hit.column(i).to_pylist() for i in range(3)), strict=True):
        alike.setdefault(_BLANK.sub(" ", name), {}).setdefault(tops.get(one, one), fact or "")
    rows: list[dict[str, object]] = []
    for name in sorted(alike):
        ids = sorted(alike[name], key=rank)[:NAMED_ALIKE]
        rows += [
            {"entity_id": other, "same_as": ids[0], "by": "name", "verdict": "unknown",
             "facts": sorted({alike[name][ids[0]], alike[name][other]})}
            for other in ids[1:]
        ]  # fmt: skip
        if len(rows) >= CANDIDATES:
            break
    return rows[:CANDIDATES]


def unify(tables: Mapping[str, pa.Table], identity: pa.Table) -> dict[str, pa.Table]:
    """Return the tables with one id per entity; facts keep their `fact_id`.

    Args:
        tables: Tables of the case by noun; those without ids of entities are returned as they are.
        identity: Rows of `identity`; only those with verdict yes count.

    Returns:
        New tables; nothing else changes, and doing it twice changes nothing more.
    """
    same = {
        one: top
        for one, top, verdict in zip(
            identity["entity_id"].to_pylist(),
            identity["same_as"].to_pylist(),
            identity["verdict"].to_pylist(),
            strict=True,
        )
        if verdict == "yes" and one != top
    }
    if not same:
        return dict(tables)
    known, tops = pa.array(list(same), pa.string()), pa.array(list(same.values()), pa.string())
    result = dict(tables)
    for noun, columns in IDS.items():
        for column in columns:
            table = result.get(noun)
            if table is not None and table.num_rows and column in table.column_names:
                result[noun] = _replace(table, column, known, tops)
    policy = result.get("policy")
    if policy is not None and policy.num_rows:
        texts = [_policy(value, same) for value in policy["value"].to_pylist()]
        at = policy.column_names.index("value")
        result["policy"] = policy.set_column(at, "value", pa.array(texts, pa.string()))
    return result


def _replace(table: pa.Table, column: str, known: pa.Array, tops: pa.Array) -> pa.Table:
    values: Any = table[column]
    found = pc.index_in(values, value_set=known)
    if found.null_count == len(found):
        return table
    changed = pc.if_else(pc.is_valid(found), pc.take(tops, pc.fill_null(found, 0)), values)
    return table.set_column(table.column_names.index(column), column, changed)


def _policy(value: str | None, same: Mapping[str, str]) -> str | None:
    if value is None or not value.startswith("entity:"):
        return value
    one = value.removeprefix("entity:")
    return f"entity:{same.get(one, one)}"
