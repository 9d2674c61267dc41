"""Things and what serves inside: brokers, printers, monitoring, directories, services that are gone."""

from __future__ import annotations

import numpy as np

from traffic.benign.talking import lasting
from traffic.book import DAY, SECOND
from traffic.cast import server
from traffic.clock import grid, inside, moments, ticks
from traffic.net import Host, Net


def live(net: Net, scale: float) -> None:
    """Let things report, be watched and fail."""
    _broker(net)
    _handhelds(net)
    _cameras(net)
    _printers(net)
    _pings(net)
    _inside(net)
    _gone(net)


def _broker(net: Net) -> None:
    """Sensors and sorters publish to their own broker: some stay connected, some come every minute."""
    rng = net.rng
    broker, intake = net.place(pool=2, ttl_s=300), net.place(pool=2, ttl_s=60)
    period = float(rng.choice([60, 120, 300]))
    for host in net.of("sensor", "sorter"):
        if host.kind == "sorter" or rng.random() < 0.5:
            us, length = lasting(rng, host.spans, float(rng.choice([8, 40])) * 3600)
            seconds = length / SECOND
            net.visit(
                host.number,
                broker,
                us,
                up=seconds * rng.uniform(2, 20),
                down=seconds * 0.4,
                duration=length,
                resp_p=8883,
                service="ssl",
                lost=0,
            )
        else:
            us = ticks(rng, host.spans, period, spread=0.01)
            net.visit(
                host.number,
                intake,
                us,
                up=rng.normal(780, 20, len(us)),
                down=rng.normal(310, 4, len(us)),
                duration=rng.lognormal(-1.5, 0.4, len(us)) * SECOND,
                service="ssl",
            )


def _handhelds(net: Net) -> None:
    """Scanners of parcels send every scan, shift after shift."""
    rng, book = net.rng, net.book
    scans = net.place(pool=3, ttl_s=60)
    fleet = net.of("handheld")
    moved = net.place(pool=2, ttl_s=300)
    change = book.start_us + int(rng.uniform(0.4, 0.9) * book.days * DAY)
    for host in fleet:
        us = moments(rng, book.start_us, book.days, habit="shift", mean=rng.uniform(40, 160), zone_h=host.zone_h)
        us = us[inside(us, host.spans)]
        net.visit(
            host.number,
            scans,
            us,
            up=700 + rng.lognormal(7, 0.6, len(us)),
            down=rng.lognormal(6.5, 0.4, len(us)),
            duration=rng.lognormal(1.5, 0.9, len(us)) * SECOND,
            service="ssl",
        )
        # A new release of their software asks elsewhere for its configuration.
        us = ticks(rng, [(max(a, change), b) for a, b in host.spans if b > change], 6 * 3600, spread=0.2)
        net.visit(host.number, moved, us, up=900, down=rng.lognormal(8, 0.3, len(us)), duration=SECOND, service="ssl")


def _cameras(net: Net) -> None:
    rng = net.rng
    portal = net.place(pool=4, ttl_s=120, turns=True)
    for host in net.of("camera"):
        us = ticks(rng, host.spans, 60, spread=0.02)[:: int(rng.choice([1, 5]))]
        net.visit(
            host.number,
            portal,
            us,
            up=rng.normal(620, 10, len(us)),
            down=rng.normal(420, 8, len(us)),
            duration=rng.lognormal(-1, 0.3, len(us)) * SECOND,
            service="ssl",
        )


def _printers(net: Net) -> None:
    """Printers tell the neighbourhood that they are there, and order their toner."""
    rng, book = net.rng, net.book
    toner = net.place(pool=1, ttl_s=3600)
    for host in net.of("printer"):
        us = ticks(rng, host.spans, 1800, spread=0.1)
        book.talk(
            us,
            orig=host.address,
            orig_p=5353,
            resp=book.code("224.0.0.251"),
            resp_p=5353,
            proto=book.code("udp"),
            service=book.code("dns"),
            up=rng.integers(200, 420, len(us)),
            duration=rng.integers(1, 9, len(us)) * SECOND,
            state=book.code("S0"),
        )
        us = grid(rng, host.spans, 86_400, late_s=600, phase_s=float(rng.uniform(0, 86_000)))
        net.visit(
            host.number, toner, us, up=rng.normal(5200, 300, len(us)), down=900, duration=2 * SECOND, service="ssl"
        )


def _ping(net: Net, host: Host, address: int, us: np.ndarray, size: int) -> None:
    book = net.book
    back = np.where(net.rng.random(len(us)) < 0.995, size, 0)
    book.talk(
        us,
        orig=host.address,
        orig_p=8,
        resp=address,
        resp_p=0,
        proto=book.code("icmp"),
        up=size,
        down=back,
        duration=np.where(back > 0, 12_000, -1),
        state=book.code("OTH"),
    )


def _pings(net: Net) -> None:
    """Monitoring pings what is inside and a few places outside; people look for routes and sizes now and then."""
    rng, book = net.rng, net.book
    monitor = server(net, "monitor")
    for host in net.of("server", "printer", "sorter"):
        period = 300 if host.kind == "server" else 900
        _ping(net, monitor, host.address, ticks(rng, monitor.spans, period, spread=0.003), 56)
    for address in [book.code("8.8.8.8"), book.code("1.1.1.1"), *net.fresh(2)]:
        _ping(
            net, monitor, int(address), ticks(rng, monitor.spans, float(rng.choice([60, 120, 300])), spread=0.003), 56
        )
    for host in net.of("desk")[:12]:
        us = moments(rng, book.start_us, book.days, habit="office", mean=0.5, zone_h=host.zone_h)
        us = us[inside(us, host.spans)]
        for at in us.tolist():
            # The sensor puts pings that follow each other into one entry.
            number = int(rng.integers(4, 200))
            _ping(
                net,
                host,
                int(net.fresh(1)[0]),
                np.array([at]),
                int(rng.choice([32, 56, 1472], p=[0.6, 0.35, 0.05])) * number,
            )


def _inside(net: Net) -> None:
    """Directory, files and database stay inside."""
    rng, book = net.rng, net.book
    services = (
        ("identity", 389, "ldap"),
        ("identity", 88, "krb_tcp"),
        ("files", 445, "smb"),
        ("warehouse", 7443, "ssl"),
        ("web", 8090, "http"),
    )
    for host in net.of("desk", "laptop"):
        for role, port, service in services:
            us = ticks(rng, host.spans, float(rng.choice([900, 3600, 7200])), spread=1.0, shape="exponential")
            size = len(us)
            book.talk(
                us,
                orig=host.address,
                resp=server(net, role).address,
                resp_p=port,
                service=book.code(service),
                up=rng.lognormal(7.5, 1.4, size),
                down=rng.lognormal(8.5, 1.8, size),
                duration=rng.lognormal(2, 1.5, size) * SECOND,
            )
    one, other = server(net, "warehouse"), server(net, "database")
    us, length = lasting(rng, one.spans, 60 * 3600)
    book.talk(
        us,
        orig=one.address,
        resp=other.address,
        resp_p=5432,
        up=length / SECOND * 900,
        down=length / SECOND * 4000,
        duration=length,
    )
    builder = server(net, "build")
    source = net.place("github.com", pool=2)
    us = moments(rng, book.start_us, book.days, habit="office", mean=30, zone_h=builder.zone_h)
    net.tick(builder, source, us, resp_p=22, service="ssh", up=9000, down=120_000, duration=6 * SECOND)


def _gone(net: Net) -> None:
    """Services that are gone, and programs that still ask for them."""
    rng = net.rng
    old = [net.place(pool=1, ttl_s=900), net.place("", pool=1)]
    for host in net.of("desk", "laptop"):
        if rng.random() < 0.12:
            us = ticks(rng, host.spans, float(rng.choice([600, 1800, 7200])), spread=0.2)
            net.visit(host.number, int(rng.choice(old)), us, lost=1.0, resp_p=int(rng.choice([443, 80])))
    for host in net.of("desk"):
        us = moments(rng, net.book.start_us, net.book.days, habit="office", mean=0.4, zone_h=host.zone_h)
        burst = np.repeat(us[inside(us, host.spans)], 3)
        late = np.tile([0, 3 * SECOND, 9 * SECOND], len(burst) // 3)
        net.visit(host.number, int(rng.choice(net.themes["site"])), burst + late, lost=1.0)
