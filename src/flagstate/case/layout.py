"""What lies where in a case folder, and what in it is ours."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from flagstate.case import ledger, lock, versions
from flagstate.case.disk import canonical, create, make_folder, read_small, replace, worded
from flagstate.case.upgrades import CASE_FORMAT, UPGRADES, Upgrade, steps
from flagstate.errors import CaseError

DOCUMENT = "case.json"
WORK = "work"
MARKER = ".case"
PAGES = frozenset({"report.html", "report.json"})
"""Pages and exports that we write into a case; whatever is not listed is not ours."""
THEIRS = frozenset({"estate.yaml", "evidence"})
"""What the user keeps in a case by the book; never changed, never removed."""
OURS = frozenset({DOCUMENT, WORK, lock.NAME, ledger.NAME, versions.FOLDER, versions.LINK, *PAGES})

_WORK_NAME = re.compile(r"\.?[A-Za-z0-9_][A-Za-z0-9._+-]{0,120}|\.case")
_VERSION = re.compile(r"[0-9]{1,18}(\.tmp)?")
_VERSION_FILE = re.compile(r"[a-z_]{1,60}\.parquet|manifest\.json")


def is_ours(name: str) -> bool:
    """Say whether a name at the top of a case is one that we write, drafts included."""
    return name in OURS or (name.endswith(".tmp") and name.removesuffix(".tmp") in OURS)


def fits(parts: tuple[str, ...], mode: int) -> bool:
    """Say whether something in the folder is ours by its place and kind.

    Args:
        parts: Its path from the case folder.
        mode: Its kind, as lstat gives it.
    """
    folder, plain = stat.S_ISDIR(mode), stat.S_ISREG(mode)
    if len(parts) == 1:
        if parts[0] in (WORK, versions.FOLDER):
            return folder
        if parts[0] in (versions.LINK, f"{versions.LINK}.tmp"):
            return stat.S_ISLNK(mode)
        return plain and is_ours(parts[0])
    if parts[0] == versions.FOLDER:
        if len(parts) == 2:
            return folder and bool(_VERSION.fullmatch(parts[1]))
        return plain and len(parts) == 3 and bool(_VERSION_FILE.fullmatch(parts[2]))
    return parts[0] == WORK and len(parts) < 40 and (folder or plain) and bool(_WORK_NAME.fullmatch(parts[-1]))


def prepare(path: Path) -> None:
    """Make the folder for a new case; one that holds anything else than a case is refused.

    Raises:
        OSError: It cannot be made.
        CaseError: It is in use for something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        real_folder(path)
    names = os.listdir(path)
    if DOCUMENT not in names and not all(is_ours(name) or name in THEIRS for name in names):
        raise CaseError(
            "the folder is not empty and not a case",
            where=str(path),
            why="it holds files that flagstate did not write",
            todo="Name an empty or new folder with --case.",
        )


def real_folder(path: Path) -> None:
    """Refuse a case folder that is missing, a link or no folder.

    Raises:
        CaseError: It is.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        todo = "Name a folder that `flagstate audit` wrote."
        raise CaseError("this folder does not exist", where=str(path), todo=todo) from None
    if stat.S_ISLNK(mode):
        raise CaseError(
            "the case is a symbolic link",
            where=str(path),
            why="a link may be turned to another folder while we write",
            todo="Name the folder that it points to.",
        )
    if not stat.S_ISDIR(mode):
        raise CaseError("a case is a folder, and this is none", where=str(path))


def found(path: Path) -> dict[str, object]:
    """Write `case.json` of a new case; of two that do it at once, the second takes the first one's.

    Raises:
        CaseError: It cannot be written.
    """
    with lock.hold(path):
        if (there := document(path)) is not None:
            return there
        made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        body: dict[str, object] = {"case_format": CASE_FORMAT, "id": secrets.token_hex(16), "created_at": made}
        write_document(path, body)
        return body


def write_document(path: Path, body: Mapping[str, object]) -> None:
    """Write `case.json` in one step.

    Raises:
        CaseError: It cannot be written.
    """
    with worded(f"{DOCUMENT} cannot be written", str(path)):
        replace(path / DOCUMENT, canonical(body) + b"\n")


def bring_up(
    path: Path, body: Mapping[str, object], *, newest: int = CASE_FORMAT, known: Sequence[Upgrade] = UPGRADES
) -> dict[str, object]:
    """Bring an older case to the newest format, step by step; each step that is done is written down.

    Args:
        path: The case folder.
        body: Its `case.json`.
        newest: The format to reach.
        known: The steps there are.

    Returns:
        Its `case.json` as it is now.

    Raises:
        CaseError: A step failed; the case has the format that it says, and the step can be run again.
    """
    now = dict(body)
    for step in steps(now.get("case_format"), newest=newest, known=known):
        with worded("the case cannot be brought to the present format", str(path)):
            step.convert(path)
        now["case_format"] = step.found + 1
        write_document(path, now)
    return now


def document(path: Path) -> dict[str, object] | None:
    """Return `case.json`; null: there is none.

    Raises:
        CaseError: It cannot be read or is damaged.
    """
    try:
        with worded("the case cannot be opened", str(path)):
            body = json.loads(read_small(path / DOCUMENT))
    except CaseError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or "created_at" not in body:
        raise CaseError(f"{DOCUMENT} is damaged", where=str(path), todo="Restore it from a backup.")
    return body


def make_work(work: Path, case_id: str) -> None:
    """Make the work folder, marked as ours: only a marked one is ever emptied.

    Raises:
        OSError: It cannot be made.
        CaseError: Something else stands in its place.
    """
    make_folder(work)
    if is_marked(work, case_id):
        return
    if os.listdir(work) not in ([], [MARKER]):
        todo = "Move it away and run it again."
        why = "it holds files and does not bear the mark of this case"
        raise CaseError(f"the folder `{WORK}` is not ours", where=str(work.parent), why=why, todo=todo)
    with contextlib.suppress(FileNotFoundError):
        (work / MARKER).unlink()
    create(work / MARKER, case_id.encode("ascii") + b"\n")


def is_marked(work: Path, case_id: str) -> bool:
    """Say whether a work folder bears the mark of this case."""
    try:
        return read_small(work / MARKER).strip() == case_id.encode("ascii")
    except OSError:
        return False


def empty_work(work: Path) -> None:
    """Remove everything in the work folder except its mark; links are removed, not followed.

    Raises:
        OSError: Something cannot be removed.
    """
    with os.scandir(work) as entries:
        for entry in entries:
            if entry.name == MARKER:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
