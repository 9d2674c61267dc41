"""The values of a JSON array, or of values one after the other, streamed; a damaged value costs itself where it can.

In values one after the other (JSON lines) reading goes on with the next line. In an array it goes on where the next
value begins as the first one did; what lies between is lost, and said.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

LONGEST = 8 << 20
"""Characters of one value; a longer one is taken for damaged."""

BLOCK = 1 << 20
NEAR = 24
"""An error so near to the end of what was read may be only the end of what was read."""

_SPACE = re.compile(r"[ \t\r\n]*")
_GAP = re.compile(r"[ \t\r\n,]*")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file."""

    number: int
    """Which, from 1."""
    line: int
    """Line on which it begins, from 1."""
    value: object
    """The value; numbers that JSON does not know are no numbers."""
    fault: str = ""
    """Why it could not be read; empty: it could."""


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else math.nan


_DECODER = json.JSONDecoder(parse_int=_whole, parse_constant=lambda _: math.nan)


def values(stream: BufferedReader) -> Iterator[Value]:
    """Yield every value, or why it cannot be read.

    Args:
        stream: UTF-8 bytes.
    """
    yield from _Walk(stream).run()


class _Walk:
    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._array = False
        self._lines = False
        self._opening = ""
        self._number = 0

    def run(self) -> Iterator[Value]:
        while self._skip():
            letter = self._text[self._at]
            if letter == "[" and not self._array and not self._lines:
                self._array = True
                self._move(self._at + 1)
            elif self._array and letter == "]":
                self._array = False
                self._move(self._at + 1)
            else:
                self._lines = not self._array
                self._number += 1
                yield self._value()
        if self._array:
            yield Value(self._number + 1, self._line, None, "The file is cut off: the list is not closed")

    def _more(self) -> bool:
        """Read on; false at the end."""
        if self._ended:
            return False
        block = self._stream.read(BLOCK)
        self._ended = not block
        self._text = self._text[self._at :] + self._decode.decode(block, not block)
        self._at = 0
        return True

    def _move(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _skip(self) -> bool:
        """Go to the next value; false at the end."""
        while True:
            found = (_GAP if self._array else _SPACE).match(self._text, self._at)
            self._move(found.end() if found else self._at)
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _value(self) -> Value:
        number, line = self._number, self._line
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as problem:
                open_text = problem.msg.startswith("Unterminated")
                near = problem.pos > len(self._text) - NEAR or open_text
                if near and len(self._text) - self._at < LONGEST and self._more():
                    continue
                return Value(number, line, None, self._lost(problem.pos, ended=near))
            except (ValueError, RecursionError):
                return Value(number, line, None, self._lost(self._at + 1, ended=False))
            if end == len(self._text) and self._text[end - 1] not in '}]"' and self._more():
                continue
            if not self._opening and isinstance(value, dict):
                self._opening = self._text[self._at : self._text.find(":", self._at, end) + 1][:200]
            self._move(end)
            return Value(number, line, value)

    def _lost(self, at: int, *, ended: bool) -> str:
        """Go on behind damage; return what to say."""
        if ended and self._ended:
            self._move(len(self._text))
            self._array = False
            return "The file is cut off here"
        if not self._array:
            self._seek("\n", self._at + 1)
            return "The line is no JSON"
        if self._opening and self._seek(self._opening, max(at, self._at + 1)):
            return "The record is no JSON; it was left out up to where the next one begins"
        self._move(len(self._text))
        while self._more():
            self._move(len(self._text))
        self._array = False
        return "The record is no JSON; what follows it could not be read"

    def _seek(self, mark: str, start: int) -> bool:
        """Go to the next place where a mark stands; false: there is none, and this is the end."""
        while True:
            found = self._text.find(mark, start)
            if found >= 0:
                self._move(found)
                return True
            # The mark may stand on the border of what was read; what lies before `start` is never looked at again.
            self._move(max(start, len(self._text) - len(mark) + 1))
            start = 0
            if not self._more():
                self._move(len(self._text))
                return False
