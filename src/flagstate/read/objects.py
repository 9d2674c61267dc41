"""The objects of a JSON text one by one, in bounded memory: of lists, of lists in an object, and of lines.

Objects are cut out by their brackets, so that one that is damaged costs itself: reading goes on at the next place that
looks like the beginning of an object of the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flagstate.read.part import Reject

LONGEST = 8 << 20
"""Bytes of one object; a longer one is rejected."""

MOST_REJECTS = 1000
"""Rejected objects that are listed one by one."""

MOST_AGAIN = 12 << 20
"""Bytes that are read again in search of the next object; after that the rest is taken for lost."""

_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[{}\[\]]', re.DOTALL)
"""The next bracket, with whatever stands before it; a string that does not end yet is none."""

Json = dict[str, Any]


@dataclass
class Objects:
    """Reads objects; iterate once, then look at what was met on the way."""

    blocks: Iterable[bytes]
    """The text as UTF-8, in blocks of any size."""
    depth: int
    """How many brackets are open where an object begins: 0 for lines, 1 in a list, 2 in a list of an object."""
    begins: re.Pattern[bytes]
    """How an object begins, to find the next one behind a damaged one."""
    number: int = 0
    """Objects so far, damaged ones included."""
    rejects: list[Reject] = field(default_factory=list)
    """Damaged ones."""
    unlisted: int = 0
    """Damaged ones that are not listed."""
    cut: bool = False
    """Whether the text ends within an object, or too much of it is damaged."""
    _buf: bytes = b""
    _at: int = 0
    _start: int = -1
    _level: int = 0
    _spent: int = 0

    def __iter__(self) -> Iterator[Json]:
        """Yield every object that is whole."""
        for block in self.blocks:
            keep = self._start if self._start >= 0 else self._at
            self._buf = self._buf[keep:] + block
            self._at -= keep
            self._start = 0 if self._start >= 0 else -1
            yield from self._scan()
            while len(self._buf) - (self._start if self._start >= 0 else self._at) > LONGEST:
                if not self._again("The event is over 8 MiB, or it does not end"):
                    break
                yield from self._scan()
            if self.cut:
                return
        while self._start >= 0 and self._again("The event does not end", last=True):
            yield from self._scan()
        self.cut |= self._start >= 0 or self._level != 0

    def _scan(self) -> Iterator[Json]:
        """Go on over what is there, from bracket to bracket."""
        while (token := _BRACKET.match(self._buf, self._at)) and not self.cut:
            self._at = end = token.end()
            mark = self._buf[end - 1]
            if mark in b"{[":
                if self._start < 0 and mark == 123:
                    if self._level != self.depth and self.begins.match(self._buf, end - 1):
                        self._level = self.depth
                    if self._level == self.depth:
                        self._start = end - 1
                self._level += 1
                continue
            self._level = max(0, self._level - 1)
            if self._start >= 0 and self._level <= self.depth:
                found = self._decoded(self._buf[self._start : end])
                if found is None:
                    self._again("It is not a JSON object")
                else:
                    self._start = -1
                    yield found

    def _decoded(self, data: bytes) -> Json | None:
        import msgspec

        try:
            found = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        self.number += 1
        return found if isinstance(found, dict) else None

    def _again(self, reason: str, *, last: bool = False) -> bool:
        """Reject what began last, and go on where the next object seems to begin; say whether there is one."""
        begun = self._start if self._start >= 0 else self._at
        found = self.begins.search(self._buf, begun + 1)
        self._spent += max(0, self._at - found.start()) if found else 0
        if self._spent > MOST_AGAIN:
            self.cut, found = True, None
        if found is None and last:
            return False
        self.number += 1
        if len(self.rejects) < MOST_REJECTS:
            self.rejects.append(Reject(self.number, reason))
        else:
            self.unlisted += 1
        self._level, self._start = self.depth, -1
        if found is None:
            # Nothing that looks like one within reach: what was read is dropped, but for a beginning that is cut.
            self._at = max(self._at, len(self._buf) - 256) if len(self._buf) - begun > LONGEST else self._at
            return False
        self._at = found.start()
        return True


def values(data: object, path: tuple[str, ...], most: int = 50) -> list[str]:
    """Return the texts and numbers that stand at a path of an object; lists on the way are gone through.

    Args:
        data: Any JSON value.
        path: Keys.
        most: At most so many are returned.
    """
    level: list[object] = [data]
    for key in path:
        level = [item[key] for item in _flat(level, most) if isinstance(item, dict) and key in item]
    return [str(v) for v in _flat(level, most) if isinstance(v, str | int) and not isinstance(v, bool) and v != ""]


def as_map(value: object) -> Json:
    """Return a value that is an object; any other as an empty one."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """Return a value that is a text; any other as an empty one."""
    return value if isinstance(value, str) else ""


def _flat(level: list[object], most: int) -> list[object]:
    made: list[object] = []
    for item in level:
        made += item[:most] if isinstance(item, list) else [item]
        if len(made) >= most:
            return made[:most]
    return made
