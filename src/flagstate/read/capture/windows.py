"""Goes through a capture once, in windows of bounded size: each hands out the connections that are over."""

from __future__ import annotations

import mmap
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from flagstate.errors import EvidenceError
from flagstate.read.capture import blocks, records, table
from flagstate.read.capture.passes import passes, room
from flagstate.read.capture.table import CONNECTIONS, SEED, SEGMENTS

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
_Number = TypeVar("_Number", bound=np.generic)

FORMS = {
    b"\xd4\xc3\xb2\xa1": (0, 0, 16), b"\xa1\xb2\xc3\xd4": (1, 0, 16),
    b"\x4d\x3c\xb2\xa1": (0, 1, 16), b"\xa1\xb2\x3c\x4d": (1, 1, 16),
    b"\x34\xcd\xb2\xa1": (0, 0, 24), b"\xa1\xb2\xcd\x34": (1, 0, 24),
}  # fmt: skip
"""First bytes of pcap files: (big-endian, nanoseconds, size of a record's header); the last two are Kuznetzov's."""
NG = b"\x0a\x0d\x0d\x0a"

MOST_CONNECTIONS = 1 << 20
"""Connections that are open at once; beyond, those that were silent for longest are taken as over."""
MOST_SEGMENTS = 1 << 22
SOFT_CONNECTIONS, SOFT_SEGMENTS = 1 << 15, 1 << 18
"""Room from which on what is over is handed out before more is made, if it is half of it."""
BEHIND = 64 << 20
"""Bytes of the file that stay in memory once they were gone through."""
ARENA = 1 << 20
MOST_ARENA = 64 << 20
FIRST = (1 << 12, 1 << 14)


@dataclass(frozen=True)
class Window:
    """Connections that are over, and where what they said stands."""

    rows: Numbers
    """As the table has them, with bytes in place of the highest sequence numbers."""
    segments: Numbers
    buf: Bytes
    """The file."""
    arena: Bytes
    """Datagrams that were put together."""


@dataclass
class Capture:
    """A capture that is gone through; its counts grow meanwhile."""

    path: str
    """Neutral path."""
    head: bytes
    """Its first bytes."""
    state: Numbers = field(default_factory=lambda: np.zeros(records.STATE, np.int64))
    counts: Numbers = field(default_factory=lambda: np.zeros(table.COUNTS, np.int64))
    faces: blocks.Faces = field(default_factory=blocks.faces)
    crowded: int = 0
    """Connections taken as over for want of room."""

    def __post_init__(self) -> None:
        """Read the header of the file."""
        self.state[records.FIRST_DAMAGE] = -1
        if self.head[:4] == NG:
            return
        big, nano, head = FORMS[self.head[:4]]
        snap, link = struct.unpack_from(">II" if big else "<II", self.head.ljust(24, b"\0"), 16)
        self.state[[records.AT, records.BIG, records.NANO, records.HEAD]] = 24, big, nano, head
        self.state[records.LINK] = link & 0xFFFF
        self.state[records.SNAP] = max(records.LONGEST, min(snap, 1 << 26))

    def windows(self) -> Iterator[Window]:
        """Yield windows until the end; each is valid until the next.

        Raises:
            EvidenceError: It cannot be mapped.
        """
        with open(self.path, "rb") as file:
            try:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as problem:
                raise EvidenceError("The capture cannot be mapped into memory", why=str(problem)) from problem
        # The map is closed when nothing looks at it any longer.
        yield from self._windows(np.frombuffer(mapped, np.uint8), mapped)

    def _windows(self, buf: Bytes, mapped: mmap.mmap) -> Iterator[Window]:
        behind = 0
        made = room(*FIRST, ARENA, secrets.randbits(62))
        made = made._replace(counts=self.counts)
        batch, run = records.packets(), passes()
        walk = (run.blocks, self.state, self.faces) if self.head[:4] == NG else (run.records, self.state)
        while not self.state[records.ENDED]:
            count, at = int(walk[0](buf, *walk[1:], batch)), 0
            while True:
                at = int(run.dissect(buf, _fixed(made.arena), batch, at, count, made))
                if at == count:
                    break
                made, done = self._more(made)
                if done is not None:
                    yield Window(done.rows, done.segments, buf, done.arena)
                    mapped.madvise(mmap.MADV_DONTNEED)
            if int(self.state[records.AT]) - behind >= BEHIND:
                # What is looked at again comes back from the file.
                mapped.madvise(mmap.MADV_DONTNEED)
                behind = int(self.state[records.AT])
        run.finish(made, np.int64(1 << 62), np.int64(0), 0)
        last = int(made.used[CONNECTIONS])
        yield Window(made.rows[:last], made.segments, buf, made.arena)

    def _more(self, made: table.Room) -> tuple[table.Room, table.Room | None]:
        """Make the tables larger, or, where they are as large as they may be, hand out what is over."""
        run, sizes = passes(), (len(made.rows), len(made.segments), len(made.arena))
        small = sizes[0] < MOST_CONNECTIONS and sizes[1] < MOST_SEGMENTS and sizes[2] < MOST_ARENA
        if small and not _soft(made):
            return _grown(made), None
        now = made.counts[table.CLOCK]
        count, over = int(made.used[CONNECTIONS]), int(run.finish(made, now, np.int64(0), 0))
        if small and over < count // 2:
            fresh = _grown(made)
            run.finish(fresh, np.int64(0), np.int64(0), 1)
            return fresh, None
        if over < count // 4:
            least = np.partition(made.rows[:count, table.LAST], count // 2)[count // 2] + 1
            self.crowded += int(run.finish(made, now, least, 0)) - over
        fresh = self._carried(made, sizes)
        if not small and (fresh.used[CONNECTIONS] > sizes[0] // 2 or fresh.used[SEGMENTS] > sizes[1] // 2):
            # A few connections hold it all: none can wait, or there would never be room.
            self.crowded += int(fresh.used[CONNECTIONS])
            run.finish(made, now, np.int64(1 << 62), 0)
            fresh = self._carried(made, sizes)
        fresh.arena[:] = made.arena
        fresh.used[table.ARENA] = made.used[table.ARENA]
        if not small and fresh.used[table.ARENA] > sizes[2] // 2:
            self._forget(fresh)
        run.finish(fresh, now, np.int64(0), 1)
        rows = made.rows[:count]
        return fresh, made._replace(rows=rows[rows[:, table.DONE] > 0])

    def _carried(self, made: table.Room, sizes: tuple[int, int, int]) -> table.Room:
        """Return new room with the connections that are open."""
        fresh = room(*sizes, int(made.used[SEED]))
        fresh = fresh._replace(counts=made.counts, pieces=made.pieces, entries=made.entries, cursor=made.cursor)
        passes().carry(made, fresh)
        return fresh

    def _forget(self, fresh: table.Room) -> None:
        """Let go of datagrams that were put together: what still needs them is read up to there."""
        used = int(fresh.used[SEGMENTS])
        inside = fresh.segments[:used, table.PLACE] >= (1 << 56)
        fresh.segments[:used, table.HERE][inside] = 0
        fresh.used[table.ARENA] = 0
        self.counts[table.CUT_SEGMENTS] += int(inside.sum())


def _soft(made: table.Room) -> bool:
    """Whether it is connections or segments that are short, and there are many."""
    rows, segments, used = len(made.rows), len(made.segments), made.used
    if used[table.ARENA] > len(made.arena) - ARENA // 2:
        return False
    return bool(
        (rows >= SOFT_CONNECTIONS and used[CONNECTIONS] > rows // 2)
        or (segments >= SOFT_SEGMENTS and used[SEGMENTS] > segments // 2)
    )


def _fixed(arena: Bytes) -> Bytes:
    view = arena.view()
    view.flags.writeable = False
    return view


def _grown(made: table.Room) -> table.Room:
    """Return twice the room where it is short."""
    used = made.used
    rows, segments, arena = made.rows, made.segments, made.arena
    if used[CONNECTIONS] > len(rows) // 2:
        rows = _twice(rows)
    if used[SEGMENTS] > len(segments) // 2:
        segments = _twice(segments)
    if used[table.ARENA] > len(arena) // 2:
        arena = _twice(arena)
    fresh = made._replace(rows=rows, segments=segments, arena=arena)
    if len(rows) != len(made.rows):
        fresh = fresh._replace(slots=np.full(2 * len(made.slots), -1, np.int32))
        passes().finish(fresh, np.int64(0), np.int64(0), 1)
    return fresh


def _twice(array: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    made = np.empty((2 * len(array), *array.shape[1:]), array.dtype)
    made[: len(array)] = array
    return made
