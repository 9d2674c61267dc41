"""What two ends said to each other, as far as a capture shows it: what the protocol files read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Datagram:
    """One payload of a connection without order, such as UDP."""

    us: int
    """Time in microseconds since 1970 (UTC)."""
    from_orig: bool
    """Whether the originator sent it."""
    data: bytes
    """The payload, as far as it was captured."""
    whole: bool = True
    """Whether all of it was captured."""


@dataclass(frozen=True)
class Side:
    """What one end of a TCP connection sent, put in order."""

    data: bytes = b""
    """Bytes in order from the first one, up to the first gap or the bound."""
    marks: Sequence[tuple[int, int]] = ()
    """(offset in `data`, time in microseconds) of each segment, in rising order of offset."""
    gap: bool = False
    """Whether `data` ends at bytes that were not captured."""
    cut: bool = False
    """Whether `data` ends at our bound: more was captured."""

    def at(self, offset: int) -> int:
        """Return the time in microseconds at which the byte at an offset was seen; 0: none was."""
        place = bisect_right(self.marks, (offset, 1 << 62)) - 1
        return self.marks[place][1] if place >= 0 else 0


@dataclass(frozen=True)
class Talk:
    """One connection of a capture, with what was said in it."""

    uid: str
    """Id of the connection, the same in every stream of the artefact."""
    us: int
    """Start in microseconds since 1970 (UTC)."""
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    proto: str
    """tcp or udp."""
    orig: Side = Side()
    """TCP: what the originator sent."""
    resp: Side = Side()
    """TCP: what the responder sent."""
    datagrams: Sequence[Datagram] = ()
    """UDP: the payloads of both, in order of time, bounded."""


def swapped(talk: Talk) -> Talk:
    """Return a talk with its ends exchanged."""
    return replace(
        talk, orig_h=talk.resp_h, orig_p=talk.resp_p, resp_h=talk.orig_h, resp_p=talk.orig_p, orig=talk.resp,
        resp=talk.orig, datagrams=[replace(each, from_orig=not each.from_orig) for each in talk.datagrams],
    )  # fmt: skip
