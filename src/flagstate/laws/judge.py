"""Runs the steps of laws over the tables of a case, in a database that holds nothing else, and writes findings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.catalog import data_class, lists, wider
from flagstate.catalog.strict import printable
from flagstate.errors import FlagstateError, LawError
from flagstate.laws import cage
from flagstate.laws.barren import idle, kept
from flagstate.laws.cage import within
from flagstate.laws.ground import CATALOGS, RESULT, documented, macros, nouns, views
from flagstate.laws.pack import Law, Rule
from flagstate.laws.row import World, fold, make
from flagstate.laws.steps import Step

Tables = Mapping[str, pa.Table]
Row = dict[str, Any]
_WORD = re.compile(r"[a-z_]+")
STEP_SECONDS = 30.0
"""How long one step may take before it is interrupted."""


@dataclass(frozen=True)
class Ruled:
    """What one law says of a case."""

    law: str
    findings: tuple[Row, ...]
    error: FlagstateError | None
    """Why it did not run; its findings are then empty."""


def judge_here(
    tables: Tables,
    laws: Sequence[Law],
    as_of: date,
    *,
    memory_bytes: int = 2 << 30,
    threads: int = 2,
    step_seconds: float = STEP_SECONDS,
) -> Iterator[Ruled]:
    """Yield what each law says, in the order given; one that fails costs itself only.

    Args:
        tables: All stored nouns, ids unified, with everything that is derived before the rules.
        laws: The laws.
        as_of: The day.
        memory_bytes: Bound of the database.
        threads: Threads of the database.
        step_seconds: Bound of one step.
    """
    con = open_world(tables, laws, as_of, memory_bytes=memory_bytes, threads=threads)
    try:
        known, empty = World.of(tables, as_of), bare(con)
        for law in laws:
            try:
                yield Ruled(law.id, tuple(run(con, law, as_of, known, step_seconds=step_seconds, empty=empty)), None)
            except FlagstateError as error:
                yield Ruled(law.id, (), error)
    finally:
        con.close()


def open_world(
    tables: Tables, laws: Sequence[Law], as_of: date, *, memory_bytes: int = 2 << 30, threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """Return a caged database with the nouns, catalogs, macros and shared views, ready for the steps of laws."""
    con = cage.connect(memory_bytes=memory_bytes, threads=threads)
    needed = _needed(laws)
    for name in sorted(needed & set(nouns())):
        noun = model.NOUNS[name]
        table = tables.get(name, model.empty(noun))
        _fill(con, name, model.conform(table, noun), as_of)
    for name, table in _catalogs(as_of).items():
        _fill(con, name, table, as_of)
    for statement in macros():
        con.execute(statement)
    cage.lock(con)
    for block in (one for one in views().values() if one.name in needed):
        what = "VIEW" if block.kind == "lookup" else "TABLE"
        con.execute(f'CREATE {what} "{block.name}" AS {block.sql}')
    return con


def _needed(laws: Sequence[Law]) -> set[str]:
    """Return the tables that the steps of laws read, with those that the shared views among them read."""
    wanted = {name for law in laws for step in law.steps for name in step.reads}
    size = -1
    while size != len(wanted):
        size = len(wanted)
        for name in wanted & set(views()):
            wanted |= documented() & set(_WORD.findall(views()[name].sql))
    return wanted


def run(
    con: duckdb.DuckDBPyConnection,
    law: Law,
    as_of: date,
    known: World,
    *,
    step_seconds: float = STEP_SECONDS,
    empty: Collection[str] = (),
) -> list[Row]:
    """Return the findings of one law.

    Args:
        con: As `open_world` returns it.
        law: The law.
        as_of: The day.
        known: What findings are checked against.
        step_seconds: Bound of one step.
        empty: Tables without a row, as `bare` returns them. A rule of a shipped law that has no row without them does
            not run, nor does a view that no rule reads which runs.

    Raises:
        LawError: A step fails, takes too long, or gives rows that no rule may give.
    """
    made: list[str] = []
    found: list[Row] = []
    waiting: dict[str, Step] = {}
    # Of the user's own laws every step runs: one that fails is to be told.
    none = set() if law.own else set(empty)
    try:
        _begin(con, law, as_of, made)
        for step in law.steps:
            unsaid = none if found or law.own else none | {"ruled"}
            bare_now, view = idle(step.sql, unsaid), step.kind == "view"
            # What reads what was ruled is made where it stands, or has no row for good.
            if view and not law.own and (bare_now or "ruled" not in step.reads):
                waiting[step.name] = step
                none |= {step.name} if bare_now else set()
                continue
            for one in _below(step, waiting):
                # First come those without which the step has no row: where one has none, the others are not needed.
                if not view and idle(step.sql, unsaid):
                    break
                if not _view(con, law, waiting.pop(one.name), as_of, step_seconds, made, none):
                    none |= _spread(one, waiting, none)
                    unsaid |= none
            if view:
                _view(con, law, step, as_of, step_seconds, made, none)
            elif not idle(step.sql, unsaid):
                found += _rule(con, law, step, as_of, known, step_seconds)
    finally:
        for name in made:
            con.execute(f'DROP TABLE IF EXISTS "{name}"')
    return found


def _spread(bare_one: Step, waiting: Mapping[str, Step], none: Collection[str]) -> set[str]:
    """Return a view without rows, with those that have none for it: one reads what comes before it only."""
    found = {bare_one.name}
    for name, other in waiting.items():
        if idle(other.sql, found.union(none)):
            found.add(name)
    return found


def bare(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the tables of a world without a row, as `open_world` returns it."""
    names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE NOT EXISTS (FROM \"{name}\")" for name in names)
    # What hangs on the law is filled, or not, when the law runs.
    return frozenset(name for (name,) in con.execute(asked).fetchall()) - {"control_code"}


def _below(step: Step, waiting: Mapping[str, Step]) -> list[Step]:
    """Return the views that wait to be made and that a step reads, in an order in which they can be made."""
    found: dict[str, Step] = {}
    first = frozenset().union(*kept(step.sql))
    for name in sorted(step.reads & waiting.keys(), key=lambda name: (name not in first, [*waiting].index(name))):
        found |= {one.name: one for one in (*_below(waiting[name], waiting), waiting[name]) if one.name not in found}
    return list(found.values())


def _view(
    con: duckdb.DuckDBPyConnection,
    law: Law,
    step: Step,
    as_of: date,
    step_seconds: float,
    made: list[str],
    none: Collection[str],
) -> bool:
    """Make a view of a law, and return whether it has a row; one that is known to have none gets none."""
    made.append(step.name)
    query = f"FROM ({step.sql}) LIMIT 0" if step.name in none else step.sql
    sql = f'CREATE TABLE "{step.name}" AS {query}'
    return bool(_execute(con, step, sql, bind(law, step, as_of), step_seconds).num_rows)


def bind(law: Law, step: Step, as_of: date) -> dict[str, Any]:
    """Return the parameters of a step: as they are on the day, or on its first day where it is not in force yet."""
    rule = law.rules.get(step.name)
    day = law_day(law, as_of)
    later = rule.since if rule and rule.since and rule.since > day else None
    bound: dict[str, Any] = {}
    for name in step.params:
        if name == "as_of":
            bound[name] = as_of
            continue
        value = law.value(name, None, day) or (law.value(name, None, later) if later else None)
        bound[name] = value.value if value else None
    return bound


def law_day(law: Law, as_of: date) -> date:
    """Return the day whose parameters a law runs with: of law that is not in force, the nearest day on which it is."""
    if law.since and as_of < law.since:
        return law.since
    return law.until - timedelta(days=1) if law.until and as_of >= law.until else as_of


def _begin(con: duckdb.DuckDBPyConnection, law: Law, as_of: date, made: list[str]) -> None:
    """Make the tables of the law itself."""
    day = law_day(law, as_of)
    rows = []
    for name, key in sorted({(v.name, v.key or "") for v in law.values}):
        value = law.value(name, key or None, day)
        said = value.value if value else None
        number = float(said) if isinstance(said, int | float) and not isinstance(said, bool) else None
        rows.append(
            (name, key or None, None if said is None else str(said), number, said if isinstance(said, date) else None)
        )
    con.execute("CREATE TABLE law_param (name VARCHAR, key VARCHAR, value VARCHAR, number DOUBLE, day DATE)")
    made.append("law_param")
    if rows:
        con.executemany("INSERT INTO law_param VALUES (?, ?, ?, ?, ?)", rows)
    con.execute("DELETE FROM control_code")
    if law.controls:
        con.executemany("INSERT INTO control_code VALUES (?)", [(code,) for code in sorted(law.controls)])
    con.execute(
        "CREATE TABLE ruled (rule_id VARCHAR, subject VARCHAR, counterparty VARCHAR, verdict VARCHAR, "
        "outcome VARCHAR, exemption VARCHAR, facts VARCHAR[])"
    )
    made.append("ruled")


def _rule(
    con: duckdb.DuckDBPyConnection, law: Law, step: Step, as_of: date, known: World, step_seconds: float
) -> list[Row]:
    rule: Rule = law.rules[step.name]
    bound = bind(law, step, as_of)
    result = _execute(con, step, step.sql, bound, step_seconds)
    _check_columns(result, step)
    unset = sorted(name for name in _asked(law, step) if bound.get(name) is None and not _set(law, name, as_of))
    rows = fold([make(law, rule, step, row, known, unset) for row in result.to_pylist()])
    _remember(con, result, step)
    return rows


def _asked(law: Law, step: Step) -> frozenset[str]:
    """Return the parameters that a step binds, itself or in a view below it."""
    asked: dict[str, frozenset[str]] = {}
    for one in law.steps:
        asked[one.name] = (one.params - {"as_of"}).union(*(asked.get(name, frozenset()) for name in one.reads))
    return asked[step.name]


def _set(law: Law, name: str, as_of: date) -> bool:
    return law.value(name, None, law_day(law, as_of)) is not None


def _remember(con: duckdb.DuckDBPyConnection, result: pa.Table, step: Step) -> None:
    """Let later steps of the law read what this one found, before status and dates are laid over it."""
    if not result.num_rows:
        return
    kept = result.select(["subject", "counterparty", "verdict", "outcome", "exemption", "facts"])
    con.register("said_now", kept)
    con.execute(f"INSERT INTO ruled SELECT '{step.name}', * FROM said_now")
    con.unregister("said_now")


def _execute(
    con: duckdb.DuckDBPyConnection, step: Step, sql: str, bound: Mapping[str, Any], seconds: float
) -> pa.Table:
    """Run one statement within its time; of one that makes a table, return a row only if it has one.

    Raises:
        LawError: It fails or takes too long. What the database says is only told where it speaks of the query itself.
    """
    where = f"{step.file}:{step.line}"
    try:
        with within(con, seconds):
            if step.kind == "rule":
                return con.sql(sql, params=dict(bound)).to_arrow_table()
            made = con.execute(sql, dict(bound)).fetchone()
            return pa.table({"made": [made] if made and made[0] else []})
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise LawError(
            f"The step {step.name} is not a query over the documented tables",
            where=where,
            why=printable(str(error).split("\n", 1)[0]),
            todo="docs/laws.md lists the tables and their columns",
        ) from None
    except duckdb.InterruptException:
        raise LawError(
            f"The step {step.name} took more than {seconds:g} s and was stopped", where=where, todo="Make it simpler"
        ) from None
    except duckdb.OutOfMemoryException:
        raise LawError(f"The step {step.name} needed more memory than its bound", where=where) from None
    except duckdb.Error as error:
        raise LawError(f"The step {step.name} failed", where=where, why=type(error).__name__) from None


def _check_columns(result: pa.Table, step: Step) -> None:
    """Raise where a rule does not return the columns of a rule."""
    where, schema = f"{step.file}:{step.line}", result.schema
    if odd := sorted(set(schema.names) ^ set(RESULT)):
        what = "lacks" if odd[0] in RESULT else "returns"
        raise LawError(
            f"The rule {step.name} {what} the column {printable(odd[0])}",
            where=where,
            todo=f"A rule returns {', '.join(RESULT)}",
        )
    for name, wanted in RESULT.items():
        kind = schema.field(name).type
        # An untyped NULL comes as INTEGER, and so does an empty list of it.
        null = pa.types.is_null(kind) or (kind == pa.int32() and result[name].null_count == len(result))
        fits = {
            "VARCHAR": _text(kind) or (null and name in ("counterparty", "exemption", "outcome")),
            "VARCHAR[]": _texts(kind, result[name]),
            "STRUCT": pa.types.is_struct(kind) or null,
        }[wanted]
        if not fits:
            raise LawError(
                f"The column {name} of the rule {step.name} is not {wanted}", where=where, todo="Cast it to that type"
            )


def _text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _texts(kind: pa.DataType, column: pa.ChunkedArray) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return False
    return _text(kind.value_type) or all(len(part.flatten()) == part.flatten().null_count for part in column.chunks)


def _fill(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table, as_of: date) -> None:
    """Make one table of the database: without bytes, and only what holds on the day."""
    table = table.select([f.name for f in table.schema if not pa.types.is_binary(f.type)])
    con.register("given_now", table)
    held = ""
    if {"valid_from", "valid_to"} <= set(table.schema.names):
        night = datetime.combine(as_of + timedelta(days=1), time(), UTC).isoformat()
        held = (
            f" WHERE coalesce(valid_from < TIMESTAMPTZ '{night}', true) AND "
            f"coalesce(valid_to >= TIMESTAMPTZ '{night}', true) OR coalesce(valid_from > valid_to, false)"
        )
    con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM given_now{held}')
    con.unregister("given_now")


def _catalogs(as_of: date) -> dict[str, pa.Table]:
    units = data_class.by_id()
    classes = [
        {"data_class": word, "category": category, "unit": units[word].unit if word in units else None}
        for word in wider.words()
        for category in wider.categories(word)
    ]
    rows: dict[str, list[Row]] = {
        "list_entry": lists.entries(as_of),
        "list_state": lists.states(as_of),
        "data_class": classes,
        "control_code": [],
    }
    return {
        name: pa.Table.from_pylist(
            [{c.name: row.get(c.name) for c in columns} for row in rows[name]],
            schema=pa.schema([(c.name, c.type) for c in columns]),
        )
        for name, columns in CATALOGS.items()
    }
