"""Searches what passed in clear text in a capture: the file is gone through again for those connections alone."""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.read.capture import service, sniff, table
from flagstate.read.capture.clear import Clear
from flagstate.read.capture.heard import swapped
from flagstate.read.capture.talks import ORIG, RESP, Desk, ends, talks
from flagstate.read.capture.windows import Capture
from flagstate.read.part import Context, Note, Opened, Part, Tally
from flagstate.read.payload import MOST, Payloads
from flagstate.read.sheets import Sheets

KINDS = (sniff.HTTP, sniff.LINES, sniff.CLEAR)


def payloads(opened: Opened, context: Context, *, files: bool) -> Iterator[Part]:
    """Yield what passed in clear text as records of the server that it went to.

    Args:
        opened: The capture.
        context: As readers get it.
        files: Whether FTP announced connections, whose content may look like anything.
    """
    sheets = Sheets(context.mask)
    kept: list[Payloads] = []
    kinds = (*KINDS, sniff.OTHER) if files else KINDS

    def feed(into: Sheets) -> Iterator[None]:
        found, desk = Payloads(into), Desk()
        clear = Clear(found, context)
        for window in Capture(opened.path, opened.head.data[:24]).windows():
            rows = window.rows
            begun = (rows[:, ORIG + table.LOOKED] | rows[:, RESP + table.LOOKED]) & 2 > 0
            for place, talk in talks(window, ends(rows), desk, kinds):
                clear.hear(swapped(talk) if not begun[place] and service.turned(talk) else talk)
                yield
        kept.append(found)

    yield from sheets.tell(feed)
    if sheets.rows:
        # These rows are other views of connections that are counted already.
        yield Tally(rows_read=-sheets.rows)
    found = kept[0]
    if found.cut:
        yield Note(f"{found.cut:,} bodies are longer than {MOST >> 20} MB; what is beyond was not searched")
    if found.packed:
        yield Note(f"{found.packed:,} bodies are compressed in a way that is not undone and were not searched")
    if found.binary:
        yield Note(f"{found.binary:,} bodies are images, fonts or other binary data and were not searched", lost=False)
