"""What the protocols of a window's connections say: names, services, queries, handshakes, exchanges, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from flagstate.model import EXCHANGE, HANDSHAKE, QUERY
from flagstate.model.noun import TIME, Noun
from flagstate.read.capture import certificates, dns, ftp, http, quic, service, sniff, table, tls
from flagstate.read.capture.connections import TOLD, connections, services, turn
from flagstate.read.capture.talk import Talk
from flagstate.read.capture.talks import ORIG, RESP, Desk, ends, talks
from flagstate.read.capture.windows import Window

Row = dict[str, object]
NOUNS: dict[str, Noun] = {"query": QUERY, "handshake": HANDSHAKE, "exchange": EXCHANGE}
MOST_CERTIFICATES = 200_000
"""Certificates of a capture of which the names are listed."""
BATCH = 50_000
MOST_FILES = 50_000


@dataclass
class Heard:
    """What was heard so far."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {noun: [] for noun in NOUNS})
    found: list[certificates.Certificate] = field(default_factory=list)
    clear: int = 0
    """Connections in which something stands in clear text."""
    gapped: int = 0
    """Connections that were followed up to a gap only."""
    cut: int = 0
    """Connections that were followed up to a bound only."""
    files: set[tuple[str, int]] = field(default_factory=set)
    """Ends that FTP announced for its files."""


def swapped(talk: Talk) -> Talk:
    """Return a talk with its ends exchanged."""
    return replace(
        talk, orig_h=talk.resp_h, orig_p=talk.resp_p, resp_h=talk.orig_h, resp_p=talk.orig_p, orig=talk.resp,
        resp=talk.orig, datagrams=[replace(each, from_orig=not each.from_orig) for each in talk.datagrams],
    )  # fmt: skip


def hear(window: Window, desk: Desk, heard: Heard) -> Iterator[tuple[str, pa.Table]]:
    """Yield the connections of a window, and the other nouns as far as they are many.

    Args:
        window: Connections that are over.
        desk: Room.
        heard: What was heard before; grows.
    """
    rows, named = window.rows, ends(window.rows)
    told: dict[str, list[str | None]] = {name: [None] * len(rows) for name in TOLD}
    told["service"] = services(rows)
    opened = (rows[:, ORIG + table.LOOKED] | rows[:, RESP + table.LOOKED]) & 2 > 0
    kinds, turned = rows[:, table.KIND].tolist(), []
    for place, talk in talks(window, named, desk):
        if not opened[place] and service.turned(talk):
            talk = swapped(talk)
            turned.append(place)
        _listen(talk, kinds[place], told, place, heard)
        for noun, waiting in heard.rows.items():
            if len(waiting) >= BATCH:
                yield noun, tabled(noun, waiting)
                waiting.clear()
    turn(rows, named, turned)
    yield "connection", connections(rows, named, told)


def rest(heard: Heard) -> Iterator[tuple[str, pa.Table]]:
    """Yield the nouns that wait."""
    for noun, waiting in heard.rows.items():
        if waiting:
            yield noun, tabled(noun, waiting)


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


def _listen(talk: Talk, kind: int, told: dict[str, list[str | None]], place: int, heard: Heard) -> None:
    """Take what one connection says."""
    spoken = told["service"][place] or service.service(talk)
    heard.gapped += talk.orig.gap or talk.resp.gap
    heard.cut += talk.orig.cut or talk.resp.cut
    if spoken == "dns" or kind == sniff.DNS:
        heard.rows["query"] += dns.queries(talk)
    elif spoken == "quic" or kind == sniff.QUIC:
        _shaken(quic.handshake(talk), told, place, heard)
    elif talk.proto == "tcp" or kind == sniff.DTLS:
        if spoken == "http" or kind == sniff.HTTP:
            _exchanged(talk, told, place, heard)
        if spoken != "http" or talk.orig.data.startswith(b"CONNECT"):
            _secured(talk, told, place, heard)
        heard.clear += kind in (sniff.HTTP, sniff.LINES, sniff.CLEAR)
    if spoken == "ftp" and len(heard.files) < MOST_FILES:
        heard.files.update((end, each.resp_p) for each in ftp.transfers(talk) for end in (each.resp_h, talk.resp_h))
    elif spoken is None and (talk.resp_h, talk.resp_p) in heard.files:
        spoken = "ftp-data"
    told["service"][place] = spoken


def _secured(talk: Talk, told: dict[str, list[str | None]], place: int, heard: Heard) -> None:
    shaken = tls.handshake(talk)
    _shaken(shaken, told, place, heard)
    if shaken and shaken.get("issuer") and len(heard.found) < MOST_CERTIFICATES and (one := tls.certificate(talk)):
        heard.found.append(one)


def _shaken(row: Row | None, told: dict[str, list[str | None]], place: int, heard: Heard) -> None:
    if row is None:
        return
    heard.rows["handshake"].append(row)
    name = row.get("server_name")
    if isinstance(name, str) and name:
        told["server_name"][place], told["name_source"][place] = name, "sni"


def _exchanged(talk: Talk, told: dict[str, list[str | None]], place: int, heard: Heard) -> None:
    rows = http.exchanges(talk)
    heard.rows["exchange"] += rows
    for row in rows:
        for column in ("connect_to", "claimed_orig_h"):
            value = row.get(column)
            if told[column][place] is None and isinstance(value, str):
                told[column][place] = value
        host = row.get("host")
        if told["server_name"][place] is None and isinstance(host, str) and host and not row.get("connect_to"):
            told["server_name"][place], told["name_source"][place] = host, "host"
