"""Worked cases of laws, with the least that must be derived and run to judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.errors import FlagstateError
from flagstate.laws import judge, pack
from flagstate.laws.pack import Law
from flagstate.laws.row import World
from flagstate.pipeline import law_cases
from flagstate.pipeline.law_cases import LawCase, Row

Tables = dict[str, pa.Table]
PACKS = pack.packs()
LAWS: dict[str, Law] = {law.id: law for law in PACKS.laws}


def _cases() -> Iterator[tuple[LawCase, str]]:
    for folder in pack.folders():
        if folder.name in LAWS:
            try:
                yield from ((one, "") for one in law_cases.load(folder))
            except FlagstateError as error:
                BROKEN[folder.name] = str(error)


BROKEN: dict[str, str] = {}
CASES: tuple[LawCase, ...] = tuple(one for one, _ in _cases())


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
def _derived(law: str, case: str) -> Tables:
    return law_cases.conclude(next(one for one in CASES if (one.law, one.id) == (law, case)))


def derived(one: LawCase) -> Tables:
    """Return all tables of a case that rules may read."""
    return _derived(one.law, one.id)


@dataclass(frozen=True)
class Court:
    """A caged database in which a law can be run again and again over one world."""

    con: duckdb.DuckDBPyConnection
    as_of: date
    known: World

    def hear(self, law: Law) -> list[Row]:
        """Return the findings of a law."""
        return judge.run(self.con, law, self.as_of, self.known)


@contextmanager
def court(tables: Mapping[str, pa.Table], law: Law, as_of: date) -> Iterator[Court]:
    """Open the world of a case for a law."""
    con = judge.open_world(tables, [law], as_of, threads=1)
    try:
        yield Court(con, as_of, World.of(tables, as_of))
    finally:
        con.close()


@cache
def _said(law: str, case: str) -> list[Row]:
    return findings(next(one for one in CASES if (one.law, one.id) == (law, case)), _derived(law, case))


def said(one: LawCase) -> list[Row]:
    """Return what the rules that a case speaks of say, each case being judged once."""
    return _said(one.law, one.id)


def findings(
    one: LawCase, tables: Mapping[str, pa.Table], change: Callable[[str], str] = lambda text: text
) -> list[Row]:
    """Return what the rules that a case speaks of say of other tables, with the texts of the law's values changed."""
    law = lean(one.law, one.rules & set(LAWS[one.law].rules))
    values = tuple(replace(v, value=change(v.value)) if isinstance(v.value, str) else v for v in law.values)
    law = replace(law, values=tuple(replace(v, key=change(v.key)) if v.key else v for v in values))
    with court(tables, law, one.case.as_of) as here:
        return here.hear(law)


def verdicts(rows: list[Row], change: Callable[[str], str] = lambda text: text) -> dict[tuple[str, str, str], str]:
    """Return the verdict of each rule, subject and counterparty."""
    return {
        (row["rule_id"], change(row["subject"] or ""), change(row["counterparty"] or "")): row["verdict"]
        for row in rows
    }


def without(facts: Tables, noun: str) -> Tables:
    """Return the facts of a case without those of one noun, and without what the ledger says of it."""
    left = {name: table for name, table in facts.items() if name != noun}
    ledger = left.get("coverage")
    if ledger is not None:
        keep = [name != noun for name in ledger["noun"].to_pylist()]
        left["coverage"] = ledger.filter(pa.array(keep, pa.bool_()))
    return left


FACTS = tuple(noun.name for noun in model.ALL if noun.group == "fact")
