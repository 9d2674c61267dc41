"""Takes what is needed of every record that passes through a query: its keys, and the rhythm of its channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from flagstate.enrich import flow_keys
from flagstate.enrich.behave import timing
from flagstate.enrich.flow_keys import Hashes, Keys

ROOM = 2**20
"""Records that are taken before they are summed up."""

Columns = tuple[Any, ...]


class Tap:
    """Takes a copy of the keys of every record, and sums up the times of channels room by room."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.count, self.at = 0, 0
        self.keys_taken: list[tuple[Hashes, Hashes]] = []
        self.timings: list[timing.Timing] = []
        self.spare: list[Columns] = []
        self.room = self._new(ROOM)
        self.zeros = pa.array(np.zeros(4096, np.int8))
        self.lock = Lock()

    def _new(self, size: int) -> Columns:
        """Return room: for keys, which are kept, fresh; for what is summed up, used before where there is some."""
        keys = (np.empty(size, np.uint64), np.empty(size, np.uint64))
        if size == ROOM and self.spare:
            return (*keys, *self.spare.pop())
        return (*keys, np.empty(size, np.uint64), *(np.empty(size, np.int64) for _ in range(3)))

    def __call__(
        self,
        uid: pa.ChunkedArray,
        pair: pa.ChunkedArray,
        channel: pa.ChunkedArray,
        us: pa.ChunkedArray,
        orig: pa.ChunkedArray,
        resp: pa.ChunkedArray,
    ) -> pa.Array:
        """Note two keys, the channel, the time and the bytes of both ends, and return as many zeros."""
        columns = (uid, pair, channel, us, orig, resp)
        size, full = len(columns[0]), None
        with self.lock:
            if self.at + size > len(self.room[0]):
                full = (self.room, self.at)
                self.room, self.at = self._new(max(ROOM, size)), 0
            room, start = self.room, self.at
            self.at += size
            self.count += size
            # Within the lock: a room may only be summed up when all that was put in it is there.
            for to, given in zip(room, columns, strict=True):
                to[start : start + size] = given
        if full is not None:
            self._sum(*full)
        return self.zeros.slice(0, size) if size <= len(self.zeros) else pa.array(np.zeros(size, np.int8))

    def _sum(self, room: Columns, size: int) -> None:
        uid, pair, *rhythm = (column[:size] for column in room)
        made = timing.summarise(*rhythm)
        with self.lock:
            self.keys_taken.append((uid, pair))
            self.timings.append(made)
            if len(room[0]) == ROOM:
                self.spare.append(room[2:])

    def close(self) -> tuple[Keys, tuple[timing.Timing, ...]]:
        """Return what was noted: the keys sorted, the timing in parts; what was noted is given up."""
        room, self.room = self.room, self._new(0)
        self._sum(room, self.at)
        taken, self.keys_taken = self.keys_taken, []
        uids, pairs = [part[0] for part in taken], [part[1] for part in taken]
        taken.clear()
        uid = np.concatenate(uids)
        uids.clear()
        keys = flow_keys.sort(uid, np.concatenate(pairs))
        return keys, tuple(part for part in self.timings if len(part))


@contextmanager
def tapped(con: duckdb.DuckDBPyConnection, tap: Callable[..., pa.Array]) -> Iterator[str]:
    """Make the tap a function of the database while it is needed, and yield its name."""
    name = f"tap_{id(tap)}"
    con.create_function(
        name,
        tap,
        ["UBIGINT", "UBIGINT", "UBIGINT", "BIGINT", "BIGINT", "BIGINT"],
        "TINYINT",
        type=PythonUDFType.ARROW,
        side_effects=True,
        null_handling=FunctionNullHandling.SPECIAL,
    )
    try:
        yield name
    finally:
        con.remove_function(name)
