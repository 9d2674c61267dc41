"""What was said in the connections of a window: only what is looked at is copied out of the file."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from flagstate.read.capture import reassembly, sniff, table
from flagstate.read.capture.fragments import ARENA_AT
from flagstate.read.capture.passes import passes
from flagstate.read.capture.talk import Datagram, Side, Talk
from flagstate.read.capture.windows import Window

Numbers = npt.NDArray[np.int64]
ORIG, RESP = table.SIDE, table.SIDE + table.WIDTH
PROTOS = {table.TCP: "tcp", table.UDP: "udp", table.ICMP: "icmp", table.ICMP6: "icmp"}
LOW = (1 << 64) - 1
MOST_SIDE = 4 << 20
"""Bytes of one side that are put in order, and a segment more."""


@dataclass(frozen=True)
class Ends:
    """Both ends of the connections of a window, as text."""

    uid: list[str]
    orig_h: list[str]
    resp_h: list[str]
    orig_p: Numbers
    resp_p: Numbers


def ends(rows: Numbers) -> Ends:
    """Return both ends of connections; the ids come from the ends and the start alone."""
    over6 = rows[:, table.PROTO] >= table.V6
    ports = rows[:, table.PORTS]
    mark = np.zeros(len(rows), np.uint64)
    for column in (*range(table.PROTO + 1), table.FIRST):
        mark = (mark ^ rows[:, column].view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mark ^= mark >> np.uint64(29)
    return Ends(
        [f"P{value:016x}" for value in mark.tolist()],
        _shown(rows[:, table.O_HI], rows[:, table.O_LO], over6),
        _shown(rows[:, table.R_HI], rows[:, table.R_LO], over6),
        ports >> 16,
        ports & 0xFFFF,
    )


def _shown(high: Numbers, low: Numbers, over6: npt.NDArray[np.bool_]) -> list[str]:
    known: dict[tuple[int, int, bool], str] = {}
    made = []
    for key in zip(high.tolist(), low.tolist(), over6.tolist(), strict=True):
        text = known.get(key)
        if text is None:
            low = key[1]
            if key[2]:
                text = str(ipaddress.IPv6Address(((key[0] & LOW) << 64) | (low & LOW)))
            else:
                text = f"{low >> 24 & 255}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
            known[key] = text
        made.append(text)
    return made


@dataclass
class Desk:
    """Room to put one connection after the other in order; it grows with the largest."""

    order: Numbers = field(default_factory=lambda: np.empty(1 << 10, np.int64))
    out: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty((2, 1 << 16), np.uint8))
    marks: Numbers = field(default_factory=lambda: np.empty((2, 1 << 10, 2), np.int64))
    told: Numbers = field(default_factory=lambda: np.zeros((2, reassembly.SIDES), np.int64))

    def sides(self, window: Window, head: int, kept: int) -> tuple[Side, Side]:
        """Return both sides of a TCP connection, in order."""
        if (need := min(kept // 64 + 2, reassembly.MOST_SEGMENTS)) > len(self.order):
            self.order, self.marks = np.empty(2 * need, np.int64), np.empty((2, 2 * need, 2), np.int64)
        if (need := min(kept, 16 << 20) + (1 << 16)) > self.out.shape[1]:
            self.out = np.empty((2, 2 * need), np.uint8)
        run = passes()
        run.assemble(
            window.buf, window.arena, window.segments, np.int64(head), self.order, self.out, self.marks, self.told
        )
        (size, count, gap), (other, more, hole) = self.told.tolist()
        return self._side(0, size, count, gap), self._side(1, other, more, hole)

    def _side(self, side: int, size: int, count: int, gap: int) -> Side:
        if not size:
            return Side(gap=bool(gap))
        marks = self.marks[side, :count].tolist()
        return Side(self.out[side, :size].tobytes(), [(at, us) for at, us in marks], bool(gap))

    def datagrams(self, window: Window, head: int, kept: int) -> list[Datagram]:
        """Return the datagrams of a connection, in the order of the file."""
        if (need := min(kept // 64 + 2, reassembly.MOST_SEGMENTS)) > len(self.order):
            self.order = np.empty(2 * need, np.int64)
        count = int(passes().listed(window.segments, np.int64(head), self.order))
        made = []
        for _, direction, place, here, length, _, us in window.segments[self.order[:count]].tolist():
            if place >= ARENA_AT:
                data = window.arena[place - ARENA_AT : place - ARENA_AT + here]
            else:
                data = window.buf[place : place + here]
            made.append(Datagram(us, not direction, data.tobytes(), here >= length))
        return made


def talks(window: Window, named: Ends, desk: Desk, kinds: Collection[int] | None = None) -> Iterator[tuple[int, Talk]]:
    """Yield what was said, with the place of its connection in the window.

    Args:
        window: Connections that are over.
        named: Their ends.
        desk: Room.
        kinds: Only connections whose first bytes look so; null: all of which anything is kept.
    """
    rows = window.rows
    wanted = rows[:, table.HEAD] >= 0
    if kinds is not None:
        wanted &= np.isin(rows[:, table.KIND], list(kinds))
    chosen = np.flatnonzero(wanted)
    columns = [table.HEAD, table.PROTO, table.FIRST, table.PORTS, table.CUT, ORIG + table.KEPT, RESP + table.KEPT]
    for place, row in zip(chosen.tolist(), rows[chosen][:, columns].tolist(), strict=True):
        head, proto, us, ports, cut, sent, received = row
        basis = (named.uid[place], us, named.orig_h[place], ports >> 16, named.resp_h[place], ports & 0xFFFF)
        if proto & 255 == table.TCP:
            orig, resp = desk.sides(window, head, sent + received)
            if cut:
                most = sniff.bound.py_func(rows[place, table.KIND])
                orig = Side(orig.data, orig.marks, orig.gap, sent >= most)
                resp = Side(resp.data, resp.marks, resp.gap, received >= most)
            yield place, Talk(*basis, "tcp", orig, resp)
        elif proto & 255 == table.UDP:
            yield place, Talk(*basis, "udp", datagrams=desk.datagrams(window, head, sent + received))
