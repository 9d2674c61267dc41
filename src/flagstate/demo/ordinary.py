"""The ordinary traffic of the invented hub: shifts and flights, desks, merchants, consignees and batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from flagstate.demo.hub import (
    BEACONING,
    BEAT,
    CARRIER,
    CLOUD,
    CUSTOMS,
    DESKS,
    FAILING,
    MERCHANTS,
    NAMES,
    NTP,
    OFFSITE,
    PORTAL,
    RESOLVER,
    SCANNERS,
    SENSOR_DAYS,
    SORTER_CLOUD,
    SORTERS,
    STORE,
    SUPPORT_HOME,
    UPDATES,
    WMS,
    Hub,
)
from flagstate.demo.sessions import (
    VISITORS,
    WMS_NAME,
    WORDS,
    Ints,
    Kind,
    S,
    Sessions,
    Weights,
    around,
    at_hours,
    place,
    places,
    sessions,
    shared,
    word,
)

LEAST, MOST, PER_PARCEL = 6_000, 3_000_000, 0.1
"""Connections in all: at least so many, at most so many, and so many more for each parcel."""
STEADY = 3_100
"""Of them, those that do not depend on how large the hub is: clocks, updates, backups and what is hidden."""
SHARES = {
    "scanners": 0.42, "store": 0.14, "names": 0.16, "desks": 0.1, "visitors": 0.06, "merchants": 0.03, "cloud": 0.06,
    "carrier": 0.02, "customs": 0.01,
}  # fmt: skip
"""What the rest is made of."""
BYTES = {"store": 60, "cloud": 120, "carrier": 40, "customs": 90}
"""Bytes sent for each parcel of the day, beside what a connection costs."""

FLIGHTS: Weights = np.array([9, 10, 9, 7, 5, 4, 3, 3, 3, 4, 4, 5, 6, 6, 5, 4, 4, 4, 4, 5, 6, 8, 9, 9.0])
"""Hours (UTC) of the hall: freighters land from the evening on and leave before the morning."""
OFFICE: Weights = np.array([0.1] * 6 + [2, 6, 9, 9, 8, 7, 6, 8, 9, 8, 5, 2] + [0.3] * 6)
HOMES: Weights = np.array([1, 0.5, 0.3, 0.2, 0.2, 0.5, 2, 4, 5, 5, 5, 5, 6, 5, 5, 5, 6, 7, 8, 9, 9, 7, 4, 2.0])

REQUEST = {
    "visitor": b"GET / HTTP/1.1\r\nHost: portal.ourthe-hub.example\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
    "crawler": b"GET /robots.txt HTTP/1.1\r\nHost: portal.ourthe-hub.example\r\nUser-Agent: page-walker/2.1\r\n\r\n",
}
"""What is asked without encryption: the door that leads to the other."""
ANSWER = b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://portal.ourthe-hub.example/\r\nContent-Length: 0\r\n\r\n"


def connections(hub: Hub) -> int:
    """Return about how many connections the sensor sees in its time."""
    return int(min(LEAST + hub.scale * PER_PARCEL, MOST))


def parcels(hub: Hub, day: date) -> int:
    """Return the parcels that arrive on a day."""
    return int(hub.parcels_by_day[(day - hub.first_day).days])


def life(hub: Hub, day: date, day_us: int) -> Iterator[Sessions]:
    """Yield the ordinary connections of a day.

    Args:
        hub: How large, and by which seed.
        day: Which.
        day_us: Its begin in microseconds since 1970.
    """
    mine = parcels(hub, day) / max(int(hub.parcels_by_day[-SENSOR_DAYS:].sum()), 1)
    rest = (connections(hub) - STEADY) * mine
    week = 0.25 if day.weekday() > 4 else 1.2

    def many(part: str, factor: float = 1.0) -> tuple[np.random.Generator, int]:
        return hub.rng("traffic", part, day.toordinal()), max(round(rest * SHARES[part] * factor), 1)

    yield _hall(*many("scanners"), day_us)
    yield _desks(*many("desks", week), day_us)
    yield _names(*many("names"), day_us)
    yield from _portal(hub, day_us, many("visitors"), many("merchants", week))
    whole = parcels(hub, day)
    yield _batch(*many("store"), day_us, whole * BYTES["store"], Kind(STORE, 5432, "postgresql"), 5.0)
    yield _batch(*many("cloud"), day_us, whole * BYTES["cloud"], Kind(CLOUD, 443, "ssl", NAMES[CLOUD]), 0.3)
    yield _batch(*many("carrier"), day_us, whole * BYTES["carrier"], Kind(CARRIER, 443, "ssl", NAMES[CARRIER]), 0.7)
    yield _batch(*many("customs"), day_us, whole * BYTES["customs"], Kind(CUSTOMS, 443, "ssl", NAMES[CUSTOMS]), 0.4)
    yield _support(hub, day, day_us)


def _hall(rng: np.random.Generator, count: int, day_us: int) -> Sessions:
    """Scanners and sorters tell the warehouse software what passes."""
    who = rng.choice(places((*SCANNERS, *SORTERS)), count)
    return sessions(
        Kind(WMS, 443, "ssl", WMS_NAME), at_hours(rng, day_us, count, FLIGHTS), who,
        sent=around(rng, 900, count, least=500), back=around(rng, 1_600, count, least=600),
        lasts=around(rng, 2 * S, count, least=40_000),
    )  # fmt: skip


def _desks(rng: np.random.Generator, count: int, day_us: int) -> Sessions:
    """People look at the warehouse software and at the portal."""
    us = at_hours(rng, day_us, count, OFFICE)
    whole = sessions(
        Kind(WMS, 443, "ssl", WMS_NAME), us, rng.choice(places(DESKS), count),
        sent=around(rng, 2_500, count, least=600), back=around(rng, 40_000, count, least=2_000),
        lasts=around(rng, 40 * S, count, least=300_000),
    )  # fmt: skip
    other = rng.random(count) < 0.2
    return _turned(whole, other, place(PORTAL), word(NAMES[PORTAL]))


def _turned(whole: Sessions, other: np.ndarray, resp_h: int, name: int) -> Sessions:
    """Return the same where some go to another place."""
    return replace(whole, resp_h=np.where(other, resp_h, whole.resp_h), name=np.where(other, name, whole.name))


def _menu() -> tuple[Ints, Ints, Weights]:
    """Return who asks for which names, and how often."""
    rows = [(one, name, weight) for one in SCANNERS for name, weight in ((NAMES[UPDATES], 1.0), (WMS_NAME, 2.0))]
    rows += [(one, name, weight) for one in DESKS for name, weight in ((WMS_NAME, 2.0), (NAMES[PORTAL], 1.0))]
    rows += [(one, WMS_NAME, 1.0) for one in SORTERS]
    rows += [(WMS, NAMES[far], 4.0) for far in (CARRIER, CUSTOMS, CLOUD, OFFSITE, NTP)]
    rows += [(STORE, NAMES[NTP], 1.0), (FAILING, NAMES[SORTER_CLOUD], 3.0), (BEACONING, NAMES[BEAT], 1.0)]
    weights = np.array([row[2] for row in rows])
    return places(row[0] for row in rows), np.array([word(row[1]) for row in rows]), weights / weights.sum()


def _names(rng: np.random.Generator, count: int, day_us: int) -> Sessions:
    """Hosts ask the resolver for the names of those whom they call."""
    who, what, weights = _menu()
    # What is called every day is asked for every day.
    always = np.flatnonzero(np.isin(what, [word(NAMES[far]) for far in (SORTER_CLOUD, BEAT, NTP)]))
    chosen = np.concatenate([always, rng.choice(len(who), count, p=weights)])
    us = np.concatenate([day_us + rng.integers(0, 600 * S, len(always)), at_hours(rng, day_us, count, FLIGHTS + 4)])
    return lookups(us, who[chosen], what[chosen], rng)


def lookups(us: Ints, orig_h: Ints, name: Ints, rng: np.random.Generator) -> Sessions:
    """Return questions for addresses, each in a connection of its own.

    Args:
        us: When.
        orig_h: Who asks.
        name: Places of the names.
        rng: Chance.
    """
    # A question is its header, its name with two more bytes, type and class; the answer adds one address.
    size = np.array([18 + len(one) for one in WORDS])[name]
    lasts = around(rng, 900, len(us), least=200)
    made = sessions(Kind(RESOLVER, 53, "dns"), us, orig_h, sent=size, back=size + 16, lasts=lasts)
    return replace(made, name=name)


def _portal(
    hub: Hub, day_us: int, visits: tuple[np.random.Generator, int], trades: tuple[np.random.Generator, int]
) -> Iterator[Sessions]:
    """Consignees and merchants call the portal from outside."""
    rng, count = visits
    homes = places(VISITORS[: min(len(VISITORS), 40 + hub.scale // 2_000)])
    us, who = at_hours(rng, day_us, count, HOMES), rng.choice(homes, count)
    yield sessions(
        Kind(PORTAL, 443, "ssl", NAMES[PORTAL]), us, who, sent=around(rng, 1_400, count, least=600),
        back=around(rng, 60_000, count, least=3_000), lasts=around(rng, 9 * S, count, least=200_000),
    )  # fmt: skip
    plain = rng.random(count) < 0.15
    yield sessions(
        Kind(PORTAL, 80, "http"), us[plain] - 150_000, who[plain], sent=len(REQUEST["visitor"]), back=len(ANSWER),
        lasts=around(rng, 90_000, int(plain.sum()), least=20_000),
    )  # fmt: skip
    rng, count = trades
    yield sessions(
        Kind(PORTAL, 443, "ssl", NAMES[PORTAL]), at_hours(rng, day_us, count, OFFICE),
        rng.choice(places(MERCHANTS), count), sent=around(rng, 9_000, count, least=800),
        back=around(rng, 30_000, count, least=10_000), lasts=around(rng, 60 * S, count, least=500_000),
    )  # fmt: skip


def _batch(
    rng: np.random.Generator, count: int, day_us: int, total: int, kind: Kind, answered: float
) -> Sessions:  # fmt: skip
    """The warehouse software writes the parcels of the day, somewhere."""
    sent = 450 + shared(rng, total, count)
    back = 350 + (sent * answered * rng.uniform(0.7, 1.3, count)).astype(np.int64)
    lasts = around(rng, 1.5 * S, count, least=60_000)
    return sessions(kind, at_hours(rng, day_us, count, FLIGHTS), place(WMS), sent=sent, back=back, lasts=lasts)


def _support(hub: Hub, day: date, day_us: int) -> Sessions:
    """The desk that was declared logs in, on working days."""
    rng = hub.rng("traffic", "support", day.toordinal())
    count = int(rng.integers(1, 5)) if day.weekday() < 5 else 0
    return sessions(
        Kind(WMS, 22, "ssh"), at_hours(rng, day_us, count, OFFICE), place(SUPPORT_HOME),
        sent=around(rng, 9_000, count, least=3_000), back=around(rng, 40_000, count, least=6_000),
        lasts=around(rng, 600 * S, count, least=60 * S),
    )  # fmt: skip
