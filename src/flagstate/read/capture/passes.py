"""The compiled passes over a capture, each made once per process and kept beside the package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from flagstate.read.capture import blocks, fragments, layers, reassembly, records, table, tcp
from flagstate.read.capture.compiled import Array, part, stamp, whole

Pass = Callable[..., Array]


class Passes(NamedTuple):
    """What Python calls."""

    records: Pass
    blocks: Pass
    dissect: Pass
    finish: Pass
    carry: Pass
    assemble: Pass
    listed: Pass


@part
def over(room: Array, now: Array, least: Array, grown: Array) -> Array:
    """Mark what is over, count what it misses, or only fill the slots anew; returns how many are over."""
    if grown:
        table.rehash(room)
        return 0
    count = table.finish(room, now, least)
    for place in range(room.used[table.CONNECTIONS]):
        row = room.rows[place]
        if row[table.DONE] == 1 and row[table.PROTO] & 255 == table.TCP:
            for side in (table.SIDE, table.SIDE + table.WIDTH):
                tcp.settled(row, side)
                row[side + table.TOP] = tcp.size_of(row, side)
            row[table.DONE] = 2
    return count


_lock = threading.Lock()


def passes() -> Passes:
    """Return the compiled passes; one thread compiles, the others wait."""
    with _lock:
        return _passes()


@lru_cache(maxsize=1)
def _passes() -> Passes:
    mark = stamp()

    def walk_records(buf: Array, state: Array, out: Array) -> Array:
        return records.records(buf, state, out) if mark else 0

    def walk_blocks(buf: Array, state: Array, made: Array, out: Array) -> Array:
        return blocks.blocks(buf, state, made, out) if mark else 0

    def dissect(buf: Array, arena: Array, batch: Array, begin: Array, stop: Array, room: Array) -> Array:
        return layers.dissect(buf, arena, batch, begin, stop, room) if mark else 0

    def finish(room: Array, now: Array, least: Array, grown: Array) -> Array:
        return over(room, now, least, grown) if mark else 0

    def carry(room: Array, fresh: Array) -> Array:
        if mark:
            table.carry(room, fresh)
        return 0

    def assemble(
        buf: Array, arena: Array, segments: Array, head: Array, order: Array, out: Array, marks: Array, told: Array
    ) -> Array:
        if mark:
            reassembly.assemble(buf, arena, segments, head, order, out, marks, told)
        return 0

    def listed(segments: Array, head: Array, order: Array) -> Array:
        return reassembly.listed(segments, head, order, -1) if mark else 0

    made: tuple[Pass, ...] = (walk_records, walk_blocks, dissect, finish, carry, assemble, listed)
    return Passes(*[whole(each) for each in made])


def room(connections: int, segments: int, arena: int, seed: int) -> table.Room:
    """Return room for so many connections, segments, and bytes of datagrams that are put together."""
    slots = 1 << max(10, (2 * connections).bit_length())
    return table.Room(
        np.empty((connections, table.COLUMNS), np.int64),
        np.full(slots, -1, np.int32),
        np.empty((segments, table.PARTS), np.int64),
        np.array([0, 0, 0, seed], np.int64),
        np.zeros(table.COUNTS, np.int64),
        np.empty(arena, np.uint8),
        np.zeros((fragments.ENTRIES, fragments.PIECES, fragments.PIECE), np.int64),
        np.zeros((fragments.ENTRIES, fragments.ENTRY), np.int64),
        np.zeros(24, np.int64),
    )


def warm() -> None:
    """Compile everything over an empty capture, or load it compiled: at set-up, and before processes are forked."""
    run, made, batch = passes(), room(8, 8, 8, 0), records.packets()
    buf = np.frombuffer(bytes(64), np.uint8)
    state = np.zeros(records.STATE, np.int64)
    state[[records.AT, records.HEAD]] = 64, 16
    run.records(buf, state, batch)
    run.blocks(buf, state, blocks.faces(), batch)
    arena = made.arena.view()
    arena.flags.writeable = False
    run.dissect(buf, arena, batch, 0, 0, made)
    run.finish(made, np.int64(0), np.int64(0), 1)
    run.carry(made, room(8, 8, 8, 0))
    order = np.empty(8, np.int64)
    run.listed(made.segments, np.int64(-1), order)
    out, marks, told = np.empty((2, 8), np.uint8), np.empty((2, 8, 2), np.int64), np.zeros((2, 4), np.int64)
    run.assemble(buf, made.arena, made.segments, np.int64(-1), order, out, marks, told)
