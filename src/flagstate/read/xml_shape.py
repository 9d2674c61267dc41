"""Which elements of an XML document repeat, and which of them are its records; entities are refused.

The parser resolves nothing: no entity of the document's own, no external one, no DTD.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from xml.parsers import expat

from flagstate.errors import EvidenceError
from flagstate.read.charset import sniff

CHUNK = 1 << 18
DEEPEST = 200
"""Levels of elements; a document that goes deeper is taken for damaged from there."""
MOST_PATHS = 20_000
UNIT = 1 << 20
"""Bytes of a record that are put together before its rows are made."""
CHARSETS = ("utf-8", "ascii", "iso8859", "cp", "koi8", "mac-", "gb", "big5", "euc", "shift_jis", "tis-620", "hz")
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([A-Za-z0-9._\-]{1,40})[\"']")


@dataclass(slots=True)
class Path:
    """An element as it stands at one place of the document, however often."""

    name: str
    parent: Path | None = None
    children: dict[str, Path] = field(default_factory=dict)
    seen_in: int = -1
    here: int = 0
    most: int = 0
    """How often it stands in one parent, at most."""
    size: int = 0
    """Bytes of the largest."""
    filled: bool = False
    unit: bool = False
    main: bool = False
    """It is the record of what it stands in."""

    @property
    def repeats(self) -> bool:
        """Whether it stands in one parent more than once."""
        return self.most > 1

    def leaves(self) -> int:
        """Return how many places below it, itself included, hold values."""
        return self.filled + sum(child.leaves() for child in self.children.values())

    def below(self) -> Iterator[Path]:
        """Yield the nearest places below it that repeat."""
        for child in self.children.values():
            if child.repeats:
                yield child
            else:
                yield from child.below()


class Entities(EvidenceError):
    """The document declares entities."""


def refused() -> Entities:
    """Return the error that says why entities are refused."""
    return Entities(
        "The XML declares entities, which can grow without bound or fetch other files",
        todo="Save it without a document type declaration.",
    )


def parser() -> expat.XMLParserType:
    """Return a parser that refuses entities and resolves nothing."""
    made = expat.ParserCreate("utf-8")
    made.buffer_text = True
    made.buffer_size = 1 << 16
    made.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def declared(*_: object) -> None:
        raise refused()

    made.EntityDeclHandler = declared
    made.UnparsedEntityDeclHandler = declared
    return made


def encoding(data: bytes) -> str | None:
    """Return the encoding of a document from its beginning: by its marks, its declaration, or its letters."""
    guess = sniff(data)
    if guess is None or guess.startswith(("utf-16", "utf-32", "utf-8-sig")):
        return guess
    found = _DECLARED.match(data.lstrip()[:400])
    if found:
        try:
            name = codecs.lookup(found[1].decode("ascii")).name
        except LookupError:
            return guess
        # Not all codecs are charsets, and one of two-byte letters cannot be declared in one-byte letters.
        if name.startswith(CHARSETS):
            return name
    return guess


def local(tag: str) -> str:
    """Return an element's or attribute's name without its namespace prefix."""
    return tag.rsplit(":", 1)[-1]


def survey(stream: BufferedReader) -> Path:
    """Return the places of a document, with what repeats, what is a record, and which records fit into memory.

    Args:
        stream: UTF-8 bytes; damage ends the survey.

    Raises:
        Entities: The document declares entities.
    """
    root = Path("")
    made = parser()
    stack: list[tuple[Path, int, int]] = [(root, 0, 0)]
    serial = paths = 0

    def start(tag: str, attributes: list[str]) -> None:
        nonlocal serial, paths
        parent, within, _ = stack[-1]
        name = local(tag)
        path = parent.children.get(name)
        if path is None:
            path = Path(name, parent)
            if paths < MOST_PATHS and len(stack) <= DEEPEST:
                paths += 1
                parent.children[name] = path
        path.here = path.here + 1 if path.seen_in == within else 1
        path.seen_in = within
        path.most = max(path.most, path.here)
        path.filled = path.filled or bool(attributes)
        serial += 1
        stack.append((path, serial, made.CurrentByteIndex))
        if len(stack) > DEEPEST + 2:
            raise ValueError("nested too deeply")

    def end(_: str) -> None:
        path, _within, began = stack.pop()
        path.size = max(path.size, made.CurrentByteIndex - began)

    def text(data: str) -> None:
        path = stack[-1][0]
        if not path.filled:
            path.filled = not data.isspace()

    made.ordered_attributes = True
    made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = start, end, text
    try:
        while block := stream.read(CHUNK):
            made.Parse(block, False)
        made.Parse(b"", True)
    except (expat.ExpatError, ValueError):
        pass
    for path, _, opened in stack[1:]:
        path.size = max(path.size, made.CurrentByteIndex - opened)
    _mark(root)
    return root


def _mark(root: Path) -> None:
    """Find the records: of what repeats within one element, that with the most to say."""
    at = next(iter(root.children.values()), root)
    chain = [at]
    while found := list(at.below()):
        at = max(found, key=lambda path: (path.leaves(), path.size))
        at.main = True
        chain.append(at)
    unit = next((path for path in chain if path.size <= UNIT), chain[-1])
    unit.unit = True
