"""What is written down while a world lives: connections and queries, as columns, and truth beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
TRUTH = pa.schema(
    [(name, pa.string()) for name in ("kind", "variant", "strength", "orig_h", "far")]
    + [("addresses", pa.list_(pa.string())), ("resp_p", pa.int32()), ("from_us", pa.int64()), ("to_us", pa.int64())]
    + [("parameters", pa.string())]
)
_NUMBERS = ("us", "orig", "orig_p", "resp", "resp_p", "proto", "service", "duration", "up", "down", "missed", "state")
_TALK = (*_NUMBERS, "name", "source", "number")
_ASK = ("number", "query", "type", "rcode", "answer")


def mixed(*parts: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Return a number between 0 and 2**64 that only depends on the parts."""
    with np.errstate(over="ignore"):
        value = np.zeros(1, np.uint64)
        for part in parts:
            value = (value ^ np.asarray(part).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(29)
            value = value * np.uint64(0xBF58476D1CE4E5B9)
            value ^= value >> np.uint64(32)
    return value


@dataclass
class Book:
    """Rows of a world while it is made; texts are numbers until the end."""

    rng: np.random.Generator
    start_us: int
    days: int
    texts: list[str] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    talks: list[dict[str, Ints]] = field(default_factory=list)
    asks: list[dict[str, Ints]] = field(default_factory=list)
    answers: list[list[str]] = field(default_factory=list)
    truth: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    forwarder: int = -1
    """Text number of the resolver inside, where the sensor stands at the border and sees only what this one asks."""
    upstream: int = -1
    """Whom it asks."""
    gap: tuple[int, int] = (0, 0)
    """From when to when the sensor saw nothing."""

    @property
    def end_us(self) -> int:
        """When the world ends."""
        return self.start_us + self.days * DAY

    def code(self, text: str) -> int:
        """Return the number of a text."""
        if text not in self.known:
            self.known[text] = len(self.texts)
            self.texts.append(text)
        return self.known[text]

    def codes(self, texts: Sequence[str]) -> Ints:
        """Return numbers of texts that nobody else asks for."""
        first = len(self.texts)
        self.texts.extend(texts)
        return np.arange(first, first + len(texts), dtype=np.int64)

    def answer(self, *texts: str) -> int:
        """Return the number of a list of answers."""
        self.answers.append(list(texts))
        return len(self.answers) - 1

    def talk(self, us: npt.ArrayLike, **columns: npt.ArrayLike) -> Ints:
        """Write connections down and return their numbers.

        Args:
            us: Starts.
            columns: Per connection or for all: orig, resp, orig_p, resp_p, up, down (-1: not known), duration (us; -1),
                missed; and as texts' numbers proto, service (-1: none), state, name, source.
        """
        start = np.atleast_1d(np.asarray(us, np.int64))
        size = len(start)
        given: dict[str, npt.ArrayLike] = {
            "us": start,
            "orig_p": self.rng.integers(32_768, 61_000, size),
            "proto": self.code("tcp"),
            "service": -1,
            "duration": -1,
            "up": 0,
            "down": 0,
            "missed": 0,
            "state": self.code("SF"),
            "name": -1,
            "source": -1,
            "number": np.arange(self.count, self.count + size),
        }
        given |= columns
        self.count += size
        self.talks.append({name: np.broadcast_to(np.asarray(given[name], np.int64), size) for name in _TALK})
        return self.talks[-1]["number"]

    def ask(self, us: Ints, orig: npt.ArrayLike, resolver: npt.ArrayLike, query: npt.ArrayLike, **more: Any) -> None:
        """Write queries down, each with its connection.

        Args:
            us: When.
            orig: Who asks.
            resolver: Whom.
            query: For what name, as number.
            more: `type` and `rcode` as texts' numbers (rcode -1: no answer), `answer` as number of a list (-1: none),
                `size` of the query and `back` of the answer in bytes (else from name and answers).
        """
        size = len(us)
        orig, resolver = self.asked(orig, resolver)
        query = np.broadcast_to(np.asarray(query, np.int64), size)
        rcode = np.broadcast_to(np.asarray(more.get("rcode", self.code("NOERROR"))), size)
        length = np.array([len(self.texts[one]) for one in np.unique(query)])
        asked = length[np.unique(query, return_inverse=True)[1]] + 18 + np.asarray(more.get("extra", 11))
        back = np.where(rcode < 0, 0, more.get("back", asked + 16 * self.rng.integers(1, 5, size)))
        number = self.talk(
            us,
            orig=orig,
            resp=resolver,
            resp_p=53,
            proto=self.code("udp"),
            service=self.code("dns"),
            up=asked,
            down=back,
            duration=np.where(rcode < 0, -1, self.rng.lognormal(9.5, 0.9, size).astype(np.int64)),
            state=np.where(rcode < 0, self.code("S0"), self.code("SF")),
        )
        given = {
            "number": number,
            "query": query,
            "type": more.get("type", self.code("A")),
            "rcode": rcode,
            "answer": more.get("answer", -1),
        }
        self.asks.append({name: np.broadcast_to(np.asarray(given[name], np.int64), size) for name in _ASK})

    def asked(self, orig: npt.ArrayLike, resolver: npt.ArrayLike) -> tuple[npt.ArrayLike, npt.ArrayLike]:
        """Return who is seen to ask whom."""
        through = np.asarray(resolver) == self.forwarder
        if not through.any():
            return orig, resolver
        return np.where(through, self.forwarder, orig), np.where(through, self.upstream, resolver)

    def plant(self, kind: str, variant: str, strength: str, **row: Any) -> None:
        """Write down what was hidden.

        Args:
            kind: One of the kinds of behaviour.
            variant: How it was done.
            strength: weak, medium or strong.
            row: The other columns of the truth; `us`: its times; `parameters` as a mapping.
        """
        us = row.pop("us")
        if len(us):
            span = {"from_us": int(np.min(us)), "to_us": int(np.max(us))}
            said = json.dumps(row.pop("parameters", {}) | {"events": len(us)})
            self.truth.append(
                {"kind": kind, "variant": variant, "strength": strength, **span, "parameters": said} | row
            )

    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Return connections, queries and truth."""
        told = {name: np.concatenate([block[name] for block in self.talks]) for name in _TALK}
        seen = (told["us"] >= self.start_us) & (told["us"] < self.end_us)
        seen &= (told["us"] < self.gap[0]) | (told["us"] >= self.gap[1])
        if self.forwarder >= 0:
            own = np.array([text.startswith(("10.", "224.")) for text in self.texts])
            seen &= ~(own[told["orig"]] & own[told["resp"]])
        order = np.flatnonzero(seen)[np.argsort(told["us"][seen], kind="stable")]
        place = np.full(self.count, -1, np.int64)
        place[told["number"][order]] = np.arange(len(order))
        told = {name: column[order] for name, column in told.items()}
        connection = self._connections(told)
        asked = {name: np.concatenate([block[name] for block in self.asks]) for name in _ASK}
        kept = place[asked["number"]] >= 0
        at = np.flatnonzero(kept)[np.argsort(place[asked["number"][kept]], kind="stable")]
        asked = {name: column[at] for name, column in asked.items()}
        ends = connection.take(pa.array(place[asked["number"]]))
        query = ends.select(["ts", "uid", "orig_h", "orig_p", "resp_h", "resp_p", "proto"])
        for name, key in (("query", "query"), ("qtype_name", "type"), ("rcode_name", "rcode")):
            query = query.append_column(name, self._words(asked[key]))
        lists = pa.array(self.answers, pa.list_(pa.string()))
        query = query.append_column("answers", lists.take(_known(asked["answer"])))
        return connection, query, pa.Table.from_pylist(self.truth, TRUTH)

    def _connections(self, told: dict[str, Ints]) -> pa.Table:
        number = pc.cast(pa.array((mixed(told["number"], 7) >> np.uint64(2)).astype(np.int64)), pa.string())
        text = {
            name: self._words(told[name]) for name in ("orig", "resp", "proto", "service", "state", "name", "source")
        }
        size = len(order := told["us"])
        columns = {
            "ts": pa.array(order).cast(pa.timestamp("us", tz="UTC")),
            "uid": pc.binary_join_element_wise("C", number, ""),
            "orig_h": text["orig"],
            "orig_p": pa.array(told["orig_p"].astype(np.int32)),
            "resp_h": text["resp"],
            "resp_p": pa.array(told["resp_p"].astype(np.int32)),
            "proto": text["proto"],
            "service": text["service"],
            "duration_us": _known(told["duration"]),
            "orig_bytes": _known(told["up"]),
            "resp_bytes": _known(told["down"]),
            "missed_bytes": pa.array(told["missed"]),
            "conn_state": text["state"],
            "server_name": text["name"],
            "name_source": text["source"],
            "connect_to": pa.nulls(size, pa.string()),
            "claimed_orig_h": pa.nulls(size, pa.string()),
        }
        return pa.table(columns)

    def _words(self, codes: Ints) -> pa.Array:
        return pa.array(self.texts).take(_known(codes))


def _known(values: Ints) -> pa.Array:
    return pa.array(values, mask=values < 0)
