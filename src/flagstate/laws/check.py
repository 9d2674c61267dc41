"""What a rule may say: exactly one SELECT over documented tables, with deterministic functions only.

The text is never searched for bad words: the database's own parser makes a tree of it, and every part of the tree must
be of a form that is listed here. What is not listed is refused, so that a new form of a later release is, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, NoReturn

from flagstate.catalog import strict
from flagstate.laws.tree import Place, parse

MAX_DEPTH = 300
"""Deepest nesting of a query's tree; a bracket of SQL is two to five levels of it."""
MAX_MACROS = 6
"""Deepest nesting of macros: each may copy what is put into it, so that ten of them would be a thousand copies."""
MAX_COPIES = 500
"""Most parts that a query is when each name of WITH, or each name of a SELECT list, is written out."""

CLOCK_WORDS = frozenset(
    {
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "user",
    }
)
"""Words that the database reads as the clock or the session where no column has that name."""

_NOWHERE = 2**64 - 1
_CLASSES = frozenset(
    [
        "BETWEEN",
        "CASE",
        "CAST",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "LAMBDA",
        "LAMBDA_REF",
        "OPERATOR",
        "PARAMETER",
        "STAR",
        "SUBQUERY",
        "TYPE",
        "WINDOW",
    ]
)
_OPERATORS = frozenset(
    [
        "ARRAY_CONSTRUCTOR",
        "ARRAY_EXTRACT",
        "ARRAY_SLICE",
        "COMPARE_IN",
        "COMPARE_NOT_IN",
        "GROUPING_FUNCTION",
        "OPERATOR_COALESCE",
        "OPERATOR_IS_NOT_NULL",
        "OPERATOR_IS_NULL",
        "OPERATOR_NOT",
        "STRUCT_EXTRACT",
    ]
)
_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"})
_SOURCES = frozenset({"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "SUBQUERY", "TABLE_FUNCTION"})
_CLAUSES = frozenset({"DISTINCT_MODIFIER", "LIMIT_MODIFIER", "ORDER_MODIFIER", "ASCENDING", "DESCENDING"}) | {
    "ORDER_DEFAULT"
}
_JOINS = frozenset({"REGULAR", "CROSS", "ASOF"})


@dataclass(frozen=True)
class Allowed:
    """What a rule may call."""

    scalars: frozenset[str]
    """Operators, functions row by row, aggregates and sorting functions."""
    sums: frozenset[str]
    """Aggregates of both kinds, which give a row also of no rows."""
    ordered: frozenset[str]
    """Aggregates whose answer hangs on the order of rows."""
    sorting: frozenset[str]
    """Functions that take the order out of a list."""
    windows: frozenset[str]
    """Functions over a window that need an order."""
    macros: frozenset[str]
    """Short expressions of the database's own."""
    tables: frozenset[str]
    """Functions in FROM."""
    types: frozenset[str]
    """Types in CAST."""


@cache
def allowed() -> Allowed:
    """Return the functions that a rule may call, as functions.yaml lists them."""
    data = resources.files("flagstate.laws").joinpath("functions.yaml").read_bytes()
    groups = {
        key: frozenset(str(item.value) for item in node.items)
        for key, node in strict.load(data, name="functions.yaml").pairs.items()
    }
    return Allowed(
        scalars=groups["operators"] | groups["scalars"] | groups["aggregates"] | groups["sorting"],
        sums=groups["aggregates"] | groups["ordered"],
        ordered=groups["ordered"],
        sorting=groups["sorting"] | groups["shared_sorting"],
        windows=groups["windows"],
        macros=groups["macros"],
        tables=groups["tables"],
        types=groups["types"],
    )


def check(
    sql: str, *, tables: Collection[str], macros: Collection[str], where: str, line: int, params: Collection[str] = ()
) -> frozenset[str]:
    """Refuse a query that does more than read documented tables, and return the names of those it reads.

    Args:
        sql: The text of one block, at most 100 kB.
        tables: Names that it may read, in lower case; a name of its own WITH may not be one of them.
        macros: Names of the shared macros that it may call, in lower case.
        where: The file, fit for display.
        line: Line of the file on which the text begins, from 1.
        params: Names that may stand behind a dollar sign.

    Returns:
        The tables that it names, of those in `tables`.

    Raises:
        LawError: With file and line of the offending word as far as the parser tells it; else the first of the block.

    It cannot see columns (binding does), nor how long a query runs or how much it takes: the worker's bounds do.
    """
    place = Place(sql, where, line)
    reader = _Reader(place, frozenset(tables), frozenset(macros), frozenset(params))
    return reader.read(parse(place))


@dataclass(frozen=True)
class _At:
    """Where the walk stands."""

    depth: int = 0
    macros: int = 0
    ordered: bool = False
    """Whether a sorting function stands around it."""
    names: Mapping[str, int] | None = None
    """Names of WITH in sight, and the number of each."""
    owner: int = 0
    """Number of the query of WITH in which it stands; 0: the query itself."""
    place: int = 0
    """Byte of the nearest word around it."""
    listed: bool = False
    """Whether it is an item of a SELECT list, where a star may stand."""


class _Reader:
    """Walks the tree without recursion, and refuses what is not of a listed form."""

    def __init__(self, place: Place, tables: frozenset[str], macros: frozenset[str], params: frozenset[str]) -> None:
        self._place, self._tables, self._macros, self._params = place, tables, macros, params
        self._may = allowed()
        self._read: set[str] = set()
        self._uses: dict[int, list[int]] = {0: []}
        self._recursive: set[int] = set()

    def read(self, tree: Mapping[str, Any]) -> frozenset[str]:
        """Return the tables that the tree reads."""
        todo: list[tuple[Any, _At]] = [(tree.get("node"), _At(names={}))]
        while todo:
            node, at = todo.pop()
            if at.depth > MAX_DEPTH:
                self._refuse(at, "The query is nested too deeply", "Split it into steps")
            if isinstance(node, list):
                todo.extend((item, replace(at, depth=at.depth + 1, listed=False)) for item in node)
            elif isinstance(node, dict):
                todo.extend(self._enter(node, at))
        self._count()
        return frozenset(self._read)

    def _refuse(self, at: _At, what: str, todo: str, why: str = "") -> NoReturn:
        self._place.refuse(at.place, what, todo, why)

    def _enter(self, node: dict[str, Any], at: _At) -> Iterator[tuple[Any, _At]]:
        offset = node.get("query_location")
        if isinstance(offset, int) and offset < _NOWHERE:
            at = replace(at, place=offset)
        kind = node.get("type")
        if "class" in node:
            at = self._expression(node, at)
        elif kind in _QUERIES:
            at = replace(at, ordered=False)
            if node.get("sample"):
                self._sample(at)
            self._modifiers(node, at)
            self._aliases(node.get("select_list") or [], at)
        elif kind in _SOURCES:
            self._source(node, at)
        elif isinstance(kind, str) and kind not in _CLAUSES:
            self._refuse(at, f"A rule may not use the form {_said(kind)}", "Write one plain SELECT over tables")
        if node.get("cte_map"):
            later: list[tuple[Any, _At]] = []
            at = self._with(node["cte_map"].get("map") or [], at, later)
            yield from later
        for key, value in node.items():
            if key in ("cte_map", "qualified_name", "literal", "sample"):
                continue
            if key == "function" and kind == "TABLE_FUNCTION":
                value = value.get("arguments")
            if key == "select_list":
                for item in value:
                    yield item, replace(at, depth=at.depth + 1, listed=True)
            elif isinstance(value, dict | list):
                yield value, replace(at, depth=at.depth + 1, listed=False)

    def _with(self, entries: list[dict[str, Any]], at: _At, later: list[tuple[Any, _At]]) -> _At:
        names = dict(at.names or {})
        for entry in entries:
            name, value = str(entry["key"]), entry["value"]
            if name.lower() in self._tables:
                todo = "Give it another name: readers would take it for the table"
                self._refuse(at, f"WITH names {_said(name)}, which is a table", todo)
            number = len(self._uses)
            self._uses[number] = []
            body = value.get("query_node") or {}
            inside = dict(names)
            if body.get("type") == "RECURSIVE_CTE_NODE":
                self._recursive.add(number)
                inside[name.lower()] = number
            within = replace(at, depth=at.depth + 1, listed=False, names=inside, owner=number)
            later.append((body, within))
            later.append((value.get("key_targets"), within))
            later.append(
                (
                    {k: v for k, v in value.items() if k not in ("query_node", "key_targets")},
                    replace(at, depth=at.depth + 1, listed=False),
                )
            )
            names[name.lower()] = number
        return replace(at, names=names)

    def _modifiers(self, node: dict[str, Any], at: _At) -> None:
        found = {m.get("type"): m for m in node.get("modifiers") or []}
        limit, distinct = found.get("LIMIT_MODIFIER"), found.get("DISTINCT_MODIFIER")
        picks = limit or (distinct and distinct.get("distinct_on_targets"))
        if picks and "ORDER_MODIFIER" not in found:
            self._refuse(at, "LIMIT and DISTINCT ON pick other rows each time", "Add ORDER BY")
        for bound in (limit or {}).get("limit"), (limit or {}).get("offset"):
            if bound and bound.get("class") not in ("CONSTANT", "PARAMETER"):
                self._refuse(at, "LIMIT and OFFSET may only be numbers", "Write the number, or a parameter")

    def _aliases(self, items: list[dict[str, Any]], at: _At) -> None:
        # The database writes a name of the same list out where it stands: thirty that double would be 10^9 parts.
        copies: dict[str, int] = {}
        for item in items:
            used = sum(copies.get(word, 0) for word in _words(item))
            if used > MAX_COPIES:
                what = "The names of the SELECT list, written out, are too many parts"
                spot = replace(at, place=item.get("query_location", at.place))
                self._refuse(spot, what, "Put the inner ones into a query of their own, or into a step")
            if alias := str(item.get("alias", "")).lower():
                copies[alias] = 1 + used

    def _source(self, node: dict[str, Any], at: _At) -> None:
        if node.get("sample"):
            self._sample(at)
        if node["type"] == "BASE_TABLE":
            self._table(node, at)
        elif node["type"] == "TABLE_FUNCTION":
            function = node.get("function") or {}
            name = str(function.get("function_name", ""))
            if name.lower() not in self._may.tables or len(_path(function)) != 1:
                todo = f"Read a documented table, or one of {', '.join(sorted(self._may.tables))}"
                self._refuse(at, f"A rule may not read from the function {_said(name)}", todo)
        elif node["type"] == "JOIN" and node.get("ref_type") not in _JOINS:
            what = f"A rule may not use a {str(node.get('ref_type')).lower()} join"
            self._refuse(at, what, "Say in ON or USING which rows belong together")

    def _sample(self, at: _At) -> NoReturn:
        self._refuse(at, "A sample is other rows each time", "Read the whole table")

    def _table(self, node: dict[str, Any], at: _At) -> None:
        path, names = _path(node), at.names or {}
        name = path[-1].lower() if path else ""
        if node.get("at_clause"):
            self._refuse(at, "A rule may not ask for a version of a table", "Take AT out")
        if len(path) == 2 and path[0].lower() == "recurring" and names.get(name) in self._recursive:
            return
        if len(path) != 1:
            self._refuse(at, f"A rule may not name a schema: {_said('.'.join(path))}", "Name the table alone")
        if name in names:
            self._uses[at.owner].append(names[name])
        elif name in self._tables and path[0].isascii():
            self._read.add(name)
        else:
            todo = "Name a documented table, a view, an earlier step or a name of WITH"
            odd = next((c for c in path[0] if not c.isascii()), "")
            why = f"it is written with U+{ord(odd):04X}" if odd else ""
            self._refuse(at, f"There is no table {_said(path[0])} for rules", todo, why)

    def _expression(self, node: dict[str, Any], at: _At) -> _At:
        kind, form = str(node["class"]), str(node.get("type"))
        if kind not in _CLASSES or (kind == "OPERATOR" and form not in _OPERATORS):
            self._refuse(at, f"A rule may not use the form {_said(form)}", "Write it with listed functions")
        if kind in ("FUNCTION", "WINDOW"):
            return self._function(node, at)
        if kind == "COLUMN_REF":
            words = [str(word).lower() for word in node.get("column_names") or []]
            if "rowid" in words or (len(words) == 1 and words[0] in CLOCK_WORDS):
                why = "the same evidence must give the same answer on every day and machine"
                self._refuse(at, f"A rule may not use {_said(words[-1])}", "Use the parameter $as_of", why)
        elif kind == "PARAMETER":
            name = str(node.get("identifier", ""))
            if name not in self._params:
                todo = "Name a parameter of law.yaml behind a dollar sign"
                self._refuse(at, f"There is no parameter {_said('$' + name)}", todo)
        elif kind == "STAR":
            if not at.listed or node.get("columns") or node.get("replace_list") or node.get("rename_list"):
                what = "A star may only stand alone, or with EXCLUDE, in a SELECT list"
                self._refuse(at, what, "Name the columns")
        elif kind == "TYPE":
            if len(_path(node)) != 1 or str(node.get("type_name")).lower() not in self._may.types:
                self._refuse(at, f"A rule may not cast to {_said(node.get('type_name'))}", "Use a plain type")
        elif kind == "LAMBDA" and node.get("syntax_type") != "LAMBDA_KEYWORD":
            self._refuse(at, "A rule may not use the arrow", "Write lambda x: …, or name the field with a dot")
        return at

    def _function(self, node: dict[str, Any], at: _At) -> _At:
        name, may = str(node.get("function_name", "")).lower(), self._may
        if len(_path(node)) != 1 or node.get("schema") or node.get("catalog") or node.get("export_state"):
            what = f"A rule may not call {_said('.'.join(_path(node)))} behind a dot"
            self._refuse(at, what, f"Write {_said(name)}(…)")
        macro = name in self._macros or name in may.macros
        known = macro or name in may.scalars or name in may.ordered
        if not (known or (node["class"] == "WINDOW" and name in may.windows)):
            why = "only what is known to give the same answer each time, and touches nothing else, is listed"
            self._refuse(at, f"A rule may not call {_said(name)}", "See functions.yaml for those it may", why)
        window = node["class"] == "WINDOW"
        orders = bool((node.get("order_bys") or {}).get("orders") or node.get("orders") or node.get("arg_orders"))
        if not orders and not at.ordered and (name in may.ordered or (window and name in may.windows)):
            todo = f"Add ORDER BY {'to its window' if window else 'inside its brackets'}, or sort the list"
            self._refuse(at, f"What {_said(name)} gives hangs on the order of rows, which is not fixed", todo)
        if macro and at.macros >= MAX_MACROS:
            self._refuse(at, "Macros are nested too deeply", "Split it into steps", "each copies what is put into it")
        sorts = at.ordered or name in may.sorting
        return replace(at, macros=at.macros + macro, ordered=sorts)

    def _count(self) -> None:
        copies: dict[int, int] = {}
        todo = [0]
        while todo:
            number = todo[-1]
            used = [other for other in self._uses[number] if other != number]
            missing = {other for other in used if other not in copies}
            if missing:
                todo.extend(missing)
                continue
            copies[todo.pop()] = min(1 + sum(copies[other] for other in used), MAX_COPIES + 1)
        if copies[0] > MAX_COPIES:
            what = "The names of WITH, written out, are too many queries"
            self._place.refuse(0, what, "Split it into steps: each is computed once")


def _path(node: Mapping[str, Any]) -> list[str]:
    return [str(part) for part in (node.get("qualified_name") or {}).get("path") or []]


def _said(name: object) -> str:
    return strict.printable(str(name))


def _words(node: object) -> Iterator[str]:
    """Yield the first word of every column that a part of the tree names, in lower case."""
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo.extend(part)
        elif isinstance(part, dict):
            if part.get("class") == "COLUMN_REF" and part.get("column_names"):
                yield str(part["column_names"][0]).lower()
            todo.extend(part.values())
