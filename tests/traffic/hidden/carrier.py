"""Echo requests that carry data."""

from __future__ import annotations

import numpy as np

from traffic.book import SECOND
from traffic.clock import ticks
from traffic.hidden.lair import lair, told, within
from traffic.net import Net

# bytes per packet, packets per second, hours in all, seconds of silence between bursts
_PACE = {"strong": (1200, 25.0, 5.0, 20.0), "medium": (900, 2.0, 7.0, 120.0), "weak": (240, 0.6, 8.0, 420.0)}


def plant(net: Net, strength: str) -> None:
    """Hide one that sends and one that is a shell, with answers of another size than the questions."""
    for variant in ("sends", "shell"):
        _carry(net, strength, variant)


def _carry(net: Net, strength: str, variant: str) -> None:
    rng, book = net.rng, net.book
    size, rate, hours, silence = _PACE[strength]
    host = lair(net, always=strength != "weak")
    place = net.place("", pool=1)
    span = host.spans[int(rng.integers(len(host.spans)))]
    room = max(1, span[1] - span[0] - int(hours * 3600 * SECOND))
    first = span[0] + int(rng.uniform(0, 1) * room)
    # The sensor closes an entry after a minute of silence.
    us = ticks(rng, within(host, first, first + int(hours * 3600 * SECOND)), silence + 90, shape="exponential")
    length = rng.lognormal(3.2, 0.8, len(us))
    packets = np.maximum(1, length * rate)
    up = packets * size * rng.lognormal(0, 0.1, len(us))
    down = up * (rng.uniform(0.04, 0.3) if variant == "sends" else rng.uniform(0.5, 2.5))
    book.talk(
        us,
        orig=host.address,
        orig_p=8,
        resp=net.place_pool[place][0],
        resp_p=0,
        proto=book.code("icmp"),
        up=up,
        down=down,
        duration=length * SECOND,
        state=book.code("OTH"),
    )
    parameters = {"bytes": int(up.sum()), "packet_bytes": size, "host": host.kind}
    book.plant("carrier", variant, strength, parameters=parameters, **told(net, host, place, us, 0))
