"""The network that a world lives in: hosts, far ends with names and changing addresses, and caches of names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from traffic.book import SECOND, Book, Ints, mixed
from traffic.clock import Spans, inside

WORDS = [
    "north",
    "river",
    "alpha",
    "cargo",
    "swift",
    "blue",
    "metric",
    "cloud",
    "pixel",
    "stone",
    "data",
    "lumen",
    "orbit",
    "vector",
    "quick",
    "parcel",
    "harbor",
    "vista",
    "nova",
    "core",
    "signal",
    "bright",
    "echo",
    "delta",
    "forge",
    "atlas",
    "bay",
    "cedar",
    "drift",
    "ember",
    "fern",
    "glow",
    "helix",
    "iris",
    "jade",
    "kite",
    "lotus",
    "maple",
    "nimbus",
    "opal",
    "prime",
    "quartz",
    "ridge",
    "sage",
    "tide",
    "umber",
    "vale",
    "willow",
    "zen",
    "arc",
    "beam",
    "crest",
    "dawn",
]
ENDS = ("com", "net", "org", "io", "de", "eu", "co", "app", "dev", "info", "fr", "nl", "cn", "co.uk", "example")
_FIRST = (
    "3 5 13 18 20 23 31 34 35 37 40 44 45 46 47 49 51 52 54 62 65 77 78 81 "
    "85 91 93 95 99 103 104 108 116 119 128 130 139 141 142 145 151 157 159 162 167 176 178 185 "
    "188 193 194 195 199 202 204 206 209 212 213 216 217"
)


@dataclass(frozen=True)
class Host:
    """One machine."""

    number: int
    """Its place in the list of hosts."""
    address: int
    """Text number of its address."""
    kind: str
    """desk, laptop, phone, scanner, camera, sensor, printer, sorter, server, … ."""
    spans: Spans
    """When it is on."""
    resolver: int
    """Text number of the resolver it asks."""
    zone_h: float
    """Hours that its clock is ahead of UTC."""
    role: str = ""
    """What a server is for."""


@dataclass
class Net:
    """Hosts, far ends, and how one visits the other."""

    book: Book
    hosts: list[Host] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    place_name: list[int] = field(default_factory=list)
    place_ttl: list[int] = field(default_factory=list)
    place_turns: list[bool] = field(default_factory=list)
    place_pool: list[Ints] = field(default_factory=list)
    place_alias: list[str] = field(default_factory=list)
    wanted: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)
    themes: dict[str, list[int]] = field(default_factory=dict)
    """Places by what they are for."""
    spent: set[int] = field(default_factory=set)
    """Hosts that something hides on."""
    fronts: list[Ints] = field(default_factory=list)
    """Pools of addresses of content networks."""
    atlas: tuple[Ints, Ints, Ints, Ints, Ints, Ints] | None = None
    """Places as columns, while none is added."""

    @property
    def rng(self) -> np.random.Generator:
        """The world's chance."""
        return self.book.rng

    def host(self, kind: str, address: str, spans: Spans, *, resolver: str, zone_h: float, role: str = "") -> Host:
        """Add a machine."""
        code = self.book.code
        made = Host(len(self.hosts), code(address), kind, spans, code(resolver), zone_h, role)
        self.hosts.append(made)
        return made

    def of(self, *kinds: str) -> list[Host]:
        """Return the machines of some kinds."""
        return [one for one in self.hosts if one.kind in kinds]

    def fresh(self, count: int) -> Ints:
        """Return addresses of the outside that nobody has yet."""
        found: list[str] = []
        while len(found) < count:
            a, b, c, d = self.rng.choice(_FIRST.split()), *self.rng.integers(1, 255, 3)
            text = f"{a}.{b}.{c}.{d}"
            if text not in self.taken:
                self.taken.add(text)
                found.append(text)
        return np.array([self.book.code(text) for text in found], np.int64)

    def word(self) -> str:
        """Return a domain that nobody has yet."""
        while True:
            parts = self.rng.choice(WORDS, 2 if self.rng.random() < 0.75 else 1)
            tail = str(self.rng.integers(2, 99)) if self.rng.random() < 0.25 or len(parts) == 1 else ""
            text = f"{'-'.join(parts) if self.rng.random() < 0.2 else ''.join(parts)}{tail}.{self.rng.choice(ENDS)}"
            if text not in self.taken:
                self.taken.add(text)
                return text

    def place(
        self, name: str | None = None, *, pool: Ints | int = 1, turns: bool = False, ttl_s: int = 300, alias: str = ""
    ) -> int:
        """Add a far end.

        Args:
            name: Its name; None: a new domain; empty: it has none and is reached by address.
            pool: Its addresses, or how many new ones.
            turns: Whether answers go round the addresses.
            ttl_s: How long answers live.
            alias: Name in between (CNAME).
        """
        self.place_name.append(self.book.code(self.word() if name is None else name) if name != "" else -1)
        self.place_pool.append(self.fresh(pool) if isinstance(pool, int) else pool)
        self.place_turns.append(turns)
        self.place_ttl.append(ttl_s)
        self.place_alias.append(alias)
        return len(self.place_name) - 1

    def named(self, place: int) -> str:
        """Return the name of a far end, or its first address."""
        code = self.place_name[place]
        return self.book.texts[code if code >= 0 else int(self.place_pool[place][0])]

    def addresses(self, place: int) -> list[str]:
        """Return the addresses of a far end."""
        return [self.book.texts[int(one)] for one in self.place_pool[place]]

    def visit(self, host: npt.ArrayLike, place: npt.ArrayLike, us: Ints, **how: Any) -> None:
        """Connect to far ends, with the lookups that this needs.

        Args:
            host: Numbers of hosts.
            place: Numbers of places.
            us: When.
            how: Columns of `Book.talk` with texts for proto, service and state; `shown`: whether the name is visible
                (SNI or Host); `lost`: share of connections that get no answer.
        """
        size = len(us)
        if not size:
            return
        who, where = (np.broadcast_to(np.asarray(one, np.int64), size) for one in (host, place))
        name, _, address = self._resolved(who, where, us)
        looked = name >= 0
        self.wanted.append((who[looked], where[looked], us[looked] - self._delay(int(looked.sum()))))
        shown = np.broadcast_to(np.asarray(how.pop("shown", how.get("service") in ("ssl", "http"))), size) & looked
        lost = self.rng.random(size) < how.pop("lost", 0.004)
        code = self.book.code
        source = code("host" if how.get("service") == "http" else "sni")
        for word in ("proto", "service", "state"):
            if isinstance(how.get(word), str):
                how[word] = code(how[word])
        state = how.pop("state", None)
        if state is None:
            ends = [code(one) for one in ("SF", "SF", "SF", "SF", "SF", "RSTO", "RSTR", "S1")]
            tcp = how.get("proto", code("tcp")) == code("tcp")
            state = self.rng.choice(ends, size) if tcp else np.full(size, code("SF"))
        service = np.asarray(how.pop("service", -1))
        given = {
            "service": np.where(lost & (service != code("ntp")), -1, service),
            "up": how.pop("up", 0),
            "down": how.pop("down", 0),
            "missed": np.where(self.rng.random(size) < 0.004, 1448, 0),
            "duration": how.pop("duration", -1),
        }
        for key, none in (("up", 0), ("down", 0), ("duration", -1), ("missed", 0)):
            given[key] = np.where(lost, none, np.asarray(given[key]).astype(np.int64))
        self.book.talk(
            us,
            orig=self._address(who),
            resp=address,
            name=np.where(shown & ~lost, name, -1),
            source=np.where(shown & ~lost, source, -1),
            state=np.where(lost, code("S0"), state),
            **{"resp_p": 443, **how, **given},
        )

    def tick(self, host: Host, place: int, us: Ints, **how: Any) -> None:
        """Connect one machine to one far end, as far as the machine is on."""
        self.visit(host.number, place, us[inside(us, host.spans)], **how)

    def close(self) -> None:
        """Write down the lookups: once per host and name while the answer lives."""
        if not self.wanted:
            return
        who, where, us = (np.concatenate(parts) for parts in zip(*self.wanted, strict=True))
        self.wanted = []
        order = np.argsort(us, kind="stable")
        who, where, us = who[order], where[order], us[order]
        life = self._life(who, where, us)
        _, first = np.unique(mixed(who, where, life), return_index=True)
        who, where, us = who[first], where[first], us[first]
        name, slot, _ = self._resolved(who, where, us + 40_000)
        code, texts = self.book.code, self.book.texts
        combined, back = np.unique(where * 4096 + slot, return_inverse=True)
        answer = np.empty(len(combined), np.int64)
        for at, both in enumerate(combined.tolist()):
            pool, turn = self.place_pool[both // 4096], both % 4096
            alias = [self.place_alias[both // 4096]] if self.place_alias[both // 4096] else []
            answer[at] = self.book.answer(
                *alias, *(texts[int(pool[(turn + k) % len(pool)])] for k in range(min(4, len(pool))))
            )
        resolver = np.array([one.resolver for one in self.hosts])[who]
        kind = np.array([one.kind == "desk" or one.kind == "phone" for one in self.hosts])[who]
        orig = self._address(who)
        self.book.ask(us, orig, resolver, name, answer=answer[back])
        twice = kind & (mixed(who, 5) % np.uint64(3) > 0)
        later = us[twice] + self.rng.integers(1, 400, int(twice.sum()))
        self.book.ask(later, orig[twice], resolver[twice], name[twice], type=code("AAAA"))
        lost = self.rng.random(len(us)) < 0.006
        self.book.ask(us[lost] - 2 * SECOND, orig[lost], resolver[lost], name[lost], rcode=-1)

    def _address(self, who: Ints) -> Ints:
        return np.array([one.address for one in self.hosts], np.int64)[who]

    def _delay(self, size: int) -> Ints:
        return np.minimum(self.rng.lognormal(9.6, 0.8, size), 900_000).astype(np.int64)

    def _life(self, who: Ints, where: Ints, us: Ints) -> Ints:
        ttl = self._atlas()[1][where] * SECOND
        shift = (mixed(who, where) % np.uint64(1 << 40)).astype(np.int64) % ttl
        return np.asarray((us + shift) // ttl)

    def _atlas(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        """Return name, life of answers, turning, size and begin of the pool of every place, and all pools."""
        if self.atlas is None or len(self.atlas[0]) != len(self.place_name):
            sizes = np.array([len(pool) for pool in self.place_pool], np.int64)
            begin = np.concatenate([[0], np.cumsum(sizes)[:-1]])
            columns = (self.place_name, self.place_ttl, self.place_turns)
            name, ttl, turns = (np.array(column, np.int64) for column in columns)
            self.atlas = (name, ttl, turns, sizes, begin, np.concatenate(self.place_pool))
        return self.atlas

    def _resolved(self, who: Ints, where: Ints, us: Ints) -> tuple[Ints, Ints, Ints]:
        """Return name, turn and address for each visit: the address stays while the answer lives."""
        name, _, turning, sizes, begin, pools = self._atlas()
        turns = turning[where]
        life = self._life(who, where, us) * turns
        many = (mixed(who * turns, where, life) % np.uint64(1 << 40)).astype(np.int64)
        slot = many % sizes[where]
        return name[where], slot, pools[begin[where] + slot]
