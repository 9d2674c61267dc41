"""Connections of the invented hub as columns: who, when, with whom and how much, before they become a log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from flagstate.demo.hub import (
    BACKUP,
    CARRIER,
    CLOUD,
    CRAWLER,
    CUSTOMS,
    DESKS,
    MERCHANTS,
    NAMES,
    OFFSITE,
    PORTAL,
    RESOLVER,
    SCANNERS,
    SORTERS,
    STORE,
    SUPPORT,
    SUPPORT_HOME,
    UPDATES,
    UPLOAD,
    WMS,
)

Ints = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]

S, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
"""Microseconds."""
WMS_NAME = "wms.ourthe-hub.example"
"""Name of the warehouse software, within."""
VISITORS = tuple(f"192.0.2.{n}" for n in range(1, 255))
"""Consignees who look for their parcels: addresses of many homes, in a range for documentation (RFC 5737)."""
ADDRESSES = tuple(
    dict.fromkeys([
        WMS, STORE, PORTAL, BACKUP, RESOLVER, *DESKS, *SCANNERS, *SORTERS, CARRIER, CUSTOMS, UPDATES, OFFSITE, UPLOAD,
        CLOUD, CRAWLER, SUPPORT, SUPPORT_HOME, *MERCHANTS, *VISITORS, *NAMES,
    ])
)  # fmt: skip
"""All addresses that the sensor sees; a column holds places in it."""
WORDS = (*dict.fromkeys(NAMES.values()), WMS_NAME)
"""All names that are asked for, by a handshake or of DNS; -1 stands for none."""
SERVICES = ("ssl", "dns", "ntp", "ssh", "postgresql", "http", "-")
SSL, DNS, NTP_CLOCK, HTTP = 0, 1, 2, 5
STATES = ("SF", "S0", "REJ")
_PLACE = {address: at for at, address in enumerate(ADDRESSES)}
_WORD = {name: at for at, name in enumerate(WORDS)}


@dataclass(frozen=True)
class Sessions:
    """Connections, one per place of each column."""

    us: Ints
    """Start in microseconds since 1970."""
    orig_h: Ints
    """Place in `ADDRESSES`."""
    resp_h: Ints
    """Place in `ADDRESSES`."""
    resp_p: Ints
    service: Ints
    """Place in `SERVICES`."""
    name: Ints
    """Place in `WORDS`: what a handshake or a look-up names; -1: nothing."""
    state: Ints
    """Place in `STATES`."""
    duration_us: Ints
    orig_bytes: Ints
    resp_bytes: Ints
    tunnel: Ints
    """Number of the session of the tunnel through names, whose look-ups are kept apart; -1: none."""
    orig_p: Ints
    """Given when the connections of a day are in order."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.us)

    def take(self, chosen: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Sessions:
        """Return some of them.

        Args:
            chosen: Places, or true for each that is wanted.
        """
        return Sessions(*(getattr(self, each.name)[chosen] for each in fields(self)))

    def between(self, low_us: int, high_us: int) -> Sessions:
        """Return those that begin from one time on and before another."""
        return self.take((self.us >= low_us) & (self.us < high_us))


def place(address: str) -> int:
    """Return the place of an address."""
    return _PLACE[address]


def places(addresses: Iterable[str]) -> Ints:
    """Return the places of addresses."""
    return np.array([_PLACE[one] for one in addresses], np.int64)


def word(name: str) -> int:
    """Return the place of a name; -1 for an empty one."""
    return _WORD[name] if name else -1


@dataclass(frozen=True)
class Kind:
    """What connections have in common."""

    resp_h: str
    resp_p: int
    service: str
    name: str = ""


def sessions(
    kind: Kind, us: Ints, orig_h: Ints | int, *, sent: Ints | int, back: Ints | int, lasts: Ints | int
) -> Sessions:
    """Return connections of one kind.

    Args:
        kind: Where they go.
        us: When each begins.
        orig_h: Who begins each.
        sent: Payload bytes of the originator.
        back: Payload bytes of the responder.
        lasts: Microseconds.
    """
    count = len(us)

    def column(value: Ints | int) -> Ints:
        return np.broadcast_to(np.asarray(value, np.int64), count)

    return Sessions(
        np.asarray(us, np.int64), column(orig_h), column(place(kind.resp_h)), column(kind.resp_p),
        column(SERVICES.index(kind.service)), column(word(kind.name)), column(0), column(lasts), column(sent),
        column(back), column(-1), column(0),
    )  # fmt: skip


def together(parts: Iterable[Sessions]) -> Sessions:
    """Return the connections of all parts in order of time."""
    listed = list(parts)
    joined = Sessions(*(np.concatenate([getattr(one, each.name) for one in listed]) for each in fields(Sessions)))
    return joined.take(np.lexsort((joined.resp_h, joined.orig_h, joined.us)))


FIRST_PORT, PORTS = 32_768, 28_232
"""Ports of originators, as Linux gives them."""


def ported(given: Sessions, before: int) -> Sessions:
    """Give originators their ports in turn: no two connections within thousands share one, so none looks doubled.

    Args:
        given: The connections of a day, in order of time.
        before: How many came before that day.
    """
    return replace(given, orig_p=FIRST_PORT + (before + np.arange(len(given), dtype=np.int64)) % PORTS)


def micros(moment: datetime) -> int:
    """Return a time in microseconds since 1970."""
    return round(moment.timestamp()) * S


def at_hours(rng: np.random.Generator, day_us: int, count: int, hours: Weights) -> Ints:
    """Return times within a day.

    Args:
        rng: Chance.
        day_us: When the day begins.
        count: How many.
        hours: Weight of each hour, 24 of them.
    """
    hour = rng.choice(24, count, p=hours / hours.sum())
    found: Ints = np.sort(day_us + hour * HOUR + (rng.random(count) * HOUR).astype(np.int64))
    return found


def around(rng: np.random.Generator, usual: float, count: int, *, least: int = 0, spread: float = 0.4) -> Ints:
    """Return sizes around a usual one, as sizes are: by factors, not by differences.

    Args:
        rng: Chance.
        usual: The median.
        count: How many.
        least: None is smaller.
        spread: Standard deviation of the logarithm.
    """
    found: Ints = np.maximum(usual * np.exp(rng.normal(0, spread, count)), least).astype(np.int64)
    return found


def shared(rng: np.random.Generator, total: int, count: int) -> Ints:
    """Return about a total, cut into so many uneven parts."""
    weights = rng.random(count) + 0.3
    found: Ints = (total * weights / weights.sum()).astype(np.int64)
    return found


def beats(rng: np.random.Generator, first_us: int, last_us: int, *, period_s: float, jitter: float) -> Ints:
    """Return the times of a program that calls again and again.

    Args:
        rng: Chance.
        first_us: Nothing is before.
        last_us: Nothing is from then on.
        period_s: Mean interval.
        jitter: Half width of the intervals, as a share of the period.
    """
    count = int((last_us - first_us) / (period_s * S * (1 - jitter))) + 2
    steps = period_s * S * (1 + rng.uniform(-jitter, jitter, count))
    steps[0] *= rng.random()
    found: Ints = first_us + np.cumsum(steps).astype(np.int64)
    return found[found < last_us]
