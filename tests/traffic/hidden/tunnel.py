"""Data in names: several encodings and record types, fast and slow, long labels and short."""

from __future__ import annotations

import base64

import numpy as np

from traffic.book import DAY, HOUR, SECOND, Ints
from traffic.clock import inside
from traffic.hidden.lair import lair, stay
from traffic.net import Net

# bytes per name, queries per second while active, hours active per day, days
_PACE = {"strong": (150, 1.2, 0.6, 3), "medium": (32, 0.06, 3.0, 5), "weak": (9, 0.006, 7.0, 8)}
_TYPES = {"strong": ("TXT", "NULL", "CNAME"), "medium": ("TXT", "CNAME", "A"), "weak": ("A", "AAAA", "TXT")}


def plant(net: Net, strength: str) -> None:
    """Hide two."""
    for kind in net.rng.permutation(_TYPES[strength])[:2]:
        _tunnel(net, strength, str(kind))


def _tunnel(net: Net, strength: str, kind: str) -> None:
    rng, book = net.rng, net.book
    load, rate, hours, days = _PACE[strength]
    host = lair(net, always=strength != "weak")
    domain = net.word()
    encoding = str(rng.choice(["base32", "hex", "base64url"]))
    size = max(6, int(load * rng.uniform(0.7, 1.3)))
    us = _when(net, rate * rng.uniform(0.6, 1.6), hours, days)
    us = us[inside(us, host.spans)]
    label = int(rng.choice([31, 50, 63])) if strength != "weak" else int(rng.choice([12, 20, 40]))
    # The name as a whole may have 253 characters.
    room = int((250 - len(domain)) * {"base32": 0.6, "hex": 0.49, "base64url": 0.73}[encoding])
    names = [_name(rng.bytes(min(size, room)), at, encoding, label, domain) for at in range(len(us))]
    back = {"TXT": 180, "NULL": 220, "CNAME": 90}.get(kind, 16) if strength != "weak" else 20
    answer = book.answer({"A": "198.51.100.7", "AAAA": "2001:db8::7", "CNAME": f"ok.{domain}"}.get(kind, "ok"))
    resolver: int = host.resolver if rng.random() < 0.8 else int(net.fresh(1)[0])
    query = book.codes(names)
    who, whom = (int(np.asarray(one).item()) for one in book.asked(host.address, resolver))
    answered = rng.random(len(us)) > 0.01
    lengths = np.array([len(name) for name in names], np.int64)
    book.ask(
        us,
        host.address,
        resolver,
        query,
        type=book.code(kind),
        answer=np.where(answered, answer, -1),
        rcode=np.where(answered, book.code("NOERROR"), -1),
        back=lengths + 30 + rng.integers(0, back, len(us)),
    )
    again = rng.random(len(us)) < 0.03
    book.ask(us[again] + 2 * SECOND, host.address, resolver, query[again], type=book.code(kind), answer=answer)
    parameters = {
        "encoding": encoding,
        "type": kind,
        "load_bytes": int(size * len(us)),
        "label": label,
        "host": host.kind,
    }
    book.plant(
        "dns_tunnel",
        f"{kind}_{encoding}",
        strength,
        parameters=parameters,
        us=us,
        orig_h=book.texts[who],
        far=domain,
        addresses=[book.texts[whom]] if resolver != host.resolver else [],
        resp_p=53,
    )


def _when(net: Net, rate: float, hours: float, days: int) -> Ints:
    rng = net.rng
    first, last = stay(net, min(days, net.book.days))
    found = [np.empty(0, np.int64)]
    for day in range(min(days, net.book.days)):
        begin = first + day * DAY + int(rng.uniform(0, 24 - hours) * HOUR)
        count = int(rng.poisson(rate * hours * 3600))
        found.append(begin + np.cumsum(rng.lognormal(-0.5, 1.0, count) / rate * SECOND).astype(np.int64))
    us = np.concatenate(found)
    return np.sort(us[us < last])


def _name(data: bytes, at: int, encoding: str, label: int, domain: str) -> str:
    if encoding == "hex":
        text = f"{at & 0xFFFF:x}{data.hex()}"
    elif encoding == "base32":
        text = (
            base64.b32encode(at.to_bytes(2, "big", signed=False) + data if at < 65536 else data)
            .decode()
            .rstrip("=")
            .lower()
        )
    else:
        text = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return ".".join(text[n : n + label] for n in range(0, len(text), label)) + "." + domain
