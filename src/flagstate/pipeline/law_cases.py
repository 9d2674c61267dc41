"""Worked cases of laws: small worlds in the words of the declaration, with what each rule must say of them.

They stand beside the rules (`cases.yaml` of a law), so that a lawyer can read and extend them without any code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import pyarrow as pa

from flagstate.catalog import form, strict
from flagstate.catalog.strict import Node
from flagstate.laws.judge import Ruled, judge_here
from flagstate.laws.pack import Law
from flagstate.pipeline import cases, order
from flagstate.pipeline.case_rows import lay, plain
from flagstate.read import estate

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LawCase:
    """One small world and what the rules of one law must say of it."""

    law: str
    """The folder that it stands in."""
    case: cases.Case
    """The world."""
    rows: Node | None = field(repr=False)
    """Rows of other nouns, as observed."""
    expect: tuple[Row, ...]
    """The answers, each with its line as `line`."""

    @property
    def id(self) -> str:
        """Its name."""
        return self.case.id

    @property
    def rules(self) -> frozenset[str]:
        """The rules that it speaks of."""
        return frozenset(one["rule"] for one in self.expect)


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the form of a `cases.yaml`."""
    found: dict[str, Any] = json.loads(resources.files("flagstate.laws").joinpath("cases.json").read_text("utf-8"))
    return found


def load(folder: Traversable) -> list[LawCase]:
    """Return the worked cases of a law.

    Raises:
        DeclarationError: With file, line and key: a case does not have the form, or refers to nothing.
    """
    root = strict.load(folder.joinpath("cases.yaml").read_bytes(), name=f"{folder.name}/cases.yaml")
    form.check(root, schema())
    found: dict[str, LawCase] = {}
    for key, node in root.pairs.items():
        found[key] = _case(folder.name, key, node, found)
    return list(found.values())


def _case(law: str, key: str, node: Node, before: Mapping[str, LawCase]) -> LawCase:
    like = before.get(str(node.text("like")))
    if node.get("like") is not None and like is None:
        raise strict.fail(node.pairs["like"], "There is no such case before this one", "Write the name of one above")
    marks = node.get("declared")
    declared = tuple(str(one.value) for one in marks.items) if marks else like.case.declared if like else ()
    world = _merge(like.case.world, node.pairs["world"]) if like else node.pairs["world"]
    also = node.get("also") or (like.case.also if like else None)
    for source in (world, also):
        if source is not None:
            form.check(source, estate.schema())
    case = cases.Case(
        key,
        law,
        str(node.text("title")),
        node.text("why") or "",
        date.fromisoformat(str(node.text("as_of"))),
        world,
        also,
        declared,
        node.pairs["expect"],
    )
    expect = tuple({**plain(item), "line": item.line} for item in node.pairs["expect"].items)
    rows, earlier = node.get("rows"), like.rows if like else None
    return LawCase(law, case, _merge(earlier, rows) if earlier and rows else rows or earlier, expect)


def _merge(one: Node, other: Node) -> Node:
    """Return a world with another laid over it: mappings are joined, null takes out, all else is replaced."""
    if one.kind != "object" or other.kind != "object":
        return other
    pairs = dict(one.pairs)
    for key, node in other.pairs.items():
        if node.value is None:
            pairs.pop(key, None)
        else:
            pairs[key] = _merge(pairs[key], node) if key in pairs else node
    return replace(other, value=pairs)


def facts(one: LawCase) -> dict[str, pa.Table]:
    """Return the world of a case as tables of facts."""
    tables = cases.facts(one.case)
    world = one.case.world
    known = {key for name in ("entities", "assets", "agreements", "events") for key in _keys(world, name)}
    if one.rows is None:
        return tables
    return lay(tables, one.rows, known=known, ident=cases.ident, evidence_id=f"case:{one.id}:rows")


def _keys(world: Node, name: str) -> Iterable[str]:
    found = world.get(name)
    return found.pairs if found else ()


def conclude(one: LawCase, *, as_of: date | None = None) -> dict[str, pa.Table]:
    """Return all tables that rules may read, derived from the facts of a case."""
    return order.unified(order.conclude(facts(one), order.Run(None, as_of or one.case.as_of)))


def judge(one: LawCase, law: Law, *, as_of: date | None = None, tables: Mapping[str, pa.Table] | None = None) -> Ruled:
    """Return what a law says of a case."""
    tables = conclude(one, as_of=as_of) if tables is None else tables
    return next(judge_here(tables, [law], as_of or one.case.as_of, threads=1))


def differences(one: LawCase, law: Law, findings: Sequence[Row]) -> list[str]:
    """Return what is not as the case says, one sentence each; empty: all is as it says."""
    return list(_differences(one, law, findings))


def _differences(one: LawCase, law: Law, findings: Sequence[Row]) -> Iterator[str]:
    for wanted in one.expect:
        where = f"{one.law}/cases.yaml:{wanted['line']} {one.id}"
        if wanted["rule"] not in law.rules:
            yield f"{where}: the law has no rule {wanted['rule']}"
            continue
        rows = [row for row in findings if row["rule_id"] == wanted["rule"] and _is_about(row, wanted)]
        fit = [row for row in rows if _fits(row, wanted, law)]
        count = wanted.get("rows")
        if (count is None and not fit) or (count is not None and len(fit) != count):
            shown = [_shown(row) for row in findings if row["rule_id"] == wanted["rule"]]
            yield f"{where}: { ({k: v for k, v in wanted.items() if k != 'line'}) }: found {shown or 'nothing'}"
        elif count is None and len(fit) != len(rows):
            yield f"{where}: beside it stands {[_shown(row) for row in rows if row not in fit]}"


def _is_about(row: Row, wanted: Row) -> bool:
    return all(
        row[name] in (wanted[name], cases.ident(wanted[name])) or str(row[name]).endswith(f":{wanted[name]}")
        for name in ("subject", "counterparty")
        if name in wanted
    )


def _fits(row: Row, wanted: Row, law: Law) -> bool:
    missing = law.missing.get(wanted.get("missing", ""), {}).get("en")
    start = law.rules[row["rule_id"]].messages.get(wanted.get("message", ""), {}).get("en", "").split("{")[0]
    return (
        all(row[name] == wanted[name] for name in ("verdict", "outcome") if name in wanted)
        and wanted.get("says", "") in row["message"]
        and ("message" not in wanted or start in row["message"])
        and wanted.get("exemption", "") in (row["exemption"] or "")
        and ("missing" not in wanted or missing in row["missing"])
    )


def _shown(row: Row) -> str:
    said = [row["subject"], row["counterparty"], row["verdict"], row["outcome"], row["message"], row["missing"]]
    return " | ".join(str(one) for one in (*said, row["exemption"]) if one)
