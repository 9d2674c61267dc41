"""Fingerprints of what a client offers: JA3 and the client's JA4, and no other of that family.

Many programs share one fingerprint, and a program may change its own. Sources: github.com/salesforce/ja3 (BSD-3),
github.com/FoxIO-LLC/ja4, technical details of JA4, TLS client (BSD-3), RFC 8701 (GREASE).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache

from flagstate.read.capture.hello import ALPN, SERVER_NAME, Hello

GREASE = frozenset(0x0A0A + 0x1010 * n for n in range(16))
"""Values that clients throw in by chance, so that servers learn to ignore what they do not know."""
_VERSIONS = {
    0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
    0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3",
}  # fmt: skip
_NOTHING = "000000000000"


MOST_ALIKE = 200
"""Numbers in an offer up to which it is kept, to be known again."""


def fingerprints(hello: Hello, *, quic: bool) -> tuple[str, str]:
    """Return JA3 and JA4 of an offer.

    Args:
        hello: The offer.
        quic: Whether it came by QUIC.
    """
    listed = (hello.ciphers, hello.extensions, hello.groups, hello.formats, hello.signatures, hello.versions)
    if sum(map(len, listed)) > MOST_ALIKE:
        return ja3(hello), ja4(hello, quic=quic)
    return _alike(replace(hello, server_name=None, protocols=hello.protocols[:1]), quic)


@lru_cache(maxsize=2048)
def _alike(hello: Hello, quic: bool) -> tuple[str, str]:
    """Return both of an offer: one program makes the same to every server."""
    return ja3(hello), ja4(hello, quic=quic)


def ja3(hello: Hello) -> str:
    """Return the MD5 of version, ciphers, extensions, groups and formats, in the client's order."""
    fields = (hello.ciphers, hello.extensions, hello.groups, hello.formats)
    text = ",".join(["-".join([str(each) for each in listed if each not in GREASE]) for listed in fields])
    return hashlib.md5(f"{hello.version},{text}".encode(), usedforsecurity=False).hexdigest()


def ja4(hello: Hello, *, quic: bool) -> str:
    """Return how it came, version, name, counts and protocol; then hashes of ciphers, and of extensions and signatures.

    Args:
        hello: The offer.
        quic: Whether it came by QUIC.
    """
    ciphers = [f"{each:04x}" for each in hello.ciphers if each not in GREASE]
    kinds = [each for each in hello.extensions if each not in GREASE]
    signatures = ",".join([f"{each:04x}" for each in hello.signatures if each not in GREASE])
    newest = _newest(hello)
    way = "q" if quic else "d" if hello.datagram else "t"
    name = "d" if SERVER_NAME in kinds else "i"
    start = f"{way}{_VERSIONS.get(newest, '00')}{name}{min(len(ciphers), 99):02}{min(len(kinds), 99):02}{_ends(hello)}"
    listed = ",".join(sorted(f"{each:04x}" for each in kinds if each not in (SERVER_NAME, ALPN)))
    offered = f"{listed}_{signatures}" if signatures else listed
    return f"{start}_{_short(','.join(sorted(ciphers)))}_{_short(offered) if listed else _NOTHING}"


def _newest(hello: Hello) -> int:
    """Return the newest version that it offers; numbers of DTLS fall as they get newer."""
    offered = [each for each in hello.versions if each not in GREASE and each in _VERSIONS]
    if not offered:
        return hello.version
    return min(offered) if hello.datagram else max(offered)


def _ends(hello: Hello) -> str:
    """Return first and last character of the first protocol, or of its hexadecimal form where one is no letter."""
    if not hello.protocols:
        return "00"
    first = hello.protocols[0]
    ends = bytes((first[0], first[-1]))
    if ends.isalnum():
        return ends.decode("ascii")
    return first.hex()[0] + first.hex()[-1]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else _NOTHING
