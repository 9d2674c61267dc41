"""Segments of EDIFACT and X12: which characters divide them, and the text cut at them as it streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

CHUNK = 1 << 18
LONGEST = 1 << 20
"""Bytes of a segment; a longer one is left out."""
HELD = 0xF0000
"""Released characters stand here while a segment is split; private to us."""
MOST_ELEMENTS = 2000
_UNA = re.compile(rb"UNA(.)(.)(.)(.)(.)(.)\s*(?=UN[BGH])", re.DOTALL)
_UNB = re.compile(rb"UN[BG](\W)[A-Z]{4}(\W)[0-9]")
_UNH = re.compile(rb"UNH(\W)[\w\-]{1,14}\1[A-Z]{5,6}(\W)[A-Z0-9]{1,3}\2")


@dataclass(frozen=True)
class Signs:
    """The separators of an interchange."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    """Empty: there is none."""
    repeat: str = ""
    """Empty: elements do not repeat."""
    end: str = "'"

    def elements(self, segment: str) -> list[list[list[str]]]:
        """Return elements, their repeats, and the components of each; the tag is the first element."""
        released = bool(self.release) and self.release in segment
        if released:
            pattern = re.escape(self.release) + "(.)"
            segment = re.sub(pattern, lambda found: chr(HELD + min(ord(found[1]), 0xFFFF)), segment, flags=re.DOTALL)
        made: list[list[list[str]]] = []
        for element in segment.split(self.element, MOST_ELEMENTS):
            repeats = element.split(self.repeat, MOST_ELEMENTS) if self.repeat and made else [element]
            made.append([[_plain(c) if released else c for c in r.split(self.component, 100)] for r in repeats])
        return made


def _plain(text: str) -> str:
    return "".join(chr(ord(c) - HELD) if HELD <= ord(c) <= HELD + 0xFFFF else c for c in text)


def signs(data: bytes) -> Signs | None:
    """Return the separators of an EDIFACT interchange from its beginning; null: it is none."""
    start = _start(data)
    if found := _UNA.match(start):
        component, element, _, release, repeat, end = (part.decode("latin-1") for part in found.groups())
        later = re.match(rb"UN[BG].[A-Z]{4}.([0-9])", start[found.end() :][:20], re.DOTALL)
        repeats = repeat if repeat != " " and later is not None and later[1] >= b"4" else ""
        made = Signs(component, element, release.strip(), repeats, end)
    elif found := _UNB.match(start) or _UNH.match(start):
        four = start.startswith(b"UNB") and start[9:10] >= b"4"
        made = Signs(found[2].decode("latin-1"), found[1].decode("latin-1"), "?", "*" if four else "", "'")
        if made.component == "\x1f":
            made = Signs("\x1f", "\x1d", "", "", "\x1c")
    else:
        return None
    return made if _fit(made) and made.end.encode("latin-1") in start[: max(len(start), 1)] else None


def x12_signs(data: bytes) -> Signs | None:
    """Return the separators of an X12 interchange from its first segment of fixed width; null: it is none."""
    start = _start(data)
    if not start.startswith(b"ISA") or len(start) < 107:
        return None
    element = start[3:4]
    places = (6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
    if any(start[at : at + 1] != element for at in places):
        return None
    repeat = start[82:83].decode("latin-1")
    made = Signs(
        start[104:105].decode("latin-1"), element.decode("latin-1"), "",
        "" if repeat.isalnum() or repeat.isspace() else repeat, start[105:106].decode("latin-1"),
    )  # fmt: skip
    return made if _fit(made) else None


def _start(data: bytes) -> bytes:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "ignore").encode("latin-1", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()


def _fit(made: Signs) -> bool:
    used = [sign for sign in (made.component, made.element, made.release, made.repeat, made.end) if sign]
    return len(set(used)) == len(used) and all(s.isascii() and not s.isalnum() for s in used)


def segments(stream: BufferedReader, made: Signs) -> Iterator[str | None]:
    """Yield the segments without their ends; null stands for one that is too long or has none.

    Args:
        stream: UTF-8 bytes.
        made: Separators.
    """
    end, release = re.escape(made.end.encode()), re.escape(made.release.encode())
    inner = b"[^" + end + release + b"]++" + (b"|" + release + b"." if release else b"")
    body = re.compile(b"(?:" + inner + b")*+", re.DOTALL)
    form = re.compile(body.pattern + end, re.DOTALL)
    left, skipping = b"", False
    while block := stream.read(CHUNK):
        left += block
        at = 0
        while found := form.match(left, at):
            if skipping:
                skipping = False
            else:
                text = left[at : found.end() - 1].decode("utf-8", "replace").strip("\r\n\t ")
                if text and not text.startswith("UNA"):
                    yield text
            at = found.end()
        left = left[at:]
        if len(left) > LONGEST:
            if not skipping:
                yield None
            # A sign of release at the very end belongs to what follows.
            whole = body.match(left)
            left, skipping = left[whole.end() if whole else len(left) :], True
    text = left.decode("utf-8", "replace").strip("\r\n\t \x1a\0")
    if text and not skipping:
        yield text if text.startswith(("UNZ", "IEA", "UNT", "SE")) else None
