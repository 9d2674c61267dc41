"""What machines do by themselves: clocks, updates, telemetry."""

from __future__ import annotations

import numpy as np

from traffic.book import SECOND, Ints
from traffic.cast import fronted
from traffic.clock import grid, ticks
from traffic.net import Host, Net

_UPDATES = (
    "fe2cr.update.microsoft.com",
    "dl.google.com",
    "updates.jetbrains.com",
    "archive.ubuntu.com",
    "swcdn.apple.com",
)
_REPORTS = (
    "vortex.data.microsoft.com",
    "incoming.telemetry.mozilla.org",
    "mobile.events.data.microsoft.com",
    "app-measurement.com",
)


def live(net: Net, scale: float) -> None:
    """Let clocks be set, software be updated and usage be reported."""
    _clocks(net)
    _updates(net)
    _reports(net)
    _feeds(net)


def _clocks(net: Net) -> None:
    rng = net.rng
    pools = [net.place(f"{n}.pool.ntp.org", pool=24, turns=True, ttl_s=130) for n in range(4)]
    own = [net.place("time.windows.com", pool=3, ttl_s=3600), net.place("time.apple.com", pool=4, ttl_s=3600)]
    by_address = net.place("", pool=2)
    for host in net.hosts:
        if host.kind in ("sensor", "camera", "sorter", "server", "printer", "handheld"):
            poll = float(rng.choice([64, 256, 512, 1024], p=[0.02, 0.04, 0.09, 0.85]))
            names = [by_address] if rng.random() < 0.1 else pools[: int(rng.choice([1, 1, 1, 1, 2, 4]))]
            for place in names:
                # A client keeps the address that it got when it came up.
                fixed = net.place("", pool=net.place_pool[place][[int(rng.integers(len(net.place_pool[place])))]])
                booted = np.array([span[0] for span in host.spans]) + rng.integers(1, 90 * SECOND, len(host.spans))
                net.visit(host.number, place, booted, **_asked(net, len(booted)))
                us = ticks(rng, host.spans, poll, spread=0.02)
                net.visit(host.number, fixed, us, **_asked(net, len(us)))
        elif host.kind in ("desk", "laptop", "phone"):
            us = ticks(rng, host.spans, float(rng.choice([32_768, 16_384, 3600])), spread=0.1)
            net.visit(host.number, own[host.kind == "phone"], us, **_asked(net, len(us)))


def _asked(net: Net, size: int) -> dict[str, object]:
    return {
        "resp_p": 123,
        "proto": "udp",
        "service": "ntp",
        "up": 48,
        "down": 48,
        "lost": 0.02,
        "duration": net.rng.lognormal(10.2, 0.4, size),
    }


def _updates(net: Net) -> None:
    rng = net.rng
    known = [fronted(net, name) for name in _UPDATES]
    vendors = [fronted(net) if rng.random() < 0.5 else net.place(pool=2, ttl_s=300) for _ in range(8)]
    net.themes["update"] = known + vendors
    groups = [
        net.of("desk", "laptop"),
        net.of("phone"),
        net.of("server"),
        net.of("camera", "sensor", "printer"),
        net.of("handheld", "sorter"),
    ]
    for place in known + vendors:
        users = groups[int(rng.choice(5, p=[0.4, 0.15, 0.15, 0.15, 0.15]))]
        share, check_s = rng.uniform(0.4, 1.0), float(rng.choice([3600, 3600, 4 * 3600, 8 * 3600, 86_400]))
        spread, check_up, check_down = rng.uniform(0.02, 0.2), rng.lognormal(6.8, 0.3), rng.lognormal(8.3, 0.5)
        releases = net.book.start_us + rng.integers(0, net.book.days, rng.poisson(2)) * 86_400 * SECOND
        for host in users:
            if rng.random() < share:
                by_table = rng.random() < 0.4
                us = (
                    grid(rng, host.spans, check_s, late_s=check_s * 0.08)
                    if by_table
                    else ticks(rng, host.spans, check_s, spread=spread)
                )
                _fetch(net, host, place, us, check=(check_up, check_down), releases=releases)


def _fetch(net: Net, host: Host, place: int, us: Ints, *, check: tuple[float, float], releases: Ints) -> None:
    """Ask for news; after a release the first question brings a large download."""
    rng = net.rng
    up = check[0] * rng.lognormal(0, 0.05, len(us))
    down = check[1] * rng.lognormal(0, 0.2, len(us))
    for release in releases:
        after = np.flatnonzero(us > release)[:1]
        down[after] += rng.lognormal(17.5, 0.8)
        up[after] += down[after] * 0.002
    net.visit(
        host.number, place, us, up=up, down=down, duration=np.minimum(0.3 + down / 4e6, 3000) * SECOND, service="ssl"
    )


def _reports(net: Net) -> None:
    rng = net.rng
    places = [fronted(net, name) for name in _REPORTS] + [fronted(net) for _ in range(4)]
    net.themes["report"] = places
    for place in places:
        period, size = float(rng.choice([300, 900, 1800, 3600])), rng.lognormal(7.8, 0.5)
        kinds = ("desk", "laptop") if rng.random() < 0.7 else ("phone",)
        for host in net.of(*kinds):
            if rng.random() < 0.55:
                us = ticks(rng, host.spans, period, spread=float(rng.choice([0.05, 0.3, 0.6])))
                us = us[rng.random(len(us)) < 0.85]
                net.visit(
                    host.number,
                    place,
                    us,
                    up=size * rng.lognormal(0, 0.6, len(us)),
                    down=rng.lognormal(6.9, 0.3, len(us)),
                    duration=rng.lognormal(-0.5, 0.7, len(us)) * SECOND,
                    service="ssl",
                )


def _feeds(net: Net) -> None:
    """A few people have a program of their own that fetches news, weather or rates now and then."""
    rng = net.rng
    for host in net.of("desk", "laptop"):
        if rng.random() < 0.03:
            place = fronted(net) if rng.random() < 0.6 else net.place(pool=2, ttl_s=300)
            us = ticks(rng, host.spans, float(rng.choice([900, 1800, 3600])), spread=float(rng.choice([0.01, 0.1])))
            changed, size = rng.random(len(us)) < 0.7, rng.lognormal(10, 0.7)
            down = np.where(changed, size * rng.lognormal(0, 0.4, len(us)), rng.normal(320, 12, len(us)))
            length = rng.lognormal(-0.3, 0.6, len(us)) * SECOND
            up = rng.normal(760, 25, len(us))
            net.visit(host.number, place, us, up=up, down=down, duration=length, service="ssl")
