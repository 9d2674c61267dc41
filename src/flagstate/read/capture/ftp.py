"""FTP as a capture shows it: who logged in, and over which connections files went, up to AUTH TLS.

The content of a file passes over a connection of its own, which the dialogue announces. What it cannot see: transfers
whose dialogue was not captured; files in forms that are not text. Sources: RFC 959, RFC 2428, RFC 4217.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flagstate.read.capture.dialogue import MOST_LINES, line, replies
from flagstate.read.capture.talk import Talk

MOST_TRANSFERS = 5000
SENT = (b"STOR", b"STOU", b"APPE")
RECEIVED = (b"RETR", b"LIST", b"NLST", b"MLSD")
ANYBODY = ("anonymous", "ftp")
_NUMBERS = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_LONG = re.compile(r"(.)(\d?)\1([\da-fA-F:.]{0,45})\1(\d{1,5})\1")


@dataclass(frozen=True)
class Transfer:
    """A connection that a dialogue announced."""

    server: str
    """Address of the server of the dialogue."""
    resp_h: str
    """Address that the connection is opened to."""
    resp_p: int
    sent: bool
    """Whether the client gives a file; otherwise it gets one, or a list of them."""
    file: str
    """Name of the file, or empty."""


def transfers(talk: Talk) -> list[Transfer]:
    """Return the connections that a dialogue announced, in order.

    Args:
        talk: A connection that carries FTP.
    """
    return dialogue(talk)[1]


def words(talk: Talk) -> list[tuple[str, str]]:
    """Return the names and passwords of who logged in; they are for the search only, and never kept."""
    return dialogue(talk)[0]


def dialogue(talk: Talk) -> tuple[list[tuple[str, str]], list[Transfer]]:
    """Return names and passwords, as `words` does, and the connections that were announced.

    Args:
        talk: A connection that carries FTP.
    """
    said, opened = [], []
    for each in _heard(talk):
        if isinstance(each, Transfer):
            opened.append(each)
        else:
            said.append(each)
    return said, opened


def _heard(talk: Talk) -> Iterator[Transfer | tuple[str, str]]:
    passive = [text for code, text in replies(talk.resp.data) if code in (227, 229)]
    passive.reverse()
    data, at, count = talk.orig.data, 0, 0
    opened: tuple[str, int] | None = None
    anybody = False
    for _ in range(MOST_LINES):
        if at >= len(data) or count >= MOST_TRANSFERS:
            return
        said, at = line(data, at)
        verb, _, rest = said.strip().partition(b" ")
        verb, text = verb.upper(), rest.strip().decode("utf-8", "replace")
        if verb == b"USER":
            anybody = text.lower() in ANYBODY
            if text and not anybody:
                yield "user name", text
        elif verb == b"PASS":
            if text and not anybody:
                yield "password", text
        elif verb in (b"PASV", b"EPSV"):
            opened = _address(passive.pop(), talk.resp_h) if passive else None
        elif verb in (b"PORT", b"EPRT"):
            opened = _address(text, talk.orig_h)
        elif verb in SENT or verb in RECEIVED:
            if opened:
                count += 1
                yield Transfer(talk.resp_h, *opened, verb in SENT, text if verb in (*SENT, b"RETR") else "")
            opened = None
        elif verb == b"AUTH" and at < len(data) and data[at] in (0x16, 0x80):
            return


def _address(text: str, here: str) -> tuple[str, int] | None:
    """Return address and port of PORT, EPRT and the replies to PASV and EPSV; the end itself, where none is given."""
    found = _NUMBERS.search(text)
    if found:
        numbers = [int(each) for each in found.groups()]
        if max(numbers) > 255:
            return None
        host = ".".join(map(str, numbers[:4]))
        return (here if host == "0.0.0.0" else host), numbers[4] << 8 | numbers[5]  # noqa: S104
    long = _LONG.search(text[:500])
    if long is None or not 0 < int(long[4]) < 65536:
        return None
    try:
        return (str(ipaddress.ip_address(long[3])) if long[3] else here), int(long[4])
    except ValueError:
        return here, int(long[4])
