"""Worked cases: small worlds in the words of the declaration, with the answers that they must get.

They stand beside the code (`assess/cases/*.yaml`), so that a lawyer can read what the calculus is held to. The
facts of a case count as configured unless it says that they are only declared: nobody's word is in question then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.catalog import form, strict
from flagstate.catalog.compulsion import Law
from flagstate.catalog.strict import Node
from flagstate.enrich import needs
from flagstate.pipeline import order
from flagstate.pipeline.case_rows import lay
from flagstate.read import estate

SECTIONS: Mapping[str, frozenset[str]] = {
    "entities": frozenset({"legal_entity"}),
    "assets": frozenset({"asset", "place"}),
    "holdings": frozenset({"holding"}),
    "needs": frozenset({"need"}),
    "controls": frozenset({"control"}),
    "agreements": frozenset({"agreement"}),
}
"""Sections of a world that may be marked as only declared, and the nouns that they become."""

SAID = frozenset({"policy", "measure"})
"""What is always the declaring party's own word."""

PLAN_SECONDS = 30.0
"""How long the cheapest plan of a case is looked for; only a case that expects one waits for it."""

_ABOUT = ("subject_id", "entity_id", "asset_id")


@dataclass(frozen=True)
class Case:
    """One small world and the answers that it must get."""

    id: str
    """Its name, once in all files."""
    theme: str
    """The file that it stands in."""
    title: str
    """What the world is."""
    why: str = field(repr=False)
    """Why the answer is as it is, with the citation."""
    as_of: date
    """The day on which facts and laws must hold."""
    world: Node = field(repr=False)
    """The facts, in the words of the declaration."""
    also: Node | None = field(repr=False)
    """What a second source says."""
    declared: tuple[str, ...]
    """Sections or names for which there is only a declaration."""
    expect: Node = field(repr=False)
    """The answers."""
    rows: Node | None = field(default=None, repr=False)
    """Rows of other nouns, as observed."""


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the form of a file of cases."""
    found: dict[str, Any] = json.loads(_folder().joinpath("form.json").read_text("utf-8"))
    return found


@lru_cache(maxsize=1)
def load() -> tuple[Case, ...]:
    """Return every worked case, by theme and in the order of its file.

    Raises:
        DeclarationError: A case does not have the form, its world is not a declaration, or an id stands twice.
    """
    found: list[Case] = []
    for file in sorted(_folder().iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            found += parse(file.read_bytes(), file.name)
    first: dict[str, Case] = {}
    for case in found:
        if case.id in first:
            raise strict.fail(case.world, f"The case {case.id} stands twice", "Give one of them another name")
        first[case.id] = case
    return tuple(found)


def parse(data: bytes, name: str) -> list[Case]:
    """Return the cases of one file.

    Args:
        data: Its bytes.
        name: Its name, for errors.

    Raises:
        DeclarationError: With file, line and key, and what to write instead.
    """
    root = strict.load(data, name=name)
    form.check(root, schema())
    cases = []
    for key, node in root.pairs.items():
        marks = node.get("declared")
        case = Case(
            key,
            name.removesuffix(".yaml"),
            str(node.text("title")),
            str(node.text("why")),
            date.fromisoformat(str(node.text("as_of"))),
            node.pairs["world"],
            node.get("also"),
            tuple(str(item.value) for item in marks.items) if marks else (),
            node.pairs["expect"],
            node.get("rows"),
        )
        for source in (case.world, case.also):
            if source is not None:
                form.check(source, estate.schema())
        _check_names(case, marks)
        cases.append(case)
    return cases


def ident(name: str) -> str:
    """Return the id of what a case calls by a name of its own."""
    return name if name.startswith("ent:") else f"est:{name}"


def facts(case: Case) -> dict[str, pa.Table]:
    """Return the world of a case as tables of facts.

    Raises:
        DeclarationError: The world refers to nothing, or contradicts itself.
    """
    found: dict[str, list[pa.Table]] = {}
    for number, source in enumerate((case.world, case.also), 1):
        if source is None:
            continue
        rows, _ = estate.collect_facts(source, str)
        for noun, listed in rows.items():
            made = [_stand(noun, row, case.declared) for row in listed]
            table = model.stamp(
                model.rows(model.NOUNS[noun], made), model.NOUNS[noun], evidence_id=f"case:{case.id}:{number}"
            )
            found.setdefault(noun, []).append(table)
    tables = {noun: pa.concat_tables(parts) for noun, parts in found.items()}
    tables |= needs.apart(tables) if "need" in tables else {}
    if case.rows is None:
        return tables
    return lay(tables, case.rows, known=_known(case), ident=ident, evidence_id=f"case:{case.id}:rows")


def conclude(case: Case, *, laws: tuple[Law, ...] | None = None) -> dict[str, pa.Table]:
    """Return all tables of a case, derived from its facts.

    Args:
        case: The case.
        laws: Rows of compelled access; those of the catalog unless given.
    """
    seconds = PLAN_SECONDS if "plan" in case.expect.pairs else None
    return order.conclude(facts(case), order.Run(None, case.as_of, laws=laws, plan_seconds=seconds))


def _folder() -> Traversable:
    return resources.files("flagstate.assess").joinpath("cases")


def _stand(noun: str, row: Mapping[str, object], declared: Iterable[str]) -> dict[str, object]:
    """Return a row with its stance: declared where the case says so or it can be nothing else, else configured."""
    names = set(declared)
    about = {str(row[column]) for column in _ABOUT if row.get(column)}
    said = noun in SAID or any(noun in SECTIONS.get(name, ()) or ident(name) in about for name in names)
    made = {**row, "stance": "declared" if said else "configured"}
    if "status" in made:
        made["status"] = "declared" if said else "sourced"
    return made


def _known(case: Case) -> set[str]:
    sources = [one for one in (case.world, case.also) if one is not None]
    return {key for one in sources for name in ("entities", "assets") if one.get(name) for key in one.pairs[name].pairs}


def _check_names(case: Case, marks: Node | None) -> None:
    """Raise where a case marks or expects something of a name that its world does not have.

    Raises:
        DeclarationError: At the name; an answer about nothing would hold whatever is concluded.
    """
    known = _known(case)
    for item in marks.items if marks else ():
        if item.value not in SECTIONS and item.value not in known:
            raise strict.fail(item, f"{item.value} is neither a section nor a name of this world")
    for node in _named(case.expect):
        name = str(node.value)
        if name not in known and not name.startswith("ent:"):
            close = form.near(name, known)
            raise strict.fail(node, f"{name} is not a name of this world", f"Did you mean {close}?" if close else "")


def _named(expect: Node) -> Iterator[Node]:
    """Yield the places in which a case names an entity or asset of its world."""
    for section in ("reach", "not_reached", "control", "not_control", "owned", "cutoff"):
        for entry in expect.pairs[section].items if section in expect.pairs else ():
            for column in ("of", "holder"):
                if column in entry.pairs:
                    yield entry.pairs[column]
            for column in ("entities", "keys", "survives"):
                yield from entry.pairs[column].items if column in entry.pairs else ()
            yield from _keys(entry.pairs.get("stops"))
            cut = entry.pairs.get("cut")
            if cut is not None and not (len(str(cut.value)) == 2 and str(cut.value).isupper()):
                yield cut
    yield from _keys(expect.pairs.get("parents"))
    for node in expect.pairs["parents"].pairs.values() if "parents" in expect.pairs else ():
        yield from node.items
    for node in expect.pairs["covered"].pairs.values() if "covered" in expect.pairs else ():
        yield from _keys(node)
    yield from expect.pairs["contradictions"].items if "contradictions" in expect.pairs else ()


def _keys(node: Node | None) -> Iterator[Node]:
    """Yield the keys of a mapping as if they were values."""
    for key, value in node.pairs.items() if node is not None else ():
        yield Node(key, value.line, value.column, value.path, value.file, value.show)
