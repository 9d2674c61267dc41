"""Clients that stay in touch: mail, chat, synchronised folders, calls with video, large files that people send."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, HOUR, SECOND, Ints
from traffic.cast import fronted
from traffic.clock import Spans, inside, moments, ticks
from traffic.net import Host, Net


def live(net: Net, scale: float) -> None:
    """Let people keep in touch."""
    _mail(net)
    _chat(net)
    _sync(net)
    _video(net)
    _send(net)


def lasting(rng: np.random.Generator, spans: Spans, mean_s: float) -> tuple[Ints, Ints]:
    """Return begin and length of connections that are opened anew as soon as they break."""
    begin, length = [], []
    for first, last in spans:
        at = first + int(rng.uniform(1, 40) * SECOND)
        while at < last - SECOND:
            held = min(int(rng.exponential(mean_s) * SECOND) + 5 * SECOND, last - at)
            begin.append(at)
            length.append(held)
            at += held + int(rng.exponential(8) * SECOND)
    return np.array(begin, np.int64), np.array(length, np.int64)


def _mail(net: Net) -> None:
    rng = net.rng
    own, other = net.place(pool=2, ttl_s=600), fronted(net, "outlook.office365.com")
    for host in net.of("desk", "laptop", "phone"):
        if rng.random() < 0.7:
            place, port = (own, 993) if rng.random() < 0.6 else (other, 443)
            us = ticks(
                rng, host.spans, float(rng.choice([120, 300, 300, 600, 900])), spread=float(rng.choice([0.01, 0.05]))
            )
            sent = rng.random(len(us)) < 0.03
            up = np.where(sent, rng.lognormal(10.5, 1.8, len(us)), rng.normal(900, 60, len(us)))
            down = np.where(rng.random(len(us)) < 0.2, rng.lognormal(9.8, 1.6, len(us)), rng.normal(4200, 150, len(us)))
            net.visit(
                host.number,
                place,
                us,
                up=up,
                down=down,
                duration=rng.lognormal(0, 0.8, len(us)) * SECOND,
                resp_p=port,
                service="ssl",
            )


def _hold(net: Net, host: Host, place: int, mean_s: float, ping_s: float, **how: object) -> None:
    us, length = lasting(net.rng, host.spans, mean_s)
    pings = length / SECOND / ping_s
    chatter = net.rng.lognormal(8.5, 1.3, len(us)) * length / HOUR
    net.visit(
        host.number,
        place,
        us,
        up=1800 + pings * 34 + chatter,
        down=5200 + pings * 30 + chatter * 3,
        duration=length,
        **{"service": "ssl", "lost": 0, **how},
    )


def _chat(net: Net) -> None:
    rng = net.rng
    chats = [fronted(net, "wss-primary.slack.com"), fronted(net), net.place(pool=4)]
    push = net.place("mtalk.google.com", pool=6)
    for host in net.of("desk", "laptop"):
        for chat in chats[:2] if rng.random() < 0.7 else chats[2:]:
            if rng.random() < 0.6:
                _hold(net, host, chat, float(rng.choice([3600, 4 * 3600, 20 * 3600])), 30)
    for host in net.of("phone"):
        _hold(net, host, push, 5 * 3600, 600, resp_p=5228)


def _sync(net: Net) -> None:
    """Folders that follow a cloud: a question every minute or so, and bursts when files change."""
    rng, book = net.rng, net.book
    clouds = [fronted(net, "client.dropbox.com"), fronted(net), fronted(net, "drive.google.com")]
    net.themes["cloud"] = clouds
    for host in net.of("desk", "laptop"):
        if rng.random() < 0.35:
            place = int(rng.choice(clouds))
            us = ticks(rng, host.spans, float(rng.choice([300, 600, 1200])), spread=float(rng.choice([0.02, 0.2])))
            net.visit(
                host.number,
                place,
                us,
                up=rng.normal(1100, 80, len(us)),
                down=rng.normal(1500, 120, len(us)),
                duration=rng.lognormal(-1, 0.5, len(us)) * SECOND,
                service="ssl",
            )
            us = moments(
                rng, book.start_us, book.days, habit="office", mean=rng.lognormal(1.8, 0.6), zone_h=host.zone_h
            )
            us = us[inside(us, host.spans)]
            up = rng.lognormal(12.5, 1.9, len(us))
            net.visit(
                host.number, place, us, up=up, down=up * 0.02 + 3000, duration=(1 + up / 3e6) * SECOND, service="ssl"
            )


def _video(net: Net) -> None:
    rng, book = net.rng, net.book
    bridges = net.fresh(24)
    for host in net.of("desk", "laptop"):
        us = moments(rng, book.start_us, book.days, habit="office", mean=rng.lognormal(-0.7, 0.8), zone_h=host.zone_h)
        us = us[inside(us, host.spans)]
        seconds = np.minimum(rng.lognormal(7.2, 0.7, len(us)), 3 * 3600)
        book.talk(
            us,
            orig=host.address,
            resp=rng.choice(bridges, len(us)),
            resp_p=rng.choice([3478, 3479, 8801, 19305], len(us)),
            proto=book.code("udp"),
            up=seconds * rng.uniform(60_000, 250_000, len(us)),
            down=seconds * rng.uniform(80_000, 400_000, len(us)),
            duration=seconds * SECOND,
        )


def _send(net: Net) -> None:
    """Now and then somebody sends a large file, mostly by what everybody uses for it."""
    rng, book = net.rng, net.book
    usual = [*net.themes["cloud"], fronted(net, "wetransfer.com")]
    people = net.of("desk", "laptop")
    for host in people:
        us = moments(rng, book.start_us, book.days, habit="office", mean=0.05, zone_h=host.zone_h)
        us = us[inside(us, host.spans)]
        up = rng.lognormal(17.3, 1.0, len(us))
        place = rng.choice(usual, len(us)) if rng.random() < 0.9 else rng.choice(net.themes["site"][:40], len(us))
        net.visit(
            host.number, place, us, up=up, down=up * 0.005 + 9000, duration=up / 4e6 * SECOND, service="ssl", lost=0
        )
    # A new customer gets its drawings over a site of its own, for a day.
    there = [one for one in people if one.spans]
    if not there:
        return
    host = there[int(rng.integers(len(there)))]
    us = host.spans[len(host.spans) // 2][0] + np.sort(rng.integers(0, 4 * HOUR, 5))
    net.tick(
        host,
        net.place(pool=1),
        us[us < book.start_us + book.days * DAY],
        up=rng.lognormal(15, 0.5),
        down=40_000,
        duration=30 * SECOND,
        service="ssl",
    )
