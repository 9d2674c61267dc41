"""Protocols on ports of others, and ends of tunnels, VPNs and relays."""

from __future__ import annotations

from typing import Any

import numpy as np

from traffic.book import DAY, HOUR, SECOND
from traffic.clock import inside, ticks
from traffic.hidden.lair import lair, stay, told, within
from traffic.net import Net

# protocol that the sensor recognises, port, transport
_WRONG = (
    ("ssh", 443, "tcp"),
    ("ssh", 80, "tcp"),
    ("ssl", 53, "tcp"),
    ("http", 53, "tcp"),
    ("http", 443, "tcp"),
    ("http", 22, "tcp"),
    ("ssh", 53, "tcp"),
    ("ftp", 8443, "tcp"),
    ("irc", 443, "tcp"),
    ("dns", 443, "udp"),
    ("ssl", 22, "tcp"),
)
_TALKS = {"strong": (300, 2e6), "medium": (25, 100_000.0), "weak": (3, 9000.0)}
# name (None: none), port, transport, protocol that the sensor recognises
_EXITS: tuple[tuple[str | None, int, str, str | None], ...] = (
    (None, 1194, "udp", None),
    (None, 51_820, "udp", None),
    (None, 1194, "tcp", None),
    ("tunnel.us.ngrok.com", 443, "tcp", "ssl"),
    ("derp4.tailscale.com", 443, "tcp", "ssl"),
    ("engage.cloudflareclient.com", 2408, "udp", None),
    ("mask.icloud.com", 443, "udp", "quic"),
    (None, 4500, "udp", "ipsec"),
    ("de-fra-wg-001.relays.mullvad.net", 51_820, "udp", None),
    (None, 9001, "tcp", "ssl"),
)
_HELD = {"strong": (8.0, 1e9), "medium": (2.0, 3e7), "weak": (0.25, 400_000.0)}


def plant(net: Net, strength: str) -> None:
    """Hide two of each."""
    chosen = net.rng.permutation(len(_WRONG))[:2]
    for at in chosen.tolist():
        _wrong(net, strength, _WRONG[at])
    for at in net.rng.permutation(len(_EXITS))[:2].tolist():
        _exit(net, strength, _EXITS[at])


def _wrong(net: Net, strength: str, way: tuple[str, int, str]) -> None:
    rng, book = net.rng, net.book
    service, port, proto = way
    count, size = _TALKS[strength]
    host, place = lair(net, always=strength == "strong"), net.place("", pool=1)
    spans = within(host, *stay(net, 6))
    us = np.sort(rng.permutation(ticks(rng, spans, 600, shape="exponential"))[:count])
    up = 1500 + size * rng.lognormal(0, 0.8, len(us))
    net.visit(
        host.number,
        place,
        us,
        up=up,
        down=3000 + up * rng.uniform(0.05, 2),
        duration=rng.lognormal(3, 1.2, len(us)) * SECOND,
        service=service,
        proto=proto,
        resp_p=port,
        shown=False,
        lost=0,
    )
    parameters = {"service": service, "bytes": int(up.sum()), "host": host.kind}
    book.plant("wrong_port", f"{service}_{port}", strength, parameters=parameters, **told(net, host, place, us, port))


def _exit(net: Net, strength: str, way: tuple[str | None, int, str, str | None]) -> None:
    rng, book = net.rng, net.book
    name, port, proto, service = way
    hours, size = _HELD[strength]
    host, place = lair(net, always=strength == "strong"), _known(net, name)
    first, last = stay(net, 5)
    days = np.arange((first // DAY) * DAY, last, DAY)
    us = days + ((rng.uniform(8, 16, len(days)) - host.zone_h) * HOUR).astype(np.int64)
    us = us[inside(us, host.spans)] if inside(us, host.spans).any() else np.array([host.spans[0][0] + 60 * SECOND])
    length = hours * HOUR * rng.lognormal(-0.2, 0.4, len(us))
    up = size * rng.lognormal(0, 0.7, len(us))
    columns: dict[str, Any] = {"service": service} if service else {}
    net.visit(
        host.number,
        place,
        us,
        up=up,
        down=up * rng.uniform(0.5, 8),
        duration=length,
        proto=proto,
        resp_p=port,
        shown=service in ("ssl", "quic"),
        lost=0,
        state="SF",
        **columns,
    )
    parameters = {"bytes": int(up.sum()), "name": name or "", "host": host.kind}
    book.plant(
        "tunnel_exit",
        f"{name or 'address'}_{port}",
        strength,
        parameters=parameters,
        **told(net, host, place, us, port),
    )


def _known(net: Net, name: str | None) -> int:
    """Return the place of a name, the same each time."""
    if name is None:
        return net.place("", pool=1)
    code = net.book.code(name)
    return net.place_name.index(code) if code in net.place_name else net.place(name, pool=2)
