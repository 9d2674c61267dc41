"""Connections that stay open, and destinations that nobody called before."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, HOUR, SECOND
from traffic.clock import inside
from traffic.hidden.lair import lair, told
from traffic.net import Net

_HOURS = {"strong": 200.0, "medium": 60.0, "weak": 22.0}
_VISITS = {"strong": (12, 2e6), "medium": (4, 60_000.0), "weak": (1, 2500.0)}


def plant(net: Net, strength: str) -> None:
    """Hide two connections that stay open, and two first calls."""
    _open(net, strength)
    _open(net, strength)
    _first(net, strength, "server")
    _first(net, strength, "thing")


def _open(net: Net, strength: str) -> None:
    """Keep one connection open, with little in it most of the time."""
    rng, book = net.rng, net.book
    host, port = lair(net, always=True), int(rng.choice([443, 443, 4444, 8080]))
    place = net.place("" if rng.random() < 0.5 else None, pool=1)
    span = max(host.spans, key=lambda one: one[1] - one[0])
    length = int(min(_HOURS[strength] * rng.uniform(0.85, 1.2) * HOUR, 0.95 * (span[1] - span[0])))
    us = np.array([span[0] + int(rng.uniform(0, 1) * (span[1] - span[0] - length))])
    up = length / SECOND * rng.uniform(0.5, 30)
    net.visit(
        host.number,
        place,
        us,
        up=up,
        down=up * rng.uniform(0.2, 3),
        duration=length,
        lost=0,
        resp_p=port,
        service="ssl" if port == 443 else -1,
    )
    parameters = {"hours": round(length / HOUR, 1), "host": host.kind}
    book.plant("long_connection", "open", strength, parameters=parameters, **told(net, host, place, us, port))


def _first(net: Net, strength: str, variant: str) -> None:
    """A machine that calls the same few places every day calls one that nobody ever called."""
    rng, book = net.rng, net.book
    kinds = ("server",) if variant == "server" else ("sensor", "sorter", "camera", "handheld", "printer")
    host = lair(net, always=True, kinds=kinds)
    tries = 0
    while host.role == "crawler" and tries < 20:
        host, tries = lair(net, always=True, kinds=kinds), tries + 1
    count, size = _VISITS[strength]
    place = net.place("" if rng.random() < 0.4 else None, pool=1)
    begin = book.start_us + int(rng.uniform(0.65, 0.93) * book.days * DAY)
    us = begin + np.sort((rng.exponential(0.7, count) * HOUR).astype(np.int64))
    us = us[inside(us, host.spans)]
    up = 700 + size * rng.lognormal(0, 0.6, len(us))
    net.visit(
        host.number,
        place,
        us,
        up=up,
        down=rng.lognormal(9, 1, len(us)),
        duration=rng.lognormal(1.5, 1, len(us)) * SECOND,
        service="ssl",
        lost=0,
    )
    parameters = {"bytes": int(up.sum()), "host": host.kind}
    book.plant("first_seen", variant, strength, parameters=parameters, **told(net, host, place, us, 443))
