"""A world of traffic: made from a seed, ordinary life first, then what hides in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from traffic.benign import browsing, lookups, machines, office, talking, things
from traffic.book import DAY, Book
from traffic.cast import settle
from traffic.hidden import beacon, carrier, lasting, ports, resolver, tunnel, upload
from traffic.net import Net

FIRST_DAY = 20_480
"""Days since 1970 of the earliest world."""
LIFE = (browsing.live, machines.live, office.live, talking.live, lookups.live, things.live)
HIDDEN = (beacon.plant, tunnel.plant, upload.plant, resolver.plant, carrier.plant, lasting.plant, ports.plant)
STRENGTHS = ("weak", "medium", "strong")


@dataclass(frozen=True)
class World:
    """Traffic, and what was hidden in it."""

    seed: int
    """The same seed, scale and days give the same world."""
    days: int
    """Days that it lasts."""
    connection: pa.Table
    """Every connection, in order of time, with the columns of the noun."""
    query: pa.Table
    """Every DNS query, in order of time, with the columns of the noun; its `uid` is that of its connection."""
    truth: pa.Table
    """One row per hidden thing: see `book.TRUTH`."""
    crawlers: tuple[str, ...] = ()
    """Addresses of machines that call very many places because that is their work."""


def world(seed: int, *, scale: float = 1.0, days: int = 14, hidden: bool = True) -> World:
    """Make a world.

    Args:
        seed: Chance; even seeds are for setting thresholds, odd ones for judging.
        scale: 1: about 300 hosts.
        days: How many days.
        hidden: Whether anything is hidden in it.
    """
    rng = np.random.default_rng(seed * 7919 + 17)
    book = Book(rng, (FIRST_DAY + int(rng.integers(0, 60))) * DAY, days)
    net = Net(book)
    settle(net, scale)
    for live in LIFE:
        live(net, scale)
    if hidden:
        for plant in HIDDEN:
            for strength in STRENGTHS:
                plant(net, strength)
    net.close()
    crawlers = tuple(book.texts[one.address] for one in net.hosts if one.role == "crawler")
    return World(seed, days, *book.tables(), crawlers)
