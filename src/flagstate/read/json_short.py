"""A JSON text in which no string is longer than a bound, so that one string cannot take the memory."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

CHUNK = 1 << 20
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_HALF = re.compile(rb"\\u[0-9a-fA-F]{0,3}\Z")


class Short(io.RawIOBase):
    """The same text; the end of a string that is too long is left out, and counted."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        """Wrap a stream.

        Args:
            stream: UTF-8 bytes.
            most: Bytes of a string that stay.
        """
        self._stream, self._most = stream, most
        self._left, self._carry = b"", b""
        self._inside, self._size, self._ended = False, 0, False
        self.cut = 0
        """Strings whose end was left out."""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer."""
        while not self._left and not self._ended:
            self._left = self._next()
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _next(self) -> bytes:
        block = self._stream.read(CHUNK)
        self._ended = not block
        block, self._carry = self._carry + block, b""
        out: list[bytes] = []
        at = 0
        while at < len(block):
            if not self._inside:
                quote = block.find(b'"', at)
                stop = len(block) if quote < 0 else quote + 1
                out.append(block[at:stop])
                self._inside, self._size, at = quote >= 0, 0, stop
                continue
            found = _INSIDE.match(block, at)
            stop = found.end() if found else at
            if self._size <= self._most:
                out.append(self._shortened(block[at:stop]))
            at = stop
            if at < len(block):
                if block[at : at + 1] == b'"':
                    out.append(b'"')
                    self._inside, at = False, at + 1
                else:
                    # A backslash at the very end: what it escapes is in the next block.
                    self._carry, at = (b"" if self._ended else block[at:]), len(block)
        return b"".join(out)

    def _shortened(self, piece: bytes) -> bytes:
        room = self._most - self._size
        self._size += len(piece)
        if len(piece) <= room:
            return piece
        self._size = self._most + 1
        self.cut += 1
        found = _INSIDE.match(piece[:room])
        kept = piece[: found.end() if found else 0]
        return _HALF.sub(b"", kept).decode("utf-8", "ignore").encode()
