"""Tunnels, compiled: GRE in its kinds, VXLAN, Geneve, GTP-U, Teredo, AYIYA, L2TP, and MPLS or GRE over UDP."""

from __future__ import annotations

import numpy as np

from flagstate.read.capture.carriers import (
    AT,
    BROKEN,
    END,
    ETHER,
    FOREIGN,
    FULL,
    GRE,
    MPLS,
    NETWORK,
    PPP,
    STOP,
    TYPE,
    TYPED,
    WLAN,
    np_int,
)
from flagstate.read.capture.compiled import Array, part
from flagstate.read.capture.records import u16

NAMES = (
    None, "vxlan", "geneve", "gtpv1", "teredo", "ayiya", "gre", "l2tp", "mpls", "ipip", "6in4", "esp", "ah", "sctp",
    "igmp", "etherip", "ospf", "pim", "l2tp",
)  # fmt: skip
"""What is named as the service of a connection that carries others, or that is no TCP, UDP or ICMP."""
(NONE, VXLAN, GENEVE, GTP, TEREDO, AYIYA, GRES, L2TP, MPLSU, IPIP, SIT, ESP, AH, SCTP, IGMP, ETHERIP, OSPF, PIM,
 L2TP3) = range(19)  # fmt: skip


@part
def gre(buf: Array, cur: Array) -> Array:
    """GRE and what it carries: IP, Ethernet, PPP, ERSPAN, MPLS, frames of Aruba access points."""
    at, end = cur[AT], cur[END]
    if at + 4 > end:
        return BROKEN
    flags, kind = u16(buf, at, 1), u16(buf, at + 2, 1)
    at += 4
    if flags & 7 == 1:
        at += 4 + (4 if flags & 0x1000 else 0) + (4 if flags & 0x80 else 0)
        cur[AT] = at
        return PPP if kind == 0x880B else FOREIGN
    at += 4 if flags & 0xC000 else 0
    at += (4 if flags & 0x2000 else 0) + (4 if flags & 0x1000 else 0)
    cur[AT], cur[TYPE] = at, kind
    if kind == 0x88BE:
        cur[AT] += 8 if flags & 0x1000 else 0
        return ETHER
    if kind == 0x22EB:
        if at + 12 > end:
            return BROKEN
        cur[AT] += 20 if buf[at + 11] & 1 else 12
        return ETHER
    if 0x8200 <= kind <= 0x83F0 or kind == 0x9000:
        return WLAN
    return TYPED


@part
def six(buf: Array, at: Array, end: Array) -> Array:
    """Whether an IPv6 packet stands here that ends where the datagram does, or before."""
    return end - at >= 40 and buf[at] >> 4 == 6 and 40 + u16(buf, at + 4, 1) <= end - at


@part
def teredo(buf: Array, cur: Array) -> Array:
    """Return where the packet within Teredo begins; -1: it is not Teredo."""
    at, end = cur[AT], cur[FULL]
    if at + 4 <= cur[END] and buf[at] == 0 and buf[at + 1] == 1:
        at += 13 + buf[at + 2] + buf[at + 3]
    if at + 8 <= cur[END] and buf[at] == 0 and buf[at + 1] == 0:
        at += 8
    return at if at + 40 <= cur[END] and six(buf, at, end) else np.int64(-1)


@part
def addressed(buf: Array, cur: Array) -> Array:
    """Whether a whole IPv6 packet stands here, from or to Teredo (2001::/32): relays choose their port."""
    at = cur[AT]
    if at + 40 > cur[END] or buf[at] >> 4 != 6 or 40 + u16(buf, at + 4, 1) != cur[FULL] - at:
        return False
    return (u16(buf, at + 8, 1) == 0x2001 and u16(buf, at + 10, 1) == 0) or (
        u16(buf, at + 24, 1) == 0x2001 and u16(buf, at + 26, 1) == 0
    )


@part
def gtp(buf: Array, cur: Array) -> Array:
    """Return where the packet within GTP-U begins; -1: it carries none."""
    at, end = cur[AT], cur[END]
    if at + 8 > end or buf[at] >> 4 != 3 or buf[at + 1] != 0xFF:
        return np.int64(-1)
    extended, optional = buf[at] & 4, buf[at] & 7
    at += 8
    if optional:
        if at + 4 > end:
            return np.int64(-1)
        following = np_int(buf[at + 3]) if extended else 0
        at += 4
        for _ in range(16):
            if not following:
                break
            if at >= end or not buf[at]:
                return np.int64(-1)
            size = 4 * np_int(buf[at])
            if at + size > end:
                return np.int64(-1)
            following = np_int(buf[at + size - 1])
            at += size
    return at if at + 20 <= end and (buf[at] >> 4 == 4 or buf[at] >> 4 == 6) else np.int64(-1)


@part
def ayiya(buf: Array, cur: Array) -> Array:
    """Return where the packet within AYIYA begins; -1: it carries none."""
    at, end = cur[AT], cur[END]
    if at + 8 > end or buf[at + 2] & 15 != 1 or (buf[at + 3] != 41 and buf[at + 3] != 4):
        return np.int64(-1)
    inner = at + 8 + (1 << np_int(buf[at] >> 4)) + 4 * np_int(buf[at + 1] >> 4)
    return inner if inner + 20 <= end else np.int64(-1)


@part
def l2tp(buf: Array, cur: Array) -> Array:
    """Return where PPP within L2TP begins; -1: it is control, or not L2TP."""
    at, end = cur[AT], cur[END]
    if at + 8 > end:
        return np.int64(-1)
    flags = u16(buf, at, 1)
    if flags & 0x800F != 2:
        return np.int64(-1)
    at += 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        if at + 2 > end:
            return np.int64(-1)
        at += 2 + u16(buf, at, 1)
    return at if at + 2 <= end else np.int64(-1)


@part
def within(buf: Array, cur: Array, first: Array, second: Array) -> Array:
    """Say which tunnel a UDP datagram is, by port and header: tunnel and next step; the cursor moves."""
    at, left = cur[AT], cur[END] - cur[AT]
    if (first in (4789, 8472) or second in (4789, 8472)) and left >= 22 and buf[at] & 0x08:
        cur[AT] += 8
        return VXLAN, ETHER
    if (first == 6081 or second == 6081) and left >= 8 and not buf[at] & 0xC0:
        cur[TYPE] = u16(buf, at + 2, 1)
        cur[AT] += 8 + 4 * np_int(buf[at] & 0x3F)
        return GENEVE, TYPED
    if first == 2152 or second == 2152:
        inner = gtp(buf, cur)
        if inner >= 0:
            cur[AT] = inner
            return GTP, NETWORK
    if first == 3544 or second == 3544 or addressed(buf, cur):
        inner = teredo(buf, cur)
        if inner >= 0:
            cur[AT] = inner
            return TEREDO, NETWORK
    if first == 5072 or second == 5072:
        inner = ayiya(buf, cur)
        if inner >= 0:
            cur[AT] = inner
            return AYIYA, NETWORK
    if (first == 4754 or second == 4754) and left >= 4 and not buf[at + 1] & 0x7F and not buf[at] & 0x0F:
        return GRES, GRE
    if first == 1701 or second == 1701:
        inner = l2tp(buf, cur)
        if inner >= 0:
            cur[AT] = inner
            return L2TP, PPP
    if (first == 6635 or second == 6635) and left >= 8:
        return MPLSU, MPLS
    return NONE, STOP


@part
def named(proto: Array) -> Array:
    """Say which tunnel or other protocol a number of IP stands for."""
    if proto == 4:
        return IPIP
    if proto == 41:
        return SIT
    if proto == 47:
        return GRES
    if proto == 50:
        return ESP
    if proto == 51:
        return AH
    if proto == 132:
        return SCTP
    if proto == 2:
        return IGMP
    if proto == 97:
        return ETHERIP
    if proto == 89:
        return OSPF
    if proto == 103:
        return PIM
    if proto == 115:
        return L2TP3
    return MPLSU if proto == 137 else NONE
