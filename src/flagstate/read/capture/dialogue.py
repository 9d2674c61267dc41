"""Dialogues in lines, as SMTP and FTP hold them: commands of one end, numbered replies of the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_LINE = 1 << 16
MOST_LINES = 100_000
_REPLY = re.compile(rb"(?:^|\n)(\d{3})(?:[ \t]([^\r\n]{0,1000})[^\r\n]*)?(?=[\r\n])")


def replies(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield code and text of each reply; of one of several lines the last.

    Args:
        data: What the server said.
    """
    for count, found in enumerate(_REPLY.finditer(data)):
        if count >= MOST_LINES:
            return
        yield int(found[1]), (found[2] or b"").decode("utf-8", "replace")


def line(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the line at an offset without its end, and where the next begins."""
    end = data.find(b"\n", at, at + LONGEST_LINE)
    if end < 0:
        stop = min(len(data), at + LONGEST_LINE)
        return data[at:stop], stop
    return data[at:end].removesuffix(b"\r"), end + 1
