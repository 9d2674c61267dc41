"""Opens everything: finds regular files, never follows a link out, and expands within bounds."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flagstate.errors import FULL, EvidenceError, FlagstateError, RoomError, UsageError
from flagstate.read.part import Head

HEAD_BYTES = 64 * 1024
BLOCK = 1 << 20
MAX_FILES = 200_000
MAX_DEPTH = 40


@dataclass(frozen=True)
class Found:
    """Something that lies where the user pointed."""

    path: str
    """Absolute path; never stored or shown."""
    name: str
    """Path relative to what was given; raw, to be masked before it is stored."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Last change."""
    inode: int
    """With the device, the identity of the file."""
    device: int
    """Device of the file."""
    refused: str = ""
    """Why it is not opened; empty: it is."""
    todo: str = ""
    """What to do about that."""


def walk(roots: list[Path], *, skip: Path | None = None) -> Iterator[Found]:
    """Yield every entry under the roots once, in a stable order; what is not a regular file is yielded as refused.

    Args:
        roots: Files or folders that the user named.
        skip: A folder that is ours (the case) and never evidence.

    Raises:
        UsageError: A root does not exist.
    """
    paths: set[str] = set()
    for root in roots:
        if not os.path.lexists(root):
            raise UsageError("There is nothing at the path that was given", where=root.name, todo="Check the path.")
        # A root that the user names may itself be a link; what lies below may not lead out.
        base = os.path.realpath(root)
        for found in _descend(base, os.path.basename(base), 0, _real(skip)):
            # Roots may lie in each other.
            if found.path in paths:
                continue
            paths.add(found.path)
            if len(paths) > MAX_FILES:
                raise UsageError(f"More than {MAX_FILES:,} files", todo="Give a smaller folder, or an archive of it.")
            yield found


def _real(path: Path | None) -> str:
    return os.path.realpath(path) if path else ""


def _descend(path: str, name: str, depth: int, skip: str) -> Iterator[Found]:
    try:
        info = os.lstat(path)
    except OSError as problem:
        yield Found(path, name, 0, 0, 0, 0, f"it cannot be looked at ({problem.strerror})", "Give read permission.")
        return
    if stat.S_ISDIR(info.st_mode):
        if path == skip:
            return
        if _case(path):
            yield _refuse(path, name, info, "it is the folder of a case", "Give the evidence itself.")
            return
        if depth > MAX_DEPTH:
            yield _refuse(path, name, info, f"folders are nested more than {MAX_DEPTH} deep", "Flatten the folder.")
            return
        try:
            entries = sorted(os.listdir(path))
        except OSError as problem:
            yield _refuse(
                path, name, info, f"the folder cannot be listed ({problem.strerror})", "Give read permission."
            )
            return
        for entry in entries:
            below = entry if depth == 0 else f"{name}/{entry}"
            yield from _descend(os.path.join(path, entry), below, depth + 1, skip)
        return
    if stat.S_ISLNK(info.st_mode):
        yield _refuse(path, name, info, "it is a link, and links are not followed", "Give the file that it points to.")
    elif not stat.S_ISREG(info.st_mode):
        yield _refuse(
            path, name, info, "it is not a regular file (pipe, socket or device)", "Copy its content to a file."
        )
    else:
        yield Found(path, name, info.st_size, info.st_mtime_ns, info.st_ino, info.st_dev)


def _case(folder: str) -> bool:
    try:
        with opened(os.path.join(folder, "case.json")) as descriptor:
            return b'"case_format"' in os.pread(descriptor, 4096, 0)
    except (EvidenceError, OSError):
        return False


def _refuse(path: str, name: str, info: os.stat_result, reason: str, todo: str) -> Found:
    return Found(path, name, info.st_size, info.st_mtime_ns, info.st_ino, info.st_dev, reason, todo)


@contextmanager
def opened(path: str) -> Iterator[int]:
    """Open a regular file for reading and yield its descriptor; anything else is refused.

    Raises:
        EvidenceError: It is a link, a pipe, a device, or cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise EvidenceError(
            "The file cannot be opened", why=problem.strerror or "", todo="Check its permission."
        ) from problem
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise EvidenceError("It is not a regular file", todo="Copy its content to a file.")
        yield descriptor
    finally:
        os.close(descriptor)


def neutral(descriptor: int) -> str:
    """Return a path of an open file that says nothing about its name: no globs, no `key=value` folders."""
    return f"/proc/self/fd/{descriptor}"


def head(descriptor: int, size: int, suffix: str) -> Head:
    """Return the beginning of an open, plain file."""
    begin = os.pread(descriptor, HEAD_BYTES, 0)
    return Head(begin, size, suffix, _tail(descriptor, size) if begin.startswith(b"PAR1") else b"")


TAIL_BYTES = 16 << 20
"""Bytes of a footer that recognition looks at; it grows with columns and row groups."""


def _tail(descriptor: int, size: int) -> bytes:
    """Return the footer of a Parquet file with its length, which only there says what it is."""
    if size <= HEAD_BYTES:
        return b""
    length = int.from_bytes(os.pread(descriptor, 4, size - 8), "little") + 8
    return os.pread(descriptor, length, size - length) if length <= min(TAIL_BYTES, size) else b""


def suffix_of(name: str) -> str:
    """Return the last suffix of a name, or of the last member in it, in lower case."""
    return os.path.splitext(name.rsplit("!", 1)[-1])[1].lower()[:16]


def spool(folder: str) -> int:
    """Return a descriptor of a nameless file in the folder: it is gone when it is closed, also after a kill.

    Raises:
        RoomError: The disk is full.
        EvidenceError: The folder cannot hold it.
    """
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise _full(problem) or EvidenceError("No temporary file can be made", why=problem.strerror or "") from problem


class Hasher(threading.Thread):
    """Hashes an open file beside the reading; `result` waits for it."""

    def __init__(self, descriptor: int, start: int = 0, stop: int | None = None) -> None:
        """Start to hash bytes start to stop (all, if null)."""
        super().__init__(daemon=True)
        self._descriptor, self._begin, self._end = os.dup(descriptor), start, stop
        self._digest = hashlib.sha256()
        self._problem: OSError | None = None
        self.start()

    def run(self) -> None:
        """Hash block by block."""
        at = self._begin
        try:
            while self._end is None or at < self._end:
                want = BLOCK if self._end is None else min(BLOCK, self._end - at)
                block = os.pread(self._descriptor, want, at)
                if not block:
                    break
                self._digest.update(block)
                at += len(block)
        except OSError as problem:
            self._problem = problem
        finally:
            os.close(self._descriptor)

    def result(self) -> str:
        """Return the SHA-256 in hexadecimal.

        Raises:
            EvidenceError: The disk failed while reading.
        """
        self.join()
        if self._problem is not None:
            raise EvidenceError("The file cannot be read to its end", why=self._problem.strerror or "")
        return self._digest.hexdigest()


def sha256(path: str, start: int = 0, stop: int | None = None) -> str:
    """Return the SHA-256 of a regular file, or of a range of it."""
    with opened(path) as descriptor:
        return Hasher(descriptor, start, stop).result()


def cut(descriptor: int, folder: str, start: int, stop: int, lead: bytes) -> int:
    """Return a nameless file that holds `lead` and then bytes start to stop of the open file."""
    out = spool(folder)
    try:
        write(out, lead)
        at = start
        while at < stop and (block := os.pread(descriptor, min(BLOCK, stop - at), at)):
            write(out, block)
            at += len(block)
    except OSError as problem:
        os.close(out)
        raise EvidenceError("The file cannot be read to its end", why=problem.strerror or "") from problem
    except FlagstateError:
        os.close(out)
        raise
    return out


def write(descriptor: int, block: bytes) -> None:
    """Write a whole block.

    Raises:
        RoomError: The disk is full.
        EvidenceError: It failed otherwise.
    """
    view = memoryview(block)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as problem:
        raise _full(problem) or EvidenceError("It cannot be expanded", why=problem.strerror or "") from problem


def _full(problem: OSError) -> RoomError | None:
    if problem.errno not in FULL:
        return None
    return RoomError("It cannot be expanded", why="the disk is full", todo="Free some disk space.")
