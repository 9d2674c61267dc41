"""Searches what passed in clear text in a capture, while it is gone through for everything else."""

from __future__ import annotations

from collections.abc import Iterator

from flagstate.model.counted import counted
from flagstate.read.capture import service, sniff, table
from flagstate.read.capture.clear import Clear, Told
from flagstate.read.capture.talk import Talk, swapped
from flagstate.read.capture.talks import ORIG, RESP, Desk, ends, talks
from flagstate.read.capture.windows import Capture
from flagstate.read.part import Context, Note, Opened, Part, Tally
from flagstate.read.payload import BINARY_BODIES, MOST, Payloads
from flagstate.read.sheets import Sheets

KINDS = (sniff.OTHER, sniff.HTTP, sniff.LINES, sniff.CLEAR)
"""What is searched; the files that FTP announces may look like anything."""


class Search:
    """What passed in clear text, as records of the server that it went to."""

    def __init__(self, opened: Opened, context: Context) -> None:
        """Begin.

        Args:
            opened: The capture.
            context: As readers get it.
        """
        self._opened, self._context = opened, context
        self._sheets = Sheets(context.mask)
        self._found = Payloads(self._sheets)
        self._clear = Clear(self._found, context)
        self.windows = 0
        """Windows of the capture that were gone through."""

    def hear(self, talk: Talk, kind: int, told: Told) -> None:
        """Search a connection.

        Args:
            talk: The connection.
            kind: What its first bytes look like.
            told: What is known of it.
        """
        if kind in KINDS:
            self._clear.hear(talk, told)
            self._sheets.fit()

    def parts(self) -> Iterator[Part]:
        """Yield what was found; what has no room is searched again, and the capture gone through for it."""
        first = True

        def feed(into: Sheets) -> Iterator[None]:
            nonlocal first
            if not first:
                yield from self._again(Clear(Payloads(into), self._context))
            first = False

        yield from self._sheets.tell(feed)
        if self._sheets.rows:
            # These rows are other views of connections that are counted already.
            yield Tally(rows_read=-self._sheets.rows)
        found = self._found
        if found.cut:
            reason = f"bod[y is|ies are] longer than {MOST >> 20} MB; what is beyond was not searched"
            yield Note(counted(found.cut, reason))
        if found.packed:
            yield Note(
                counted(
                    found.packed, "bod[y is|ies are] compressed in a way that is not undone and [was|were] not searched"
                )
            )
        if found.binary:
            yield Note(counted(found.binary, BINARY_BODIES), lost=False)

    def _again(self, clear: Clear) -> Iterator[None]:
        desk = Desk()
        capture = Capture(self._opened.path, self._opened.head.data[:24])
        for _, window in zip(range(self.windows), capture.windows(), strict=False):
            rows = window.rows
            begun = (rows[:, ORIG + table.LOOKED] | rows[:, RESP + table.LOOKED]) & 2 > 0
            for place, talk in talks(window, ends(rows), desk, KINDS):
                clear.hear(swapped(talk) if not begun[place] and service.turned(talk) else talk)
                yield
