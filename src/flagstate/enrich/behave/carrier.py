"""Data in protocols that are not meant for it: ICMP beyond an echo, and transports other than TCP and UDP.

An echo comes back as it was sent, in one size. What carries data does not: its sizes vary, the two ways differ, or
there is far more of it than anybody pings. What it cannot see: what stands in the packets; data that is hidden in an
echo of ordinary size and rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from flagstate.enrich.behave import row
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.totals import Total, gathered, moved, ramp, record

ICMP = ("icmp", "icmp6", "ipv6-icmp")
ORDINARY = ("tcp", "udp", *ICMP)
PING = 64
"""Bytes that a ping carries at most by default, on any system."""
LEAST_BYTES = 4_000
"""Bytes below which ICMP carries nothing that is worth the trouble."""
SAID = 0.3
"""Scores below are not kept."""
TRANSPORTS = {
    "gre": "A tunnel between two networks of the firm, or a PPTP connection",
    "esp": "The firm's own IPsec VPN; declare its gateway",
    "ah": "The firm's own IPsec VPN; declare its gateway",
    "ipip": "A tunnel between two networks of the firm",
    "ipv6": "IPv6 over IPv4 by a tunnel broker or 6to4, often set up by an old router by itself",
    "6in4": "IPv6 over IPv4 by a tunnel broker or 6to4, often set up by an old router by itself",
    "sit": "IPv6 over IPv4 by a tunnel broker or 6to4, often set up by an old router by itself",
    "sctp": "Signalling of a telephone network, or WebRTC",
    "ospf": "Routing inside the network",
    "igmp": "Groups of multicast inside the network",
    "pim": "Routing of multicast inside the network",
    "vrrp": "Two routers that stand in for each other",
}
QUIET = ("igmp", "pim", "ospf", "vrrp", "eigrp", "hopopt")
"""Transports that carry no data of users."""


@dataclass(frozen=True)
class Sizes:
    """How the sizes of the events of a channel vary."""

    variety: float
    """Distinct sizes by events, 0 to 1."""
    spread: float
    """Standard deviation of sizes by their mean."""
    unlike: float
    """Share of events in which the two ways differ."""


def find(seen: Seen) -> pa.Table:
    """Return carriers."""
    where = f"orig_h IS NOT NULL AND proto IS NOT NULL AND proto NOT IN ('tcp', 'udp') AND proto NOT IN {QUIET}"
    records = []
    # Captures name a transport that has no name as a protocol by the service inside.
    for total in gathered(seen, where, services="CASE WHEN proto = 'unknown_transport' THEN service END"):
        if total.service in QUIET:
            continue
        made = _icmp(seen, total) if total.proto in ICMP else _transport(total)
        if made is not None:
            records.append(made)
    return row.table(records)


def sizes(seen: Seen, channels: list[int]) -> Sizes | None:
    """Return how the events of some channels vary; null: their rhythm is not known."""
    wanted = np.array(sorted(channels), np.uint64)
    sent, back = [], []
    for place in np.searchsorted(seen.timing.channel, wanted):
        if place < len(seen.timing) and seen.timing.channel[place] in wanted:
            events = seen.timing.events(int(place), int(place) + 1)
            each = np.maximum(events.count, 1)
            sent.append(events.orig // each)
            back.append(events.resp // each)
    if not sent:
        return None
    up, down = np.concatenate(sent), np.concatenate(back)
    both = up + down
    mean = float(both.mean())
    if not mean:
        return None
    answered = (up > 0) & (down > 0)
    unlike = float((up[answered] != down[answered]).mean()) if answered.any() else 0.0
    variety = (len(np.unique(both)) - 1) / max(len(both) - 1, 1)
    return Sizes(variety, float(both.std()) / mean, unlike)


def _icmp(seen: Seen, total: Total) -> dict[str, object] | None:
    if max(total.orig_bytes, total.resp_bytes) < LEAST_BYTES:
        return None
    vary = sizes(seen, total.channels) or Sizes(0.0, 0.0, 0.0)
    per_conn = total.orig_bytes / max(total.conns, 1)
    less, more = sorted((total.orig_bytes, total.resp_bytes))
    uneven = 1 - less / more if less else 0.0
    parts = {
        "two_ways_differ": max(ramp(uneven, 0.02, 0.3), ramp(vary.unlike, 0.1, 0.6)),
        "sizes_vary": max(ramp(vary.variety, 0.05, 0.4), ramp(vary.spread, 0.1, 0.6)),
        "beyond_ping": ramp(math.log10(max(per_conn, 1)), math.log10(4 * PING), math.log10(100 * PING)),
        "volume": ramp(math.log10(max(total.orig_bytes, 1)), math.log10(LEAST_BYTES), math.log10(1_000_000)),
        "leaves": 0.3 if total.inside else 1.0,
    }
    score = (
        0.3 * parts["two_ways_differ"] + 0.3 * parts["sizes_vary"] + 0.15 * parts["beyond_ping"]
        + 0.15 * parts["volume"] + 0.1 * parts["leaves"]
    )  # fmt: skip
    # What comes back as it went, in one size, is an echo however much there is of it.
    plain = 1 - max(parts["two_ways_differ"], parts["sizes_vary"])
    benign = 0.6 * plain + (0.2 if total.inside else 0.0)
    innocent = (
        "Monitoring that pings without end" if plain > 0.5 else "Tests of path sizes (ping with growing payloads)"
    )
    score = min(score * 1.25, 1.0) * (1 - benign)
    figures = {
        "bytes_per_conn": round(per_conn),
        "size_variety": round(vary.variety, 3),
        "size_spread": round(vary.spread, 3),
        "share_unlike": round(vary.unlike, 3),
    }
    message = (
        f"ICMP between {total.orig_h} and {total.far} carried {row.size(total.orig_bytes)} up and "
        f"{row.size(total.resp_bytes)} down, {row.size(per_conn)} per exchange, in sizes that an echo does not have"
    )
    return _row(total, parts, figures, message, (innocent, benign, score))


def _transport(total: Total) -> dict[str, object] | None:
    proto = total.service or total.proto or ""
    both = total.orig_bytes + total.resp_bytes
    parts = {
        "not_tcp_or_udp": 1.0,
        "volume": ramp(math.log10(max(both, 1)), 2, 5) if both or not total.unsized else 0.5,
        "both_ways": ramp(min(total.orig_bytes, total.resp_bytes), 0, 1_000),
        "leaves": 0.0 if total.inside else 1.0,
    }
    score = 0.4 + 0.2 * parts["volume"] + 0.2 * parts["both_ways"] + 0.2 * parts["leaves"]
    benign = (0.25 if proto in TRANSPORTS else 0.15) + (0.4 if total.inside else 0.0)
    innocent = TRANSPORTS.get(proto, "A transport of the network's own equipment; ask who runs it")
    shown = proto.upper() if proto != "unknown_transport" else "a transport that the sensor does not know"
    message = f"{total.orig_h} and {total.far} spoke {shown}, neither TCP nor UDP: {moved(total)}"
    return _row(total, parts, {}, message, (innocent, benign, score * (1 - benign)))


def _row(
    total: Total, parts: dict[str, float], more: dict[str, float], message: str, said: row.Said
) -> dict[str, object] | None:
    if said[-1] < SAID:
        return None
    figures: dict[str, float | int | str] = {
        "transport": total.service or total.proto or "",
        "conns": total.conns,
        "bytes_up": total.orig_bytes,
        "bytes_down": total.resp_bytes,
        "days": total.days,
        "hours": total.hours,
        **more,
    }
    # What sensors put in the place of a port is not one: ICMP's types, a protocol's number.
    portless = replace(total, resp_p=None)
    return record("carrier", portless, parts=parts, figures=figures, message=message, said=said)
