"""DNS as a capture shows it, also over TCP, as mDNS, LLMNR and names of NetBIOS: each query with its answer.

What it cannot see: DNS over TLS, HTTPS or QUIC; answers beyond the first 64 of a message; messages cut off by the
capture are read up to the cut. Names of types and codes are Zeek's (RFC 1035 and the IANA registry).
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from flagstate.read.capture.row import ends
from flagstate.read.capture.talk import Talk

MOST_RECORDS = 64
"""Answers of one message that are read."""
MOST_QUESTIONS = 32
MOST_JUMPS = 16
"""Pointers that one name may follow: more is a loop, or meant to cost time."""
LONGEST_TEXT = 1024
"""Characters of one answer that are kept."""
NBNS = 137
_TYPES = (
    "A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS "
    "AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID "
    "NSEC3 NSEC3PARAM TLSA SMIMEA - HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS"
)
TYPES = {at: name for at, name in enumerate(_TYPES.split(), 1) if name != "-"} | {
    99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64", 107: "LP",
    108: "EUI48", 109: "EUI64", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA",
    255: "*", 256: "URI", 257: "CAA", 32768: "TA", 32769: "DLV", 65281: "WINS", 65282: "WINS-R",
}  # fmt: skip
_CODES = (
    "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSet NOTAUTH NOTZONE unassigned-11 "
    "unassigned-12 unassigned-13 unassigned-14 unassigned-15"
)
CODES = tuple(_CODES.split())
_NAMES = frozenset((2, 3, 4, 5, 7, 8, 9, 12, 39))
"""Types whose data is one name."""
_SHOWN = str.maketrans(dict.fromkeys((*range(33), 127), "\ufffd"))


@dataclass(frozen=True)
class Message:
    """One message, as far as it can be read."""

    ident: int
    answer: bool
    """Whether it is a response."""
    code: int
    questions: tuple[tuple[str, int], ...]
    """(name in lower case, type)."""
    answers: tuple[str, ...]


class _Reader:
    """Reads names of one message; all together take fewer steps than the message has bytes, whatever it holds."""

    def __init__(self, data: bytes, *, netbios: bool = False) -> None:
        self.data, self.netbios = data, netbios
        self.left = len(data) // 2 + 64
        self.known: dict[int, str] = {}
        """Names behind pointers that were followed."""

    def name(self, at: int) -> tuple[str, int] | None:
        """Return the name at an offset, in lower case, and where what follows begins; null: it is damaged."""
        data, size, after, jumps = self.data, 0, -1, 0
        labels: list[bytes] = []
        first: tuple[int, int] | None = None
        while at < len(data):
            self.left -= 1
            length = data[at]
            if self.left < 0 or size > 255:
                return None
            if length == 0:
                if first is None:
                    return self._joined(labels), after if after >= 0 else at + 1
                rest = self.known[first[0]] = self._joined(labels[first[1] :])
                return _linked(self._joined(labels[: first[1]]), rest), after
            if length < 64:
                label = data[at + 1 : at + 1 + length]
                if len(label) < length:
                    return None
                labels.append(label)
                size += length + 1
                at += length + 1
            elif length >= 192 and at + 1 < len(data):
                target = (length & 63) << 8 | data[at + 1]
                after = at + 2 if after < 0 else after
                jumps += 1
                if jumps > MOST_JUMPS:
                    return None
                if first is None and target in self.known:
                    return _linked(self._joined(labels), self.known[target]), after
                first = first or (target, len(labels))
                at = target
            else:
                return None
        return None

    def past(self, at: int) -> int:
        """Return where what follows the name at an offset begins, not reading what a pointer points to; -1: damaged."""
        data = self.data
        for _ in range(128):
            if at >= len(data):
                return -1
            length = data[at]
            if length >= 192:
                return at + 2
            if length >= 64:
                return -1
            at += length + 1
            if not length:
                return at
        return -1

    def _joined(self, labels: list[bytes]) -> str:
        if self.netbios and labels and len(labels[0]) == 32:
            labels = [_netbios(labels[0]), *labels[1:]]
        texts = [label.decode("utf-8", "replace") for label in labels]
        text = ".".join(texts if self.netbios else [each.replace(".", "\\.") for each in texts]).lower()
        return text if text.isprintable() and " " not in text else text.translate(_SHOWN)


def _linked(start: str, rest: str) -> str:
    return f"{start}.{rest}" if start and rest else start or rest


def _netbios(label: bytes) -> bytes:
    """Undo the first-level encoding of RFC 1001."""
    if any(not 65 <= c <= 80 for c in label):
        return label
    return bytes((label[at] - 65) << 4 | label[at + 1] - 65 for at in range(0, 30, 2)).rstrip(b" \0")


def message(data: bytes, *, netbios: bool = False) -> Message | None:
    """Return a message; null: it is none.

    Args:
        data: The bytes of one message, perhaps cut off.
        netbios: Whether its names are NetBIOS's.
    """
    if len(data) < 12:
        return None
    flags = data[2] << 8 | data[3]
    asked, answered = data[4] << 8 | data[5], data[6] << 8 | data[7]
    if asked > 256 or (not asked and not answered):
        return None
    reader, at = _Reader(data, netbios=netbios), 12
    questions: list[tuple[str, int]] = []
    for _ in range(min(asked, MOST_QUESTIONS)):
        found = reader.name(at)
        if found is None or found[1] + 4 > len(data):
            break
        at = found[1] + 4
        questions.append((found[0], data[at - 4] << 8 | data[at - 3]))
    if asked and not questions:
        return None
    answers = tuple(_answers(reader, at, answered)) if flags & 0x8000 and len(questions) == asked else ()
    return Message(data[0] << 8 | data[1], bool(flags & 0x8000), flags & 15, tuple(questions), answers)


def _answers(reader: _Reader, at: int, count: int) -> Iterator[str]:
    data = reader.data
    for _ in range(min(count, MOST_RECORDS)):
        at = reader.past(at)
        if at < 0 or at + 10 > len(data):
            return
        kind, size = data[at] << 8 | data[at + 1], data[at + 8] << 8 | data[at + 9]
        at += 10
        if at + size > len(data):
            return
        yield _shown(reader, kind, at, size)
        at += size


def _shown(reader: _Reader, kind: int, at: int, size: int) -> str:
    """Return the data of a record as Zeek's log shows it."""
    data = reader.data
    if kind == 1 and size == 4:
        return ".".join(map(str, data[at : at + 4]))
    if kind == 28 and size == 16:
        return str(ipaddress.IPv6Address(data[at : at + 16]))
    before = {6: 0, 15: 2, 18: 2, 33: 6, 64: 2, 65: 2}.get(kind, 0 if kind in _NAMES else None)
    if before is not None and size > before:
        found = reader.name(at + before)
        if found:
            return found[0] or "."
    if kind in (16, 99):
        texts = [text.decode("utf-8", "replace") for text in _strings(data[at : at + size])]
        return " ".join(f"{TYPES[kind]} {len(text)} {text}" for text in texts)[:LONGEST_TEXT]
    if kind == 32 and reader.netbios and size >= 6:
        return ".".join(map(str, data[at + 2 : at + 6]))
    return f"{TYPES.get(kind, f'<unknown type={kind}>')} {size}"


def _strings(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]


def messages(talk: Talk) -> Iterator[tuple[int, bool, Message]]:
    """Yield time, whether the originator sent it, and message; both ways in order of time."""
    netbios = NBNS in (talk.resp_p, talk.orig_p)
    if talk.proto != "tcp":
        for gram in talk.datagrams:
            found = message(gram.data, netbios=netbios)
            if found:
                yield gram.us, gram.from_orig, found
        return
    both: list[tuple[int, bool, Message]] = []
    for side, from_orig in ((talk.orig, True), (talk.resp, False)):
        at = 0
        while at + 14 <= len(side.data):
            size = side.data[at] << 8 | side.data[at + 1]
            found = message(side.data[at + 2 : at + 2 + size], netbios=netbios)
            if found is None and not at:
                break  # It does not begin as DNS does.
            if found:
                both.append((side.at(at) or talk.us, from_orig, found))
            at += 2 + size
    yield from sorted(both, key=lambda each: (each[0], each[2].answer))


def queries(talk: Talk) -> list[dict[str, object]]:
    """Return a row of `query` for each question, with the answer to it where one was seen.

    Args:
        talk: A connection that may carry DNS.

    Returns:
        Rows in order of time; an answer whose question was not captured makes a row too.
    """
    rows: list[dict[str, object]] = []
    waiting: dict[tuple[int, str, int], deque[dict[str, object]]] = {}
    for us, _, found in messages(talk):
        for name, kind in found.questions:
            key = (found.ident, name, kind)
            pending = waiting.get(key)
            if not found.answer:
                row = _row(talk, us, name, kind)
                rows.append(row)
                waiting.setdefault(key, deque()).append(row)
                continue
            if pending:
                row = pending.popleft()
            else:
                row = _row(talk, us, name, kind)
                rows.append(row)
            row["rcode_name"] = CODES[found.code]
            row["answers"] = list(found.answers)
    return rows


def _row(talk: Talk, us: int, name: str, kind: int) -> dict[str, object]:
    return ends(talk, us) | {
        "query": name or ".",
        "qtype_name": TYPES.get(kind, f"query-{kind}"),
        "rcode_name": None,
        "answers": None,
    }
