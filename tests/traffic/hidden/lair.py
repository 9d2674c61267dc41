"""Where hidden things live: which machine, and from when to when."""

from __future__ import annotations

from typing import Any

import numpy as np

from traffic.book import DAY, Ints
from traffic.net import Host, Net

STEADY = ("sorter", "sensor", "camera", "server", "desk", "handheld")


def lair(net: Net, *, always: bool, kinds: tuple[str, ...] = (*STEADY, "laptop")) -> Host:
    """Return a machine that nothing hides on yet, if there is one.

    Args:
        net: The network.
        always: Whether it must be on day and night; else it is a machine of a person.
        kinds: Of which kinds.
    """
    days = net.book.days
    fits = [
        one for one in net.of(*kinds) if one.spans and (sum(b - a for a, b in one.spans) > 0.9 * days * DAY) == always
    ]
    fits = fits or [one for one in net.of(*STEADY) if one.spans]
    free = [one for one in fits if one.number not in net.spent] or fits
    chosen = free[int(net.rng.integers(len(free)))]
    net.spent.add(chosen.number)
    return chosen


def stay(net: Net, least_days: float) -> tuple[int, int]:
    """Return from when to when it is active: at least so many days, or all."""
    book, rng = net.book, net.rng
    length = min(rng.uniform(min(least_days, book.days), book.days + 2), book.days)
    first = book.start_us + int(rng.uniform(0, book.days - length) * DAY)
    return first, first + int(length * DAY)


def within(host: Host, first: int, last: int) -> list[tuple[int, int]]:
    """Return when the machine is on between two moments."""
    return [(max(a, first), min(b, last)) for a, b in host.spans if min(b, last) > max(a, first)]


def told(net: Net, host: Host, place: int, us: Ints, resp_p: int) -> dict[str, Any]:
    """Return the ends of something hidden, as the truth has them."""
    texts = net.book.texts
    return {
        "orig_h": texts[host.address],
        "far": net.named(place),
        "addresses": net.addresses(place),
        "resp_p": resp_p,
        "us": np.sort(us),
    }
