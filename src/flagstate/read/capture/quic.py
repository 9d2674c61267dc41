"""QUIC as a capture shows it: the client's offer, out of the Initial packets, whose keys everybody can derive.

Versions 1 and 2 and the drafts from 23 on; a hello that is spread over several packets and datagrams; Retry; packets
that share a datagram. What it cannot see: anything behind the Initial packets. Sources: RFC 9000, RFC 9001, RFC 9369.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flagstate.read.capture import hello as hellos
from flagstate.read.capture.hello import Hello
from flagstate.read.capture.ja import fingerprints
from flagstate.read.capture.row import ends, named
from flagstate.read.capture.talk import Talk

INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)
MOST_CRYPTO = 1 << 16
"""Bytes of a hello that are put together."""
MOST_DATAGRAMS = 64
MOST_TRIED = 64
"""Initial packets of a connection that are decrypted."""
_PADDING = re.compile(rb"[\0\1]{1,}")
"""Frames that only fill, and PING."""
_V1, _V2 = 0x00000001, 0x6B3343CF
_SALTS = {
    _V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    _V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
}
_SALT_29, _SALT_23 = "afbfec289993d24c9e9786f19c6111e04390a899", "c3eef712c72ebb5a11a7d2432bb46365bef9f502"
_SALT_22 = "7fbcdb0e7c66bbe92193a96cd21519ebd7a02644"
_FACEBOOK = {0xFACEB001: _SALT_22, 0xFACEB002: _SALT_23}


@dataclass(frozen=True)
class Packet:
    """One packet with a long header."""

    version: int
    kind: int
    """INITIAL, ZERO_RTT, HANDSHAKE or RETRY."""
    to_id: bytes
    from_id: bytes
    data: bytes
    """From its first byte to its end."""
    number_at: int
    """Offset of the packet number."""


@dataclass
class Crypto:
    """The bytes of a handshake, put together out of pieces in any order."""

    room: bytearray = field(default_factory=bytearray)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, at: int, data: bytes) -> None:
        """Put a piece in its place."""
        end = at + len(data)
        if not data or end > MOST_CRYPTO or len(self.spans) > 512:
            return
        if end > len(self.room):
            self.room += bytes(end - len(self.room))
        self.room[at:end] = data
        self.spans.append((at, end))

    def whole(self) -> bytes:
        """Return the bytes up to the first gap."""
        reached = 0
        for start, end in sorted(self.spans):
            if start > reached:
                break
            reached = max(reached, end)
        return bytes(self.room[:reached])


def salt(version: int) -> bytes | None:
    """Return the salt of a version's Initial keys; null: the version is not known."""
    text = _SALTS.get(version) or _FACEBOOK.get(version)
    if text is None and version >> 8 == 0xFF0000:
        draft = version & 255
        text = _SALT_29 if 29 <= draft <= 34 else _SALT_23 if 23 <= draft <= 28 else _SALT_22 if draft == 22 else None
    return bytes.fromhex(text) if text else None


def version_name(version: int) -> str:
    """Return how a version is called."""
    if version >> 8 == 0xFF0000:
        return f"QUIC-draft{version & 255}"
    return {_V1: "QUICv1", _V2: "QUICv2"}.get(version, f"QUIC-{version:08x}")


def begins(data: bytes) -> bool:
    """Tell whether a datagram begins with a long header of a version that we know, or that negotiates one."""
    if len(data) < 7 or not data[0] & 0x80:
        return False
    version = int.from_bytes(data[1:5])
    if data[5] > 20 or len(data) < 7 + data[5] or data[6 + data[5]] > 20:
        return False
    if version == 0:
        rest = len(data) - 7 - data[5] - data[6 + data[5]]
        return rest >= 4 and rest % 4 == 0 and len(data) < 200 and bool(data[5] or data[6 + data[5]])
    return bool(data[0] & 0x40) and (salt(version) is not None or version & 0x0F0F0F0F == 0x0A0A0A0A)


def packets(data: bytes) -> Iterator[Packet]:
    """Yield the packets with long headers of one datagram."""
    at = 0
    while at + 7 <= len(data) and data[at] & 0xC0 == 0xC0:
        version = int.from_bytes(data[at + 1 : at + 5])
        if salt(version) is None:
            return
        place = at + 6 + data[at + 5]
        to_id = data[at + 6 : place]
        if place >= len(data) or len(to_id) > 20 or data[place] > 20:
            return
        from_id = data[place + 1 : place + 1 + data[place]]
        place += 1 + data[place]
        kind = data[at] >> 4 & 3
        kind = (kind - 1) % 4 if version == _V2 else kind
        if kind == RETRY:
            yield Packet(version, kind, to_id, from_id, data[at:], 0)
            return
        if kind == INITIAL:
            token, place = _number(data, place)
            place += token
        size, place = _number(data, place)
        if size < 20 or place + size > len(data):
            return
        yield Packet(version, kind, to_id, from_id, data[at : place + size], place - at)
        at = place + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where what follows begins."""
    if at >= len(data):
        return 0, len(data)
    size = 1 << (data[at] >> 6)
    value = int.from_bytes(data[at : at + size]) & ((1 << (8 * size - 2)) - 1)
    return value, at + size


def _expand(secret: bytes, label: str, size: int) -> bytes:
    full = b"tls13 " + label.encode("ascii")
    info = size.to_bytes(2) + bytes([len(full)]) + full + b"\0"
    return hmac.digest(secret, info + b"\1", hashlib.sha256)[:size]


@lru_cache(maxsize=256)
def keys(version: int, ident: bytes, *, client: bool) -> tuple[bytes, bytes, bytes]:
    """Return key, start of the nonce and key of the header of Initial packets (RFC 9001, 5.2).

    Args:
        version: Of QUIC; one that has a salt.
        ident: The connection id that the client first sent to, or that a Retry gave it.
        client: Whose packets they open.
    """
    common = hmac.digest(salt(version) or b"", ident, hashlib.sha256)
    secret = _expand(common, "client in" if client else "server in", 32)
    word = "quicv2" if version == _V2 else "quic"
    return _expand(secret, f"{word} key", 16), _expand(secret, f"{word} iv", 12), _expand(secret, f"{word} hp", 16)


def opened(packet: Packet, ident: bytes, *, client: bool) -> bytes | None:
    """Return the frames of an Initial packet; null: these keys do not open it.

    Args:
        packet: The packet.
        ident: As for `keys`.
        client: Whether the client sent it.
    """
    key, start, mask_key = keys(packet.version, ident, client=client)
    data, at = packet.data, packet.number_at
    sample = data[at + 4 : at + 20]
    if len(sample) < 16:
        return None
    # One block under ECB is what the standard asks for: it masks a header and hides nothing.
    mask = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor().update(sample)  # noqa: S305
    first = data[0] ^ mask[0] & 0x0F
    size = (first & 3) + 1
    number = bytes(one ^ two for one, two in zip(data[at : at + size], mask[1 : 1 + size], strict=True))
    head = bytes([first]) + data[1:at] + number
    nonce = (int.from_bytes(start) ^ int.from_bytes(number)).to_bytes(12)
    try:
        return AESGCM(key).decrypt(nonce, data[at + size :], head)
    except (InvalidTag, ValueError):
        return None


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield offset and content of the frames of an Initial packet that carry the handshake."""
    at = 0
    while at < len(data):
        if data[at] <= 1 and (padding := _PADDING.match(data, at)):
            at = padding.end()
            continue
        kind = data[at]
        at += 1
        if kind in (2, 3):
            _, at = _number(data, at)
            _, at = _number(data, at)
            count, at = _number(data, at)
            for _ in range(min(2 * count + 1 + (3 if kind == 3 else 0), len(data))):
                _, at = _number(data, at)
        elif kind == 6:
            offset, at = _number(data, at)
            size, at = _number(data, at)
            yield offset, data[at : at + size]
            at += size
        else:
            return


def _heard(talk: Talk) -> tuple[int, Crypto, Crypto, list[bool]]:
    """Return version, handshake of client and server, and whether each went beyond its Initial packets."""
    client, server, further = Crypto(), Crypto(), [False, False]
    idents: list[bytes] = []
    version = tried = 0
    for gram in talk.datagrams[:MOST_DATAGRAMS]:
        short = bool(gram.data) and gram.data[0] & 0xC0 == 0x40
        further[gram.from_orig] |= short
        for packet in () if short else packets(gram.data):
            if not version or not gram.from_orig:
                version = packet.version
            if packet.kind != INITIAL:
                further[gram.from_orig] |= packet.kind == HANDSHAKE
                continue
            if gram.from_orig and packet.to_id not in idents and len(idents) < 4:
                idents.append(packet.to_id)
            for ident in idents:
                tried += 1
                clear = opened(packet, ident, client=gram.from_orig) if tried <= MOST_TRIED else None
                if clear is not None:
                    for offset, data in frames(clear):
                        (client if gram.from_orig else server).add(offset, data)
                    break
    return version, client, server, further


def offer(talk: Talk) -> Hello | None:
    """Return what the client offered; null: it is not in these datagrams."""
    return _hello(_heard(talk)[1])


def _hello(client: Crypto) -> Hello | None:
    data = client.whole()
    return hellos.client(data[4:]) if len(data) > 4 and data[0] == 1 else None


def handshake(talk: Talk) -> dict[str, object] | None:
    """Return a row of `handshake`; null: there is no Initial packet of the client that can be read.

    Args:
        talk: A UDP connection that may carry QUIC.
    """
    version, client, server, further = _heard(talk)
    hello = _hello(client)
    if hello is None:
        return None
    prints = fingerprints(hello, quic=True) if hello.whole else (None, None)
    answered = server.whole()[:1] == b"\2" or further[False]
    return ends(talk) | {
        "proto": "udp",
        "server_name": hello.server_name,
        "version": version_name(version),
        "next_protocol": named(hello.protocols[0]) if hello.protocols else None,
        "ja3": prints[0],
        "ja4": prints[1],
        "established": answered and further[True],
        "issuer": None,
    }
