"""What a certificate says of its names, its issuer and its end: a small reader of DER that takes any bytes.

It checks no signature: a certificate may be forged. What it cannot see: names in other forms than DNS names, and the
names of issuers beyond their usual attributes. Sources: RFC 5280, RFC 4514, X.690.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flagstate import model
from flagstate.catalog import points
from flagstate.read.capture.row import LONGEST_NAME
from flagstate.read.part import Context, Facts, Note, Part

MOST = 20_000
"""Pairs of name and issuer of an artefact that are kept; those that were seen most."""
MOST_WAITING = 256
"""Different certificates that wait to be counted: most are seen again soon."""
MOST_NAMES = 500
MOST_PARTS = 64
_ALTERNATIVE = bytes.fromhex("551d11")
_ATTRIBUTES = {
    "550403": "CN", "550406": "C", "550407": "L", "550408": "ST", "550409": "street", "55040a": "O", "55040b": "OU",
    "550405": "serialNumber", "2a864886f70d010901": "emailAddress", "0992268993f22c640119": "DC",
    "0992268993f22c640101": "UID",
}  # fmt: skip
_HOST = re.compile(r"(?:\*\.)?[^\s\x00-\x1f\x7f/\\@]{1,250}")
_WIDE = {28: "utf-32-be", 30: "utf-16-be", 20: "latin-1"}
_ESCAPED = str.maketrans({c: f"\\{c}" for c in ',+"\\<>;'})


@dataclass(frozen=True)
class Certificate:
    """What one certificate says."""

    names: tuple[str, ...] = ()
    """DNS names that it is good for, in lower case; without any, the common name of its subject."""
    issuer: str | None = None
    """Who issued it, as RFC 4514 writes it: `CN=…,O=…,C=…`."""
    subject: str | None = None
    not_valid_after: datetime | None = None
    """Its end (UTC)."""


def parse(data: bytes) -> Certificate | None:
    """Return what a certificate says; null: these bytes are none.

    Args:
        data: DER, perhaps cut off.
    """
    outer = next(_items(data), None)
    inner = next(_items(outer[1]), None) if outer and outer[0] == 0x30 else None
    if inner is None or inner[0] != 0x30:
        return None
    fields = list(_items(inner[1]))
    if fields and fields[0][0] == 0xA0:
        fields = fields[1:]
    if len(fields) < 5 or [tag for tag, _ in fields[1:5]] != [0x30] * 4:
        return None
    ends = [content for _, content in _items(fields[3][1])]
    subject = _name(fields[4][1])
    names = tuple(dict.fromkeys(_alternatives(fields[5:])))
    if not names:
        names = tuple(text.lower() for text in (_common(fields[4][1]),) if text and "." in text and " " not in text)
    return Certificate(names, _name(fields[2][1]), subject, _moment(ends[1]) if len(ends) > 1 else None)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of what stands one after the other, up to damage; content may be cut off."""
    at = 0
    for _ in range(4096):
        if at + 2 > len(data):
            return
        tag, size = data[at], data[at + 1]
        at += 2
        if size >= 128:
            count = size & 127
            if not count or count > 4 or at + count > len(data):
                return
            size = int.from_bytes(data[at : at + count])
            at += count
        yield tag, data[at : at + size]
        at += size


def _attributes(data: bytes) -> Iterator[list[tuple[str, str]]]:
    """Yield the relative names of a name; each may have several attributes."""
    for count, (_, level) in enumerate(_items(data)):
        if count >= MOST_PARTS:
            return
        made = []
        for _, pair in list(_items(level))[:8]:
            parts = list(_items(pair))
            if len(parts) >= 2:
                kind = parts[0][1].hex()
                made.append((_ATTRIBUTES.get(kind, kind), _text(*parts[1])))
        if made:
            yield made


def _name(data: bytes) -> str | None:
    levels = ["+".join([f"{kind}={text.translate(_ESCAPED)}" for kind, text in level]) for level in _attributes(data)]
    return ",".join(reversed(levels)) or None


def _common(data: bytes) -> str:
    return next((text for level in _attributes(data) for kind, text in level if kind == "CN"), "")


def _text(tag: int, data: bytes) -> str:
    text = data[: 4 * LONGEST_NAME].decode(_WIDE.get(tag, "utf-8"), "replace")[:LONGEST_NAME]
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _alternatives(fields: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    """Yield the DNS names among the extensions."""
    listed = next((content for tag, content in fields if tag == 0xA3), b"")
    for _, every in _items(listed):
        for _, extension in _items(every):
            parts = list(_items(extension))
            if len(parts) < 2 or parts[0][1] != _ALTERNATIVE:
                continue
            for _, names in _items(parts[-1][1]):
                for count, (tag, raw) in enumerate(_items(names)):
                    if tag == 0x82 and count < MOST_NAMES and (text := _text(tag, raw).strip().lower()):
                        yield text


def _moment(data: bytes) -> datetime | None:
    """Return a time in either of the forms that certificates have; of two digits, those from 50 on are of 19xx."""
    text = data[:15].decode("ascii", "replace")
    if len(text) == 13:
        text = ("20" if text[:2] < "50" else "19") + text
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


class Issued:
    """Who issued certificates for which names, counted."""

    def __init__(self) -> None:
        """Begin."""
        self.counted: dict[tuple[str, str], tuple[int, datetime | None]] = {}
        self.beyond = False
        """Whether there were more names than are kept."""
        self._waiting: dict[Certificate, int] = {}

    def add(self, certificate: Certificate) -> None:
        """Count a certificate."""
        self._waiting[certificate] = self._waiting.get(certificate, 0) + 1
        if len(self._waiting) >= MOST_WAITING:
            self.settle()

    def settle(self) -> None:
        """Count the names of the certificates that wait."""
        for certificate, times in self._waiting.items():
            other = points.organisation(certificate.issuer or "")
            for name in certificate.names if other else ():
                key = (name.rstrip("."), other or "")
                if key not in self.counted and len(self.counted) >= MOST:
                    self.beyond = True
                    continue
                before, end = self.counted.get(key, (0, None))
                ends = [each for each in (end, certificate.not_valid_after) if each is not None]
                self.counted[key] = (before + times, max(ends, default=None))
        self._waiting.clear()


def reliances(found: Issued, context: Context) -> Iterator[Part]:
    """Yield who issued certificates for which names, as a Zeek log of certificates makes it.

    Args:
        found: The certificates of an artefact, counted.
        context: As readers get it.
    """
    found.settle()
    counted, beyond = found.counted, found.beyond
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for (name, other), (times, end) in counted.items():
        if not _HOST.fullmatch(name):
            continue
        key = (context.host(name), context.mask(other))
        before = rows.get(key)
        if before is None:
            rows[key] = {"from_name": key[0], "role": "issuer", "to_name": key[1], "times": times, "valid_to": end}
        else:
            before["times"] = int(str(before["times"])) + times
    if rows:
        yield Facts("reliance", model.rows(model.RELIANCE, list(rows.values())), "observed")
    if beyond:
        yield Note(f"issuers of names beyond {MOST:,} are not listed", lost=False)
