"""One walk through a JSON file of any size: block by block, within bounds, past the lines that are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader

import numpy as np
import numpy.typing as npt

from flagstate.read import json_scan as scan
from flagstate.read.charset import CHUNK, Utf8
from flagstate.read.json_cells import column
from flagstate.read.json_short import Short

BLOCK = 4 << 20
LONGEST = 32 << 20
"""Bytes of a row, or of a single value; what is larger is not held in memory."""
STRING = 1 << 20
"""Bytes of a string that are read, where a file holds a longer value than LONGEST."""
MOST_REJECTS = 1_000

Numbers = npt.NDArray[np.int64]
Block = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Source:
    """What is walked through, and how."""

    path: str
    """Neutral path."""
    encoding: str
    """As `sniff` says."""
    lines: bool = False
    """Values at the top are rows, also where they are arrays."""
    strict: bool = False
    """Each line is a value of its own: one that is damaged costs itself only."""
    short: bool = False
    """Strings are cut at STRING bytes."""


@dataclass
class Walk:
    """A walk, and what was met on it."""

    source: Source
    state: Numbers
    tree: scan.Tree
    roles: scan.Roles = field(default_factory=scan.new_roles)
    cells: Numbers = field(default_factory=lambda: np.full((1, 1), -1, np.int64))
    cut: bool = False
    """It ended in damage."""
    long: bool = False
    """It met a row or value that is too large."""
    rejected: dict[int, None] = field(default_factory=dict)
    """Lines that are no JSON, from 1; the first of them."""
    unlisted: int = 0
    """More such lines."""
    shortened: int = 0
    """Strings of which only the beginning was read."""
    line: int = 1
    """Number of the line at which the block begins."""
    _skips: bool = False

    def rows(self) -> Iterator[tuple[Block, int]]:
        """Yield a block, and how many rows of cells stand in it; nothing where paths are learnt."""
        stack = scan.new_stack()
        with Utf8(self.source.path, self.source.encoding) as stream:
            short = Short(BufferedReader(stream, CHUNK), STRING) if self.source.short else None
            blocks = iter(lambda: short.read(CHUNK) or b"", b"") if short else stream.blocks()
            data, final = b"", False
            while not final:
                data, final = _more(data, blocks)
                if self._skips:
                    data = self._skipped(data)
                ended = scan.FULL
                buf = np.frombuffer(data, np.uint8)
                self.state[scan.AT] = 0
                while ended == scan.FULL:
                    ended = scan.walk(buf, len(buf), final, self.state, stack, self.tree, self.roles, self.cells)
                    if count := int(self.state[scan.ROWS]):
                        yield buf, count
                        self.cells[:, : count + 1] = -1
                        self.state[scan.ROWS] = 0
                    if ended in (scan.BAD, scan.DEEP) and self.source.strict:
                        ended = self._next_line(data, int(self.state[scan.FAULT]))
                data = self._rest(data, ended)
                if self.cut:
                    break
            self.cut |= bool(data) or self.state[scan.DEPTH] > 0
            self.shortened = short.cut if short else 0

    def _rest(self, data: bytes, ended: int) -> bytes:
        """Return what the next call of the walk must see again."""
        at = int(self.state[scan.AT])
        rest = data[at:]
        too_long = len(rest) > LONGEST
        self.long |= too_long
        self.cut = ended != scan.MORE or (too_long and not self.source.strict)
        if too_long and self.source.strict:
            self._next_line(data, len(data))
            at, rest = len(data), b""
        self.line += data.count(b"\n", 0, at)
        return rest

    def _next_line(self, data: bytes, fault: int) -> int:
        """Go on behind the line in which the fault stands; it is rejected."""
        line = self.line + data.count(b"\n", 0, min(fault, int(self.state[scan.AT]) if fault == len(data) else fault))
        if line in self.rejected or len(self.rejected) < MOST_REJECTS:
            self.rejected[line] = None
        else:
            self.unlisted += 1
        self.state[scan.DEPTH], self.state[scan.EXPECT] = 0, scan.VALUE
        end = data.find(b"\n", fault)
        self._skips = end < 0
        self.state[scan.AT] = end if end >= 0 else len(data)
        return scan.FULL if end >= 0 else scan.MORE

    def _skipped(self, data: bytes) -> bytes:
        end = data.find(b"\n")
        self._skips = end < 0
        return data[end:] if end >= 0 else b""


def _more(data: bytes, blocks: Iterator[bytes]) -> tuple[bytes, bool]:
    """What is left and the next blocks, at least as much again; and whether that is the end."""
    parts, size = [data], len(data)
    want = max(BLOCK, 2 * size)
    for block in blocks:
        parts.append(block)
        size += len(block)
        if size >= want:
            return b"".join(parts), False
    return b"".join(parts), True


def learn(source: Source) -> Walk:
    """Walk through a file once, to learn its paths.

    Args:
        source: The file.
    """
    state = scan.new_state(learn=True, lines=source.lines, strict=source.strict)
    walk = Walk(source, state, scan.new_tree())
    for _ in walk.rows():
        pass
    return walk


def warm() -> None:
    """Compile the walk, or load it compiled: at set-up, and before processes are forked."""
    buf = np.frombuffer(b'{"a": "b\\n"}', np.uint8)
    state, cells = scan.new_state(learn=True, lines=True), np.full((1, 1), -1, np.int64)
    scan.walk(buf, len(buf), True, state, scan.new_stack(), scan.new_tree(), scan.new_roles(), cells)
    column(buf, cells[0])
