"""TCP, UDP, ICMP and everything else that IP carries, compiled: which connection, which direction, how much."""

from __future__ import annotations

import numpy as np

from flagstate.read.capture import tcp
from flagstate.read.capture.carriers import (
    AT,
    BASE,
    BROKEN,
    END,
    ENDS,
    FULL,
    IS6,
    NOW,
    OTHERS,
    PLACE,
    STOP,
    TYPE,
    np_int,
)
from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.records import u16, u32
from flagstate.read.capture.sniff import bound, kind_of_datagram, kind_of_stream
from flagstate.read.capture.table import (
    CLOSED,
    CUT,
    CUT_SEGMENTS,
    DONE,
    FIRST,
    KEPT,
    KIND,
    LAST,
    LOOKED,
    O_HI,
    O_LO,
    PACKETS,
    PORTS,
    SEED,
    SIDE,
    START,
    STATE,
    SYN_SENT,
    TOP,
    UDP,
    V6,
    WIDTH,
    idle,
    keep,
    opened,
    slot_of,
)

PORTS_OF_SERVERS = (
    20, 21, 22, 25, 53, 67, 80, 81, 88, 110, 111, 123, 137, 139, 143, 161, 162, 389, 443, 445, 502, 514, 554, 563, 585,
    587, 614, 631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1701, 1812, 1883, 2123, 2152, 2811, 3128, 3268, 3306, 3389,
    3544, 4789, 5060, 5072, 5223, 5353, 5355, 5432, 5671, 5672, 6081, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8443,
    8472, 8883, 8888, 9092, 20000, 27017,
)  # fmt: skip
"""Ports whose owner rather answers than asks."""
LIKELY = np.zeros(65_536, np.uint8)
LIKELY[list(PORTS_OF_SERVERS)] = 1


@part
def met(cur: Array, room: Array, proto: Array, turned: Array, afresh: Array) -> Array:
    """Find the connection of a packet, or begin it; returns the column of the sender's side.

    Args:
        cur: With both ends.
        room: All tables.
        proto: Protocol number.
        turned: Whether the receiver is the originator, if the connection begins here.
        afresh: Sequence number of a SYN without acknowledgement, which may begin another connection; -1: none.
    """
    end, other = cur[ENDS : ENDS + 3], cur[OTHERS : OTHERS + 3]
    key = proto + (V6 if cur[IS6] else 0)
    slot = slot_of(room.rows, room.slots, room.used[SEED], end, other, key)
    place, us = np.int64(room.slots[slot]), cur[NOW]
    if place >= 0:
        row = room.rows[place]
        if idle(row, us) or (afresh >= 0 and reused(row, end, afresh)):
            row[DONE] = 1
            place = np.int64(-1)
    if place < 0:
        place = opened(room, slot, other, end, key, us) if turned else opened(room, slot, end, other, key, us)
    row = room.rows[place]
    row[FIRST], row[LAST] = min(row[FIRST], us), max(row[LAST], us)
    ours = row[O_HI] == end[0] and row[O_LO] == end[1] and row[PORTS] >> 16 == end[2]
    if row[PORTS] >> 16 == row[PORTS] & 0xFFFF and end[0] == other[0] and end[1] == other[1]:
        ours = True
    side = SIDE if ours else SIDE + WIDTH
    row[side + PACKETS] += 1
    cur[PLACE] = place
    return side


@part
def reused(row: Array, end: Array, seq: Array) -> Array:
    """Whether a SYN begins another connection between the same ends."""
    ours = row[O_HI] == end[0] and row[O_LO] == end[1] and row[PORTS] >> 16 == end[2]
    side = SIDE if ours else SIDE + WIDTH
    state, theirs = row[side + STATE], row[2 * SIDE + WIDTH - side + STATE]
    if row[side + TOP] and row[side + START] == seq:
        return False
    return state >= CLOSED or theirs >= CLOSED or (state > SYN_SENT and theirs > SYN_SENT)


@part
def turned_by_port(cur: Array) -> Array:
    """Whether the sender rather answers than asks, by its port."""
    return LIKELY[cur[ENDS + 2]] and not LIKELY[cur[OTHERS + 2]]


@part
def segment(buf: Array, cur: Array, room: Array) -> Array:
    """A segment of TCP."""
    at, end = cur[AT], cur[END]
    if at + 14 > end:
        return BROKEN
    size, flags = 4 * np_int(buf[at + 12] >> 4), np_int(buf[at + 13])
    if size < 20 or cur[FULL] < at + size:
        return BROKEN
    cur[ENDS + 2], cur[OTHERS + 2] = u16(buf, at, 1), u16(buf, at + 2, 1)
    seq, ack = u32(buf, at + 4, 1), u32(buf, at + 8, 1)
    begins = flags & tcp.F_SYN and not flags & (tcp.F_ACK | tcp.F_RST)
    turned = turned_by_port(cur)
    if flags & tcp.F_SYN:
        turned = flags & tcp.F_ACK != 0
    side = met(cur, room, 6, turned, seq if begins else np.int64(-1))
    row = room.rows[cur[PLACE]]
    data = at + size
    length, here = cur[FULL] - data, max(end - data, 0)
    rel = tcp.updated(row, side, seq, ack, flags, length)
    if here > 0 and rel >= 0:
        if not row[side + LOOKED] & 1:
            row[side + LOOKED] |= 1
            found = kind_of_stream(buf, data, here, row[PORTS])
            row[KIND] = max(row[KIND], found)
        kept(room, cur, side, data, here, length, rel)
    return STOP


@part
def kept(room: Array, cur: Array, side: Array, at: Array, here: Array, length: Array, rel: Array) -> None:
    """Keep where a payload stands, within the bound of what its connection looks like."""
    row = room.rows[cur[PLACE]]
    if row[side + KEPT] >= bound(row[KIND]):
        room.counts[CUT_SEGMENTS] += 1
        row[CUT] = 1
        return
    # Tiny segments use the bound up too.
    row[side + KEPT] += max(here, 64)
    keep(room, cur[PLACE], side != SIDE, at + cur[BASE], here, length, rel, cur[NOW])


@part
def datagram(buf: Array, cur: Array, room: Array) -> Array:
    """A datagram of UDP; the cursor moves to its payload."""
    at, end = cur[AT], cur[END]
    if at + 8 > end:
        return BROKEN
    cur[ENDS + 2], cur[OTHERS + 2] = u16(buf, at, 1), u16(buf, at + 2, 1)
    size = u16(buf, at + 4, 1)
    if size >= 8:
        cur[FULL] = at + size if cur[BASE] == 0 else min(cur[FULL], at + size)
        cur[END] = min(end, cur[FULL])
    elif size:
        return BROKEN
    side = met(cur, room, UDP, turned_by_port(cur), np.int64(-1))
    row = room.rows[cur[PLACE]]
    data = at + 8
    length, here = max(cur[FULL] - data, 0), max(cur[END] - data, 0)
    row[side + TOP] += length
    cur[AT] = data
    if here > 0:
        if not row[side + LOOKED]:
            row[side + LOOKED] = 1
            row[KIND] = max(row[KIND], kind_of_datagram(buf, data, here, row[PORTS]))
        kept(room, cur, side, data, here, length, 0)
    return STOP


@part
def answer_of(kind: Array, six: Array) -> Array:
    """Return the type of ICMP that answers a type, or that it answers; -1: none does."""
    if six:
        if kind == 128 or kind == 129:
            return 257 - kind
        if kind == 133 or kind == 134:
            return 267 - kind
        if kind == 135 or kind == 136:
            return 271 - kind
        if kind == 130 or kind == 131:
            return 261 - kind
        return -1
    if kind == 8 or kind == 0:
        return 8 - kind
    if kind in (13, 14):
        return 27 - kind
    if kind in (15, 16):
        return 31 - kind
    if kind in (17, 18):
        return 35 - kind
    if kind in (9, 10):
        return 19 - kind
    return -1


@part
def message(buf: Array, cur: Array, room: Array) -> Array:
    """A message of ICMP: its type and code stand for ports, as in Zeek."""
    at = cur[AT]
    if at + 4 > cur[END]:
        return BROKEN
    kind = np_int(buf[at])
    answer = answer_of(kind, cur[IS6])
    cur[ENDS + 2], cur[OTHERS + 2] = kind, answer if answer >= 0 else np_int(buf[at + 1])
    side = met(cur, room, cur[TYPE], False, np.int64(-1))
    room.rows[cur[PLACE]][side + TOP] += max(cur[FULL] - at - 8, 0)
    return STOP


@part
def other(cur: Array, room: Array, proto: Array) -> None:
    """A protocol without ports."""
    cur[ENDS + 2] = cur[OTHERS + 2] = 0
    side = met(cur, room, proto, False, np.int64(-1))
    room.rows[cur[PLACE]][side + TOP] += max(cur[FULL] - cur[AT], 0)
