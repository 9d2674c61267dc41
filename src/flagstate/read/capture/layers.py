"""From a packet to its connections, compiled: IP in IP as deep as it goes, each with the ends that it names."""

from __future__ import annotations

import numpy as np

from flagstate.read.capture import carriers, tunnels
from flagstate.read.capture.carriers import (
    AGAIN,
    AT,
    BASE,
    BROKEN,
    CARRIED,
    D_HI,
    D_LO,
    DONE_AT,
    END,
    ENDS,
    ETHER,
    FOREIGN,
    FULL,
    GRE,
    HOPS,
    IS6,
    LLC,
    MPLS,
    NETWORK,
    NOW,
    OTHERS,
    PLACE,
    PPP,
    PPPOE,
    S_HI,
    S_LO,
    SECRET,
    STOP,
    TYPE,
    TYPED,
    WLAN,
    np_int,
)
from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.fragments import ARENA_AT, gathered
from flagstate.read.capture.records import Packets, u16, u32
from flagstate.read.capture.table import (
    ARENA,
    BACKWARD,
    BAD,
    CLOCK,
    CONNECTIONS,
    ENCRYPTED,
    FIRST_US,
    FORWARD,
    ICMP,
    ICMP6,
    LAST_US,
    LINK_SEEN,
    NESTED,
    NO_IP,
    PLAIN,
    SEGMENTS,
    SERVICE,
    TCP,
    TRUNCATED,
    UDP,
    UNREAD_LINK,
    UNTIMED,
)
from flagstate.read.capture.transport import datagram, message, other, segment

MOST_STEPS, MOST_HOPS, SPARE = 48, 8, 32
"""Headers of a packet that are looked at, connections that it may belong to, and rows that must be free for it."""
JUMP_US = 3_600_000_000


@part
def word(buf: Array, at: Array) -> Array:
    """Eight bytes of an address as a number."""
    return (u32(buf, at, 1) << 32) | u32(buf, at + 4, 1)


@part
def network(buf: Array, cur: Array, room: Array) -> Array:
    """IP of either version, up to what it carries."""
    at, end = cur[AT], cur[END]
    if at >= end:
        return BROKEN
    if buf[at] >> 4 == 4:
        return version_4(buf, cur, room)
    if buf[at] >> 4 == 6:
        return version_6(buf, cur, room)
    return FOREIGN


@part
def version_4(buf: Array, cur: Array, room: Array) -> Array:
    """IPv4: lengths are its own, not those of the frame."""
    at, end = cur[AT], cur[END]
    size = 4 * (np_int(buf[at]) & 15)
    if size < 20 or at + 20 > end:
        return BROKEN
    total, cut = u16(buf, at + 2, 1), u16(buf, at + 6, 1)
    # No length: the sender left it to its network card.
    if total >= size:
        cur[FULL] = at + total
        cur[END] = min(end, at + total)
    elif total:
        return BROKEN
    cur[IS6], cur[S_HI], cur[D_HI] = 0, 0, 0
    cur[S_LO], cur[D_LO] = u32(buf, at + 12, 1), u32(buf, at + 16, 1)
    cur[TYPE] = np_int(buf[at + 9])
    cur[AT] = at + size
    if cut & 0x3FFF:
        return fragment(buf, cur, room, u16(buf, at + 4, 1), 8 * (cut & 0x1FFF), cut & 0x2000)
    return CARRIED


@part
def fragment(buf: Array, cur: Array, room: Array, ident: Array, offset: Array, more: Array) -> Array:
    """A part of a datagram: go on when it is whole, or with its beginning where the rest was not captured."""
    if gathered(buf, cur, room, (ident << 8) | cur[TYPE], offset, more):
        return AGAIN
    if offset == 0 and cur[FULL] > cur[END]:
        return CARRIED
    return STOP


@part
def version_6(buf: Array, cur: Array, room: Array) -> Array:
    """IPv6 and its extension headers."""
    at, end = cur[AT], cur[END]
    if at + 40 > end:
        return BROKEN
    total = u16(buf, at + 4, 1)
    if total:
        cur[FULL] = at + 40 + total
        cur[END] = min(end, at + 40 + total)
    cur[IS6] = 1
    cur[S_HI], cur[S_LO], cur[D_HI], cur[D_LO] = (
        word(buf, at + 8), word(buf, at + 16), word(buf, at + 24), word(buf, at + 32),
    )  # fmt: skip
    kind = np_int(buf[at + 6])
    at += 40
    for _ in range(16):
        cur[AT], cur[TYPE] = at, kind
        if kind in (0, 43, 60, 135, 139, 140, 51):
            if at + 8 > cur[END]:
                return BROKEN
            kind = np_int(buf[at])
            at += 4 * (np_int(buf[at + 1]) + 2) if cur[TYPE] == 51 else 8 * (np_int(buf[at + 1]) + 1)
        elif kind == 44:
            if at + 8 > cur[END]:
                return BROKEN
            cut = u16(buf, at + 2, 1)
            cur[TYPE] = np_int(buf[at])
            cur[AT] = at + 8
            if cut & 0xFFF9:
                return fragment(buf, cur, room, u32(buf, at + 4, 1), cut & 0xFFF8, cut & 1)
            kind, at = np_int(buf[at]), at + 8
        else:
            return CARRIED if kind != 59 else STOP
    return BROKEN


@part
def carried(buf: Array, cur: Array, room: Array) -> Array:
    """What IP carries: a connection, and what may be tunnelled in it."""
    proto = cur[TYPE]
    if cur[HOPS] >= MOST_HOPS:
        room.counts[NESTED] += 1
        return STOP
    cur[HOPS] += 1
    for offset in range(2):
        cur[ENDS + offset], cur[OTHERS + offset] = cur[S_HI + offset], cur[D_HI + offset]
    if proto == TCP:
        return segment(buf, cur, room)
    if proto == UDP:
        if datagram(buf, cur, room) != STOP:
            return BROKEN
        tunnel, step = tunnels.within(buf, cur, cur[ENDS + 2], cur[OTHERS + 2])
        if step != STOP:
            room.rows[cur[PLACE], SERVICE] = tunnel
        return step
    if proto in (ICMP, ICMP6):
        return message(buf, cur, room)
    tunnel = tunnels.named(proto)
    other(cur, room, proto)
    room.rows[cur[PLACE], SERVICE] = tunnel
    if tunnel == tunnels.IPIP or tunnel == tunnels.SIT:
        return NETWORK
    if tunnel == tunnels.GRES:
        return GRE
    if tunnel == tunnels.ETHERIP:
        cur[AT] += 2
        return ETHER
    return MPLS if tunnel == tunnels.MPLSU else STOP


@part
def walked(buf: Array, cur: Array, room: Array, step: Array) -> Array:
    """Go from header to header; returns how it ended."""
    for _ in range(MOST_STEPS):
        if cur[AT] > cur[END]:
            return BROKEN
        if step == ETHER:
            step = carriers.ether(buf, cur)
        elif step == TYPED:
            step = carriers.typed(buf, cur)
        elif step == NETWORK:
            step = network(buf, cur, room)
        elif step == CARRIED:
            step = carried(buf, cur, room)
        elif step == PPPOE:
            cur[AT] += 6
            step = PPP
        elif step == PPP:
            step = carriers.ppp(buf, cur)
        elif step == MPLS:
            step = carriers.mpls(buf, cur)
        elif step == GRE:
            step = tunnels.gre(buf, cur)
        elif step == WLAN:
            step = carriers.wlan(buf, cur)
        elif step == LLC:
            step = carriers.llc(buf, cur)
        else:
            return step
    return BROKEN


@part
def dissected(buf: Array, arena: Array, cur: Array, room: Array, step: Array) -> None:
    """Take one packet, and the datagrams that it completes."""
    step = walked(buf, cur, room, step)
    for _ in range(4):
        if step != AGAIN:
            break
        begin, kept = room.used[ARENA], room.used[SEGMENTS]
        cur[AT], cur[END], cur[FULL], cur[BASE] = begin, cur[DONE_AT], cur[DONE_AT], ARENA_AT
        room.used[ARENA] = cur[DONE_AT]
        step = walked(arena, cur, room, CARRIED)
        if room.used[SEGMENTS] == kept and step != AGAIN:
            room.used[ARENA] = begin
    if step == BROKEN:
        room.counts[BAD] += 1
    elif step == SECRET:
        room.counts[ENCRYPTED] += 1
    elif step == FOREIGN and not cur[HOPS]:
        room.counts[NO_IP] += 1


@part
def clocked(us: Array, counts: Array) -> None:
    """Note the time of a packet, and jumps of the clock."""
    if not counts[PLAIN]:
        counts[FIRST_US] = counts[LAST_US] = counts[CLOCK] = us
    counts[FORWARD] += us - counts[CLOCK] > JUMP_US
    counts[BACKWARD] += counts[CLOCK] - us > JUMP_US
    counts[CLOCK] = us
    counts[FIRST_US], counts[LAST_US] = min(counts[FIRST_US], us), max(counts[LAST_US], us)
    counts[PLAIN] += 1


@part
def dissect(buf: Array, arena: Array, batch: Packets, begin: Array, stop: Array, room: Array) -> Array:
    """Take packets of a batch while there is room; returns the first that was not taken."""
    cur, counts = room.cursor, room.counts
    rows, kept, arena_most = len(room.rows) - SPARE, len(room.segments) - SPARE, len(arena) - (1 << 18)
    for number in range(begin, stop):
        if room.used[CONNECTIONS] > rows or room.used[SEGMENTS] > kept or room.used[ARENA] > arena_most:
            return number
        us = batch.us[number]
        if us < 0:
            counts[UNTIMED] += 1
            us = counts[CLOCK]
        clocked(us, counts)
        counts[TRUNCATED] += batch.wire[number] > batch.cap[number]
        at = batch.at[number]
        cur[AT], cur[END], cur[FULL] = at, at + batch.cap[number], at + batch.wire[number]
        cur[BASE], cur[NOW], cur[HOPS], cur[PLACE] = 0, us, 0, -1
        step = carriers.begin(buf, cur, batch.link[number])
        if step < 0:
            counts[UNREAD_LINK] += 1
            counts[LINK_SEEN] = batch.link[number]
            continue
        dissected(buf, arena, cur, room, step)
    return np.int64(stop)
