"""People who read pages: sessions, think times, many third parties, content networks.

Sessions and sizes are heavy-tailed (log-normal and Pareto), as studies of web traffic have described since the 1990s.
"""

from __future__ import annotations

import numpy as np

from traffic.book import SECOND, Ints
from traffic.cast import fronted
from traffic.clock import inside, moments
from traffic.net import Host, Net

_DAILY = {"desk": 5.0, "laptop": 6.0, "phone": 7.0}
_HABIT = {"desk": "office", "laptop": "office", "phone": "private"}


def live(net: Net, scale: float) -> None:
    """Let people browse."""
    rng = net.rng
    sites = [_site(net, 0.45) for _ in range(int(350 + 250 * scale))]
    parties = [_site(net, 0.7) for _ in range(130)]
    net.themes |= {"site": sites, "party": parties}
    fame = 1.0 / np.arange(1, len(parties) + 1) ** 0.8
    belongs = rng.choice(np.array(parties), (len(sites), 24), p=fame / fame.sum())
    width = np.minimum(rng.lognormal(1.5, 0.7, len(sites)), 23).astype(np.int64)
    pages = [_pages(net, host, len(sites)) for host in net.of(*_DAILY)]
    who, us, site = (np.concatenate(parts) for parts in zip(*pages, strict=True))
    more = np.where(rng.random(len(us)) < 0.75, rng.binomial(width[site], 0.6), 0)
    page = np.repeat(np.arange(len(us)), more)
    party = belongs[site[page], (rng.random(len(page)) * np.maximum(width[site[page]], 1)).astype(np.int64)]
    all_who = np.concatenate([who, who[page]])
    all_us = np.concatenate([us, us[page] + (rng.exponential(0.5, len(page)) * SECOND).astype(np.int64)])
    all_place = np.concatenate([np.array(sites)[site], party])
    _load(net, all_who, all_place, all_us)


def _site(net: Net, behind: float) -> int:
    if net.rng.random() < behind:
        return fronted(net)
    return net.place(pool=int(net.rng.choice([1, 1, 1, 2, 4])), ttl_s=int(net.rng.choice([60, 300, 600, 3600, 14400])))


def _pages(net: Net, host: Host, count: int) -> tuple[Ints, Ints, Ints]:
    """Return host, time and site of every page that somebody opens."""
    rng, book = net.rng, net.book
    mean = _DAILY[host.kind] * rng.lognormal(-0.3, 0.8)
    starts = moments(rng, book.start_us, book.days, habit=_HABIT[host.kind], mean=mean, zone_h=host.zone_h)
    length = rng.geometric(0.2, len(starts))
    session = np.repeat(np.arange(len(starts)), length)
    think = np.where(
        rng.random(len(session)) < 0.9, rng.lognormal(2.9, 1.0, len(session)), rng.pareto(1.2, len(session)) * 60
    )
    run = np.cumsum(np.minimum(think, 1500) * SECOND)
    first = np.cumsum(length) - length
    us = starts[session] + (run - run[first][session] if len(first) else run).astype(np.int64)
    liked = np.minimum(rng.zipf(1.35, 12) - 1 + rng.integers(0, 40, 12), count - 1)
    anyone = np.minimum((rng.pareto(0.6, len(us)) * 3).astype(np.int64), count - 1)
    mostly = liked[np.minimum(rng.geometric(0.3, len(starts)) - 1, 11)][session]
    site = np.where(
        rng.random(len(us)) < 0.65, mostly, np.where(anyone >= count - 1, rng.integers(0, count, len(us)), anyone)
    )
    on = inside(us, host.spans)
    return np.full(int(on.sum()), host.number), us[on], site[on]


def _load(net: Net, who: Ints, place: Ints, us: Ints) -> None:
    """Connect, unless a connection to the same place is still open."""
    rng = net.rng
    order = np.lexsort((us, place, who))
    who, place, us = who[order], place[order], us[order]
    again = np.concatenate(
        [[False], (who[1:] == who[:-1]) & (place[1:] == place[:-1]) & (np.diff(us) < rng.uniform(5, 110) * SECOND)]
    )
    who, place, us = who[~again], place[~again], us[~again]
    size = len(us)
    down = np.where(rng.random(size) < 0.97, rng.lognormal(9.3, 1.7, size), (rng.pareto(1.1, size) + 1) * 300_000)
    up = 560 + rng.lognormal(6.9, 1.0, size) + 0.004 * down
    # Forms, pictures and documents that people send.
    up = np.where(rng.random(size) < 0.01, up + rng.lognormal(11.5, 1.6, size), up)
    length = np.minimum(rng.lognormal(2.2, 1.6, size), 600) * SECOND
    way = rng.random(size)
    quic, plain = way < 0.16, way > 0.965
    for kind, how in (
        (quic, {"proto": "udp", "service": "quic", "state": "SF"}),
        (plain, {"service": "http", "resp_p": 80}),
        (~quic & ~plain, {"service": "ssl"}),
    ):
        columns = {"up": up[kind], "down": np.minimum(down, 3e9)[kind], "duration": length[kind]}
        shown = rng.random(int(kind.sum())) < 0.94
        net.visit(who[kind], place[kind], us[kind], shown=shown, **columns, **how)
