"""The demonstration as a folder: the evidence, and the truth about it beside."""

from __future__ import annotations

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
A_PARCEL = 120
"""Bytes on disk for one parcel, at most."""
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
            if not (folder / EVIDENCE).exists():
                _write(folder, hub, said)
    except OSError as problem:
        if problem.errno not in FULL:
            raise
        shutil.rmtree(_part(folder), ignore_errors=True)
        raise _full(folder) from None
    truth: dict[str, object] = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    return truth


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
    return {"demonstration": "invented by flagstate demo", "scale": hub.scale, "seed": hub.seed}


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
        raise UsageError(
            "The demonstration cannot be written here",
            where=str(folder),
            why=problem.strerror or "",
            todo="Name another folder with --keep.",
        ) from None
    if found == wanted:
        return
    what = "something else"
    if isinstance(found, dict) and found.get("demonstration") == wanted["demonstration"]:
        what = f"the demonstration of scale {found.get('scale')} and seed {found.get('seed')}"
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


def _write(folder: Path, hub: Hub, said: Said) -> None:
    part = _part(folder)
    shutil.rmtree(part, ignore_errors=True)
    if shutil.disk_usage(folder).free < hub.scale * A_PARCEL:
        raise _full(folder, hub.scale * A_PARCEL)
    part.mkdir()
    truth: dict[str, object] = {
        "what": "What was hidden in the evidence beside. All of it is invented.",
        "scale": hub.scale,
        "seed": hub.seed,
    }
    for name, write in PARTS.items():
        truth[name] = write(hub, part, said)
    _save(folder / TRUTH, truth)
    # Evidence under its own name is whole, and its truth is there.
    part.rename(folder / EVIDENCE)


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
        why=f"it may need {need / 1e9:,.1f} GB" if need else "the disk is full",
        todo="Make room, name a folder on another disk with --keep, or ask for a smaller --scale.",
    )
