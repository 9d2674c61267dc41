"""Text of any kind and encoding, line by line: what no other reader knows is still searched.

Logs, notes, configuration, markdown, keys, SQL without data. Values are never kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.read.charset import sniff, text_head
from flagstate.read.lines import Progress, notes, prose
from flagstate.read.part import Context, Head, Kind, Opened, Part, Reader
from flagstate.read.unknown import binary


def recognise(head: Head) -> Kind | None:
    """Anything that decodes as text and is neither blank nor of a known binary kind."""
    if binary(head.data):
        return None
    encoding = sniff(head.data)
    text = text_head(head.data)
    if encoding is None or not text or (head.whole and not text.strip()):
        return None
    return Kind(f"text {encoding.removesuffix('-sig')}")


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the lines as running text."""
    progress = Progress()
    encoding = sniff(opened.head.data) or "utf-8"
    yield from prose(opened, encoding, context.max_rows, progress)
    yield from notes(progress, encoding)


READER = Reader("text", "Text of any kind, line by line: logs, notes, configuration, code.", recognise, read)
