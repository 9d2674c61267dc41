"""Logs of one JSON object a line, as the engine reads them: their first objects, and the lines that are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flagstate.read.part import Head, Reject

LISTED = 1000
"""Rejected lines that are listed one by one; the rest is counted."""
_FIRST = 20
_LONGEST = 16 << 20
"""Bytes of a line; the engine reads none that is longer."""


def first(head: Head) -> Iterator[dict[str, Any]]:
    """Yield the objects of the first lines; a line that the end of what was read may have cut is left out.

    Args:
        head: Beginning of an artefact.
    """
    lines = head.data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if len(lines) > 1 and not head.whole:
        lines = lines[:-1]
    for line in [line for line in lines if line.strip()][:_FIRST]:
        row = parsed(line)
        if row is not None:
            yield row


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return the object that a line is; null: it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def rejects(path: str, count: int, why: Callable[[bytes], str]) -> Iterator[Reject]:
    """Yield the lines that are no records, up to the listed ones.

    Args:
        path: The log.
        count: How many there are, as the engine says.
        why: Says of a line why it is none; empty: it is one.
    """
    left = min(count, LISTED)
    if not left:
        return
    with open(path, "rb") as file:
        number = 0
        while left and (line := file.readline(_LONGEST)):
            number += 1
            whole = line.endswith(b"\n")
            while not whole and (more := file.readline(_LONGEST)):
                whole = more.endswith(b"\n")
                line = line[:1]
            if line.strip() and (reason := why(line)):
                yield Reject(number, reason)
                left -= 1
