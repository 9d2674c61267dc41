"""What the first bytes of a connection look like, compiled: it decides how much of it is kept for a closer look."""

from __future__ import annotations

from flagstate.read.capture.compiled import Array, part

OTHER, TLS, LINES, HTTP, DNS, QUIC, DTLS, CLEAR = range(8)
"""Kinds: anything else, TLS, a dialogue in lines (SMTP, FTP), HTTP, DNS, QUIC, DTLS, text of no known protocol."""


@part
def bound(kind: Array) -> Array:
    """Bytes of one side that are kept."""
    if kind in (HTTP, LINES, CLEAR):
        return 4 << 20
    if kind == DNS:
        return 16 << 20
    if kind == TLS:
        return 64 << 10
    if kind in (QUIC, DTLS):
        return 16 << 10
    return 4 << 10


@part
def upper(byte: Array) -> Array:
    """Whether a byte is a capital letter, or a hyphen."""
    return 65 <= byte <= 90 or byte == 45


@part
def digit(byte: Array) -> Array:
    """Whether a byte is a digit."""
    return 48 <= byte <= 57


@part
def printable(buf: Array, at: Array, size: Array) -> Array:
    """Whether the first bytes are text."""
    odd, count = 0, min(size, 64)
    for byte in range(at, at + count):
        value = buf[byte]
        odd += value < 9 or 13 < value < 32 or value == 127
    return odd * 16 <= count


@part
def kind_of_stream(buf: Array, at: Array, size: Array, ports: Array) -> Array:
    """Say what the first payload of one side of a TCP connection looks like."""
    if ports >> 16 == 53 or ports & 0xFFFF == 53:
        return DNS
    if size >= 3 and buf[at] == 0x16 and buf[at + 1] == 3:
        return TLS
    if size >= 5 and buf[at] & 0x80 and buf[at + 2] == 1 and (buf[at + 3] == 3 or buf[at + 3] == 0):
        return TLS
    if size >= 5 and buf[at] == 72 and buf[at + 1] == 84 and buf[at + 2] == 84 and buf[at + 3] == 80:
        return HTTP
    letters = 0
    while letters < size and letters < 20 and upper(buf[at + letters]):
        letters += 1
    if 3 <= letters < 20 and letters + 1 < size and buf[at + letters] == 32:
        return HTTP
    if size >= 4 and buf[at + 3] in (32, 45) and digit(buf[at]) and digit(buf[at + 1]) and digit(buf[at + 2]):
        return LINES
    # A greeting of SOCKS: what a proxy passes on may be clear text.
    fifth = size >= 3 and buf[at] == 5 and 1 <= buf[at + 1] <= 16 and size == 2 + buf[at + 1]
    if fifth or (size >= 9 and buf[at] == 4 and buf[at + 1] == 1 and buf[at + size - 1] == 0):
        return CLEAR
    return CLEAR if printable(buf, at, size) else OTHER


@part
def quick(buf: Array, at: Array) -> Array:
    """Whether the long header of QUIC names a version: 1, 2, a draft, Facebook's, or one that is no version."""
    high, low = buf[at + 1] << 8 | buf[at + 2], buf[at + 3] << 8 | buf[at + 4]
    if (high == 0 and low == 1) or (high == 0x6B33 and low == 0x43CF) or (high == 0xFF00 and low < 256):
        return True
    return (high == 0xFACE and low >> 8 == 0xB0) or (high & 0x0F0F == 0x0A0A and low & 0x0F0F == 0x0A0A)


@part
def kind_of_datagram(buf: Array, at: Array, size: Array, ports: Array) -> Array:
    """Say what the first payload of one side of a UDP connection looks like."""
    first, second = ports >> 16, ports & 0xFFFF
    for port in (first, second):
        if port in (53, 5353, 5355, 137):
            return DNS
    if size >= 13 and 20 <= buf[at] <= 25 and (buf[at + 1] == 0xFE or (buf[at + 1] == 1 and buf[at + 2] == 0)):
        return DTLS
    if size >= 20 and buf[at] < 4 and buf[at + 4] == 0x21 and buf[at + 5] == 0x12 and buf[at + 6] == 0xA4:
        return DTLS  # STUN, by which two peers find each other before
    if size >= 7 and buf[at] & 0xC0 == 0xC0 and quick(buf, at):
        return QUIC
    # A query of DNS on another port: one question, no answers, and letters of a name.
    asks = size >= 17 and buf[at + 2] & 0xF8 in (0, 0x80) and buf[at + 4] == 0 and buf[at + 5] == 1 and buf[at + 6] == 0
    if asks and 1 <= buf[at + 12] <= 63 and size > 13 + buf[at + 12]:
        return DNS
    return OTHER
