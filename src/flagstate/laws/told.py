"""A law as a lawyer reads it: what it asks, its parameters by date, its rules, and what stands behind each.

The texts are those of the pack, as they are: whoever shows them makes them inert for the place where they are shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib.resources.abc import Traversable
from typing import Any

from flagstate.catalog import lists, strict
from flagstate.errors import FlagstateError
from flagstate.laws.pack import Law, Rule, Text, Value
from flagstate.laws.row import OUTCOMES_FR, standing
from flagstate.laws.steps import Step

Told = dict[str, Any]
STATUSES = ("sourced", "to verify", "interpretive")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")


def brief(law: Law, on: date) -> Told:
    """Return a law in one line: whose it is, its rules, since when, where its texts stand, which lists it reads.

    Args:
        law: The law.
        on: The day.
    """
    counts = Counter([rule.status for rule in law.rules.values()] + [value.status for value in law.values])
    return {
        "id": law.id,
        "title": dict(law.title),
        "jurisdiction": law.jurisdiction,
        "citation": law.citation,
        "from": law.since,
        "to": law.until,
        "stands": stands(law, on),
        "rules": len(law.rules),
        "statuses": {status: counts[status] for status in STATUSES},
        "last_checked": law.last_checked,
        "lists": sorted({*law.lists, *(one for rule in law.rules.values() for one in rule.lists)}),
        "own": law.own,
    }


def stands(law: Law, on: date) -> str:
    """Return whether a law is in force on a day: in force, not yet or lapsed; rules may have days of their own."""
    if law.since and on < law.since:
        return "not yet"
    return "lapsed" if law.until and on >= law.until else "in force"


def whole(law: Law, on: date, cases: Mapping[str, int] | None) -> Told:
    """Return everything that a law says of itself.

    Args:
        law: The law.
        on: The day whose values and lists are marked as those that hold.
        cases: Worked cases by rule, with the number of all under the empty name; null: they cannot be read.
    """
    return brief(law, on) | {
        "on": on,
        "status": law.status,
        "summary": _plain(law.summary),
        "readings": [dict(one) for one in law.readings],
        "cannot_see": [dict(one) for one in law.cannot_see],
        "sources": [{"source": key, "what": text} for key, text in law.sources.items()],
        "params": [_param(law, name, on) for name in law.params],
        "controls": [
            {"control": code, "says": dict(says), "citation": cite} for code, (says, cite) in law.controls.items()
        ],
        "listed": [listed(code, on) for code in brief(law, on)["lists"]],
        "steps": [
            {"kind": step.kind, "name": step.name, "reads": sorted(step.reads), "line": step.line} for step in law.steps
        ],
        "rules": [one_rule(law, rule, on, cases) for rule in _ordered(law)],
        "cases": None if cases is None else cases.get("", 0),
    }


def index(laws: Iterable[Law]) -> dict[str, Told]:
    """Return what a report needs to name laws and rules: by id of the law, its title, citation, and titles of rules.

    Args:
        laws: The laws that were judged.
    """
    return {
        law.id: {
            "title": dict(law.title),
            "citation": law.citation,
            "jurisdiction": law.jurisdiction,
            "last_checked": law.last_checked.isoformat(),
            "rules": {rule.id: dict(rule.title) for rule in law.rules.values()},
        }
        for law in laws
    }


def one_rule(law: Law, rule: Rule, on: date, cases: Mapping[str, int] | None) -> Told:
    """Return everything that a law says of one of its rules.

    Args:
        law: The law.
        rule: The rule.
        on: The day.
        cases: Worked cases by rule; null: they cannot be read.
    """
    under = _under(law, rule)
    words = {word for step in under for word in _QUOTED.findall(step.sql)}
    bound = {name for step in under for name in step.params}
    return {
        "id": rule.id,
        "law": law.id,
        "title": dict(rule.title),
        "citation": rule.citation,
        "status": rule.status,
        "source": law.sources.get(rule.source, rule.source),
        "source_key": rule.source,
        "last_checked": rule.last_checked,
        "force": rule.force,
        "from": rule.since,
        "to": rule.until,
        "valid_until": rule.valid_until,
        "stands": standing(rule, on),
        "outcomes": list(rule.outcomes),
        "lists": list(rule.lists),
        "note": _plain(rule.note),
        "messages": [{"message": key, "says": dict(text)} for key, text in rule.messages.items()],
        "measures": [
            {"measure": one.measure, "says": dict(law.measures[one.measure]), "then": one.then} for one in rule.measures
        ],
        "params": [name for name in law.params if name in bound or name in words],
        "missing": [{"missing": key, "says": dict(text)} for key, text in law.missing.items() if key in words],
        "controls": [code for code in law.controls if code in words],
        "tables": sorted({name for step in under for name in step.reads} - {step.name for step in under}),
        "cases": None if cases is None else cases.get(rule.id, 0),
    }


def listed(code: str, on: date) -> Told:
    """Return how a list of the catalog stands on a day.

    Args:
        code: Code of the list; one that the catalog does not have is said to be unknown.
        on: The day.
    """
    found = lists.book().get(code)
    if found is None:
        return {"list": code, "title": None, "complete": "no", "members": None, "last_checked": None, "status": None}
    return {
        "list": code,
        "title": found.title,
        "complete": "yes" if found.whole(on) else "no",
        "members": len(found.on(on)),
        "last_checked": found.last_checked,
        "status": found.status,
    }


def worked(folder: Traversable) -> Mapping[str, int] | None:
    """Return how many worked cases speak of each rule, and of the law under the empty name.

    Args:
        folder: The folder of the law.

    Returns:
        Null where `cases.yaml` cannot be read: a law runs without it.
    """
    try:
        data = folder.joinpath("cases.yaml").read_bytes()
        root = strict.load(data, name=f"{strict.printable(folder.name)}/cases.yaml")
    except (OSError, FlagstateError):
        return None
    found: Counter[str] = Counter({"": len(root.pairs) if root.kind == "object" else 0})
    for node in root.pairs.values() if root.kind == "object" else ():
        expect = node.get("expect") if node.kind == "object" else None
        said = expect.items if expect is not None and expect.kind == "array" else ()
        found.update({str(one.text("rule")) for one in said if one.kind == "object" and one.text("rule")})
    return found


def spoken(value: object, tongue: str) -> object:
    """Return a text of a pack in one language, and everything that holds such texts likewise.

    Args:
        value: A part of what `whole` or `brief` returns.
        tongue: en or fr.
    """
    if isinstance(value, dict):
        if value.keys() == {"en", "fr"} and all(isinstance(one, str) for one in value.values()):
            return value[tongue]
        return {key: spoken(one, tongue) for key, one in value.items()}
    return [spoken(one, tongue) for one in value] if isinstance(value, list) else value


def outcome(word: str, tongue: str) -> str:
    """Return an outcome in one language."""
    return OUTCOMES_FR.get(word, word) if tongue == "fr" else word


def find(laws: Sequence[Law], name: str) -> tuple[Law, Rule | None] | None:
    """Return the law with an id, or the rule with its law; case does not matter; null: there is neither.

    Args:
        laws: The laws.
        name: Id of a law or rule.
    """
    for law in laws:
        if law.id == name.lower():
            return law, None
    for law in laws:
        if rule := law.rules.get(name.upper()):
            return law, rule
    return None


def _ordered(law: Law) -> Iterator[Rule]:
    yield from (law.rules[step.name] for step in law.steps if step.kind == "rule")


def _under(law: Law, rule: Rule) -> list[Step]:
    """Return the step of a rule and the views of its own law that it stands on."""
    steps = {step.name: step for step in law.steps}
    wanted, queue = {rule.id}, [rule.id]
    while queue:
        for name in steps[queue.pop()].reads & steps.keys() - wanted:
            wanted.add(name)
            queue.append(name)
    return [step for step in law.steps if step.name in wanted]


def _param(law: Law, name: str, on: date) -> Told:
    says, unit = law.params[name]
    values = [value for value in law.values if value.name == name]
    return {
        "param": name,
        "says": dict(says),
        "unit": unit,
        "values": [_value(law, one, on) for one in _sorted(values)],
    }


def _sorted(values: Iterable[Value]) -> list[Value]:
    return sorted(values, key=lambda v: (v.key or "", v.since or date.min))


def _value(law: Law, value: Value, on: date) -> Told:
    return {
        "key": value.key,
        "value": value.value,
        "from": value.since,
        "to": value.until,
        "holds": value.holds(on),
        "citation": value.citation,
        "status": value.status,
        "source": law.sources.get(value.source, value.source),
        "source_key": value.source,
        "last_checked": value.last_checked,
    }


def _plain(text: Text | None) -> Told | None:
    return dict(text) if text else None
