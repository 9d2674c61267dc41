"""The table of connections that are open, compiled: found by both ends, in either direction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flagstate.read.capture.compiled import Array, part

Numbers = npt.NDArray[np.int64]

O_HI, O_LO, R_HI, R_LO, PORTS, PROTO, FIRST, LAST, DONE, SERVICE, KIND, HEAD, TAIL, CUT, SIDE = range(15)
"""Columns: both addresses, ports of originator and responder, protocol (from 256 on: over IPv6), first and last time,
whether it is finished, tunnel that it carries, what its first bytes look like, its first and last segment that is
kept, whether more was to be kept; then the columns of the originator's side and those of the responder's."""
STATE, START, TOP, NEXT, ACKED, MISSED, FIN, PACKETS, KEPT, LOOKED, A0, B0, A1, B1, A2, B2, WIDTH = range(17)
"""Columns of a side: Zeek's state; number before its first byte; highest byte; byte up to which nothing is missing;
what the other end acknowledged; bytes missed; whether its end was seen; packets; bytes kept; whether its first payload
was looked at (1) and its SYN seen (2); three stretches that came early."""
COLUMNS = SIDE + 2 * WIDTH

FOLLOWING, DIRECTION, PLACE, HERE, LENGTH, REL, US, PARTS = range(8)
"""Columns of a segment: the next one of its connection, who sent it, where its bytes stand, how many are there, how
many there were, its place in the stream, its time."""

(PLAIN, TRUNCATED, NO_IP, BAD, ENCRYPTED, FRAGMENTS, INCOMPLETE, UNREAD_LINK, UNTIMED, FORWARD, BACKWARD, CLOCK,
 FIRST_US, LAST_US, NESTED, CROWDED, DATAGRAMS, CUT_SEGMENTS, LINK_SEEN, COUNTS) = range(20)  # fmt: skip
"""Counts: packets; cut by the capture's snap length; without IP; damaged; encrypted radio frames; fragments; datagrams
that stayed incomplete; of unknown link types; without a time; jumps of the clock and its last time; first and last
time; nested too deeply; connections closed for want of room; reassembled datagrams; the last unknown link type."""

INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = range(7)

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
V6 = 256
IDLE_TCP_US, IDLE_US, ATTEMPT_US, LINGER_US = 300_000_000, 60_000_000, 5_000_000, 5_000_000
"""As Zeek does by default: how long silent TCP, any other, an unanswered SYN and what is closed are kept."""


class Room(NamedTuple):
    """Everything that the passes work on."""

    rows: Numbers
    """Connections."""
    slots: npt.NDArray[np.int32]
    """Places in `rows`, by hash; -1: free."""
    segments: Numbers
    used: Numbers
    """Connections, segments, bytes of the arena, seed of the hash."""
    counts: Numbers
    arena: npt.NDArray[np.uint8]
    """Datagrams that were put together."""
    pieces: Numbers
    """Fragments: (entry, piece, offset, length, place)."""
    entries: Numbers
    """Datagrams in fragments."""
    cursor: Numbers
    """Where the dissection of a packet stands."""


CONNECTIONS, SEGMENTS, ARENA, SEED = range(4)


@part
def mixed(high: Array, low: Array, port: Array) -> Array:
    """One end as a number that looks random."""
    value = (high * np.int64(-7046029254386353131)) ^ (low + np.int64(port) * np.int64(0x9E3779B97F4A7C1))
    value = (value ^ ((value >> 29) & 0x7FFFFFFFF)) * np.int64(-4658895280553007687)
    return value ^ ((value >> 32) & 0xFFFFFFFF)


@part
def slot_of(rows: Array, slots: Array, seed: Array, end: Array, other: Array, proto: Array) -> Array:
    """Return the slot where a connection of these ends stands, or belongs; an end is address (high, low) and port."""
    both = mixed(end[0] ^ seed, end[1], end[2]) + mixed(other[0] ^ seed, other[1], other[2]) + proto
    mask = len(slots) - 1
    slot = (both ^ (both >> 17)) & mask
    ports, back = (end[2] << 16) | other[2], (other[2] << 16) | end[2]
    while slots[slot] >= 0:
        row = rows[slots[slot]]
        if row[PROTO] == proto:
            there = row[PORTS] == ports and row[O_HI] == end[0] and row[O_LO] == end[1]
            if there and row[R_HI] == other[0] and row[R_LO] == other[1]:
                return slot
            there = row[PORTS] == back and row[R_HI] == end[0] and row[R_LO] == end[1]
            if there and row[O_HI] == other[0] and row[O_LO] == other[1]:
                return slot
        slot = (slot + 1) & mask
    return slot


@part
def opened(room: Room, slot: Array, end: Array, other: Array, proto: Array, us: Array) -> Array:
    """Begin a connection of which `end` is the originator; returns its place."""
    place = room.used[CONNECTIONS]
    room.used[CONNECTIONS] += 1
    row = room.rows[place]
    row[:] = 0
    row[O_HI], row[O_LO], row[R_HI], row[R_LO] = end[0], end[1], other[0], other[1]
    row[PORTS], row[PROTO], row[FIRST], row[LAST] = (end[2] << 16) | other[2], proto, us, us
    row[HEAD], row[TAIL] = -1, -1
    room.slots[slot] = place
    return place


@part
def idle(row: Array, us: Array) -> Array:
    """Whether a connection was over before a packet of this time."""
    silent = abs(us - row[LAST])
    if row[PROTO] & 255 != TCP:
        return silent > IDLE_US
    if silent > IDLE_TCP_US:
        return True
    ours, theirs = row[SIDE + STATE], row[SIDE + WIDTH + STATE]
    if silent <= LINGER_US:
        return us - row[FIRST] > ATTEMPT_US and ours == SYN_SENT and theirs == INACTIVE
    over = ours == RESET or theirs == RESET or (ours == CLOSED and theirs == CLOSED)
    return over or (theirs == INACTIVE and ours == SYN_SENT)


@part
def keep(
    room: Room, place: Array, direction: Array, at: Array, here: Array, length: Array, rel: Array, us: Array
) -> None:
    """Keep where a payload stands."""
    number = room.used[SEGMENTS]
    room.used[SEGMENTS] += 1
    row, made = room.rows[place], room.segments[number]
    made[FOLLOWING], made[DIRECTION], made[PLACE], made[HERE] = -1, direction, at, here
    made[LENGTH], made[REL], made[US] = length, rel, us
    if row[HEAD] < 0:
        row[HEAD] = number
    else:
        room.segments[row[TAIL]][FOLLOWING] = number
    row[TAIL] = number


@part
def finish(room: Room, now: Array, least: Array) -> Array:
    """Mark what is over at a time, and whatever was silent since `least`; returns how many are over."""
    over = 0
    for place in range(room.used[CONNECTIONS]):
        row = room.rows[place]
        if not row[DONE] and (idle(row, now) or row[LAST] < least):
            row[DONE] = 1
        over += row[DONE]
    return over


@part
def rehash(room: Room) -> None:
    """Fill the slots anew with the connections that are open."""
    room.slots[:] = -1
    # Between two packets the cursor is free.
    end, other = room.cursor[16:19], room.cursor[20:23]
    for place in range(room.used[CONNECTIONS]):
        row = room.rows[place]
        if row[DONE]:
            continue
        end[0], end[1], end[2] = row[O_HI], row[O_LO], row[PORTS] >> 16
        other[0], other[1], other[2] = row[R_HI], row[R_LO], row[PORTS] & 0xFFFF
        room.slots[slot_of(room.rows, room.slots, room.used[SEED], end, other, row[PROTO])] = place


@part
def carry(room: Room, fresh: Room) -> None:
    """Take the connections that are open, and their segments, over into new room."""
    for place in range(room.used[CONNECTIONS]):
        if room.rows[place, DONE]:
            continue
        number = fresh.used[CONNECTIONS]
        fresh.used[CONNECTIONS] += 1
        row = fresh.rows[number]
        for column in range(COLUMNS):
            row[column] = room.rows[place, column]
        segment = row[HEAD]
        row[HEAD], row[TAIL] = -1, -1
        while segment >= 0:
            old = room.segments[segment]
            keep(fresh, number, old[DIRECTION], old[PLACE], old[HERE], old[LENGTH], old[REL], old[US])
            segment = old[FOLLOWING]
