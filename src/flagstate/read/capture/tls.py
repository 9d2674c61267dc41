"""TLS and DTLS as a capture shows them: what client and server said before they encrypted.

A hello may be spread over records and segments. What it cannot see: anything encrypted; from TLS 1.3 on that includes
the server's certificate and the protocol that it chose, so the client's first offer stands for it. That a handshake
was completed is told as Zeek does: both ends sent encrypted records. Sources: RFC 5246, RFC 8446, RFC 6347.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from flagstate.read.capture import hello as hellos
from flagstate.read.capture.certificates import Certificate, parse
from flagstate.read.capture.hello import Answer, Hello
from flagstate.read.capture.ja import fingerprints
from flagstate.read.capture.row import ends, named
from flagstate.read.capture.talk import Side, Talk

CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT, SERVER, VERIFY, CERTIFICATE = 1, 2, 3, 11
MOST_HANDSHAKE = 1 << 18
"""Bytes of handshake messages of one end that are read."""
MOST_RECORDS = 2000
USUAL_CERTIFICATE = 4096
"""Bytes of a certificate up to which it is kept, to be known again."""
VERSIONS = {
    0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv10", 0x0302: "TLSv11", 0x0303: "TLSv12", 0x0304: "TLSv13",
    0xFEFF: "DTLSv10", 0xFEFD: "DTLSv12", 0xFEFC: "DTLSv13",
}  # fmt: skip
LATEST = 1 << 16
"""Offset up to which TLS may begin behind another protocol."""
_HELLO = re.compile(rb"\x16\x03[\x00-\x04][\x00-\x48].[\x01\x02]\x00..\x03[\x00-\x03]", re.DOTALL)
_SSL2 = (b"\0\2", b"\3\0", b"\3\1", b"\3\2", b"\3\3")
"""Versions that stand in the hello of SSL 2."""


@dataclass
class Said:
    """What one end said."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    """Type and content of its handshake messages that were not encrypted; the last may be cut off."""
    at: int = 0
    """Offset of its first record."""
    records: int = 0
    ciphered: bool = False
    """Whether it sent an encrypted record."""
    data: bool = False
    """Whether it sent application data, or what TLS 1.3 makes look like it."""
    failed: bool = False
    """Whether it sent a fatal alert in clear text."""

    def first(self, kind: int) -> bytes | None:
        """Return the first message of a type."""
        return next((body for each, body in self.messages if each == kind), None)


def version_name(version: int) -> str:
    """Return a version as Zeek names it."""
    if version >> 8 == 0x7F:
        return f"TLSv13-draft{version & 255}"
    return VERSIONS.get(version, f"unknown-{version}")


def begins(data: bytes, at: int = 0) -> bool:
    """Tell whether a record of TLS with a handshake begins here; also the hello of SSL 2."""
    head = data[at : at + 6]
    if len(head) == 6 and head[0] == HANDSHAKE and head[1] == 3 and head[2] <= 4:
        return head[5] in (CLIENT, SERVER)
    return len(head) == 6 and head[0] >= 128 and head[2] == 1 and head[3:5] in _SSL2


def starts(data: bytes) -> int:
    """Return where TLS begins in what one end said: at 0, or behind STARTTLS, CONNECT and their like; -1: nowhere."""
    if begins(data):
        return 0
    found = _HELLO.search(data, 0, LATEST)
    return found.start() if found else -1


def stream(side: Side, at: int = 0) -> Said:
    """Return what one end said by TCP.

    Args:
        side: Its bytes.
        at: Where TLS begins in them.
    """
    data, said, plain, clear = side.data, Said(at=at), bytearray(), True
    if len(data) > at + 6 and data[at] >= 128 and begins(data, at):
        return _ssl2(data, said)
    while at + 5 <= len(data) and said.records < MOST_RECORDS:
        kind, size = data[at], data[at + 3] << 8 | data[at + 4]
        if not CIPHER <= kind <= 24 or data[at + 1] not in (3, 127) or size > 18432:
            break
        said.records += 1
        if kind == CIPHER:
            clear = False
        elif kind == DATA:
            said.data = said.ciphered = True
            break
        elif kind == HANDSHAKE and clear:
            if len(plain) < MOST_HANDSHAKE:
                plain += data[at + 5 : at + 5 + size]
        elif kind == ALERT and clear:
            said.failed |= size == 2 and data[at + 5 : at + 6] == b"\2"
        else:
            said.ciphered = True
        at += 5 + size
    said.messages = list(_messages(bytes(plain)))
    return said


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        yield data[at], data[at + 4 : at + 4 + size]
        at += 4 + size


def _ssl2(data: bytes, said: Said) -> Said:
    """Read a client hello of SSL 2, which newer clients sent too: it has versions and ciphers and nothing else."""
    at = said.at
    version = data[at + 3] << 8 | data[at + 4]
    size = data[at + 5] << 8 | data[at + 6]
    specs = data[at + 11 : at + 11 + size]
    ciphers = b"".join(specs[one + 1 : one + 3] for one in range(0, len(specs) - 2, 3) if specs[one] == 0)
    made = version.to_bytes(2) + bytes(33) + len(ciphers).to_bytes(2) + ciphers
    said.messages.append((CLIENT, made if version >= 0x300 else b""))
    after = stream(Side(data), at + 2 + ((data[at] & 127) << 8 | data[at + 1]))
    said.ciphered, said.data, said.failed = after.ciphered, after.data, after.failed
    return said


def datagrams(talk: Talk, *, from_orig: bool) -> Said:
    """Return what one end said by DTLS."""
    said = Said()
    parts: dict[int, tuple[int, bytearray]] = {}
    for gram in talk.datagrams:
        if gram.from_orig != from_orig:
            continue
        data, at = gram.data, 0
        while at + 13 <= len(data) and said.records < MOST_RECORDS:
            kind, epoch = data[at], data[at + 3] << 8 | data[at + 4]
            size = data[at + 11] << 8 | data[at + 12]
            if data[at + 1] != 254 or not CIPHER <= kind <= 25:
                break
            said.records += 1
            if epoch or kind == DATA:
                said.ciphered, said.data = True, said.data or kind == DATA
            elif kind == HANDSHAKE:
                _piece(parts, data[at + 13 : at + 13 + size])
            elif kind == ALERT:
                said.failed |= data[at + 13 : at + 14] == b"\2"
            at += 13 + size
    said.messages = [(kind, bytes(body)) for _, (kind, body) in sorted(parts.items())]
    return said


def _piece(parts: dict[int, tuple[int, bytearray]], data: bytes) -> None:
    """Put the fragments of a record to the messages that they are of."""
    at = 0
    while at + 12 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        number = data[at + 4] << 8 | data[at + 5]
        start, length = int.from_bytes(data[at + 6 : at + 9]), int.from_bytes(data[at + 9 : at + 12])
        content = data[at + 12 : at + 12 + length]
        if size <= 1 << 16 and start + len(content) <= size and len(parts) < 64:
            _, body = parts.setdefault(number, (data[at], bytearray()))
            if len(body) < start + len(content):
                body += bytes(start + len(content) - len(body))
            body[start : start + len(content)] = content
        at += 12 + length


def both(talk: Talk) -> tuple[Said, Said]:
    """Return what both ends of a connection said; by TCP from where TLS begins, be it behind another protocol."""
    if talk.proto == "tcp":
        ats = starts(talk.orig.data), starts(talk.resp.data)
        orig, resp = (
            stream(side, at) if at >= 0 else Said() for side, at in zip((talk.orig, talk.resp), ats, strict=True)
        )
        return orig, resp
    asks, answers = datagrams(talk, from_orig=True), datagrams(talk, from_orig=False)
    if asks.first(CLIENT) is None and answers.first(CLIENT) is not None:
        # Two peers may have spoken STUN before: then either may be the client.
        return answers, asks
    return asks, answers


def handshake(talk: Talk) -> dict[str, object] | None:
    """Return a row of `handshake`; null: there is no TLS to be seen.

    Args:
        talk: A connection that may carry TLS or DTLS, from its beginning or behind STARTTLS or CONNECT.
    """
    return shaken(talk)[0]


def shaken(talk: Talk) -> tuple[dict[str, object] | None, Certificate | None]:
    """Return a row of `handshake` and the server's certificate, either only where it can be seen.

    Args:
        talk: As for `handshake`.
    """
    orig, resp = both(talk)
    if not orig.messages and not resp.messages:
        return None, None
    udp = talk.proto != "tcp"
    offers = [each for kind, body in orig.messages if kind == CLIENT and (each := hellos.client(body, datagram=udp))]
    hello = offers[0] if offers else None
    answers = [found for kind, body in resp.messages if kind == SERVER and (found := hellos.server(body))]
    old = orig.first(CLIENT) == b""
    if hello is None and not answers and not old:
        return None, None
    issuer = leaf(resp)
    prints = fingerprints(hello, quic=False) if hello and hello.whole else (None, None)
    row = ends(talk, talk.orig.at(orig.at) if not udp else 0) | {
        "server_name": hello.server_name if hello else None,
        "version": version_name(answers[-1].version) if answers else "SSLv2" if old else None,
        "next_protocol": agreed(hello, answers),
        "ja3": prints[0],
        "ja4": prints[1],
        "established": _established(talk, orig, resp),
        "issuer": issuer.issuer if issuer else None,
    }
    return row, issuer


def agreed(hello: Hello | None, answers: list[Answer]) -> str | None:
    """Return the application protocol that the server chose, or else the first that the client offered."""
    chosen = next((answer.protocol for answer in answers if answer.protocol), None)
    if chosen or (answers and answers[-1].version < 0x304):
        return chosen
    return named(hello.protocols[0]) if hello and hello.protocols else None


def _established(talk: Talk, orig: Said, resp: Said) -> bool | None:
    """Tell whether both ends went over to encryption; null: the capture ends before that can be told."""
    if orig.ciphered and resp.ciphered and not (orig.failed or resp.failed):
        return True
    lost = any(side.gap and not said.ciphered for side, said in ((talk.orig, orig), (talk.resp, resp)))
    return None if lost and not (orig.failed or resp.failed) else False


def leaf(resp: Said) -> Certificate | None:
    """Return the server's own certificate out of what it said."""
    body = resp.first(CERTIFICATE)
    if not body or len(body) < 6:
        return None
    raw = body[6 : 6 + int.from_bytes(body[3:6])]
    return _usual(raw) if len(raw) <= USUAL_CERTIFICATE else parse(raw)


@lru_cache(maxsize=2048)
def _usual(raw: bytes) -> Certificate | None:
    """Return what a certificate says: a server sends the same one again and again."""
    return parse(raw)


def certificate(talk: Talk) -> Certificate | None:
    """Return the server's certificate, where it was sent in clear text (up to TLS 1.2).

    Args:
        talk: A connection that may carry TLS or DTLS.
    """
    return leaf(both(talk)[1])
