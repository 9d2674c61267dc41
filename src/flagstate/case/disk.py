"""Small files that are written whole or not at all, for their owner's eyes only, and never through a link."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from flagstate.errors import CaseError

FILE_MODE = 0o600
FOLDER_MODE = 0o700

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space and run it again; the last good version is intact."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space and run it again; the last good version is intact."),
    errno.EFBIG: ("a limit on the size of files was reached", "Raise it (`ulimit -f`) and run it again."),
    errno.EACCES: ("this account has no permission for it", "Use the account that owns it, or another folder."),
    errno.EPERM: ("this account has no permission for it", "Use the account that owns it, or another folder."),
    errno.EROFS: ("it stands on a read-only file system", "Copy it to a place that can be written."),
    errno.ELOOP: ("a symbolic link stands in its place", "Name the real file; links are never followed here."),
    errno.ENOTDIR: ("a link or a file stands where a folder belongs", "Name the real folder."),
    errno.ENOENT: ("something of it is missing", "Restore it, or audit into a new folder."),
    errno.EIO: ("the disk reports an error", "Check the disk; copy what can still be read."),
}


@contextlib.contextmanager
def worded(what: str, where: str) -> Iterator[None]:
    """Turn an error of the operating system into one that a person can act on.

    Args:
        what: What was being done, as the sentence that failed.
        where: The case or file as the user named it.

    Raises:
        CaseError: In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        why, todo = _REASONS.get(error.errno or 0, (os.strerror(error.errno) if error.errno else "of its disk", ""))
        raise CaseError(what, where=where, why=why, todo=todo) from error


def canonical(value: object) -> bytes:
    """Return the one JSON text of a value that is hashed and written: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, whatever the umask; one that exists is narrowed.

    Raises:
        OSError: As mkdir; also when a link stands in its place.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if stat.S_IMODE(os.fstat(fd).st_mode) != FOLDER_MODE:
            os.fchmod(fd, FOLDER_MODE)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte: a short write is continued."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def create(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600 and bring it to the disk.

    Raises:
        OSError: As open; also when anything of that name exists.
    """
    fd = os.open(path, _CREATE, FILE_MODE)
    try:
        os.fchmod(fd, FILE_MODE)
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another in one step: a reader sees the old one or the new one, never half.

    The caller holds the lock of whatever the file belongs to.
    """
    draft = path.with_name(path.name + ".tmp")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    try:
        create(draft, data)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a power cut does not undo a rename."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_plain(path: Path | str, *, dir_fd: int | None = None) -> int:
    """Open a regular file for reading; a link, a pipe or a device is refused.

    Raises:
        OSError: ELOOP for a link, EINVAL for anything else that is not a regular file.
    """
    fd = os.open(path, _READ, dir_fd=dir_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return fd


def read_small(path: Path, *, limit: int = 1 << 20) -> bytes:
    """Return a small file whole.

    Args:
        path: The file.
        limit: Largest size in bytes.

    Raises:
        OSError: As `open_plain`; EFBIG when it is larger than the limit.
    """
    fd = open_plain(path)
    with os.fdopen(fd, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data
