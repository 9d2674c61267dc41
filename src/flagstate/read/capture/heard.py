"""What the protocols of a window's connections say: names, services, queries, handshakes, exchanges, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from flagstate.model import EXCHANGE, HANDSHAKE, QUERY
from flagstate.model.noun import TIME, Noun
from flagstate.read.capture import certificates, dns, ftp, http, quic, service, sniff, socks, table, tls
from flagstate.read.capture.clear import Told
from flagstate.read.capture.connections import TOLD, connections, services, turn
from flagstate.read.capture.searched import Search
from flagstate.read.capture.talk import Talk, swapped
from flagstate.read.capture.talks import ORIG, RESP, Desk, ends, talks
from flagstate.read.capture.windows import Window

Row = dict[str, object]
Columns = dict[str, list[str | None]]
NOUNS: dict[str, Noun] = {"query": QUERY, "handshake": HANDSHAKE, "exchange": EXCHANGE}
CHUNK, BATCH = 4096, 50_000
"""Rows that wait as such, and rows of tables that wait to be handed out."""
MOST_FILES = 50_000


class Waiting:
    """Rows of a noun that wait to be handed out."""

    def __init__(self, noun: str) -> None:
        """Begin."""
        self.noun = noun
        self.rows: list[Row] = []
        self.made: list[pa.Table] = []

    def settle(self) -> None:
        """Make a table of the rows."""
        if self.rows:
            self.made.append(tabled(self.noun, self.rows))
            self.rows.clear()

    def full(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield a table once there are many rows."""
        if len(self.rows) >= CHUNK:
            self.settle()
            if sum(each.num_rows for each in self.made) >= BATCH:
                yield from self.rest()

    def rest(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield all of them."""
        self.settle()
        if self.made:
            yield self.noun, pa.concat_tables(self.made)
            self.made.clear()


@dataclass
class Heard:
    """What was heard so far."""

    search: Search | None = None
    """Where clear text goes; null: nowhere."""
    waiting: dict[str, Waiting] = field(default_factory=lambda: {noun: Waiting(noun) for noun in NOUNS})
    issued: certificates.Issued = field(default_factory=certificates.Issued)
    gapped: int = 0
    """Connections that were followed up to a gap only."""
    cut: int = 0
    """Connections that were followed up to a bound only."""
    files: set[tuple[str, int]] = field(default_factory=set)
    """Ends that FTP announced for its files."""


def hear(window: Window, desk: Desk, heard: Heard) -> Iterator[tuple[str, pa.Table]]:
    """Yield the connections of a window, and the other nouns as far as they are many.

    Args:
        window: Connections that are over.
        desk: Room.
        heard: What was heard before; grows.
    """
    rows, named = window.rows, ends(window.rows)
    told: Columns = {name: [None] * len(rows) for name in TOLD}
    told["service"] = services(rows)
    opened = ((rows[:, ORIG + table.LOOKED] | rows[:, RESP + table.LOOKED]) & 2 > 0).tolist()
    kinds, turned = rows[:, table.KIND].tolist(), []
    for place, talk in talks(window, named, desk):
        if not opened[place] and service.turned(talk):
            talk = swapped(talk)
            turned.append(place)
        _listen(talk, kinds[place], told, place, heard)
        for waiting in heard.waiting.values():
            yield from waiting.full()
    turn(rows, named, turned)
    yield "connection", connections(rows, named, told)


def rest(heard: Heard) -> Iterator[tuple[str, pa.Table]]:
    """Yield the nouns that wait."""
    for waiting in heard.waiting.values():
        yield from waiting.rest()


def tabled(noun: str, rows: Sequence[Row]) -> pa.Table:
    """Return rows as a table of their noun."""
    schema = NOUNS[noun].schema
    columns = []
    for each in schema:
        if each.name == "ts":
            columns.append(pa.array([row["us"] for row in rows], pa.int64()).cast(TIME))
        else:
            columns.append(pa.array([row.get(each.name) for row in rows], each.type))
    return pa.table(columns, schema=schema)


def _listen(talk: Talk, kind: int, told: Columns, place: int, heard: Heard) -> None:
    """Take what one connection says."""
    heard.gapped += talk.orig.gap or talk.resp.gap
    heard.cut += talk.orig.cut or talk.resp.cut
    if talk.proto != "tcp":
        told["service"][place] = _datagrams(talk, kind, told, place, heard)
        return
    spoken, pairs, files = service.service(talk), None, None
    if spoken == "dns" or kind == sniff.DNS:
        heard.waiting["query"].rows += dns.queries(talk)
    else:
        if spoken == "http" or kind == sniff.HTTP:
            pairs = http.pairs(talk)
            _exchanged(talk, pairs, told, place, heard)
        elif spoken == "socks":
            _relayed(talk, told, place, heard)
        if spoken != "http" or talk.orig.data.startswith(b"CONNECT"):
            _secured(talk, told, place, heard)
    if spoken == "ftp":
        files = ftp.dialogue(talk)
        if len(heard.files) < MOST_FILES:
            heard.files.update((end, each.resp_p) for each in files[1] for end in (each.resp_h, talk.resp_h))
    if heard.search:
        heard.search.hear(talk, kind, Told(spoken, pairs, files))
    if spoken is None and (talk.resp_h, talk.resp_p) in heard.files:
        spoken = "ftp-data"
    told["service"][place] = told["service"][place] or spoken


def _datagrams(talk: Talk, kind: int, told: Columns, place: int, heard: Heard) -> str | None:
    """Take what a connection of datagrams says; return its service."""
    spoken = told["service"][place]
    if spoken is None and kind == sniff.DNS and not quic.begins(talk.datagrams[0].data if talk.datagrams else b""):
        # Most are queries, and reading them tells that they are.
        rows = dns.queries(talk)
        heard.waiting["query"].rows += rows
        return "dns" if rows else service.service(talk)
    spoken = spoken or service.service(talk)
    if spoken == "dns" or kind == sniff.DNS:
        heard.waiting["query"].rows += dns.queries(talk)
    elif spoken == "quic" or kind == sniff.QUIC:
        _shaken(quic.handshake(talk), told, place, heard)
    elif kind == sniff.DTLS:
        _secured(talk, told, place, heard)
    return spoken


def _relayed(talk: Talk, told: Columns, place: int, heard: Heard) -> None:
    """Take where a proxy was asked to go, and requests that it passed on."""
    asked = socks.asked(talk)
    if asked is None:
        return
    told["connect_to"][place] = asked.connect_to
    inner = socks.inside(talk, asked.orig_at, asked.resp_at)
    if service.service(inner) == "http":
        _exchanged(inner, http.pairs(inner), told, place, heard)


def _secured(talk: Talk, told: Columns, place: int, heard: Heard) -> None:
    shaken, certificate = tls.shaken(talk)
    _shaken(shaken, told, place, heard)
    if certificate is not None and certificate.issuer:
        heard.issued.add(certificate)


def _shaken(row: Row | None, told: Columns, place: int, heard: Heard) -> None:
    if row is None:
        return
    heard.waiting["handshake"].rows.append(row)
    name = row.get("server_name")
    if isinstance(name, str) and name:
        told["server_name"][place], told["name_source"][place] = name, "sni"


def _exchanged(talk: Talk, pairs: Sequence[http.Exchange], told: Columns, place: int, heard: Heard) -> None:
    rows = http.exchanges(talk, pairs)
    heard.waiting["exchange"].rows += rows
    for row in rows:
        for column in ("connect_to", "claimed_orig_h"):
            value = row.get(column)
            if told[column][place] is None and isinstance(value, str):
                told[column][place] = value
        host = row.get("host")
        if told["server_name"][place] is None and isinstance(host, str) and host and not row.get("connect_to"):
            told["server_name"][place], told["name_source"][place] = host, "host"
