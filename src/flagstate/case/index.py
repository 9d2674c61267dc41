"""Artefacts that were read before, found by keyed fingerprint, so that an unchanged file is not read again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from flagstate.case.disk import FILE_MODE, canonical, open_plain, replace, worded, write_all

NAME = "index.jsonl"
_SUM = 16
_SIGNS = ("size", "mtime_ns", "ctime_ns", "inode", "device")
_COARSE_NS = 2_000_000_000
_FINE_NS = 50_000_000


def signature(path: Path) -> dict[str, int]:
    """Return what decides whether a file is the same as before; take it before reading the file.

    Returns:
        size (bytes), mtime_ns, ctime_ns, inode, device, and seen_ns: when we looked.

    Raises:
        OSError: The file is not there.
    """
    seen = time.time_ns()
    found = os.stat(path, follow_symlinks=False)
    return {
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "ctime_ns": found.st_ctime_ns,
        "inode": found.st_ino,
        "device": found.st_dev,
        "seen_ns": seen,
    }


def same(row: Mapping[str, object], now: Mapping[str, int]) -> bool:
    """Say whether a remembered file is surely the one that is there now; in doubt it is not.

    A file that was touched just before it was read is in doubt: a later write may have left the same times. A clock
    of a file server that runs behind ours, or a disk that was written past the file system, fools this: `verify` does
    not rely on it.
    """
    if any(row.get(sign) != now[sign] for sign in _SIGNS):
        return False
    seen = row.get("seen_ns")
    if not isinstance(seen, int):
        return False
    latest = max(now["mtime_ns"], now["ctime_ns"])
    # Whole seconds are what file systems with coarse times (FAT, some network ones) write.
    return seen - latest > (_COARSE_NS if latest % 1_000_000_000 == 0 else _FINE_NS)


class Index:
    """The file `work/index.jsonl`: one checked line per artefact, the last one of a fingerprint counts.

    It only saves work: a line that is torn or damaged is left out, and costs one reading.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is read when first needed."""
        self._path = path
        self._rows: dict[str, dict[str, object]] | None = None
        self._lines = 0
        self._ends = True
        self._guard = threading.Lock()

    def _load(self) -> dict[str, dict[str, object]]:
        if self._rows is not None:
            return self._rows
        rows: dict[str, dict[str, object]] = {}
        with worded("the index of what was read cannot be opened", str(self._path.parent.parent)):
            try:
                with os.fdopen(open_plain(self._path), "rb") as file:
                    for line in file:
                        self._lines += 1
                        self._ends = line.endswith(b"\n")
                        if (entry := _entry(line)) is not None:
                            rows[entry[0]] = entry[1]
            except FileNotFoundError:
                pass
        self._rows = rows
        return rows

    def get(self, fingerprint: str) -> dict[str, object] | None:
        """Return the row of an artefact; null: not known."""
        with self._guard:
            row = self._load().get(fingerprint)
        return dict(row) if row is not None else None

    def all(self) -> dict[str, dict[str, object]]:
        """Return every row by fingerprint."""
        with self._guard:
            return dict(self._load())

    def put(self, fingerprint: str, row: Mapping[str, object]) -> None:
        """Add or replace the row of an artefact; whole when this returns, or not there.

        Raises:
            ValueError: A value is an absolute path: places of evidence never get into the case.
            CaseError: It cannot be written.
        """
        if any(isinstance(value, str) and os.path.isabs(value) for value in row.values()):
            raise ValueError("an absolute path must not be stored in the case")
        text = canonical({"fingerprint": fingerprint, "row": dict(row)})
        with self._guard:
            rows = self._load()
            data = _checked(text) if self._ends else b"\n" + _checked(text)
            with worded("the index of what was read cannot be written", str(self._path.parent.parent)):
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
                fd = os.open(self._path, flags, FILE_MODE)
                try:
                    if not self._lines:
                        os.fchmod(fd, FILE_MODE)
                    self._ends = False
                    write_all(fd, data)
                    self._ends = True
                finally:
                    os.close(fd)
            self._lines += 1
            rows[fingerprint] = json.loads(text)["row"]

    def tidy(self) -> None:
        """Write the file anew when most of its lines were replaced by later ones."""
        with self._guard:
            if self._rows is None or self._lines <= 2 * len(self._rows) + 1000:
                return
            lines = [_checked(canonical({"fingerprint": f, "row": r})) for f, r in sorted(self._rows.items())]
            # Only speed is at stake: without room for a second copy, the long file stays.
            with contextlib.suppress(OSError):
                replace(self._path, b"".join(lines))
                self._lines, self._ends = len(lines), True

    def clear(self) -> None:
        """Forget every row, as when the key was lost and no fingerprint can be found again."""
        with self._guard:
            self._path.unlink(missing_ok=True)
            self._rows, self._lines, self._ends = {}, 0, True


def _checked(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:_SUM].encode("ascii") + b" " + text + b"\n"


def _entry(line: bytes) -> tuple[str, dict[str, object]] | None:
    # A line that lacks nothing but its end is whole.
    line = line.removesuffix(b"\n")
    text = line[_SUM + 1 :]
    if _checked(text) != line + b"\n":
        return None
    try:
        entry = json.loads(text)
        return str(entry["fingerprint"]), dict(entry["row"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
