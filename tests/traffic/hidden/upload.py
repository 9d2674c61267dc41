"""Much that is sent at once, and little that is sent all the time."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, HOUR, SECOND
from traffic.cast import fronted
from traffic.clock import inside, moments, ticks
from traffic.hidden.lair import lair, stay, told, within
from traffic.net import Net

_BULK = {"strong": 8e9, "medium": 9e8, "weak": 1.5e8}
_LEAK = {"strong": 6e7, "medium": 1e7, "weak": 1.5e6}


def plant(net: Net, strength: str) -> None:
    """Hide two uploads and two leaks."""
    _bulk(net, strength, known=False)
    _bulk(net, strength, known=True)
    _leak(net, strength, growing=False)
    _leak(net, strength, growing=True)


def _bulk(net: Net, strength: str, *, known: bool) -> None:
    """Send much: to a place that nobody knows, or to one that got little so far."""
    rng, book = net.rng, net.book
    host = lair(net, always=bool(rng.random() < 0.5))
    place = net.place(pool=2) if rng.random() < 0.6 else fronted(net)
    if known:
        own = moments(rng, book.start_us, book.days, habit="office", mean=rng.uniform(2, 8), zone_h=host.zone_h)
        net.tick(
            host, place, own, up=rng.lognormal(11, 1.0), down=rng.lognormal(10, 0.8), duration=8 * SECOND, service="ssl"
        )
    total = _BULK[strength] * rng.lognormal(0, 0.35)
    # After five days of history, or a third of a short world.
    quiet = book.start_us + int(min(5.0, book.days / 3) * DAY)
    later = [(max(a, quiet), b) for a, b in host.spans if b - max(a, quiet) > 2 * HOUR] or list(host.spans[-1:])
    span = later[int(rng.integers(len(later)))]
    begin = span[0] + int(rng.uniform(0, 0.6) * min(span[1] - span[0], 7 * DAY))
    parts = rng.dirichlet(np.full(int(rng.integers(1, 40 if strength != "strong" else 10)), 2.0)) * total
    us = begin + np.sort(
        (rng.uniform(0, {"strong": 3, "medium": 5, "weak": 6}[strength], len(parts)) * HOUR).astype(np.int64)
    )
    on = inside(us, host.spans) & (us < book.end_us)
    us, parts = us[on], parts[on]
    net.visit(
        host.number,
        place,
        us,
        up=parts,
        down=parts * 0.006 + 4000,
        duration=parts / rng.uniform(1e6, 6e6) * SECOND,
        service="ssl",
        lost=0,
    )
    parameters = {"bytes": int(parts.sum()), "known": known, "host": host.kind}
    book.plant(
        "bulk_upload",
        "known_place" if known else "new_place",
        strength,
        parameters=parameters,
        **told(net, host, place, us, 443),
    )


def _leak(net: Net, strength: str, *, growing: bool) -> None:
    """Send a little at irregular moments all the time, the same every day or more each day."""
    rng, book = net.rng, net.book
    host = lair(net, always=strength != "weak")
    place = net.place(pool=int(rng.choice([1, 3])))
    first, last = stay(net, 10)
    pause = {"strong": 900, "medium": 1800, "weak": 3600}[strength] * rng.uniform(0.7, 1.4)
    us = ticks(rng, within(host, first, last), pause, shape="exponential")
    share = pause / DAY * SECOND / {True: 1.0, False: 0.33}[strength != "weak"]
    growth = rng.uniform(1.12, 1.25) if growing else 1.0
    days = (us - first) / DAY
    up = _LEAK[strength] * share * rng.lognormal(0, 0.3, len(us)) * growth ** (days - 5 * growing)
    net.visit(
        host.number,
        place,
        us,
        up=up,
        down=up * rng.uniform(0.01, 0.08) + 900,
        service="ssl",
        duration=rng.lognormal(1, 0.8, len(us)) * SECOND,
    )
    parameters = {"bytes": int(up.sum()), "growth": round(growth, 2), "pause_s": round(pause), "host": host.kind}
    book.plant(
        "slow_leak",
        "growing" if growing else "steady",
        strength,
        parameters=parameters,
        **told(net, host, place, us, 443),
    )
