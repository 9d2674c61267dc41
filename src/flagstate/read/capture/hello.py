"""What a client offers when it opens TLS, DTLS or QUIC: one structure, out of bytes that may be anything.

What it cannot see: names behind an encrypted client hello (ECH); only the outer name is there. Sources: RFC 5246,
RFC 6066, RFC 7301, RFC 8446, RFC 9147.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flagstate.read.capture.row import named

SERVER_NAME, GROUPS, FORMATS, SIGNATURES, ALPN, VERSIONS = 0, 10, 11, 13, 16, 43
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random value of a server hello that asks for another client hello (RFC 8446, 4.1.3)."""


@dataclass(frozen=True)
class Hello:
    """What one client offered."""

    version: int
    """The version that its own field says; newer ones stand in `versions`."""
    ciphers: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    server_name: str | None = None
    protocols: tuple[bytes, ...] = ()
    """ALPN, in its order."""
    groups: tuple[int, ...] = ()
    formats: tuple[int, ...] = ()
    """Formats of points of elliptic curves."""
    signatures: tuple[int, ...] = ()
    versions: tuple[int, ...] = ()
    datagram: bool = False
    """Whether it came by DTLS."""
    whole: bool = True
    """Whether all of it was captured; of a part no fingerprint can be taken."""


@dataclass(frozen=True)
class Answer:
    """What the server chose."""

    version: int
    protocol: str | None = None
    """ALPN, where it is not encrypted."""
    retry: bool = False
    """Whether it asks for another hello."""


def client(body: bytes, *, datagram: bool = False) -> Hello | None:
    """Return what a client offers; null: these are not the bytes of a client hello.

    Args:
        body: The handshake message without its header; it may be cut off.
        datagram: Whether it is of DTLS.
    """
    if len(body) < 38 or body[0] not in (3, 254):
        return None
    at = 35 + body[34]
    if datagram:
        if at >= len(body):
            return None
        at += 1 + body[at]
    if at + 2 > len(body):
        return None
    size = body[at] << 8 | body[at + 1]
    ciphers = shorts(body[at + 2 : at + 2 + size])
    at += 2 + size
    if not ciphers:
        return None
    if at >= len(body):
        return Hello(body[0] << 8 | body[1], ciphers, datagram=datagram, whole=False)
    at += 1 + body[at]
    end = at + 2 + (body[at] << 8 | body[at + 1]) if at + 2 <= len(body) else at
    kinds: list[int] = []
    held: dict[int, bytes] = {}
    for kind, data in extensions(body, at):
        kinds.append(kind)
        held.setdefault(kind, data)
    return Hello(
        version=body[0] << 8 | body[1],
        ciphers=ciphers,
        extensions=tuple(kinds),
        server_name=_server_name(held.get(SERVER_NAME, b"")),
        protocols=tuple(_listed(held.get(ALPN, b"")[2:])),
        groups=shorts(held.get(GROUPS, b"")[2:]),
        formats=tuple(held.get(FORMATS, b"")[1:]),
        signatures=shorts(held.get(SIGNATURES, b"")[2:]),
        versions=shorts(held.get(VERSIONS, b"")[1:]),
        datagram=datagram,
        whole=end <= len(body),
    )


def server(body: bytes) -> Answer | None:
    """Return what a server chose; null: these are not the bytes of a server hello."""
    if len(body) < 38 or body[0] not in (3, 254, 127):
        return None
    at = 35 + body[34] + 3
    version, protocol = body[0] << 8 | body[1], None
    for kind, data in extensions(body, at):
        if kind == VERSIONS and len(data) >= 2:
            version = data[0] << 8 | data[1]
        elif kind == ALPN:
            protocol = next((named(each) for each in _listed(data[2:])), None)
    return Answer(version, protocol, body[2:34] == RETRY)


def extensions(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of each extension of the list at an offset, up to where it is damaged."""
    end = min(len(body), at + 2 + (body[at] << 8 | body[at + 1])) if at + 2 <= len(body) else 0
    at += 2
    while at + 4 <= end:
        size = body[at + 2] << 8 | body[at + 3]
        yield body[at] << 8 | body[at + 1], body[at + 4 : min(end, at + 4 + size)]
        at += 4 + size


def shorts(data: bytes) -> tuple[int, ...]:
    """Return numbers of two bytes each; an odd last byte is left out."""
    return tuple(data[at] << 8 | data[at + 1] for at in range(0, len(data) - 1, 2))


def _server_name(data: bytes) -> str | None:
    """Return the host name of the extension `server_name`."""
    if len(data) < 5 or data[2] != 0:
        return None
    name = named(data[5 : 5 + (data[3] << 8 | data[4])])
    return name.rstrip(".").lower() or None if name else None


def _listed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        if each := data[at + 1 : at + 1 + data[at]]:
            yield each
        at += 1 + data[at]
