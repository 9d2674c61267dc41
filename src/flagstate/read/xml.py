"""XML documents, such as customs declarations, invoices and exports: what repeats is a row, its path is a column.

A document is read twice: to see what repeats in it, and to lay it out. A row is a record (a goods item, an invoice
line) with what stands above it (the declaration's consignee and consignor) beside it; other lists are tables of their
own. Attributes are columns too, namespace prefixes are left out. A document with one record is one row. Documents that
declare entities are refused; nothing outside the document is ever opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from xml.parsers import expat

from flagstate.model.counted import counted
from flagstate.read.charset import Utf8, text_head
from flagstate.read.charset import opened as utf8
from flagstate.read.nested import joined
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader
from flagstate.read.sheets import Sheets
from flagstate.read.xml_shape import CHUNK, DEEPEST, Entities, Path, encoding, local, parser, refused, survey

LONGEST = 1 << 20
"""Characters of a value; a longer one is searched as text, in pieces."""
MOST_ABOVE = 16 << 10
"""Characters of what stands above a record that are repeated beside it."""
MOST_OPEN = 1 << 20
BEGINS = re.compile(r"\s*(?:<\?xml\s|<!--|<!DOCTYPE\s|<(?:[A-Za-z_][\w.\-]*:)?[A-Za-z_][\w.\-]*[\s/>])")
PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL
)
ENOUGH = 20
"""Elements before an error that still make a document out of a text."""

Pair = tuple[str, str]


@dataclass(slots=True)
class Item:
    """A record, or what stands above records, while it is read."""

    path: Path
    pairs: list[Pair] = field(default_factory=list)
    children: list[Item] = field(default_factory=list)
    size: int = 0
    told: int = 0
    """How many of the pairs stand beside a record that was handed out."""


def recognise(head: Head) -> Kind | None:
    """Elements from the beginning, and no error; pages of HTML are not ours."""
    text = text_head(head.data)
    if text is None or not BEGINS.match(text) or PAGE.match(text):
        return None
    made = parser()
    seen = [0, 0]

    def start(tag: str, _: object) -> None:
        seen[0] += 1

    def end(_: str) -> None:
        seen[1] += 1

    made.StartElementHandler, made.EndElementHandler = start, end
    try:
        made.Parse(text.lstrip().encode("utf-8", "replace"), head.whole)
    except Entities:
        problem = refused()
        return Kind("xml", problem.what[:1].lower() + problem.what[1:], problem.todo)
    except expat.ExpatError:
        return Kind("xml") if seen[1] >= ENOUGH else None
    named = text.lstrip().startswith("<?xml") or head.whole
    return Kind("xml") if seen[1] >= 1 or (seen[0] and named) else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the records of the document and its other lists.

    Raises:
        Entities: It declares entities.
    """
    named = encoding(opened.head.data) or "utf-8"
    with utf8(opened.path, named) as stream:
        root = survey(stream)
    sheets = Sheets(context.mask)
    kept: list[tuple[str, int]] = []

    def feed(into: Sheets) -> Iterator[None]:
        layout = Layout(into, root)
        with utf8(opened.path, named) as stream:
            yield from _laid_out(stream, layout, into, context.max_rows)
            raw = stream.raw
            kept.append((layout.damage, raw.replaced if isinstance(raw, Utf8) else 0))

    yield from sheets.tell(feed)
    damage, replaced = kept[0]
    if damage:
        yield Note(f"The document is {damage}; what stands before was read", "Export it again.")
    if replaced:
        yield Note(
            counted(replaced, f"character[ is|s are] not valid {named} and [was|were] replaced"), "Save it as UTF-8."
        )


def _laid_out(stream: BufferedReader, layout: Layout, sheets: Sheets, most: int | None) -> Iterator[None]:
    made = layout.parser()
    try:
        while block := stream.read(CHUNK):
            made.Parse(block, False)
            yield
            if most and sheets.calls >= most:
                layout.close()
                return
        made.Parse(b"", True)
    except expat.ExpatError as problem:
        layout.damage = f"damaged or cut off at line {problem.lineno:,}"
    except ValueError:
        layout.damage = f"nested more than {DEEPEST} levels deep"
    layout.close()


class Layout:
    """Puts elements together to rows."""

    def __init__(self, sheets: Sheets, root: Path) -> None:
        """Begin.

        Args:
            sheets: Where rows go.
            root: As `survey` found it.
        """
        self._sheets = sheets
        self._stack: list[tuple[Path, Item, str]] = [(root, Item(root), "")]
        self._text: list[str] = []
        self._length = 0
        self.damage = ""
        """Where the document ends too early; empty: it does not."""

    def parser(self) -> expat.XMLParserType:
        """Return the parser that drives this layout."""
        made = parser()
        made.ordered_attributes = True
        made.StartElementHandler = self._start
        made.EndElementHandler = self._end
        made.CharacterDataHandler = self._characters
        return made

    def close(self) -> None:
        """Hand out what is still open."""
        while len(self._stack) > 1:
            self._end("")

    def _start(self, tag: str, attributes: list[str]) -> None:
        self._flush()
        parent, item, prefix = self._stack[-1]
        if len(self._stack) > DEEPEST:
            raise ValueError("nested too deeply")
        name = local(tag)
        path = parent.children.get(name) or Path(name, parent)
        if path.repeats or path.unit or parent.parent is None:
            item, prefix = Item(path), ""
        else:
            shown = self._sheets.name(name)
            prefix = joined(prefix, shown)
        self._stack.append((path, item, prefix))
        for at in range(0, len(attributes), 2):
            if not attributes[at].startswith("xmlns") and local(attributes[at]) != "schemaLocation":
                shown = self._sheets.name(local(attributes[at]))
                self._add(item, joined(prefix, shown), attributes[at + 1])

    def _characters(self, data: str) -> None:
        self._text.append(data)
        self._length += len(data)
        if self._length > LONGEST:
            self._sheets.text(f"{self._container(self._stack[-1][0])} › text", "".join(self._text))
            self._text, self._length = [], 0

    def _flush(self) -> None:
        if self._text:
            value = "".join(self._text).strip()
            self._text, self._length = [], 0
            if value:
                path, item, prefix = self._stack[-1]
                self._add(item, prefix or self._sheets.name(path.name), value)

    def _add(self, item: Item, name: str, value: str) -> None:
        if not value.strip():
            return
        item.pairs.append((name, value))
        item.size += len(value) + len(name)
        if item.size > MOST_OPEN:
            self._sheets.add(self._container(item.path), item.pairs[item.told :])
            item.pairs, item.size, item.told = [], 0, 0

    def _end(self, _: str) -> None:
        self._flush()
        path, item, _prefix = self._stack.pop()
        above = self._stack[-1][1]
        if item is above or not (item.pairs or item.children):
            return
        if path.unit:
            self._unit(item)
        elif any(each.unit for each, _, _ in self._stack):
            above.children.append(item)
        elif item.told:
            if len(item.pairs) > item.told:
                self._sheets.add(self._container(path), item.pairs[item.told :])
        else:
            self._emit(item, [])

    def _unit(self, item: Item) -> None:
        """Hand out a record with what stands above it so far."""
        outer = list({id(each): each for _, each, _ in self._stack[1:]}.values())
        inherited: list[Pair] = []
        if sum(each.size for each in outer) <= MOST_ABOVE:
            for each in outer:
                inherited = _beside(inherited, each)
                each.told = len(each.pairs)
        self._emit(item, inherited)

    def _emit(self, item: Item, inherited: list[Pair]) -> None:
        own = _beside(inherited, item)
        records = [child for child in item.children if child.path.main]
        for child in item.children:
            if not child.path.main:
                self._emit(child, [])
        if not records:
            self._sheets.add(self._container(item.path), own)
            return
        if sum(len(name) + len(value) for name, value in own) > MOST_ABOVE:
            self._sheets.add(self._container(item.path), own)
            own = []
        for child in records:
            self._emit(child, own)

    def _container(self, path: Path) -> str:
        names = []
        at: Path | None = path
        while at is not None and at.name:
            names.append(self._sheets.name(at.name))
            at = at.parent
        return ".".join(reversed(names))


def _beside(inherited: list[Pair], item: Item) -> list[Pair]:
    """Put the values above a record beside its own; those that are called alike are told apart."""
    names = {name for name, _ in item.pairs}
    above = [(f"above.{name}" if name in names else name, value) for name, value in inherited]
    return above + item.pairs


READER = Reader(
    "xml",
    "XML documents (customs declarations, invoices, exports) as tables; those that declare entities are refused.",
    recognise,
    read,
)
