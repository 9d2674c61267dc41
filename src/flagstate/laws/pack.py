"""Laws as folders of data: `law.yaml` (parameters by date, steps, sentences), `rules.sql` and `cases.yaml`.

A folder is refused as a whole, with file and line; the other laws still run. What a rule may ask of the database is
decided by `check`, and how it runs by `cage`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from flagstate.catalog import form, strict
from flagstate.catalog.form import as_date
from flagstate.catalog.strict import Node, fail
from flagstate.errors import FlagstateError, LawError
from flagstate.laws import checked
from flagstate.laws.sql import split
from flagstate.laws.steps import Reads, Step, steps

MAX_FILES = 200
Text = Mapping[str, str]


@dataclass(frozen=True)
class Value:
    """One value of a parameter, with its days and where it stands."""

    name: str
    key: str | None
    value: Any
    since: date | None
    until: date | None
    citation: str
    source: str
    status: str
    last_checked: date

    def holds(self, on: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


@dataclass(frozen=True)
class Measure:
    """What changes an outcome."""

    measure: str
    then: str


@dataclass(frozen=True)
class Rule:
    """One rule of a law."""

    id: str
    title: Text
    citation: str
    status: str
    source: str
    last_checked: date
    force: str
    """in force, proposed, lapsed or product rule."""
    since: date | None
    until: date | None
    valid_until: date | None
    outcomes: tuple[str, ...]
    lists: tuple[str, ...]
    messages: Mapping[str, Text] = field(repr=False)
    measures: tuple[Measure, ...]
    note: Text | None
    never: tuple[str, ...]
    """Verdicts that it cannot give by its nature."""
    line: int


@dataclass(frozen=True)
class Law:
    """One law, checked."""

    id: str
    title: Text
    jurisdiction: str
    citation: str
    since: date | None
    until: date | None
    status: str
    last_checked: date
    summary: Text | None
    readings: tuple[Text, ...]
    cannot_see: tuple[Text, ...]
    sources: Mapping[str, str]
    lists: tuple[str, ...]
    needs: tuple[str, ...]
    """Nouns: where none of them has a row, it finds nobody."""
    controls: Mapping[str, tuple[Text, str | None]]
    params: Mapping[str, tuple[Text, str | None]]
    """Name to what it is, and its unit."""
    values: tuple[Value, ...]
    missing: Mapping[str, Text]
    measures: Mapping[str, Text]
    steps: tuple[Step, ...]
    rules: Mapping[str, Rule]
    folder: str
    """Where it was read, fit for display."""
    own: bool
    """The user's own, not shipped."""

    def value(self, name: str, key: str | None, on: date) -> Value | None:
        """Return what a parameter is on a day, or None."""
        return next((v for v in self.values if v.name == name and v.key == key and v.holds(on)), None)


@dataclass(frozen=True)
class Refused:
    """A folder that is no valid law."""

    name: str
    error: FlagstateError


@dataclass(frozen=True)
class Packs:
    """All laws that can run, and the folders that were refused."""

    laws: tuple[Law, ...]
    refused: tuple[Refused, ...]


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the form of a `law.yaml`."""
    found: dict[str, Any] = msgspec.json.decode(_room().joinpath("form.json").read_bytes())
    return found


def folders() -> list[Traversable]:
    """Return the folders of the laws that are shipped, by name."""
    return sorted(
        (one for one in _room().iterdir() if one.is_dir() and one.joinpath("law.yaml").is_file()),
        key=lambda one: one.name,
    )


def packs(own: Iterable[Path] = ()) -> Packs:
    """Return every law: those that are shipped, and the user's own.

    Args:
        own: Folders of laws, or folders that hold such folders.

    Raises:
        LawError: A folder of the user's own does not exist or holds no law.
    """
    ours, theirs = _shipped(), _own_folders(own)
    return _taken(theirs, own=True, before=ours) if theirs else ours


@lru_cache(maxsize=1)
def _shipped() -> Packs:
    return _taken(folders(), own=False, before=Packs((), ()))


def _taken(listed: Iterable[Traversable], *, own: bool, before: Packs) -> Packs:
    laws = {law.id: law for law in before.laws}
    rules = {rule: law.id for law in before.laws for rule in law.rules}
    refused = list(before.refused)
    for folder in listed:
        try:
            law = load(folder, own=own)
            if law.id in laws:
                raise LawError(f"There are two laws with the id {law.id}", where=folder.name, todo="Rename one of them")
            if both := sorted(rules.keys() & law.rules.keys()):
                # A finding is known by its rule: of two rules with one id, one would hide the other.
                what = f"The rule {both[0]} is one of the law {rules[both[0]]} already"
                raise LawError(
                    what, where=f"{law.folder}/law.yaml:{law.rules[both[0]].line}", todo="Give it another id"
                )
            laws[law.id] = law
            rules |= dict.fromkeys(law.rules, law.id)
        except FlagstateError as error:
            refused.append(Refused(strict.printable(folder.name), error))
    return Packs(tuple(laws.values()), tuple(refused))


def load(folder: Traversable, *, own: bool = False, reads: Reads = checked.reads) -> Law:
    """Return the law in a folder, checked.

    Args:
        folder: With law.yaml and rules.sql.
        own: It is the user's own.
        reads: How a query is checked.

    Raises:
        LawError: With file and line: a file is missing, a step is not in `rules.sql`, a query is not allowed …
        DeclarationError: With file, line and key: `law.yaml` does not have the form.
    """
    name = strict.printable(folder.name)
    root = strict.load(_bytes(folder, "law.yaml"), name=f"{name}/law.yaml")
    form.check(root, schema())
    blocks = split(_bytes(folder, "rules.sql"), file=f"{name}/rules.sql")
    law_id = str(root.text("law"))
    if law_id != folder.name:
        raise fail(root.pairs["law"], f"The law is called {law_id} and its folder {name}", "Give both one name")
    values = _values(root)
    rules = _rules(root)
    return Law(
        law_id,
        _text(root.pairs["title"]),
        str(root.text("jurisdiction")),
        str(root.text("citation")),
        _day(root, "from"),
        _day(root, "to"),
        root.text("status") or "sourced",
        _date(root, "last_checked"),
        _text(root.pairs["summary"]) if root.get("summary") else None,
        tuple(_text(one) for one in root.pairs["readings"].items) if root.get("readings") else (),
        tuple(_text(one) for one in root.pairs["cannot_see"].items) if root.get("cannot_see") else (),
        {key: str(node.value) for key, node in root.pairs["sources"].pairs.items()},
        _words(root, "lists"),
        _words(root, "needs"),
        {k: (_text(n.pairs["says"]), n.text("citation")) for k, n in _pairs(root, "controls")},
        {k: (_text(n.pairs["says"]), n.text("unit")) for k, n in _pairs(root, "params")},
        values,
        {key: _text(node) for key, node in _pairs(root, "missing")},
        {key: _text(node) for key, node in _pairs(root, "measures")},
        steps(root, blocks, {v.name for v in values if v.key is None}, set(rules), reads),
        rules,
        name,
        own,
    )


def _room() -> Traversable:
    return resources.files("flagstate.laws")


def _own_folders(own: Iterable[Path]) -> list[Traversable]:
    found: list[Traversable] = []
    for path in own:
        if not path.is_dir():
            raise LawError("There is no such folder of laws", where=strict.printable(path.name), todo="Check the path")
        inside = [path] if (path / "law.yaml").is_file() else _inside(path)
        if not inside or len(inside) > MAX_FILES:
            what = "holds no law" if not inside else f"holds more than {MAX_FILES} folders"
            raise LawError(
                f"The folder {what}", where=strict.printable(path.name), todo="Give a folder with law.yaml in it"
            )
        found += inside
    return found


def _inside(path: Path) -> list[Path]:
    try:
        return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))
    except OSError as error:
        why = error.strerror or type(error).__name__
        where = strict.printable(path.name)
        raise LawError("The folder cannot be read", where=where, why=why, todo="Check its rights") from None


def _bytes(folder: Traversable, name: str) -> bytes:
    one = folder.joinpath(name)
    try:
        # What is neither a file nor a folder, such as a pipe, would be waited for without end.
        if isinstance(one, Path) and one.exists() and not (one.is_file() or one.is_dir()):
            raise OSError(errno.EINVAL, "it is no plain file")
        with one.open("rb") as file:
            return file.read(strict.MAX_BYTES + 1)
    except OSError as error:
        raise LawError(
            f"{name} cannot be read",
            where=f"{strict.printable(folder.name)}/{name}",
            why=error.strerror or type(error).__name__,
            todo="A law is a folder with law.yaml, rules.sql and cases.yaml",
        ) from None


def _text(node: Node) -> Text:
    return {key: str(one.value) for key, one in node.pairs.items()}


def _day(node: Node, key: str) -> date | None:
    text = node.text(key)
    return as_date(text) if text else None


def _date(node: Node, key: str) -> date:
    return date.fromisoformat(str(node.text(key)))


def _words(node: Node, key: str) -> tuple[str, ...]:
    found = node.get(key)
    return tuple(str(one.value) for one in found.items) if found else ()


def _pairs(root: Node, key: str) -> Iterable[tuple[str, Node]]:
    found = root.get(key)
    return found.pairs.items() if found else ()


def _values(root: Node) -> tuple[Value, ...]:
    """Return the values of all parameters; two that hold on one day are refused."""
    found: list[tuple[Value, Node]] = []
    sources = root.pairs["sources"].pairs
    for name, node in _pairs(root, "params"):
        for item in node.pairs["values"].items:
            if item.text("source") not in sources:
                raise fail(item.pairs["source"], "This source is not among `sources`", "Add it there, or correct it")
            value = Value(
                name,
                item.text("key"),
                _plain(item.pairs["value"]),
                _day(item, "from"),
                _day(item, "to"),
                str(item.text("citation")),
                str(item.text("source")),
                str(item.text("status")),
                _date(item, "last_checked"),
            )
            if value.since and value.until and value.since >= value.until:
                raise fail(item, "The end is not after the beginning", "Write a later day, or exchange the two")
            for other, where in found:
                if (other.name, other.key) == (value.name, value.key) and _overlap(value, other):
                    raise fail(
                        item,
                        f"This value holds on days on which that of line {where.line} holds",
                        "End the one before the other begins",
                    )
            found.append((value, item))
    return tuple(value for value, _ in found)


def _plain(node: Node) -> Any:  # noqa: ANN401  a parameter may be a number, a text, a day or yes and no
    if isinstance(node.value, str) and (day := as_date(node.value)):
        return day
    return node.value


def _overlap(one: Value, other: Value) -> bool:
    first, last = date.min, date.max
    return (one.since or first) < (other.until or last) and (other.since or first) < (one.until or last)


def _rules(root: Node) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    sources = root.pairs["sources"].pairs
    known = {key for key, _ in _pairs(root, "measures")}
    for name, node in root.pairs["rules"].pairs.items():
        if node.text("source") not in sources:
            raise fail(node.pairs["source"], "This source is not among `sources`", "Add it there, or correct it")
        measures = node.get("measures")
        for item in measures.items if measures else ():
            if item.text("measure") not in known:
                raise fail(item.pairs["measure"], "This measure is not among `measures`", "Add it there, or correct it")
        found[name] = Rule(
            name,
            _text(node.pairs["title"]),
            str(node.text("citation")),
            str(node.text("status")),
            str(node.text("source")),
            _date(node, "last_checked"),
            node.text("force") or "in force",
            _day(node, "from") or _day(root, "from"),
            _day(node, "to") or _day(root, "to"),
            _day(node, "valid_until"),
            _words(node, "outcomes"),
            _words(node, "lists"),
            {key: _text(one) for key, one in node.pairs["messages"].pairs.items()},
            tuple(Measure(str(m.text("measure")), str(m.text("then"))) for m in measures.items) if measures else (),
            _text(node.pairs["note"]) if node.get("note") else None,
            _words(node, "never"),
            node.line,
        )
    return found
