"""Names asked through TLS or HTTPS of resolvers that nobody declared."""

from __future__ import annotations

import numpy as np

from traffic.book import SECOND
from traffic.clock import ticks
from traffic.hidden.lair import lair, stay, told, within
from traffic.net import Net

_FAMOUS = (
    ("dns.google", "8.8.4.4"),
    ("cloudflare-dns.com", "1.0.0.1"),
    ("dns.quad9.net", "149.112.112.112"),
    ("doh.opendns.com", "146.112.41.2"),
    ("dns.adguard-dns.com", "94.140.14.14"),
    ("mozilla.cloudflare-dns.com", "162.159.61.4"),
)
_PAUSE_S = {"strong": 40.0, "medium": 200.0, "weak": 1500.0}


def plant(net: Net, strength: str) -> None:
    """Hide two: one over TLS on its own port, one over HTTPS."""
    _ask(net, strength, "dot")
    _ask(net, strength, "doh")


def _ask(net: Net, strength: str, variant: str) -> None:
    rng, book = net.rng, net.book
    host = lair(net, always=strength == "strong", kinds=("desk", "laptop", "camera", "sensor", "handheld"))
    name, address = _FAMOUS[int(rng.integers(len(_FAMOUS)))]
    port, shown = (853 if variant == "dot" else 443), True
    known = np.array([book.code(address)], np.int64)
    if variant == "dot" and strength != "strong":
        # A resolver of one's own: only the port and the manner of talking give it away.
        place, shown = net.place("", pool=1), False
    elif variant == "doh" and strength == "weak":
        # Clients that have the address built in need no name, and some show none.
        place, shown = net.place("", pool=known), False
    else:
        place = net.place(name, pool=known, ttl_s=3600)
    us = ticks(rng, within(host, *stay(net, 5)), _PAUSE_S[strength], shape="exponential")
    asked = rng.geometric(0.2, len(us))
    net.visit(
        host.number,
        place,
        us,
        up=600 + asked * rng.normal(150, 20, len(us)),
        down=3400 + asked * rng.normal(480, 60, len(us)),
        duration=np.minimum(rng.lognormal(2.5, 0.8, len(us)), 120) * SECOND,
        service="ssl",
        resp_p=port,
        shown=shown,
    )
    parameters = {"pause_s": _PAUSE_S[strength], "named": shown, "host": host.kind}
    book.plant("encrypted_dns", variant, strength, parameters=parameters, **told(net, host, place, us, port))
