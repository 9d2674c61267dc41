"""Heavy and steady services of an office: backups at night, telephones."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, HOUR, SECOND
from traffic.clock import inside, moments, ticks
from traffic.net import Net


def live(net: Net, scale: float) -> None:
    """Let backups run and telephones ring."""
    _backups(net)
    _telephones(net)


def _backups(net: Net) -> None:
    rng, book = net.rng, net.book
    vault = net.place(pool=3, ttl_s=300)
    net.themes["vault"] = [vault]
    for host in [*net.of("server"), *[one for one in net.of("desk") if rng.random() < 0.12]]:
        if host.kind == "server" and rng.random() < 0.3:
            continue
        size, growth = rng.lognormal(21 if host.kind == "server" else 18.5, 0.9), rng.uniform(1.0, 1.02)
        opens, rests = rng.uniform(20, 27) if host.kind == "server" else rng.uniform(9, 13), rng.random() < 0.5
        for day in range(-1, book.days):
            weekday = (book.start_us // DAY + day + 3) % 7
            if rests and weekday >= 5:
                continue
            factor = (
                growth**day
                * rng.lognormal(0, 0.25)
                * (rng.uniform(3, 8) if weekday == 5 and host.kind == "server" else 1)
            )
            begin = book.start_us + day * DAY + int((opens - host.zone_h) * HOUR + rng.exponential(240) * SECOND)
            parts = rng.dirichlet(np.full(int(rng.integers(1, 6)), 4.0)) * size * factor
            us = begin + (np.sort(rng.exponential(400, len(parts))) * SECOND).astype(np.int64)
            us, parts = us[inside(us, host.spans)], parts[inside(us, host.spans)]
            net.visit(
                host.number,
                vault,
                us,
                up=parts,
                down=parts * 0.004,
                service="ssl",
                duration=parts / rng.uniform(2e6, 9e6) * SECOND,
                lost=0,
            )


def _telephones(net: Net) -> None:
    rng, book = net.rng, net.book
    exchange = net.place(pool=2, ttl_s=1800)
    media = net.fresh(12)
    alive = float(rng.choice([30, 45, 55, 90, 120, 180]))
    held = alive < 60
    for host in net.of("voip"):
        if held:
            # Signals more often than the sensor's time-out: one entry per registration that lasts.
            us = ticks(rng, host.spans, 6 * 3600, spread=0.5)
            length = np.minimum(np.diff(np.append(us, book.end_us)), 6 * HOUR) - SECOND
            signals = np.maximum(length / SECOND / alive, 1)
            net.visit(
                host.number,
                exchange,
                us,
                up=signals * 4,
                down=signals * 4 + 480,
                duration=length,
                resp_p=5060,
                proto="udp",
                service="sip",
                lost=0,
            )
        else:
            us = ticks(rng, host.spans, alive, spread=0.01)
            net.visit(
                host.number, exchange, us, up=540, down=480, duration=40_000, resp_p=5060, proto="udp", service="sip"
            )
        calls = moments(
            rng, book.start_us, book.days, habit="office", mean=float(rng.lognormal(1.6, 0.7)), zone_h=host.zone_h
        )
        seconds = np.minimum(rng.lognormal(4.6, 1.1, len(calls)), 5400)
        book.talk(
            calls,
            orig=host.address,
            resp=rng.choice(media, len(calls)),
            resp_p=rng.integers(10_000, 20_000, len(calls)),
            proto=book.code("udp"),
            up=seconds * 8600,
            down=seconds * 8600 * rng.uniform(0.9, 1.0, len(calls)),
            duration=seconds * SECOND,
        )
