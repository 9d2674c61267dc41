"""EDIFACT interchanges (syntax 1 to 4, with or without UNA) and ASC X12, segment by segment, however long the line.

Each type of message is a container. A row is a detail of a message (a goods item, an order line, a passenger, a
consignment) with the header of its message repeated, so that consignee, goods and value stand in one row; a message
without details is one row. Columns are called `NAD+CN consignee name`: segment, qualifier, and words for the element
where we know them. Free text of more than a line is searched as text.

What it cannot see: data in binary objects (UNO) and what a partner agreement has put into elements of another meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flagstate.model.counted import counted
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff
from flagstate.read.edifact_names import (
    BELONGS,
    CODES,
    ELEMENTS,
    ENDS_PARTY,
    OF_PARTY,
    PARTIES,
    PARTIES_X12,
    PERSONS,
    QUALIFIED,
    QUALIFIED_X12,
    REFERENCES_X12,
    SEVERAL,
)
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Reject, Tally
from flagstate.read.segments import Signs, segments, x12_signs
from flagstate.read.segments import signs as edifact_signs
from flagstate.read.sheets import Sheets

MOST_REJECTS = 1000
MOST_HEADER = 64 << 10
"""Characters of a message's header that are repeated in its rows."""
MOST_ROW = 1 << 20
LONG = 200
"""Characters from which a free text is running text."""
CHARSETS = {
    "UNOA": "ascii", "UNOB": "ascii", "UNOC": "latin-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7",
    "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9",
    "UNOL": "iso8859-15", "UNOM": "iso8859-10", "UNON": "iso8859-13", "UNOX": "iso2022_jp",
    "UNOY": "utf-8", "UNOW": "utf-8",
}  # fmt: skip
OUTER = frozenset(["CNI", "HL", "LX"])
INNER = frozenset(["GID", "LIN", "CST", "EQD", "PO1", "IT1", "CLM", "L5"])
TYPE = re.compile(r"[A-Z0-9]{3,6}")
ENVELOPE = frozenset(["UNA", "UNH", "UNT", "UNE", "UNZ", "UNO", "UNP", "ISA", "GS", "GE", "IEA", "ST", "SE"])

Pair = tuple[str, str]


@dataclass
class Message:
    """One message while it is read."""

    type: str
    levels: dict[int, list[Pair]] = field(default_factory=lambda: {0: []})
    """Header, and the open details below it."""
    summary: list[Pair] | None = None
    """What follows the details; null: they have not ended."""
    party: str = ""
    texts: dict[str, list[str]] = field(default_factory=dict)
    segments: int = 1
    size: int = 0

    @property
    def open(self) -> list[Pair]:
        """Where the next values go."""
        return self.levels[max(self.levels)] if self.summary is None else self.summary


@dataclass
class Progress:
    """What was met on the way."""

    messages: int = 0
    miscounted: int = 0
    segments: int = 0
    open: bool = False
    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0


def recognise(head: Head) -> Kind | None:
    """An interchange or a message begins the file, and its separators can be told."""
    if x12_signs(head.data):
        return Kind("edifact x12")
    found = edifact_signs(head.data)
    return Kind("edifact") if found else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the details of every message, one container per type of message."""
    x12 = kind.name.endswith("x12")
    signs = x12_signs(opened.head.data) if x12 else edifact_signs(opened.head.data)
    if signs is None:
        return
    sheets, progress = Sheets(context.mask), Progress()

    def feed(into: Sheets) -> Iterator[None]:
        seen = progress if into.first else Progress()
        reader = Interchange(into, signs, seen, x12=x12)
        with utf8(opened.path, _charset(opened.head.data, signs)) as stream:
            for segment in segments(stream, signs):
                seen.segments += 1
                if segment is None:
                    _rejected(seen, "The segment is longer than 1 MiB, or its end is missing")
                    continue
                reader.take(segment)
                yield
                if context.max_rows and into.calls >= context.max_rows:
                    break
        reader.close()

    yield from sheets.tell(feed)
    yield from progress.rejects
    yield Tally(rows_rejected=progress.unlisted)
    if progress.open:
        yield Note(
            f"The interchange is cut off in message {progress.messages:,}; what stands before the cut was read",
            "Ask for the whole interchange.",
        )
    if progress.miscounted:
        yield Note(
            counted(
                progress.miscounted,
                "message[ holds|s hold] another number of segments than [its trailer says|their trailers say]",
            ),
            lost=False,
        )


def _rejected(progress: Progress, reason: str) -> None:
    if len(progress.rejects) < MOST_REJECTS:
        progress.rejects.append(Reject(progress.segments, reason))
    else:
        progress.unlisted += 1


def _charset(data: bytes, signs: Signs) -> str:
    found = re.search(rb"UNB.(UNO[A-Z])", data[:200])
    named = CHARSETS.get(found[1].decode(), "") if found else ""
    guess = sniff(data) or "latin-1"
    if named in ("", "ascii", "utf-8") or guess.startswith(("utf-16", "utf-32")):
        return guess
    # Senders often write UTF-8 under a Latin level: valid UTF-8 with letters beyond ASCII is no chance.
    return guess if guess.startswith("utf-8") and not data.isascii() else named


class Interchange:
    """Puts segments together to rows."""

    def __init__(self, sheets: Sheets, signs: Signs, progress: Progress, *, x12: bool) -> None:
        """Begin.

        Args:
            sheets: Where rows go.
            signs: Separators.
            progress: What is met on the way.
            x12: Whether it is X12.
        """
        self._sheets, self._signs, self._progress, self._x12 = sheets, signs, progress, x12
        self._message: Message | None = None

    def take(self, segment: str) -> None:
        """Take the next segment."""
        elements = self._signs.elements(segment)
        tag = elements[0][0][0][:3] if elements and elements[0] else ""
        if tag in ("UNH", "ST"):
            self.close(cut=self._message is not None)
            kind = elements[2][0][0] if tag == "UNH" and len(elements) > 2 else ""
            if tag == "ST" and len(elements) > 1:
                kind = elements[1][0][0]
            self._message = Message(kind if TYPE.fullmatch(kind) else "messages")
            self._progress.messages += 1
        elif tag in ("UNT", "SE") and self._message:
            self._message.segments += 1
            said = elements[1][0][0] if len(elements) > 1 else ""
            self._progress.miscounted += said.isdigit() and len(said) < 9 and int(said) != self._message.segments
            self.close(cut=False)
        elif tag in ("UNB", "UNG", "ISA"):
            self._sheets.add("interchanges", self._pairs(tag, elements, ""))
        elif self._message and tag and tag not in ENVELOPE:
            self._detail(self._message, tag, elements)

    def close(self, *, cut: bool = True) -> None:
        """End the message that is open."""
        message, self._message = self._message, None
        if message is None:
            return
        self._progress.open = self._progress.open or cut
        self._flush_texts(message)
        if message.summary is None:
            self._row(message)
        else:
            self._sheets.add(message.type, message.summary)

    def _detail(self, message: Message, tag: str, elements: list[list[list[str]]]) -> None:
        message.segments += 1
        qualifier = elements[1][0][0] if len(elements) > 1 else ""
        level = 1 if tag in OUTER else 2 if tag in INNER else 0
        if tag == "NAD" and qualifier in PERSONS:
            level = 2
        if tag == "UNS":
            if qualifier == "S" and message.summary is None:
                self._flush_texts(message)
                self._row(message)
                message.summary = []
            elif qualifier == "D":
                # All before it is the header, whatever it looked like.
                message.levels = {0: [pair for _, pairs in sorted(message.levels.items()) for pair in pairs]}
            return
        if level and message.summary is None:
            self._step(message, level)
        if tag in ENDS_PARTY:
            message.party = ""
        if tag in ("NAD", "N1", "NM1"):
            message.party = (PARTIES_X12 if self._x12 else PARTIES).get(qualifier, "party")
        party = message.party if tag in BELONGS or tag in ("NAD", "N1", "NM1") else ""
        if tag in ("RFF", "REF") and qualifier not in OF_PARTY:
            party = ""
        if tag == "FTX":
            pairs = self._text(elements)
            for name, value in pairs:
                message.texts.setdefault(name, []).append(value)
        else:
            pairs = self._pairs(tag, elements, party)
            message.open.extend(pairs)
        message.size += sum(len(value) for _, value in pairs)
        if message.size > MOST_ROW:
            self._flush_texts(message)
            if message.summary is None:
                self._row(message)
            else:
                self._sheets.add(message.type, message.summary)
                message.summary = []
            message.levels, message.size = {0: []}, 0

    def _step(self, message: Message, level: int) -> None:
        """Begin a detail at a level: an open one at that level or below is a row; what lies above is repeated in it."""
        self._flush_texts(message)
        if max(message.levels) >= level:
            self._row(message)
        message.levels = {depth: pairs for depth, pairs in message.levels.items() if depth < level} or {0: []}
        message.levels.setdefault(level, [])
        message.size = sum(len(value) for pairs in message.levels.values() for _, value in pairs)

    def _row(self, message: Message) -> None:
        head = message.levels[0]
        if len(message.levels) > 1 and sum(len(value) for _, value in head) > MOST_HEADER:
            self._sheets.add(message.type, head)
            message.levels[0] = []
        self._sheets.add(message.type, [pair for _, pairs in sorted(message.levels.items()) for pair in pairs])

    def _flush_texts(self, message: Message) -> None:
        for name, lines in message.texts.items():
            text = "\n".join(lines) if sum(map(len, lines)) >= LONG else " ".join(lines)
            if len(text) >= LONG:
                self._sheets.text(f"{message.type} › {name}", text)
            else:
                message.open.append((name, text))
        message.texts = {}

    def _text(self, elements: list[list[list[str]]]) -> list[Pair]:
        """Return a free text as one value; its codes are left out."""
        qualifier = elements[1][0][0] if len(elements) > 1 else ""
        words = CODES["FTX"].get(qualifier, "text")
        parts = [part for element in elements[4:] for part in element[0]]
        # Some senders write text where its codes belong.
        parts = [part for element in elements[2:4] for part in element[0] if len(part) > 3] + parts
        label = f"FTX+{qualifier[:3]}" if qualifier.isalnum() else "FTX"
        text = " ".join(part for part in parts if part.strip())
        return [(self._sheets.name(f"{label} {words}"), text)] if text else []

    def _pairs(self, tag: str, elements: list[list[list[str]]], party: str) -> list[Pair]:
        """Name the values of a segment: its tag and qualifier, the party it belongs to, and what the element is."""
        qualifier = elements[1][0][0] if len(elements) > 1 else ""
        qualified = tag in (QUALIFIED_X12 if self._x12 else QUALIFIED) and len(qualifier) <= 3 and qualifier.isalnum()
        words = self._words(tag, qualifier, elements)
        shapes = ELEMENTS.get(tag, ())
        if tag == "DTM" and not self._x12 and len(elements) > 1:
            elements[1][0] = _dated(elements[1][0])
        if tag == "CST" and qualifier.isalpha():
            # In the header of a declaration it holds codes of the procedure, not an item.
            qualified, shapes = len(qualifier) <= 3, ()
        found: list[Pair] = []
        label = f"{tag}+{qualifier}" if qualified else tag
        made: dict[str, str] = {}
        for place, repeats in enumerate(elements[1:]):
            shape = shapes[place].split("|") if place < len(shapes) else []
            for element in repeats:
                for at, value in enumerate(element):
                    if not value.strip() or (place == 0 and at == 0 and qualified):
                        continue
                    word = shape[at] if at < len(shape) else ""
                    if word == "-":
                        continue
                    word = word.replace("*", words[place] if place < len(words) else words[-1])
                    said = f"{party} {word}".lstrip() if word else f"{place + 1}.{at + 1}"
                    # A name or street goes on in the next component.
                    made[said] = f"{made[said]} {value}" if said in made else value
                if tag in SEVERAL:
                    found.extend((f"{label} {said}", value) for said, value in made.items())
                    made = {}
        found.extend((f"{label} {said}", value) for said, value in made.items())
        return [(self._sheets.name(name), value) for name, value in found]

    def _words(self, tag: str, qualifier: str, elements: list[list[list[str]]]) -> list[str]:
        """Words for `*` per element: of the qualifier, of a communication, of the kind of item number."""
        if tag == "COM":
            return [
                CODES["COM"].get(element[0][1] if len(element[0]) > 1 else "", "contact") for element in elements[1:]
            ]
        if tag in ("LIN", "PIA"):
            kinds = [element[0][1] if len(element[0]) > 1 else "" for element in elements[1:]]
            return [CODES["ITEM"].get(kind, "product code") for kind in kinds] or [""]
        if self._x12 and tag == "REF":
            return [REFERENCES_X12.get(qualifier, "reference")]
        if tag == "PER":
            return [CODES["PER"].get(element[0][0], "") for element in [elements[0], *elements[1:]]]
        known = {"RFF": "reference", "LOC": "place", "FTX": "text", "MOA": "amount", "QTY": "quantity", "DTM": "date"}
        return [CODES.get(tag, {}).get(qualifier, known.get(tag, "number"))]


def _dated(parts: list[str]) -> list[str]:
    """Return a date as people and data classes know it, where its format is one of the usual ones."""
    if len(parts) < 2 or not parts[1].isdigit():
        return parts
    value, form = parts[1], parts[2] if len(parts) > 2 else ""
    size = len(value)
    # Code 2379: 101 is YYMMDD, 2 is DDMMYY, 102 is CCYYMMDD, 203 and 204 have hours; lists of passengers say nothing.
    if form in ("102", "203", "204", "205", "") and size in (8, 12, 14) and value[:2] in ("19", "20"):
        text = f"{value[:4]}-{value[4:6]}-{value[6:8]}" + (f"T{value[8:10]}:{value[10:12]}" if size > 8 else "")
    elif form in ("101", "201", "") and size in (6, 10):
        # A birth lies in the past.
        century = "20" if int(value[:2]) <= (26 if parts[0] == "329" else 69) else "19"
        text = f"{century}{value[:2]}-{value[2:4]}-{value[4:6]}"
    elif form == "2" and size == 6:
        text = f"20{value[4:6]}-{value[2:4]}-{value[:2]}"
    else:
        return parts
    return [parts[0], text, *parts[2:]]


READER = Reader(
    "edifact",
    "EDIFACT interchanges (orders, invoices, transport, customs, passengers) and ASC X12, of any length.",
    recognise,
    read,
)
