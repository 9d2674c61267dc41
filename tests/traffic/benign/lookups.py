"""Much that is asked of DNS for good reasons: reputation of files, senders of mail, a crawl, metrics of pages."""

from __future__ import annotations

import numpy as np

from traffic.book import DAY, HOUR, SECOND, Ints
from traffic.cast import server
from traffic.clock import inside, moments, ticks
from traffic.net import ENDS, WORDS, Net

_ALPHABET = np.array(list("abcdefghijklmnopqrstuvwxyz234567"))
_CRAWLED = 60_000


def live(net: Net, scale: float) -> None:
    """Let scanners, mail and a crawler ask."""
    _reputation(net)
    _metrics(net)
    _mail(net, scale)
    _crawl(net, int(_CRAWLED * scale))


def _labels(rng: np.random.Generator, count: int, length: int, letters: str = "") -> list[str]:
    drawn = rng.choice(np.array(list(letters)) if letters else _ALPHABET, (count, length))
    return ["".join(row) for row in drawn.tolist()]


def _reputation(net: Net) -> None:
    """A scanner on every desk asks for the hash of each new file, in the name."""
    rng, book = net.rng, net.book
    zone = str(
        rng.choice(["avqs.mcafee.com", f"files.{net.word()}", f"sxl.{net.word()}", "hashserver.cs.trendmicro.com"])
    )
    length, known = int(rng.choice([26, 32, 40])), int(rng.integers(2000, 6000))
    files = book.codes([f"0.0.{rng.integers(0, 9)}.{text}.{zone}" for text in _labels(rng, known, length)])
    clean = book.answer("127.0.0.2")
    for host in net.of("desk", "laptop"):
        if rng.random() < 0.8:
            mean = rng.lognormal(2.6, 0.9)
            us = moments(rng, book.start_us, book.days, habit="office", mean=mean, zone_h=host.zone_h)
            us = np.repeat(us, rng.geometric(0.35, len(us)))
            us = us + (rng.exponential(3, len(us)) * SECOND).astype(np.int64)
            us = us[inside(us, host.spans)]
            name = files[np.minimum((rng.pareto(0.7, len(us)) * 8).astype(np.int64), known - 1)]
            own = rng.random(len(us)) < 0.3
            private = book.codes([f"0.0.1.{text}.{zone}" for text in _labels(rng, int(own.sum()), length)])
            name[own] = private
            book.ask(us, host.address, host.resolver, name, answer=clean)


def _metrics(net: Net) -> None:
    """Pages measure resolvers by names that are used once."""
    rng, book = net.rng, net.book
    zones = [f"perf.{net.word()}", f"rum.{net.word()}", f"t.{net.word()}"]
    seen = book.answer(book.texts[int(net.fresh(1)[0])])
    for host in net.of("desk", "laptop", "phone"):
        us = moments(rng, book.start_us, book.days, habit="office", mean=rng.lognormal(0.8, 0.8), zone_h=host.zone_h)
        us = us[inside(us, host.spans)]
        text = _labels(rng, len(us), int(rng.choice([16, 24, 32])), "0123456789abcdef")
        zone = rng.choice(zones, len(us))
        book.ask(
            us,
            host.address,
            host.resolver,
            book.codes([f"{a}.{b}" for a, b in zip(text, zone, strict=True)]),
            answer=seen,
        )


def _mail(net: Net, scale: float) -> None:
    """The mail server asks about every sender: lists of spam, policy, keys, exchangers, reverse names."""
    rng, book = net.rng, net.book
    host = server(net, "mail")
    us = moments(rng, book.start_us, book.days, habit="office", mean=900 * scale + 60, zone_h=host.zone_h)
    us = us[inside(us, host.spans)]
    senders = [net.word() for _ in range(500)]
    which = np.minimum((rng.pareto(0.8, len(us)) * 5).astype(np.int64), len(senders) - 1)
    reverse = [".".join(str(part) for part in row) for row in rng.integers(1, 255, (len(us), 4)).tolist()]
    key = book.answer("v=DKIM1; k=rsa; p=" + "".join(_labels(rng, 1, 216)))
    policy = book.answer("v=spf1 include:_spf.example.net ip4:192.0.2.0/24 -all")
    none, type_of = book.code("NXDOMAIN"), book.code
    for zone in ("zen.spamhaus.org", "bl.spamcop.net", "in-addr.arpa"):
        listed = rng.random(len(us)) < (0.12 if zone != "in-addr.arpa" else 0.85)
        names = book.codes([f"{text}.{zone}" for text in reverse])
        book.ask(
            us + 30_000,
            host.address,
            host.resolver,
            names,
            type=type_of("PTR" if zone == "in-addr.arpa" else "A"),
            rcode=np.where(listed, book.code("NOERROR"), none),
        )
    spf, dkim, sender = (
        np.array([book.code(f"{prefix}{name}") for name in senders])[which]
        for prefix in ("", f"s{rng.integers(1, 9)}._domainkey.", "_dmarc.")
    )
    book.ask(us + 60_000, host.address, host.resolver, spf, type=type_of("TXT"), answer=policy, back=190)
    book.ask(us + 90_000, host.address, host.resolver, dkim, type=type_of("TXT"), answer=key, back=480)
    book.ask(us + 95_000, host.address, host.resolver, sender, type=type_of("TXT"), answer=policy, back=170)
    book.ask(us + 99_000, host.address, host.resolver, spf, type=type_of("MX"))
    exchangers = np.array([net.place(f"mx{n % 3}.{name}", ttl_s=3600) for n, name in enumerate(senders[:300])])
    sent = rng.random(len(us)) < 0.35
    size = rng.lognormal(10.2, 1.6, int(sent.sum()))
    length = rng.lognormal(0.8, 0.6, len(size)) * SECOND
    to = exchangers[which[sent] % 300]
    net.visit(host.number, to, us[sent], resp_p=25, service="smtp", up=size, down=600, duration=length)


def _crawl(net: Net, count: int) -> None:
    """A crawler resolves and fetches very many domains, once or twice each."""
    rng, book = net.rng, net.book
    host = server(net, "crawler")
    parts = rng.integers(0, len(WORDS), (count, 2))
    ends, numbers = rng.integers(0, len(ENDS), count), rng.integers(0, 9999, count)
    prefix = np.where(rng.random(count) < 0.5, "www.", "")
    names = [
        f"{start}{WORDS[a]}{WORDS[b]}{n}.{ENDS[end]}"
        for start, (a, b), n, end in zip(prefix.tolist(), parts.tolist(), numbers.tolist(), ends.tolist(), strict=True)
    ]
    code = book.codes(names)
    first = host.spans[0][0] + int(rng.uniform(0, 1) * DAY)
    pace = max(host.spans[-1][1] - first, HOUR) / max(count, 1)
    us: Ints = first + np.cumsum(rng.exponential(pace * 0.9, count)).astype(np.int64)
    on = inside(us, host.spans)
    us, code = us[on], code[on]
    exists = rng.random(len(us)) > 0.07
    address = np.asarray(net.fresh(max(50, count // 12)))[
        (rng.pareto(0.9, len(us)) * 20).astype(np.int64) % max(50, count // 12)
    ]
    answer = np.array([book.answer(book.texts[int(one)]) for one in address], np.int64)
    book.ask(
        us,
        host.address,
        host.resolver,
        code,
        answer=np.where(exists, answer, -1),
        rcode=np.where(exists, book.code("NOERROR"), book.code("NXDOMAIN")),
    )
    book.ask(us + 300, host.address, host.resolver, code, type=book.code("AAAA"))
    got = exists & (rng.random(len(us)) > 0.03)
    size = int(got.sum())
    plain = rng.random(size) < 0.2
    book.talk(
        us[got] + 50_000,
        orig=host.address,
        resp=address[got],
        resp_p=np.where(plain, 80, 443),
        name=code[got],
        service=np.where(plain, book.code("http"), book.code("ssl")),
        source=np.where(plain, book.code("host"), book.code("sni")),
        up=450 + rng.lognormal(5.6, 0.3, size),
        down=rng.lognormal(9.8, 1.4, size),
        duration=rng.lognormal(0, 1, size) * SECOND,
    )
    dead = exists & ~got
    book.talk(us[dead] + 50_000, orig=host.address, resp=address[dead], resp_p=443, state=book.code("S0"))
    again = ticks(rng, host.spans, 3600, spread=0.3)
    book.ask(again, host.address, host.resolver, book.code("frontier.internal.example"))
