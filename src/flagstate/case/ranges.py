"""A growing log is kept in the ledger as hashed byte ranges: what was read stays proven, what is new is added."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flagstate.case.disk import open_plain
from flagstate.errors import EvidenceError

_BLOCK = 1 << 20


class Range(NamedTuple):
    """Bytes of a file and their hash; as JSON it is a list of the three."""

    start: int
    """First byte."""
    end: int
    """One past the last byte."""
    sha256: str
    """Of the bytes between."""


@dataclass(frozen=True)
class Growth:
    """What became of a file since it was last hashed."""

    ranges: tuple[Range, ...]
    """All of the file as it is now; they start at 0 and have no gap."""
    fresh: Range | None
    """The bytes to read; null: none are new."""
    whole: bool
    """What was hashed before is no longer there (replaced, truncated, rotated): everything is to be read."""
    at_line: bool
    """The new bytes start at the beginning of a line; if not, the last line read before was unfinished."""


def ranges(path: Path, previous: Iterable[Sequence[object]] = ()) -> Growth:
    """Compare a file with the ranges that were hashed before, and hash what is new.

    Bytes that are added while it runs belong to the next range.

    Args:
        path: A regular file; a link is not followed.
        previous: The ranges of before: (start, end, sha256) each.

    Raises:
        EvidenceError: It cannot be read, or shrank while it was read.
    """
    before = trusted(previous)
    try:
        with os.fdopen(open_plain(path), "rb", buffering=0) as file:
            fd = file.fileno()
            size = os.fstat(fd).st_size
            kept = bool(before) and before[-1].end <= size and not broken(fd, before)
            if not kept:
                whole = Range(0, size, digest(fd, 0, size))
                return Growth((whole,), whole if size else None, bool(before), True)
            start = before[-1].end
            if start == size:
                return Growth(before, None, False, True)
            at_line = start == 0 or os.pread(fd, 1, start - 1) == b"\n"
            fresh = Range(start, size, digest(fd, start, size))
            if start == 0:
                return Growth((fresh,), fresh, False, True)
            return Growth((*before, fresh), fresh, False, at_line)
    except OSError as error:
        # The name of the file is not ours to print: the caller knows it, and masks it.
        raise EvidenceError("the file cannot be hashed", why=os.strerror(error.errno or 0)) from None


def trusted(previous: Iterable[Sequence[object]]) -> tuple[Range, ...]:
    """Return ranges that came from disk, or none at all if they do not lie end to end from 0."""
    found: list[Range] = []
    end = 0
    for item in previous:
        if len(item) != 3 or not isinstance(item[1], int) or item[0] != end or item[1] < end:
            return ()
        found.append(Range(end, item[1], str(item[2])))
        end = item[1]
    return tuple(found)


def broken(fd: int, wanted: Sequence[Range]) -> bool:
    """Say whether any of the ranges no longer has its hash.

    Raises:
        OSError: The file cannot be read.
        EvidenceError: It shrank while it was read.
    """
    return any(digest(fd, part.start, part.end) != part.sha256 for part in wanted)


def digest(fd: int, start: int, end: int) -> str:
    """Return the SHA-256 of a range of an open file.

    Raises:
        OSError: The file cannot be read.
        EvidenceError: It ends before the range does.
    """
    sha = hashlib.sha256()
    at = start
    while at < end:
        block = os.pread(fd, min(_BLOCK, end - at), at)
        if not block:
            raise EvidenceError("the file cannot be hashed", why="it shrank while it was read", todo="Run it again.")
        sha.update(block)
        at += len(block)
    return sha.hexdigest()
