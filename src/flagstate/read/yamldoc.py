"""YAML documents, such as configuration files and manifests: keys are columns, lists of mappings are tables.

Aliases are counted before they are followed: a document whose aliases expand without measure, or that holds itself, is
refused. Tags are not obeyed, every value is text. What is larger than 4 MB is left to the reader of plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstate.errors import EvidenceError
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.nested import tables
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader
from flagstate.read.sheets import Sheets

LARGEST = 4 << 20
"""Bytes of a file: YAML cannot be read in pieces."""
DEEPEST = 100
MOST_VALUES = 1_000_000
"""Values of a document after its aliases are followed."""
KEY = re.compile(r"""\s*(?:- +)*(?:"[^"\n]{1,100}"|'[^'\n]{1,100}'|[\w$.][\w $.\-/]{0,80}?)\s?:(?:\s|$)""")
ITEM = re.compile(r"\s*- ")


class Bomb(EvidenceError):
    """The aliases of a document expand without measure."""


def recognise(head: Head) -> Kind | None:
    """A mapping, or a list of them, in block style; most lines hold a key or an item."""
    text = text_head(head.data)
    if text is None or not text.strip() or head.size > LARGEST:
        return None
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    lines = [line for line in lines if line.rstrip() not in ("---", "...") and not line.startswith("%")]
    if not head.whole:
        lines = lines[:-1]
    keys = sum(bool(KEY.match(line)) for line in lines)
    items = sum(bool(ITEM.match(line)) for line in lines)
    if keys < 2 or (keys + items) * 2 < len(lines) or not (KEY.match(lines[0]) or ITEM.match(lines[0])):
        return None
    # Lines of a log or of headers have their colons too: a document has a level below its first.
    if not any(line[:1] in " -" for line in lines) and not text.startswith("---"):
        return None
    whole = text if head.whole else text[: text.rfind("\n") + 1]
    try:
        if not _measured(whole, cut=not head.whole):
            return None
    except Bomb as bomb:
        return Kind("yaml", bomb.what[:1].lower() + bomb.what[1:], bomb.todo)
    return Kind("yaml")


def _measured(text: str, *, cut: bool) -> bool:
    """Say whether a text is YAML with keys in it, before anything of it is built.

    Raises:
        Bomb: Its aliases expand to more than MOST_VALUES, or it holds itself.
    """
    import yaml

    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = [(None, 0)]
    mappings = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CBaseLoader):
            name = getattr(event, "anchor", None)
            if isinstance(event, yaml.AliasEvent):
                if name not in sizes:
                    raise _bomb("The YAML holds itself, or an alias of nothing")
                open_[-1] = (open_[-1][0], open_[-1][1] + sizes[name])
            elif isinstance(event, yaml.ScalarEvent):
                sizes.update({name: 1} if name else {})
                open_[-1] = (open_[-1][0], open_[-1][1] + 1)
            elif isinstance(event, yaml.CollectionStartEvent):
                mappings += isinstance(event, yaml.MappingStartEvent)
                open_.append((name, 1))
                sizes.pop(name, None) if name else None
                if len(open_) > DEEPEST:
                    return False
            elif isinstance(event, yaml.CollectionEndEvent):
                known, size = open_.pop()
                sizes.update({known: size} if known else {})
                open_[-1] = (open_[-1][0], open_[-1][1] + size)
            if open_[-1][1] > MOST_VALUES:
                raise _bomb(f"The aliases of the YAML expand to more than {MOST_VALUES:,} values")
    except (yaml.YAMLError, ValueError):
        return cut and mappings > 0
    return mappings > 0


def _bomb(what: str) -> Bomb:
    return Bomb(what, todo="Write it out without aliases, if you trust it.")


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the documents of the file as rows, and their lists as tables.

    Raises:
        Bomb: Its aliases expand without measure.
        EvidenceError: It is no YAML from some line on.
    """
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        text = stream.read(LARGEST + 1).decode("utf-8", "replace")
    damage = ""
    if not _measured(text, cut=False):
        text, damage = _sound(text)
    sheets = Sheets(context.mask)

    def feed(into: Sheets) -> Iterator[None]:
        for document in _documents(text):
            for path, row in tables(document, into.name, inner=1):
                into.add(path or opened.name, row)
                yield
                if context.max_rows and into.calls >= context.max_rows:
                    return

    yield from sheets.tell(feed)
    if damage:
        sheets.text(f"{opened.name} › text", damage)
        yield from sheets.rest()
        yield Note("It is no YAML from some line on; what follows was searched as text", "Check its indentation.")


def _documents(text: str) -> Iterator[object]:
    import yaml

    # The base loader makes nothing but text, lists and mappings, whatever tags say.
    yield from yaml.load_all(text, Loader=yaml.CBaseLoader)


def _sound(text: str) -> tuple[str, str]:
    """Return the documents before the first damaged one, and the rest as it stands."""
    ends = [found.start() for found in re.finditer(r"(?<=\n)---", text)][:1000]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        if _measured(text[: ends[middle - 1]], cut=False):
            low = middle
        else:
            high = middle - 1
    at = ends[low - 1] if low else 0
    return text[:at], text[at:]


READER = Reader(
    "yaml",
    "YAML documents (configuration, manifests) as tables; those whose aliases expand without measure are refused.",
    recognise,
    read,
)
