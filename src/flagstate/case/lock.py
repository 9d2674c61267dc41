"""One writer at a time: an advisory lock that the system frees when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flagstate.case.disk import FILE_MODE, canonical, worded, write_all
from flagstate.errors import CaseError, LockedError

NAME = "lock"

_held: set[int] = set()


def _drop_in_child() -> None:
    # A forked child shares the lock; without this, it would keep a case locked after its parent was killed.
    for fd in _held:
        with contextlib.suppress(OSError):
            os.close(fd)
    _held.clear()


os.register_at_fork(after_in_child=_drop_in_child)


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the lock of a case for the length of a `with` block; readers never need it.

    The lock file names the holder (process, host, since when). The lock is the kernel's (flock), not the file's
    existence: a killed holder leaves nothing to clean up. On some network file systems flock holds on one host only.

    Raises:
        LockedError: Somebody else holds it; the message says who.
        CaseError: The lock file cannot be used.
    """
    path = folder / NAME
    with worded("the case cannot be locked for writing", str(folder)):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, FILE_MODE)
    _held.add(fd)
    try:
        with worded("the case cannot be locked for writing", str(folder)):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockedError(
                    "another process is writing this case",
                    where=str(folder),
                    why=_holder(fd),
                    todo="Wait until it has ended, or write to another folder with --case.",
                ) from None
            _still_there(fd, path, folder)
            os.fchmod(fd, FILE_MODE)
            os.ftruncate(fd, 0)
            write_all(fd, canonical(_self()) + b"\n")
        yield
    finally:
        _held.discard(fd)
        # The lock may be lost to a fork only here, so the name of the holder goes first.
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 0)
        os.close(fd)


def _still_there(fd: int, path: Path, folder: Path) -> None:
    # Between our open and our lock, `purge` may have removed the file that we hold.
    if os.fstat(fd).st_nlink == 0 or not os.path.samestat(os.fstat(fd), os.lstat(path)):
        raise CaseError("the case was removed while it was being opened", where=str(folder))


def _self() -> dict[str, object]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": platform.node(), "since": since}


def _holder(fd: int) -> str:
    try:
        who = json.loads(os.pread(fd, 4096, 0))
        pid, host, since = int(who["pid"]), str(who["host"])[:64], str(who["since"])[:32]
    except (OSError, ValueError, KeyError, TypeError):
        return "its lock is held by a process that left no name"
    return f"its lock is held by process {pid} on {ascii(host)[1:-1]} since {ascii(since)[1:-1]}"
