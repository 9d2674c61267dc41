"""Removing a case: its own files only, whatever else lies in the folder or is linked from it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from flagstate.case import layout
from flagstate.case.disk import worded
from flagstate.errors import CaseError
from flagstate.model.counted import counted

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LAST = ("ledger.jsonl", "case.json", "lock")


@dataclass(frozen=True)
class Survey:
    """What lies in a case folder."""

    files: tuple[tuple[str, ...], ...]
    """Our files and links, by path."""
    folders: tuple[tuple[str, ...], ...]
    """Our folders, inner ones first."""
    size: int
    """Bytes in our files."""
    theirs: tuple[str, ...]
    """The user's own entries, which stay."""


def survey(path: Path, case_id: str) -> Survey:
    """Look at everything in the folder; nothing is changed.

    Raises:
        CaseError: It holds something that we did not write, or lies on several disks.
    """
    files: list[tuple[str, ...]] = []
    folders: list[tuple[str, ...]] = []
    theirs: list[str] = []
    size = foreign = 0
    with worded("the case cannot be looked through", str(path)):
        device = os.lstat(path).st_dev
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            at = waiting.pop()
            with os.scandir(path.joinpath(*at)) as entries:
                for entry in entries:
                    parts, found = (*at, entry.name), entry.stat(follow_symlinks=False)
                    if not at and entry.name in layout.THEIRS:
                        theirs.append(entry.name)
                    elif not layout.fits(parts, found.st_mode) or found.st_dev != device:
                        foreign += 1
                    elif stat.S_ISDIR(found.st_mode):
                        folders.append(parts)
                        waiting.append(parts)
                    else:
                        files.append(parts)
                        size += found.st_size
        work = path / layout.WORK
        if (layout.WORK,) in folders and os.listdir(work) and not layout.is_marked(work, case_id):
            foreign += 1
    if foreign:
        raise CaseError(
            "the case was not removed",
            where=str(path),
            why=f"it holds {foreign} file{'s' * (foreign > 1)} or folder{'s' * (foreign > 1)} that flagstate "
            "did not write",
            todo="Move them away and run it again; nothing was changed.",
        )
    folders.sort(key=len, reverse=True)
    files.sort(key=lambda parts: (_LAST.index(parts[0]) if parts[0] in _LAST else -1, parts))
    return Survey(tuple(files), tuple(folders), size, tuple(sorted(theirs)))


def remove(path: Path, found: Survey) -> list[str]:
    """Remove what the survey lists, step by step through open folders, so that a link slipped in leads nowhere.

    `case.json` and the lock go last: when it is killed half-way it can be run again.

    Returns:
        What was removed and what stays, as sentences without full stops.

    Raises:
        CaseError: Something changed meanwhile or cannot be removed.
    """
    with worded("the case was removed in part only", str(path)):
        top = os.open(path, _FOLDER)
        try:
            inner = [parts for parts in found.files if parts[0] not in _LAST]
            for parts in inner:
                _drop(top, parts, folder=False)
            for parts in found.folders:
                _drop(top, parts, folder=True)
            for parts in found.files[len(inner) :]:
                _drop(top, parts, folder=False)
        finally:
            os.close(top)
        files, folders = counted(len(found.files), "file[|s]"), counted(len(found.folders), "folder[|s]")
        said = [f"{files} with {counted(found.size, 'byte[|s]')} and {folders} were removed"]
        if found.theirs:
            said.append(f"what is yours stays: {' and '.join(found.theirs)}")
        else:
            path.rmdir()
    return said


def _drop(top: int, parts: tuple[str, ...], *, folder: bool) -> None:
    fd = os.dup(top)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=fd)
            os.close(fd)
            fd = inner
        if folder:
            os.rmdir(parts[-1], dir_fd=fd)
        else:
            os.unlink(parts[-1], dir_fd=fd)
    finally:
        os.close(fd)
