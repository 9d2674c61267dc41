"""A merchant's visits of the portal, as a browser saves them: an analytics kit is sent who gets which parcel."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flagstate.demo.hub import CARRIER, LAST_DAY, NAMES, PORTAL, SDK, Hub

FONTS = ("fonts.type-foundry.example", "203.0.113.31")
"""An ordinary third party: letters for the page."""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Demonstration/1.0 (invented)"
_GIVEN = ("anna", "bram", "chloe", "dirk", "elise", "fadi", "greet", "hugo", "ines", "joris", "lena", "mats")
_FAMILY = ("lambert", "peeters", "dubois", "maes", "jansen", "claes", "leroy", "wouters", "simon", "michel")
_VISITS = (20, 120)
"""Fewest and most visits: one per fifty parcels, between them."""

Entry = dict[str, object]


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the archive of a browser.

    Args:
        hub: How many visits there are follows from its scale.
        folder: Of the evidence.
        said: Is told what is being done.

    Returns:
        How many records with an e-mail address the analytics kit was sent, and of how many persons.
    """
    said("Writing visits of the merchants' portal")
    rng = hub.rng("portal")
    visits = int(np.clip(hub.scale // 50, *_VISITS))
    people = [_person(rng, number) for number in range(max(8, visits * 2 // 3))]
    entries: list[Entry] = []
    told: list[str] = []
    for number, at in enumerate(_times(rng, visits)):
        person = people[int(rng.integers(len(people)))]
        told.append(person)
        entries += _visit(at, number, person, rng)
    document = {
        "log": {
            "version": "1.2",
            "creator": {"name": "Demonstration (all invented)", "version": "1.0"},
            "pages": [],
            "entries": entries,
        }
    }
    where = folder / "portal" / "portal.har"
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    posts = [e for e in entries if NAMES[SDK] in str(e["request"]) and '"POST"' in json.dumps(e["request"])]
    return {
        "visits": visits,
        "entries": len(entries),
        "kit": {"server": NAMES[SDK], "addr": SDK, "posts": len(posts), "emails": len(told), "persons": len(set(told))},
        "ordinary": sorted({FONTS[0], NAMES[CARRIER], NAMES[PORTAL]}),
    }


def _times(rng: np.random.Generator, count: int) -> list[datetime]:
    """Return when somebody at a desk looked at a parcel: on working days, in bouts, with pauses of all lengths."""
    monday = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, tzinfo=UTC) - timedelta(days=LAST_DAY.weekday())
    made: list[datetime] = []
    while len(made) < count:
        at = monday + timedelta(days=int(rng.integers(5)), seconds=float(rng.uniform(8 * 3600, 15 * 3600)))
        for _ in range(int(rng.geometric(0.2))):
            made.append(at)
            at += timedelta(seconds=8 + float(rng.lognormal(3.6, 1.3)))
    return sorted(made[:count])


def _person(rng: np.random.Generator, number: int) -> str:
    given, family = _GIVEN[int(rng.integers(len(_GIVEN)))], _FAMILY[int(rng.integers(len(_FAMILY)))]
    return f"{given}.{family}{number}@post-box.example"


def _visit(at: datetime, number: int, person: str, rng: np.random.Generator) -> list[Entry]:
    """Return what one look at one parcel loads: the page, its letters, the carrier's widget, and the kit."""
    home, kit, carrier = f"https://{NAMES[PORTAL]}", f"https://{NAMES[SDK]}", f"https://{NAMES[CARRIER]}"
    parcel = f"LGG{number:07}"
    page = f"{home}/parcels/{parcel}"
    loads: list[tuple[str, str, str, int, dict[str, object] | None]] = [
        ("GET", page, PORTAL, int(rng.integers(20_000, 50_000)), None),
        ("GET", f"https://{FONTS[0]}/hub.woff2", FONTS[1], 22_104, None),
        ("GET", f"{home}/assets/app.js", PORTAL, 181_220, None),
        ("GET", f"{carrier}/widget.js?parcel={parcel}", CARRIER, 9_310, None),
        ("GET", f"{kit}/kit.js", SDK, 41_007, None),
        ("POST", f"{kit}/v2/events", SDK, 35, {"event": "view", "page": "/parcels", "screen": "1920x1080"}),
        ("POST", f"{kit}/v2/identify", SDK, 35, {"event": "label", "parcel": parcel, "consignee_email": person}),
    ]
    return [_entry(at + timedelta(milliseconds=90 * place), page, *load) for place, load in enumerate(loads)]


def _entry(
    at: datetime, page: str, method: str, url: str, address: str, size: int, body: dict[str, object] | None
) -> Entry:
    host = url.split("/")[2]
    headers = [{"name": "Host", "value": host}, {"name": "User-Agent", "value": AGENT}]
    request: dict[str, object] = {
        "method": method,
        "url": url,
        "httpVersion": "http/2.0",
        "cookies": [],
        "queryString": [],
        "headersSize": sum(len(h["name"]) + len(h["value"]) + 4 for h in headers),
    }
    if url != page:
        headers.append({"name": "Referer", "value": page})
    if body is not None:
        text = json.dumps(body, separators=(",", ":"))
        headers.append({"name": "Content-Type", "value": "application/json"})
        request["postData"] = {"mimeType": "application/json", "text": text}
        request["bodySize"] = len(text)
    else:
        request["bodySize"] = 0
    kind = "text/html" if url == page else "application/json" if body else "application/octet-stream"
    return {
        "startedDateTime": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
        "time": 60,
        "request": request | {"headers": headers},
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "http/2.0",
            "cookies": [],
            "headers": [{"name": "Content-Type", "value": kind}],
            "content": {"size": size, "mimeType": kind},
            "redirectURL": "",
            "headersSize": 120,
            "bodySize": size,
        },
        "cache": {},
        "timings": {"blocked": 0, "dns": -1, "connect": -1, "send": 1, "wait": 40, "receive": 19, "ssl": -1},
        "serverIPAddress": address,
        "_resourceType": "document" if url == page else "fetch" if body else "script",
        "_initiator": {"type": "other" if url == page else "script"},
    }
