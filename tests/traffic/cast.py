"""Who lives in the network of a parcel hub, and the fronts that the outside stands behind."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, HOUR, Ints
from traffic.clock import present
from traffic.net import Host, Net

# kind, how many at scale 1, when it is on, which subnet
_KINDS = (
    ("desk", 110, "office", 10),
    ("desk", 20, "always", 10),
    ("laptop", 30, "office", 12),
    ("phone", 50, "private", 40),
    ("handheld", 24, "always", 50),
    ("camera", 14, "always", 60),
    ("sensor", 14, "always", 61),
    ("printer", 6, "always", 62),
    ("sorter", 8, "always", 63),
    ("voip", 16, "always", 70),
    ("server", 10, "always", 5),
)
_ROLES = ("mail", "backup", "web", "files", "monitor", "crawler", "identity", "database", "warehouse", "build")


def settle(net: Net, scale: float) -> None:
    """Add the machines."""
    rng, book = net.rng, net.book
    site_zone = float(rng.choice([-6, -5, 0, 1, 1, 1, 2, 8]))
    own, public = "10.20.5.53", ["8.8.8.8", "1.1.1.1", "9.9.9.9"]
    if rng.random() < 0.3:
        book.forwarder, book.upstream = book.code(own), book.code(str(rng.choice(public)))
    if rng.random() < 0.4 and book.days > 2:
        silent = book.start_us + int(rng.uniform(0.2, 0.9) * book.days * DAY)
        book.gap = (silent, silent + int(rng.uniform(0.5, 5) * HOUR))
    last = dict.fromkeys(range(256), 10)
    gateways = [f"10.20.40.{n}" for n in range(2, 3 + int(4 * scale))]
    for kind, count, habit, subnet in _KINDS:
        size = len(_ROLES) if kind == "server" else max(min(count, 5), round(count * scale))
        for at in range(size):
            zone = site_zone
            if kind == "laptop" and rng.random() < 0.4:
                zone = float(rng.choice([-8, -5, 0, 1, 3, 5.5, 8]))
            last[subnet] += 1
            address = f"10.{20 + last[subnet] // 250}.{subnet}.{last[subnet] % 250 + 1}"
            if kind == "phone" and rng.random() < 0.6:
                # The guests' access points translate addresses: several phones look like one.
                address = str(rng.choice(gateways))
            spans = present(rng, book.start_us, book.days, habit=habit, zone_h=zone)
            asks = own if kind not in ("phone", "camera") or rng.random() < 0.5 else str(rng.choice(public))
            net.host(kind, address, spans, resolver=asks, zone_h=zone, role=_ROLES[at] if kind == "server" else "")
    _fronts(net)


def _fronts(net: Net) -> None:
    """Add content networks: pools of addresses that many names share."""
    net.fronts = [net.fresh(int(size)) for size in net.rng.integers(12, 90, 6)]


def front(net: Net) -> Ints:
    """Return the part of a content network that one name is served from."""
    pool = net.fronts[int(net.rng.integers(len(net.fronts)))]
    return np.asarray(net.rng.permutation(pool)[: int(net.rng.integers(4, min(len(pool), 48)))])


def fronted(net: Net, name: str | None = None) -> int:
    """Add a far end behind a content network."""
    made = net.place(name, pool=front(net), turns=True, ttl_s=int(net.rng.choice([20, 30, 60, 60, 300])))
    net.place_alias[made] = (
        f"d{net.rng.integers(10**6, 10**7)}.edge-{net.rng.integers(1, 9)}.cdn-{net.rng.integers(1, 6)}.net"
    )
    return made


def server(net: Net, role: str) -> Host:
    """Return the server with a role."""
    return next(one for one in net.hosts if one.role == role)
