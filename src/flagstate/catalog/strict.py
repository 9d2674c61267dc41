"""YAML without surprises: all is text except `true`, `false`, `null` and plain decimals; every value knows its line.

YAML 1.1 reads NO as false, `on` as true, 010203 as octal and 12:30:00 as 45,000. Here they stay what was written.
Anchors, aliases, merge keys, tags, duplicate keys and several documents are refused: each thing is said once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from flagstate.errors import DeclarationError

MAX_BYTES = 5_000_000
MAX_DEPTH = 32
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Show = Callable[[str], str]


@dataclass(frozen=True)
class Node:
    """One value of a strict file, and where it stands."""

    value: Any
    """Text, number, true, false, null, a tuple of nodes, or a mapping of text to nodes."""
    line: int
    """Line, from 1; for a list or mapping under a key, the line of the key."""
    column: int
    """Column, from 1."""
    path: str
    """The keys that lead to it, such as `networks[0]`; fit for display."""
    file: str
    """Name of the file, fit for display."""
    show: Show
    """Makes text of the file fit for display."""

    @property
    def where(self) -> str:
        """Return file, line and key, as errors show them."""
        return f"{self.file}:{self.line} {self.path}".rstrip()

    @property
    def kind(self) -> str:
        """Return the kind of value in the words of JSON Schema: object, array, string, number, boolean or null."""
        if isinstance(self.value, bool):
            return "boolean"
        if isinstance(self.value, int | float):
            return "number"
        if isinstance(self.value, str):
            return "string"
        if self.value is None:
            return "null"
        return "array" if isinstance(self.value, tuple) else "object"

    @property
    def pairs(self) -> Mapping[str, Node]:
        """Return the entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """Return the entries of a list; empty for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def get(self, key: str) -> Node | None:
        """Return the value under a key, or None where there is no such key or its value is null."""
        found = self.pairs.get(key)
        return None if found is None or found.value is None else found

    def text(self, key: str) -> str | None:
        """Return the text under a key, or None."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, str) else None


def printable(text: str) -> str:
    """Return text that can do nothing on a terminal: one line, no control or direction marks, at most 60 characters."""
    clean = "".join(c if c.isprintable() else "·" for c in text)
    return clean if len(clean) <= 60 else clean[:59] + "…"


def fail(node: Node, what: str, todo: str = "", why: str = "") -> DeclarationError:
    """Return the error for a value: file, line and key, what is wrong, and what to write instead."""
    return DeclarationError(what, where=node.where, why=why, todo=todo)


def load(data: bytes, *, name: str, show: Show = printable) -> Node:
    """Read one strict document.

    Args:
        data: The bytes of the file, UTF-8, at most 5 MB, nested at most 32 deep.
        name: Name of the file for errors.
        show: Makes keys of the file fit for display; text of a file that is evidence is masked here.

    Returns:
        The tree; an empty file is null.

    Raises:
        DeclarationError: With file, line and key, and what to write instead.
    """
    if len(data) > MAX_BYTES:
        raise DeclarationError("The file is larger than 5 MB", where=name, todo="Split it, or leave data out of it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DeclarationError("The file is not UTF-8 text", where=f"{name}:{line}", todo="Save it as UTF-8") from None
    return _Builder(text, name, show).document()


class _Builder:
    """Builds the tree from the parser's events, so that an alias is refused before it can expand."""

    def __init__(self, text: str, name: str, show: Show) -> None:
        self.name, self.show, self.text = name, show, text
        self.events = self._events()

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self.text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            # The parser may quote the text: what stands between quotes is left out.
            why = re.sub(r"(['\"<]).*['\">]", "…", error.problem or "it cannot be parsed")
            raise DeclarationError(
                "This is not valid YAML",
                where=f"{self.name}{line}",
                why=why,
                todo="Check indentation, colons and quotes on this line and the one above",
            ) from None
        except yaml.YAMLError:
            line = self._control_line()
            raise DeclarationError(
                "A control character stands in the file", where=f"{self.name}{line}", todo="Delete it"
            ) from None

    def _control_line(self) -> str:
        found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", self.text)
        return f":{self.text.count(chr(10), 0, found.start()) + 1}" if found else ""

    def document(self) -> Node:
        node: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    self.refuse(event, "", "A second document begins here", "Keep one document per file")
                first = next(self.events)
                node = self.node(first, "", 0, None)
        return node or Node(None, 1, 1, "", self.name, self.show)

    def refuse(self, event: yaml.Event, path: str, what: str, todo: str) -> NoReturn:
        where = f"{self.name}:{_mark(event)[0]} {path}".rstrip()
        raise DeclarationError(what, where=where, todo=todo)

    def node(self, event: yaml.Event, path: str, depth: int, key: yaml.Event | None) -> Node:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self.refuse(event, path, "Anchors and aliases are not allowed", "Write the value out")
        if getattr(event, "tag", None) is not None:
            self.refuse(event, path, "Tags are not allowed", "Delete the word that begins with !")
        if depth > MAX_DEPTH:
            self.refuse(event, path, f"The file is nested more than {MAX_DEPTH} deep", "Flatten it")
        mark = _mark(event)
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        else:
            mark = _mark(key or event)
            mapping = isinstance(event, yaml.MappingStartEvent)
            value = self.mapping(path, depth) if mapping else self.sequence(path, depth)
        return Node(value, *mark, path, self.name, self.show)

    def sequence(self, path: str, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, f"{path}[{len(found)}]", depth + 1, None))
        return tuple(found)

    def mapping(self, path: str, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, path)
            shown = self.show(key)
            inner = f"{path}.{shown}" if path else shown
            if key in found:
                self.refuse(
                    event, inner, "This key stands twice", f"Keep one of them: the first is on line {lines[key]}"
                )
            lines[key] = _mark(event)[0]
            found[key] = self.node(next(self.events), inner, depth + 1, event)
        return found

    def key(self, event: yaml.Event, path: str) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag is not None or not event.value:
            self.refuse(event, path, "A key must be plain text", "Write a word before the colon")
        if event.value == "<<":
            self.refuse(event, path, "Merge keys are not allowed", "Write the entries out")
        return str(event.value)


def _mark(event: yaml.Event) -> tuple[int, int]:
    """Return line and column, from 1."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    found = _DECIMAL.fullmatch(text)
    if not found:
        return text
    return float(text) if found[2] else int(text)
