"""What is hidden in the traffic of the invented hub, and what only looks like it: every series of the whole time."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from flagstate.demo.hub import (
    BACKUP,
    BEACONING,
    BEAT,
    CRAWLER,
    FAILING,
    LAST_DAY,
    NAMES,
    NTP,
    OFFSITE,
    PORTAL,
    RESOLVER,
    SCANNERS,
    SENSOR_DAYS,
    SORTER_CLOUD,
    STORE,
    SUPPORT,
    TUNNEL_DOMAIN,
    TUNNELLING,
    UPDATES,
    UPLOAD,
    WMS,
    Hub,
)
from flagstate.demo.ordinary import ANSWER, OFFICE, REQUEST, lookups, parcels
from flagstate.demo.sessions import (
    DAY,
    HOUR,
    STATES,
    Kind,
    S,
    Sessions,
    around,
    at_hours,
    beats,
    micros,
    place,
    places,
    sessions,
    shared,
    together,
    word,
)

NIGHTS, LATELY = 3, 5
"""Nights of the upload, and the last nights among which they are: it is new."""


@dataclass(frozen=True)
class Asked:
    """One question of the tunnel through names."""

    us: int
    query: str
    answer: str


@dataclass(frozen=True)
class Story:
    """A thread of the traffic, with what is true of it."""

    told: Mapping[str, object]
    """What the truth says of it."""
    sessions: Sessions
    """Its connections over the whole time."""
    asked: Mapping[int, tuple[Asked, ...]] = field(default_factory=dict)
    """Questions by the number of their session, where a connection holds several."""


def span(hub: Hub) -> tuple[int, int]:
    """Return the first microsecond of the sensor's time, and the first after it.

    Args:
        hub: How large, and by which seed.
    """
    first = micros(hub.sensor_from)
    return first, first + SENSOR_DAYS * DAY


def days(hub: Hub) -> list[tuple[date, int]]:
    """Return each day of the sensor with its begin in microseconds since 1970.

    Args:
        hub: How large, and by which seed.
    """
    first, _ = span(hub)
    return [(hub.sensor_from.date() + timedelta(days=n), first + n * DAY) for n in range(SENSOR_DAYS)]


def hidden(hub: Hub) -> list[Story]:
    """Return what nobody declared.

    Args:
        hub: How large, and by which seed.
    """
    return [_upload(hub), _beacon(hub), _tunnel(hub), _abroad(hub), _failing(hub)]


def decoys(hub: Hub) -> list[Story]:
    """Return what looks like it and is in order.

    Args:
        hub: How large, and by which seed.
    """
    return [_offsite(hub), _backup(hub), _clock(hub), _updates(hub), _crawler(hub)]


def _upload(hub: Hub) -> Story:
    """Rows of the parcels of a day go to another continent in the night after."""
    rng = hub.rng("traffic", "upload")
    row = int(rng.integers(8_000, 14_000))
    # What goes on for longer than half of the time looks like a habit, as a backup is one.
    back = sorted(rng.choice(LATELY, NIGHTS, replace=False).tolist(), reverse=True)
    nights = [LAST_DAY - timedelta(days=one) for one in back]
    hour, counts, parts = int(rng.integers(1, 4)), [], []
    kind = Kind(UPLOAD, 443, "ssl", NAMES[UPLOAD])
    begins = dict(days(hub))
    for night in nights:
        many = parcels(hub, night - timedelta(days=1))
        counts.append(many)
        pieces = int(rng.integers(2, 5))
        us = begins[night] + hour * HOUR + np.sort(rng.integers(0, 3_000 * S, pieces))
        sent = shared(rng, many * row, pieces) + 600
        lasts = np.minimum(20 * S + sent // 8, 3_000 * S)
        parts.append(sessions(kind, us, place(WMS), sent=sent, back=3_000 + sent // 400, lasts=lasts))
        parts.append(lookups(us[:1] - 400_000, places([WMS]), np.array([word(kind.name)]), rng))
    told = {
        "id": "bulk_upload", "behaviours": ["bulk_upload"], "orig_h": WMS, "resp_h": UPLOAD, "resp_p": 443,
        "name": kind.name, "nights": [str(night) for night in nights], "parcels": counts, "row_bytes": row,
    }  # fmt: skip
    return Story(told, together(parts))


def _beacon(hub: Hub) -> Story:
    """A scanner calls home, day and night."""
    rng = hub.rng("traffic", "beacon")
    period, jitter = float(rng.integers(1_500, 4_200)), float(rng.uniform(0.03, 0.15))
    us = beats(rng, *span(hub), period_s=period, jitter=jitter)
    us = us[rng.random(len(us)) > 0.02]
    size = int(rng.integers(620, 980))
    made = sessions(
        Kind(BEAT, 443, "ssl", NAMES[BEAT]), us, place(BEACONING), sent=size + rng.integers(0, 3, len(us)) * 16,
        back=around(rng, 450, len(us), least=350, spread=0.05), lasts=around(rng, 300_000, len(us), least=80_000),
    )  # fmt: skip
    told = {
        "id": "beacon", "behaviours": ["beacon"], "orig_h": BEACONING, "resp_h": BEAT, "resp_p": 443,
        "name": NAMES[BEAT], "period_s": period, "jitter": round(jitter, 3),
    }  # fmt: skip
    return Story(told, made)


def _tunnel(hub: Hub) -> Story:
    """A desk asks at night for names that nobody ever asked for, and answers come back as text."""
    rng = hub.rng("traffic", "tunnel")
    listed = days(hub)
    nights = sorted(rng.choice(SENSOR_DAYS, int(rng.integers(4, 7)), replace=False).tolist())
    asked: dict[int, tuple[Asked, ...]] = {}
    room = int(rng.integers(24, 36))
    for night in nights:
        at, left = listed[night][1] + int(rng.integers(0, 4 * HOUR)), int(rng.integers(180, 380))
        while left > 0:
            size = min(left, int(rng.integers(20, 50)))
            times = at + np.cumsum(rng.integers(200_000, 1_200_000, size))
            found = asked[len(asked)] = tuple(_question(rng, room, int(one)) for one in times)
            left, at = left - size, found[-1].us + int(rng.integers(30, 400)) * S
    talks = list(asked.values())
    us, ends = (np.array([found[at].us for found in talks]) for at in (0, -1))
    made = sessions(
        Kind(RESOLVER, 53, "dns"), us, place(TUNNELLING),
        sent=np.array([sum(18 + len(one.query) for one in found) for found in talks]),
        back=np.array([sum(31 + len(one.query) + len(one.answer) for one in found) for found in talks]),
        lasts=ends - us + 30_000,
    )  # fmt: skip
    told = {
        "id": "dns_tunnel", "behaviours": ["dns_tunnel"], "orig_h": TUNNELLING, "resp_h": RESOLVER, "resp_p": 53,
        "name": TUNNEL_DOMAIN, "nights": [str(listed[night][0]) for night in nights], "queries": sum(map(len, talks)),
    }  # fmt: skip
    return Story(told, replace(made, tunnel=np.arange(len(talks))), asked)


def _question(rng: np.random.Generator, room: int, us: int) -> Asked:
    """Return a name that carries bytes of chance, and an answer that does."""
    labels = [base64.b32encode(rng.bytes(size)).decode().rstrip("=").lower() for size in (room, 12)]
    answer = base64.b64encode(rng.bytes(int(rng.integers(60, 120)))).decode().rstrip("=")
    return Asked(us, ".".join([*labels, TUNNEL_DOMAIN]), answer)


def _abroad(hub: Hub) -> Story:
    """People of the software house log in from another continent, in the hours of their own office."""
    rng = hub.rng("traffic", "abroad")
    working = [us for day, us in days(hub) if day.weekday() < 5]
    chosen = sorted(rng.choice(len(working), int(rng.integers(5, 9)), replace=False).tolist())
    us = np.concatenate([at_hours(rng, working[n] - 7 * HOUR, int(rng.integers(1, 3)), OFFICE) for n in chosen])
    us = us[us >= span(hub)[0]]
    count = len(us)
    made = sessions(
        Kind(WMS, 22, "ssh"), us, place(SUPPORT), sent=around(rng, 8_000, count, least=3_000),
        back=around(rng, 60_000, count, least=9_000), lasts=around(rng, 900 * S, count, least=60 * S, spread=0.3),
    )  # fmt: skip
    told = {"id": "support_abroad", "behaviours": [], "orig_h": SUPPORT, "resp_h": WMS, "resp_p": 22, "name": ""}
    return Story(told, made)


def _failing(hub: Hub) -> Story:
    """A sorter tries to reach its maker's cloud, and never does."""
    rng = hub.rng("traffic", "failing")
    period = float(rng.integers(1_800, 3_600))
    us = beats(rng, *span(hub), period_s=period, jitter=0.08)
    refused = rng.random(len(us)) < 0.3
    made = sessions(
        Kind(SORTER_CLOUD, 8883, "-"), us, place(FAILING), sent=0, back=0, lasts=np.where(refused, 24_000, 0)
    )
    told = {
        "id": "failing_sorter", "behaviours": ["beacon"], "orig_h": FAILING, "resp_h": SORTER_CLOUD, "resp_p": 8883,
        "name": NAMES[SORTER_CLOUD], "attempted": True, "period_s": period,
    }  # fmt: skip
    return Story(told, replace(made, state=np.where(refused, STATES.index("REJ"), STATES.index("S0"))))


def _nightly(hub: Hub, orig_h: str, kind: Kind, part: str) -> Sessions:
    """Copies go in a window of the night: what is new, and on Saturdays the whole, as large as the hidden upload."""
    rng = hub.rng("traffic", part)
    hour, row, parts = int(rng.integers(0, 4)), int(rng.integers(9_000, 14_000)), []
    for day, us in days(hub):
        many = parcels(hub, day - timedelta(days=1)) if day > hub.first_day else parcels(hub, day)
        total = many * (row if day.weekday() == 5 else 200) + 2_000
        at = us + hour * HOUR + np.sort(rng.integers(0, 1_500 * S, 2))
        sent = shared(rng, total, 2) + 600
        lasts = np.minimum(5 * S + sent // 20, 3_000 * S)
        parts.append(sessions(kind, at, place(orig_h), sent=sent, back=900 + sent // 300, lasts=lasts))
    return together(parts)


def _offsite(hub: Hub) -> Story:
    made = _nightly(hub, WMS, Kind(OFFSITE, 443, "ssl", NAMES[OFFSITE]), "offsite")
    return Story(_decoy("backup_offsite", [WMS], OFFSITE, 443), made)


def _backup(hub: Hub) -> Story:
    made = _nightly(hub, STORE, Kind(BACKUP, 22, "ssh"), "backup")
    return Story(_decoy("backup_inside", [STORE], BACKUP, 22), made)


def _decoy(name: str, orig_h: list[str], resp_h: str, resp_p: int) -> dict[str, object]:
    return {"id": name, "orig_h": orig_h, "resp_h": resp_h, "resp_p": resp_p, "name": NAMES.get(resp_h, "")}


def _clock(hub: Hub) -> Story:
    """Servers set their clocks, in a rhythm that no beacon keeps better."""
    rng, hosts = hub.rng("traffic", "clock"), [WMS, STORE, BACKUP]
    period, parts = float(rng.choice([4_096, 8_192])), []
    for host in hosts:
        us = beats(rng, *span(hub), period_s=period, jitter=0.01)
        lasts = around(rng, 14_000, len(us), least=4_000)
        parts.append(sessions(Kind(NTP, 123, "ntp"), us, place(host), sent=48, back=48, lasts=lasts))
    return Story(_decoy("clock", hosts, NTP, 123), together(parts))


def _updates(hub: Hub) -> Story:
    """All scanners ask every few hours whether there is something new."""
    rng, parts = hub.rng("traffic", "updates"), []
    period = float(rng.integers(5, 8)) * 3_600
    for host in SCANNERS:
        us = beats(rng, *span(hub), period_s=period, jitter=0.1)
        count = len(us)
        parts.append(
            sessions(
                Kind(UPDATES, 443, "ssl", NAMES[UPDATES]),
                us,
                place(host),
                sent=around(rng, 640, count, least=520),
                back=around(rng, 6_000, count, least=3_000),
                lasts=around(rng, 600_000, count, least=90_000),
            )
        )
    return Story(_decoy("updates", list(SCANNERS), UPDATES, 443), together(parts))


def _crawler(hub: Hub) -> Story:
    """A search engine walks the portal, one page after the other."""
    rng, parts = hub.rng("traffic", "crawler"), []
    for _, day_us in days(hub):
        count, begin = int(rng.integers(8, 18)), day_us + int(rng.integers(0, 20 * HOUR))
        us = begin + np.cumsum(rng.integers(3 * S, 90 * S, count))
        parts.append(
            sessions(
                Kind(PORTAL, 443, "ssl", NAMES[PORTAL]),
                us,
                place(CRAWLER),
                sent=around(rng, 700, count, least=540),
                back=around(rng, 25_000, count, least=3_000),
                lasts=around(rng, 700_000, count, least=90_000),
            )
        )
        robots = np.array([begin])
        plain = Kind(PORTAL, 80, "http")
        size = len(REQUEST["crawler"])
        parts.append(sessions(plain, robots, place(CRAWLER), sent=size, back=len(ANSWER), lasts=60_000))
    return Story({**_decoy("crawler", [CRAWLER], PORTAL, 443), "ports": [80, 443]}, together(parts))
