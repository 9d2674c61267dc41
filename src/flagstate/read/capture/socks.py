"""SOCKS as a capture shows it: where a client asked a proxy to connect to, and where what is inside begins.

What it cannot see: whether the proxy went there; datagrams that a proxy passes on. Sources: RFC 1928, RFC 1929, and
the memo on SOCKS 4A.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from flagstate.read.capture.row import named
from flagstate.read.capture.talk import Side, Talk
from flagstate.read.forwarded import target


@dataclass(frozen=True)
class Asked:
    """What a client asked a proxy for."""

    connect_to: str | None
    """`host:port`; null: it does not say."""
    orig_at: int
    """Where what is inside begins in what the originator sent."""
    resp_at: int
    """The same of the responder."""


def asked(talk: Talk) -> Asked | None:
    """Return what a client asked a proxy for; null: this is no request to connect.

    Args:
        talk: A connection that carries SOCKS.
    """
    orig, resp = talk.orig.data, talk.resp.data
    if orig[:2] == b"\4\1":
        return _fourth(orig)
    if orig[:1] != b"\5" or len(orig) < 3:
        return None
    at, back = 2 + orig[1], 2
    if resp[1:2] == b"\2" and orig[at : at + 1] == b"\1" and len(orig) > at + 1:
        # A name and a password go first; they are not looked at.
        word = at + 2 + orig[at + 1]
        at = word + 1 + (orig[word] if word < len(orig) else 0)
        back += 2
    if orig[at : at + 3] != b"\5\1\0":
        return None
    host, after = _host(orig, at + 3)
    if host is None or after + 2 > len(orig):
        return None
    _, end = _host(resp, back + 3)
    return Asked(target(f"{host}:{orig[after] << 8 | orig[after + 1]}"), after + 2, min(end + 2, len(resp)))


def _host(data: bytes, at: int) -> tuple[str | None, int]:
    """Return the address or name at an offset, and where what follows begins."""
    kind, size = data[at : at + 1], {b"\1": 4, b"\4": 16}.get(data[at : at + 1], 0)
    if kind == b"\3" and at + 1 < len(data):
        end = at + 2 + data[at + 1]
        return (named(data[at + 2 : end]) if end <= len(data) else None), end
    raw = data[at + 1 : at + 1 + size]
    if not size or len(raw) < size:
        return None, len(data)
    address = ipaddress.ip_address(raw)
    return (f"[{address}]" if size == 16 else str(address)), at + 1 + size


def _fourth(orig: bytes) -> Asked | None:
    """Read a request of version 4, also with a name (4A)."""
    end = orig.find(b"\0", 8, 600)
    if end < 0:
        return None
    host: str | None = str(ipaddress.ip_address(orig[4:8]))
    if orig[4:7] == bytes(3) and orig[7]:
        stop = orig.find(b"\0", end + 1, end + 300)
        if stop < 0:
            return None
        host, end = named(orig[end + 1 : stop]), stop
    return Asked(target(f"{host}:{orig[2] << 8 | orig[3]}"), end + 1, 8)


def inside(talk: Talk, orig_at: int, resp_at: int) -> Talk:
    """Return what was said inside a tunnel, as a connection of its own with the same ends.

    Args:
        talk: The connection.
        orig_at: Where the inside begins in what the originator sent.
        resp_at: The same of the responder.
    """
    return replace(talk, orig=_behind(talk.orig, orig_at), resp=_behind(talk.resp, resp_at))


def _behind(side: Side, at: int) -> Side:
    marks = tuple((max(place - at, 0), us) for place, us in side.marks if place >= at)
    if (us := side.at(at)) and (not marks or marks[0][0]):
        marks = ((0, us), *marks)
    return replace(side, data=side.data[at:], marks=marks)
