"""Programs that call home: steady, jittered, slow, in busy pairs, behind fronts, in working hours, and in vain."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, SECOND, Ints
from traffic.cast import fronted
from traffic.clock import grid, inside, moments, ticks
from traffic.hidden.lair import lair, stay, told, within
from traffic.net import Host, Net

_PERIOD_S = {"strong": (60, 300), "medium": (300, 1500), "weak": (1800, 7200)}
_SIZES = {"strong": 0.02, "medium": 0.15, "weak": 0.5}
_LOST = {"strong": 0.004, "medium": 0.02, "weak": 0.08}
_JITTER = {"fixed": 0.0, "jitter_10": 0.1, "jitter_25": 0.25, "jitter_40": 0.4}


def plant(net: Net, strength: str) -> None:
    """Hide one of each."""
    for variant in _JITTER:
        _calling(net, variant, strength)
    _daily(net, strength)
    _busy(net, strength)
    _behind(net, "fronted", strength)
    _behind(net, "rotating", strength)
    _office(net, strength)
    _vain(net, strength)


def _period(net: Net, strength: str, host: Host) -> float:
    low, high = (float(bound) for bound in _PERIOD_S[strength])
    if strength == "weak" and host.spans[0][1] - host.spans[0][0] < DAY // 2:
        # Whoever has a machine for some hours of the day only calls more often in them.
        low, high = low / 3, high / 4
    return float(np.exp(net.rng.uniform(np.log(low), np.log(high))))


def _host(net: Net, strength: str) -> Host:
    return lair(net, always=strength == "strong" or bool(net.rng.random() < 0.6))


def _call(net: Net, host: Host, place: int, us: Ints, strength: str, **how: object) -> None:
    """Connect: a question and an answer of much the same size, now and then a task and its result."""
    rng, noise = net.rng, _SIZES[strength]
    up, down = rng.uniform(350, 1400), rng.uniform(200, 2500)
    ups, downs = up * rng.lognormal(0, noise, len(us)), down * rng.lognormal(0, noise, len(us))
    task = rng.random(len(us)) < 0.02
    ups, downs = (
        np.where(task, ups + rng.lognormal(9, 1.2, len(us)), ups),
        np.where(task, downs + rng.lognormal(8, 1.5, len(us)), downs),
    )
    columns = {"service": "ssl", "lost": _LOST[strength], "duration": rng.lognormal(-0.8, 0.5, len(us)) * SECOND} | how
    net.visit(host.number, place, us, up=ups, down=downs, **columns)


def _calling(net: Net, variant: str, strength: str) -> None:
    rng, jitter = net.rng, _JITTER[variant]
    host = _host(net, strength)
    period = _period(net, strength, host)
    place = net.place("" if rng.random() < 0.25 else None, pool=1, ttl_s=int(rng.choice([60, 600, 3600])))
    first, last = stay(net, 8 if strength == "weak" else 4)
    spans = within(host, first, last)
    us = (
        ticks(rng, spans, period, spread=jitter, shape="uniform") if jitter else ticks(rng, spans, period, spread=0.003)
    )
    port = int(rng.choice([443, 443, 443, 8443, 4443]))
    _call(net, host, place, us, strength, resp_p=port)
    parameters = {"period_s": round(period), "jitter_pct": 100 * jitter, "host": host.kind}
    net.book.plant("beacon", variant, strength, parameters=parameters, **told(net, host, place, us, port))


def _daily(net: Net, strength: str) -> None:
    """Call once a day, all the days."""
    rng, book = net.rng, net.book
    host, place = lair(net, always=True), net.place()
    spread_s = {"strong": 60, "medium": 900, "weak": 5000}[strength]
    hour = rng.uniform(2, 22) * 3600
    us = (
        book.start_us
        + np.arange(book.days) * DAY
        + ((hour + rng.uniform(-spread_s, spread_s, book.days)) * SECOND).astype(np.int64)
    )
    us = us[inside(us, host.spans)]
    _call(net, host, place, us, strength, lost=0)
    parameters = {"period_s": 86_400, "jitter_s": spread_s, "host": host.kind}
    book.plant("beacon", "daily", strength, parameters=parameters, **told(net, host, place, us, 443))


def _busy(net: Net, strength: str) -> None:
    """Call under a name that the same machine also visits for its own reasons."""
    rng, book = net.rng, net.book
    host = lair(net, always=strength != "weak")
    period = _period(net, strength, host)
    place = int(rng.choice(net.themes["site"][:60]))
    own = moments(
        rng,
        book.start_us,
        book.days,
        habit="office",
        mean={"strong": 15, "medium": 30, "weak": 30}[strength],
        zone_h=host.zone_h,
    )
    own = np.repeat(own, rng.geometric(0.4, len(own)))
    own = own + (rng.exponential(20, len(own)) * SECOND).astype(np.int64)
    own = own[inside(own, host.spans)]
    net.visit(
        host.number,
        place,
        own,
        up=560 + rng.lognormal(7, 1, len(own)),
        down=rng.lognormal(9.5, 1.7, len(own)),
        duration=rng.lognormal(2, 1.5, len(own)) * SECOND,
        service="ssl",
    )
    spread = float(rng.choice([0.02, 0.1, 0.2]))
    us = ticks(rng, within(host, *stay(net, 10)), period, spread=spread, shape="uniform")
    _call(net, host, place, us, strength)
    parameters = {"period_s": round(period), "jitter_pct": 100 * spread, "own": len(own), "host": host.kind}
    book.plant("beacon", "busy_pair", strength, parameters=parameters, **told(net, host, place, us, 443))


def _behind(net: Net, variant: str, strength: str) -> None:
    """Call a name of its own behind a content network, or with addresses that change all the time."""
    rng = net.rng
    host = _host(net, strength)
    period = _period(net, strength, host)
    if variant == "fronted":
        place = fronted(net)
    else:
        place = net.place(pool=int(rng.integers(8, 40)), turns=True, ttl_s=int(rng.choice([120, 600, 3600])))
    jitter = float(rng.choice([0.0, 0.05, 0.1, 0.2]))
    us = ticks(rng, within(host, *stay(net, 8)), period, spread=jitter, shape="uniform")
    _call(net, host, place, us, strength)
    parameters = {"period_s": round(period), "jitter_pct": 100 * jitter, "host": host.kind}
    net.book.plant("beacon", variant, strength, parameters=parameters, **told(net, host, place, us, 443))


def _office(net: Net, strength: str) -> None:
    """Call in working hours only."""
    rng, book = net.rng, net.book
    host, place = lair(net, always=True), net.place(pool=2, ttl_s=600)
    period = _period(net, strength, host)
    first, last = stay(net, 10)
    spans = []
    for day in range(book.days):
        if (book.start_us // DAY + day + 3) % 7 < 5:
            begin = book.start_us + day * DAY + int((rng.uniform(8, 9) - host.zone_h) * 3600) * SECOND
            spans.append((max(begin, first), min(begin + int(rng.uniform(8, 9.5) * 3600) * SECOND, last)))
    spread = float(rng.choice([0.0, 0.05, 0.15]))
    us = ticks(rng, [span for span in spans if span[1] > span[0]], min(period, 3600), spread=spread, shape="uniform")
    us = us[inside(us, host.spans)]
    _call(net, host, place, us, strength)
    parameters = {"period_s": round(min(period, 3600)), "jitter_pct": 100 * spread, "host": host.kind}
    book.plant("beacon", "working_hours", strength, parameters=parameters, **told(net, host, place, us, 443))


def _vain(net: Net, strength: str) -> None:
    """A machine of the sorting plant calls somebody who never answers."""
    rng = net.rng
    host = lair(net, always=True, kinds=("sorter", "sensor", "camera"))
    place, port = net.place("", pool=1), int(rng.choice([443, 8883, 6667, 9001]))
    period, late = _period(net, strength, host), {"strong": 0.5, "medium": 20, "weak": 240}[strength]
    us = grid(rng, within(host, *stay(net, 6)), period, late_s=late)
    net.visit(host.number, place, us, lost=1.0, resp_p=port)
    parameters = {"period_s": round(period), "late_s": late, "attempted": True, "host": host.kind}
    net.book.plant("beacon", "attempts", strength, parameters=parameters, **told(net, host, place, us, port))
