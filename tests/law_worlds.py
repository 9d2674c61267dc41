"""Worked cases of laws, judged side by side where they can stand there: one derivation and one hearing for many."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from zlib import crc32

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.strict import Node
from flagstate.errors import FlagstateError
from flagstate.laws import judge, pack
from flagstate.laws.pack import Law
from flagstate.laws.row import World
from flagstate.pipeline import law_cases, order
from flagstate.pipeline.law_cases import LawCase, Row

Tables = dict[str, pa.Table]
Group = tuple[str, date]
"""A law and a day."""
Texts = Callable[[str], str]
PACKS = pack.packs()
LAWS: dict[str, Law] = {law.id: law for law in PACKS.laws}
BROKEN: dict[str, str] = {}
FACTS = tuple(noun.name for noun in model.ALL if noun.group == "fact")
WHOLE = ("endpoint", "reconciliation", "policy", "population")
"""Nouns that speak of a whole case, or by which cases would meet: addresses, policies, months."""


def _cases() -> Iterator[LawCase]:
    for folder in pack.folders():
        if folder.name in LAWS:
            try:
                yield from law_cases.load(folder)
            except FlagstateError as error:
                BROKEN[folder.name] = str(error)


CASES: tuple[LawCase, ...] = tuple(_cases())
BY_ID = {(one.law, one.id): one for one in CASES}


def chosen(text: str, part: int) -> bool:
    """Whether something is tried in every run of the tests, and not by `make bench` alone: one in `part` is."""
    return crc32(text.encode()) % part == 0


@cache
def lean(law_id: str, rules: frozenset[str]) -> Law:
    """Return a law with only the steps that some of its rules need."""
    law = LAWS[law_id]
    wanted = set(rules)
    for step in reversed(law.steps):
        if step.name in wanted:
            wanted |= step.reads
            if "ruled" in step.reads:
                wanted |= {one.name for one in law.steps if one.kind == "rule" and one.name in step.sql}
    return replace(law, steps=tuple(step for step in law.steps if step.name in wanted))


@cache
def _facts(law: str, case: str) -> Tables:
    return law_cases.facts(BY_ID[law, case])


def facts(one: LawCase) -> Tables:
    """Return the facts of a case."""
    return _facts(one.law, one.id)


def conclude(given: Tables, as_of: date) -> Tables:
    """Return all tables that rules may read."""
    return order.unified(order.conclude(given, order.Run(None, as_of)))


@cache
def alone(law: str, case: str) -> bool:
    """Whether a case cannot stand beside others: it names parties of the catalog, or speaks of the whole case."""
    one = BY_ID[law, case]
    rows = one.rows.pairs if one.rows is not None else {}
    whole = any(noun in rows for noun in WHOLE) or "policy" in one.case.world.pairs or _addresses(one)
    return whole or any(_names(node) for node in (one.case.world, one.case.also, one.rows) if node is not None)


def _addresses(one: LawCase) -> bool:
    """Whether a case speaks of addresses, by which worlds would meet."""
    texts = [node for node in (one.case.world, one.rows) if node is not None]
    return any(re.search(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", str(node)) for node in texts)


def _names(node: Node) -> bool:
    """Whether a part of a case names a party of the catalog, or the whole case as the scope of what is known."""
    inner = [*node.pairs.values(), *node.items]
    keys = any(key.startswith("ent:") for key in node.pairs)
    scope = node.pairs["scope"].value == "all" if "scope" in node.pairs else False
    text = isinstance(node.value, str) and node.value.startswith(("ent:", "entity:ent:"))
    return keys or scope or text or any(map(_names, inner))


@cache
def groups() -> dict[Group, tuple[LawCase, ...]]:
    """Return the cases that stand side by side, by law and day."""
    found: dict[Group, list[LawCase]] = defaultdict(list)
    for one in CASES:
        if not alone(one.law, one.id):
            found[one.law, one.case.as_of].append(one)
    return {key: tuple(listed) for key, listed in found.items()}


def largest() -> list[Group]:
    """Return for each law the day on which most of its cases stand."""
    by_law: dict[str, list[Group]] = defaultdict(list)
    for key in groups():
        by_law[key[0]].append(key)
    return [max(keys, key=lambda key: len(groups()[key])) for keys in by_law.values()]


def side_by_side(listed: Iterable[LawCase]) -> Tables:
    """Return many worlds as one, each with ids of its own."""
    found: dict[str, list[pa.Table]] = defaultdict(list)
    for one in listed:
        for noun, table in facts(one).items():
            found[noun].append(_marked(table, "est:", f"est:{one.id}/"))
    return {noun: pa.concat_tables(parts) for noun, parts in found.items()}


def _marked(table: pa.Table, old: str, new: str) -> pa.Table:
    for at, field in enumerate(table.schema):
        column = table.column(at).combine_chunks()
        if pa.types.is_string(field.type):
            made = pc.replace_substring(column, old, new)
        elif pa.types.is_list(field.type) and pa.types.is_string(field.type.value_type):
            texts = pc.replace_substring(column.values, old, new)
            made = pa.ListArray.from_arrays(column.offsets, texts, mask=column.is_null())
        else:
            continue
        table = table.set_column(at, field, made)
    return table


def parted(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return findings of worlds that stood side by side by case, in the words of each world alone."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        case, slash, _ = str(row["subject"]).partition("est:")[2].partition("/")
        case = case if slash else str(row["counterparty"]).partition("est:")[2].partition("/")[0]
        texts = {
            name: value.replace(f"{case}/", "") if isinstance(value, str) else value for name, value in row.items()
        }
        found[case].append(texts)
    return found


@lru_cache(maxsize=64)
def beside(law: str, cases: tuple[str, ...], as_of: date) -> Tables:
    """Return all tables of some cases of a law on a day: side by side, or of one as it stands."""
    listed = [BY_ID[law, case] for case in cases]
    return conclude(facts(listed[0]) if len(listed) == 1 else side_by_side(listed), as_of)


@cache
def standing(key: Group) -> Tables:
    """Return all tables of the cases of a law on a day, side by side."""
    return conclude(side_by_side(groups()[key]), key[1])


@cache
def _together(key: Group) -> dict[str, list[Row]]:
    return parted(hear(_law_of(groups()[key]), standing(key), key[1]))


def _law_of(listed: Iterable[LawCase]) -> Law:
    cases = list(listed)
    rules = {rule for one in cases for rule in one.rules}
    return lean(cases[0].law, frozenset(rules & set(LAWS[cases[0].law].rules)))


def hear(law: Law, tables: Tables, as_of: date, change: Texts | None = None) -> list[Row]:
    """Return the findings of a law, with the texts of its values changed."""
    if change is not None:
        values = tuple(replace(v, value=change(v.value)) if isinstance(v.value, str) else v for v in law.values)
        law = replace(law, values=tuple(replace(v, key=change(v.key)) if v.key else v for v in values))
    with court(tables, law, as_of) as here:
        return here.hear(law)


@cache
def _by_itself(law: str, case: str) -> list[Row]:
    one = BY_ID[law, case]
    rows = hear(_law_of([one]), conclude(facts(one), one.case.as_of), one.case.as_of)
    return [row for row in rows if row["rule_id"] in one.rules]


def by_itself(one: LawCase) -> list[Row]:
    """Return what the rules that a case speaks of say of it alone."""
    return _by_itself(one.law, one.id)


def said(one: LawCase) -> list[Row]:
    """Return what the rules that a case speaks of say, side by side with others where it can stand there."""
    if alone(one.law, one.id):
        return by_itself(one)
    return [row for row in _together((one.law, one.case.as_of)).get(one.id, ()) if row["rule_id"] in one.rules]


@dataclass(frozen=True)
class Court:
    """A caged database in which a law can be run again and again over one world."""

    con: duckdb.DuckDBPyConnection
    as_of: date
    known: World
    empty: frozenset[str]
    """Tables without a row."""

    def hear(self, law: Law) -> list[Row]:
        """Return the findings of a law."""
        return judge.run(self.con, law, self.as_of, self.known, empty=self.empty)


@contextmanager
def court(tables: Mapping[str, pa.Table], law: Law, as_of: date) -> Iterator[Court]:
    """Open the world of a case for a law."""
    con = judge.open_world(tables, [law], as_of, threads=1)
    try:
        yield Court(con, as_of, World.of(tables, as_of), judge.bare(con))
    finally:
        con.close()


def verdicts(rows: Iterable[Row], change: Texts = lambda text: text) -> dict[tuple[str, str, str], str]:
    """Return the verdict of each rule, subject and counterparty."""
    return {
        (row["rule_id"], change(row["subject"] or ""), change(row["counterparty"] or "")): row["verdict"]
        for row in rows
    }


def without(given: Tables, noun: str) -> Tables:
    """Return the facts of a case without those of one noun, and without what the ledger says of it."""
    left = {name: table for name, table in given.items() if name != noun}
    ledger = left.get("coverage")
    if ledger is not None:
        keep = [name != noun for name in ledger["noun"].to_pylist()]
        left["coverage"] = ledger.filter(pa.array(keep, pa.bool_()))
    return left
