"""The demonstration as a folder: the evidence, and the truth about it beside."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flagstate.demo import access, declaration, infrastructure, ownership, portal, readme, stores, traffic
from flagstate.demo.hub import Hub
from flagstate.errors import FULL, LockedError, RoomError, UsageError

EVIDENCE, TRUTH, MARK = "evidence", "truth.json", "demo.json"
"""What lies in the folder of a demonstration; its case lies beside them."""
CASE = "case"
GENERATION = 3
"""Which evidence a scale and a seed give: raise it with every change of what is written.

A demonstration of another generation is another one: its evidence and its truth are not those of this program, so it is
neither audited as the same nor written over. Whoever forgets to raise it fails a test that knows what was written.
"""
A_HUB, A_ROW, A_PARCEL = 4_000_000, 900, 120
"""Bytes on disk, about: for the smallest hub, for each parcel kept in SQLite, for each parcel kept in Parquet."""
PARTS = {
    "declaration": declaration.write,
    "infrastructure": infrastructure.write,
    "ownership": ownership.write,
    "portal": portal.write,
    "access": access.write,
    "traffic": traffic.write,
    "stores": stores.write,
    "readme": readme.write,
}
"""What is written, in this order."""

Said = Callable[[str], None]
_DISK = frozenset({errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM})
"""What a disk says that cannot be written, and not for want of room."""


def build(folder: Path, hub: Hub, said: Said = lambda _: None) -> dict[str, object]:
    """Write the demonstration, unless it is there; what a killed build left is begun anew.

    Args:
        folder: Missing, empty, or with the same demonstration in it; nothing else is ever touched.
        hub: How large, and by which seed.
        said: Is told what is being done.

    Returns:
        The truth: what each part hides, by part.

    Raises:
        UsageError: The folder holds something else.
        LockedError: Another process is building there.
        RoomError: The disk is full.
    """
    _take(folder, hub)
    try:
        with _alone(folder):
            truth = _truth(folder) if (folder / EVIDENCE).exists() else None
            return truth if truth is not None else _write(folder, hub, said)
    except OSError as problem:
        shutil.rmtree(_part(folder), ignore_errors=True)
        if problem.errno in FULL:
            raise _full(folder) from None
        if problem.errno in _DISK:
            raise _barred(folder, problem) from None
        raise


def _truth(folder: Path) -> dict[str, object] | None:
    """Return the truth that lies beside; null: it is gone, or no longer what was written."""
    try:
        found = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def free(usual: str, hub: Hub) -> Path:
    """Return the first folder of a name, or of that name with a number, that is free or holds this demonstration.

    Args:
        usual: Its name.
        hub: The demonstration that is wanted.
    """
    for number in range(1, 100):
        folder = Path(usual if number == 1 else f"{usual}-{number}")
        if not folder.exists() or (folder.is_dir() and (not any(folder.iterdir()) or _mark(folder) == _wanted(hub))):
            return folder
    return Path(usual)


def _wanted(hub: Hub) -> dict[str, object]:
    return {
        "demonstration": "invented by flagstate demo", "generation": GENERATION, "scale": hub.scale, "seed": hub.seed,
    }  # fmt: skip


def _mark(folder: Path) -> object:
    """Return what the folder says of itself; null: nothing that we wrote."""
    try:
        return json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _part(folder: Path) -> Path:
    return folder / f"{EVIDENCE}.part"


def _take(folder: Path, hub: Hub) -> None:
    """Make the folder, or see that it holds this demonstration."""
    wanted = _wanted(hub)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            _save(folder / MARK, wanted)
        found = _mark(folder)
    except (FileExistsError, NotADirectoryError):
        raise UsageError("This is a file", where=str(folder), todo="Name a folder with --keep.") from None
    except OSError as problem:
        if problem.errno in FULL:
            raise _full(folder) from None
        raise _barred(folder, problem) from None
    if found == wanted:
        return
    what = "something else"
    if isinstance(found, dict) and found.get("demonstration") == wanted["demonstration"]:
        what = f"the demonstration of scale {found.get('scale')} and seed {found.get('seed')}"
        if found.get("generation") != GENERATION:
            what += ", as another version of flagstate made it"
    raise UsageError(
        f"The folder holds {what}, which is left as it is",
        where=str(folder),
        todo="Name another folder with --keep, or remove this one yourself.",
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder against a second build."""
    with (folder / MARK).open("rb") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                "Another process builds the demonstration here",
                where=str(folder),
                todo="Wait until it is done, or name another folder with --keep.",
            ) from None
        yield


def _write(folder: Path, hub: Hub, said: Said) -> dict[str, object]:
    """Write evidence and truth; where the evidence is there, it stays as it is and its truth is counted anew."""
    part, need = _part(folder), room(hub)
    shutil.rmtree(part, ignore_errors=True)
    if shutil.disk_usage(folder).free < need:
        raise _full(folder, need)
    part.mkdir()
    truth: dict[str, object] = {
        "what": "What was hidden in the evidence beside. All of it is invented.",
        "scale": hub.scale,
        "seed": hub.seed,
    }
    for name, write in PARTS.items():
        truth[name] = write(hub, part, said)
    _save(folder / TRUTH, truth)
    if (folder / EVIDENCE).exists():
        shutil.rmtree(part)
    else:
        # Evidence under its own name is whole, and its truth was there before it.
        part.rename(folder / EVIDENCE)
    # As it is read back, so that a first call and a second one give the same.
    told: dict[str, object] = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    return told


def _save(path: Path, what: dict[str, object]) -> None:
    """Write a file so that it is there whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(json.dumps(what, indent=1, default=str) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def _full(folder: Path, need: int | None = None) -> RoomError:
    return RoomError(
        "The demonstration does not fit on the disk",
        where=str(folder),
        why=f"it may need {size(need)}" if need else "the disk is full",
        todo="Make room, name a folder on another disk with --keep, or ask for a smaller --scale.",
    )


def room(hub: Hub) -> int:
    """Return about how many bytes a demonstration takes on disk."""
    return A_HUB + hub.scale * (A_ROW if hub.scale <= stores.SMALL else A_PARCEL)


def size(count: int) -> str:
    """Return a number of bytes as people say it: in MB below a GB."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _barred(folder: Path, problem: OSError) -> UsageError:
    return UsageError(
        "The demonstration cannot be written here",
        where=str(folder),
        why=problem.strerror or "",
        todo="Name another folder with --keep.",
    )
