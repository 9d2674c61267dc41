"""Which tables leave a query without a row when they are empty: a step of a shipped law that has none need not run.

Most laws find nobody in most cases, and to plan a query costs the database as much as to run it on a small case. What
is kept here was read from the tree of each query; a query that is not among them is always run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec

from flagstate.laws.ground import macros

FILE = "barren.json"
"""What `needs` found of the queries of the shipped laws, by `digest`; `tools/check_laws.py` makes it."""
Needs = tuple[frozenset[str], ...]
"""A query has no row if each of these sets holds a table without one; an empty set never does."""
MAX_SETS = 16
"""So many sets are kept; of a query that would have more, fewer are known, and it runs more often."""
ALWAYS: Needs = (frozenset(),)
"""Nothing is known: the query may have rows over empty tables."""
_Names = Mapping[str, Needs]


@lru_cache(maxsize=1024)
def kept(sql: str) -> Needs:
    """Return the sets of a query as they were found before; of one that is new, nothing is known."""
    return _kept().get(digest(sql), ALWAYS)


def idle(sql: str, empty: Collection[str]) -> bool:
    """Whether a query has no row, since so many tables have none.

    Args:
        sql: Its text.
        empty: Tables that are known to have no row.

    It cannot see a query that finds none among rows.
    """
    return all(not one.isdisjoint(empty) for one in kept(sql))


def needs(sql: str, file: str, line: int) -> Needs:
    """Return the sets of a query, read from its tree now; where a form is not understood, nothing is known."""
    from flagstate.laws.tree import Place, parse

    return _least(_query(parse(Place(sql, file, line)).get("node"), {}))


def digest(sql: str) -> str:
    """Return what stands for the text of a query."""
    return hashlib.sha256(sql.encode()).hexdigest()


@lru_cache(maxsize=1)
def _kept() -> Mapping[str, Needs]:
    data = resources.files("flagstate.laws").joinpath(FILE).read_bytes()
    found = msgspec.json.decode(data, type=dict[str, list[list[str]]])
    return {key: tuple(map(frozenset, sets)) for key, sets in found.items()}


def _least(sets: Needs) -> Needs:
    """Leave out what says nothing more: a set that holds another is there whenever the other is."""
    several = set(sets)
    return tuple(sorted((one for one in several if not any(other < one for other in several)), key=sorted))


def _either(one: Needs, other: Needs) -> Needs:
    """Return when one or the other of two parts without rows leaves the whole without."""
    both = _least(tuple(a | b for a in one for b in other))
    return both if len(both) <= MAX_SETS else one


def _query(node: Any, names: _Names) -> Needs:  # noqa: ANN401  a part of the database's own tree
    if not isinstance(node, dict):
        return ALWAYS
    names = dict(names)
    for entry in (node.get("cte_map") or {}).get("map") or []:
        names[str(entry["key"]).lower()] = _query(entry["value"].get("query_node"), names)
    if node.get("type") == "SELECT_NODE":
        return ALWAYS if _sums_nothing(node) else _select(node, names)
    if node.get("type") == "RECURSIVE_CTE_NODE":
        first = _query(node.get("left"), names)
        return _least(first + _query(node.get("right"), names | {str(node.get("cte_name")).lower(): first}))
    if node.get("type") == "SET_OPERATION_NODE":
        parts = [_query(part, names) for part in node.get("children") or [node.get("left"), node.get("right")]]
        if node.get("setop_type") == "UNION":
            return _least(tuple(one for part in parts for one in part))
        if node.get("setop_type") in ("EXCEPT", "INTERSECT"):
            return parts[0]
    return ALWAYS


def _select(node: Mapping[str, Any], names: _Names) -> Needs:
    found = _source(node.get("from_table"), names)
    for part in _and(node.get("where_clause")):
        exists = part.get("subquery_type") in ("EXISTS", "ANY")
        if part.get("class") == "SUBQUERY" and exists and part.get("type") == "SUBQUERY":
            found = _either(found, _query((part.get("subquery") or {}).get("node"), names))
    return found


def _source(node: Any, names: _Names) -> Needs:  # noqa: ANN401  a part of the database's own tree
    kind = node.get("type") if isinstance(node, dict) else None
    if kind == "BASE_TABLE":
        path = (node.get("qualified_name") or {}).get("path") or [""]
        name = str(path[-1]).lower()
        return names[name] if name in names else (frozenset({name}),) if len(path) == 1 else ALWAYS
    if kind == "SUBQUERY":
        return _query((node.get("subquery") or {}).get("node"), names)
    if kind != "JOIN":
        return ALWAYS
    left, right = _source(node.get("left"), names), _source(node.get("right"), names)
    if node.get("ref_type") == "CROSS" or node.get("join_type") in ("INNER", "SEMI"):
        return _either(left, right)
    return left if node.get("join_type") in ("LEFT", "ANTI") else ALWAYS


def _and(node: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  a part of the database's own tree
    if isinstance(node, dict) and node.get("type") == "CONJUNCTION_AND":
        for part in node.get("children") or []:
            yield from _and(part)
    elif isinstance(node, dict):
        yield node


def _sums_nothing(node: Mapping[str, Any]) -> bool:
    """Whether a query may give a row of no rows: it counts or sums, and not by group."""
    items = node.get("select_list") or []
    by_name = node.get("aggregate_handling") == "FORCE_AGGREGATES"
    sets = node.get("group_sets") or []
    if by_name and any(item.get("class") == "COLUMN_REF" for item in items):
        return False
    if node.get("group_expressions") and not by_name and all(sets):
        return False
    return by_name or bool(sets) or any(map(_sums, (items, node.get("having"), node.get("modifiers"))))


def _sums(node: Any) -> bool:  # noqa: ANN401  a part of the database's own tree
    """Whether a part holds a function that is not known to work row by row."""
    rowwise = _rowwise()
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo.extend(part)
        elif isinstance(part, dict):
            if part.get("class") == "FUNCTION" and str(part.get("function_name", "")).lower() not in rowwise:
                return True
            # What a query within a query sums are its own rows.
            todo.extend(v for k, v in part.items() if not (part.get("class") == "SUBQUERY" and k == "subquery"))
    return False


@lru_cache(maxsize=1)
def _rowwise() -> frozenset[str]:
    """Return the functions that work row by row, with the shared macros that name no other."""
    from flagstate.laws.check import allowed

    may = allowed()
    names = {text.removeprefix("CREATE MACRO ").partition("(")[0]: text for text in macros()}
    plain = {name for name, text in names.items() if may.sums.isdisjoint(re.findall("[a-z_]+", text))}
    return (may.scalars | may.macros | plain) - may.sums
