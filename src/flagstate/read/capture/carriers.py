"""What carries IP on a wire or on the air, compiled: each step moves the cursor behind one header and names the next.

Ethernet with VLAN, QinQ and 802.1ah, MPLS, PPP and PPPoE, loopback, Linux cooked captures, 802.11 with radiotap (only
data that is not encrypted), pflog, nflog, raw IP.
"""

from __future__ import annotations

from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.records import u16

AT, END, FULL, TYPE, S_HI, S_LO, D_HI, D_LO, IS6, BASE, NOW, HOPS, DONE_AT, PLACE = range(14)
"""The cursor: position, end of what was captured, end of what was sent; type or protocol of what follows; addresses;
whether they are IPv6; what is added to a position to tell where it is kept; time; headers of transport seen; where the
next datagram in the arena ends; the connection of the last header."""
CURSOR = 24
"""Its size; the last places are room for both ends of a connection."""
ENDS, OTHERS = 16, 20

STOP, ETHER, TYPED, PPP, PPPOE, MPLS, NETWORK, CARRIED, GRE, WLAN, LLC, AGAIN, BROKEN, SECRET, FOREIGN = range(15)
"""Steps. The last five are ends: go on in the arena, damaged, encrypted, no IP."""


@part
def begin(buf: Array, cur: Array, link: Array) -> Array:
    """Return the first step of a packet of a link type, behind headers that only that type has."""
    at, left = cur[AT], cur[END] - cur[AT]
    if link == 1:
        return ETHER
    if link in (12, 14, 101, 228, 229):
        return NETWORK
    if link in (0, 108):
        cur[AT] += 4
        return NETWORK
    if link in (9, 50):
        return PPP
    if link == 51:
        return PPPOE
    if link == 105:
        return WLAN
    if link == 127:
        cur[AT] += u16(buf, at + 2, 0) if left >= 4 else left + 1
        return WLAN
    if link == 113:
        cur[TYPE] = u16(buf, at + 14, 1) if left >= 16 else 0
        cur[AT] += 16
        return TYPED
    if link == 276:
        cur[TYPE] = u16(buf, at, 1) if left >= 20 else 0
        cur[AT] += 20
        return TYPED
    if link == 117:
        cur[AT] += (np_int(buf[at]) + 3) & ~3 if left >= 1 else 1
        return NETWORK
    if link == 109:
        cur[AT] += 12
        return NETWORK
    if link == 239:
        return logged(buf, cur)
    return -1


@part
def np_int(value: Array) -> Array:
    """A byte as a number that may become larger."""
    return value + 0


@part
def logged(buf: Array, cur: Array) -> Array:
    """Find the packet among the values of an nflog message."""
    at = cur[AT] + 4
    for _ in range(64):
        if at + 4 > cur[END]:
            return BROKEN
        size = u16(buf, at, 0)
        if u16(buf, at + 2, 0) == 9:
            cur[AT] = at + 4
            return NETWORK
        at += max(4, (size + 3) & ~3)
    return BROKEN


@part
def ether(buf: Array, cur: Array) -> Array:
    """Ethernet: a type, or a length and a logical link."""
    at = cur[AT]
    if at + 14 > cur[END]:
        return BROKEN
    cur[TYPE] = u16(buf, at + 12, 1)
    cur[AT] = at + 14
    return TYPED if cur[TYPE] > 1500 else LLC


@part
def typed(buf: Array, cur: Array) -> Array:
    """What an Ethernet type says."""
    kind, at = cur[TYPE], cur[AT]
    if kind == 0x0800 or kind == 0x86DD:
        return NETWORK
    if kind in (0x8100, 0x88A8, 0x9100, 0x9200):
        if at + 4 > cur[END]:
            return BROKEN
        cur[TYPE] = u16(buf, at + 2, 1)
        cur[AT] = at + 4
        return TYPED if cur[TYPE] > 1500 else LLC
    if kind == 0x88E7:
        cur[AT] = at + 4
        return ETHER
    if kind == 0x8847 or kind == 0x8848:
        return MPLS
    if kind == 0x8864:
        return PPPOE
    if kind == 0x6558:
        return ETHER
    if kind == 0x880B:
        return PPP
    if kind == 4:
        return LLC
    return FOREIGN


@part
def mpls(buf: Array, cur: Array) -> Array:
    """Labels up to the last, then IP, or Ethernet behind a control word."""
    at = cur[AT]
    for _ in range(16):
        if at + 5 > cur[END]:
            return BROKEN
        last = buf[at + 2] & 1
        at += 4
        if last:
            cur[AT] = at
            nibble = buf[at] >> 4
            if nibble == 4 or nibble == 6:
                return NETWORK
            if nibble == 0:
                cur[AT] = at + 4
            return ETHER
    return BROKEN


@part
def ppp(buf: Array, cur: Array) -> Array:
    """PPP, with or without its address, its protocol in one byte or two."""
    at, end = cur[AT], cur[END]
    if at + 4 <= end and buf[at] == 0xFF and buf[at + 1] == 3:
        at += 2
    if at + 2 > end:
        return BROKEN
    kind = np_int(buf[at])
    at += 1
    if not kind & 1:
        kind = (kind << 8) | buf[at]
        at += 1
    cur[AT] = at
    if kind == 0x21 or kind == 0x57:
        return NETWORK
    return MPLS if kind == 0x281 or kind == 0x283 else FOREIGN


@part
def llc(buf: Array, cur: Array) -> Array:
    """A logical link: only its form with an Ethernet type carries IP."""
    at = cur[AT]
    if at + 8 > cur[END]:
        return FOREIGN
    if buf[at] != 0xAA or buf[at + 1] != 0xAA or buf[at + 2] != 3:
        return FOREIGN
    cur[TYPE] = u16(buf, at + 6, 1)
    cur[AT] = at + 8
    return TYPED


@part
def wlan(buf: Array, cur: Array) -> Array:
    """802.11: data frames that are not encrypted; of several in one only the first."""
    at, end = cur[AT], cur[END]
    if at + 24 > end:
        return BROKEN
    kind, flags = buf[at], buf[at + 1]
    if (kind >> 2) & 3 != 2 or kind & 0x40:
        return FOREIGN
    if flags & 0x40:
        return SECRET
    at += 30 if flags & 3 == 3 else 24
    if kind & 0x80:
        several = at + 2 <= end and buf[at] & 0x80
        at += 6 if flags & 0x80 else 2
        if several:
            at += 14
    cur[AT] = at
    return LLC
