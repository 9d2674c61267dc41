"""Takes what is needed of every record that passes through a query: its keys, and the rhythm of its channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from flagstate.enrich import flow_keys
from flagstate.enrich.behave import timing
from flagstate.enrich.flow_keys import Hashes, Keys

ROOM = 2**18
"""Records that are taken before they are summed up."""

Columns = tuple[Any, ...]


class _Room:
    """Where one thread of the engine puts what it was given."""

    def __init__(self, keys: Columns, rest: Columns) -> None:
        self.columns = (*keys, *rest)
        self.at = 0


class Tap:
    """Takes a copy of the keys of every record, and sums up the times of channels room by room."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.count = 0
        self.keys_taken: list[tuple[Hashes, Hashes]] = []
        self.timings: list[timing.Timing] = []
        # Each thread of the engine has its own room: what it reads is nearly in order of time, and nobody waits.
        self.rooms: dict[int, _Room] = {}
        self.zeros = pa.array(np.zeros(4096, np.int8))

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
        size, who = len(uid), get_ident()
        room = self.rooms.get(who)
        if room is None or room.at + size > len(room.columns[0]):
            if room is not None:
                self._sum(room)
            room = self.rooms[who] = _Room(_keys(max(ROOM, size)), _rest(max(ROOM, size), room))
        start, room.at = room.at, room.at + size
        for to, given in zip(room.columns, (uid, pair, channel, us, orig, resp), strict=True):
            to[start : start + size] = given
        return self.zeros.slice(0, size) if size <= len(self.zeros) else pa.array(np.zeros(size, np.int8))

    def _sum(self, room: _Room) -> None:
        uid, pair, *rhythm = (column[: room.at] for column in room.columns)
        self.keys_taken.append((uid, pair))
        self.timings.append(timing.summarise(*rhythm))

    def close(self) -> tuple[Keys, tuple[timing.Timing, ...]]:
        """Return what was noted: the keys sorted, the timing in parts; what was noted is given up."""
        for room in self.rooms.values():
            self._sum(room)
        self.rooms.clear()
        taken, self.keys_taken = self.keys_taken, []
        uids, pairs = [part[0] for part in taken], [part[1] for part in taken]
        self.count = sum(map(len, uids))
        taken.clear()
        uid = np.concatenate([np.empty(0, np.uint64), *uids])
        uids.clear()
        keys = flow_keys.sort(uid, np.concatenate([np.empty(0, np.uint64), *pairs]))
        return keys, tuple(part for part in self.timings if len(part))


def _keys(size: int) -> Columns:
    return np.empty(size, np.uint64), np.empty(size, np.uint64)


def _rest(size: int, before: _Room | None) -> Columns:
    """Return room for what is summed up: that of the room before, which is done, where it fits."""
    if before is not None and len(before.columns[0]) == size:
        return before.columns[2:]
    return np.empty(size, np.uint64), *(np.empty(size, np.int64) for _ in range(3))


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
