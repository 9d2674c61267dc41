"""Kill a writer at random moments, again and again, and look at what is left; run by test_case_kill.py.

It forks from a process that never used Arrow's threads, so that a fork holds no lock of theirs.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from case_world import tables
from flagstate.case import Case, verify


def write(place: Path) -> None:
    case = Case.open(place / "case", create=True, keys=place / "keys")
    with case.writing():
        count = (case.version() or 0) + 1
        while True:
            # The version's number is its number of rows, so a mix of two versions cannot go unseen.
            case.remember(f"{count:064x}", {"artefact": f"f{count}.log", "size": count, "sha256": "0" * 64})
            case.append("audit", {"count": count})
            if case.publish(tables(count)) < count:
                raise AssertionError("a version number was used twice")
            count += 1


CHANGES = {"write", "fsync", "mkdir", "rename", "replace", "symlink", "unlink", "rmdir", "ftruncate"}


def step(place: Path, moment: int) -> None:
    """Do one audit's writing and be killed before the given call that changes the disk; note what the calls were."""
    calls: list[str] = []

    def profile(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__module__ == "posix" and called.__name__ in CHANGES:
            if len(calls) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            calls.append(called.__name__)

    case = Case.open(place / "case", create=True, keys=place / "keys")
    count = 1 + max((row["body"]["version"] for row in case.ledger() if row["kind"] == "version"), default=0)
    sys.setprofile(profile)
    with case.writing():
        case.remember(f"{count:064x}", {"artefact": f"f{count}.log", "size": count, "sha256": "0" * 64})
        case.append("audit", {"count": count})
        case.publish(tables(count))
    sys.setprofile(None)
    (place / "calls").write_text(" ".join(calls))


def look(place: Path) -> None:
    """Before anybody repaired anything."""
    if not (place / "case" / "case.json").exists():
        return
    case = Case.open(place / "case", keys=place / "keys")
    for problem in case.check():
        if "unfinished" not in problem and problem not in ("the ledger is missing", "the ledger has no row"):
            raise AssertionError(problem)
    if case.version() is None and (place / "calls").exists():
        raise AssertionError("the case lost its tables")
    if case.version() is not None:
        with case.tables() as found:
            counts = {found["flow"].num_rows, found["evidence"].num_rows}
            published = [row["body"] for row in case.ledger() if row["kind"] == "version"]
            rows = [body["rows"] for body in published if body["version"] == found.version]
            if len(counts) != 1 or rows != [{"evidence": counts.copy().pop(), "flow": counts.pop()}]:
                raise AssertionError(f"version {found.version} is not whole: {counts} {rows}")


def mend(place: Path) -> None:
    """The next writer leaves no trace of the kill but its row."""
    case = Case.open(place / "case", create=True, keys=place / "keys")
    before = case.version() or 0
    case.append("after_kill", {})
    if case.check() or (case.version() or 0) < before:
        raise AssertionError(f"{case.check()} {before} {case.version()}")
    newest = max((row["body"]["version"] for row in case.ledger() if row["kind"] == "version"), default=0)
    wrong = [check for check in verify(case, []) if check.kind == "table" and check.state != "ok"]
    if wrong or (case.version() or 0) != newest:
        raise AssertionError(f"version {case.version()} of {newest}: {wrong}")
    left = [p.name for p in case.path.rglob("*.tmp")]
    if left:
        raise AssertionError(f"left over: {left}")


def child(work: Callable[[Path], object], place: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work(place)
        code = 0
    except BaseException:  # noqa: BLE001 - a forked child must never return into its parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def everywhere(place: Path) -> int:
    """Kill one audit's writing before each call that changes the disk, except most of a long row of the same."""
    for _ in range(6):
        # With five versions kept, a further one also removes one.
        wait(child(partial(step, moment=-1), place))
    calls = (place / "calls").read_text().split()
    kills = 0
    for moment in range(len(calls)):
        around = set(calls[max(0, moment - 5) : moment + 5])
        if around in ({"write", "fsync"}, {"unlink"}) and moment % 10:
            continue
        if wait(child(partial(step, moment=moment), place)) != -signal.SIGKILL:
            print(f"not killed before call {moment}")
            return 1
        if wait(child(lambda where: (look(where), mend(where)), place)):
            print(f"killed before call {moment} ({calls[moment]}): it is broken")
            return 1
        kills += 1
    print("kills", kills, "of", len(calls))
    return 0


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def at_random(place: Path, rounds: int, dice: random.Random) -> int:
    for number in range(rounds):
        pid = child(write, place)
        # The first rounds wait for a version: on a busy machine the writer may need longer to its first one.
        for _ in range(600):
            if number > 2 or (place / "case" / "tables").exists():
                break
            time.sleep(0.05)
        time.sleep(dice.uniform(0, 0.25))
        os.kill(pid, signal.SIGKILL)
        status = wait(pid)
        if status != -signal.SIGKILL:
            print(f"round {number}: the writer failed by itself")
            return 1
        for work in (look, mend) if number % 2 else (look,):
            if wait(child(work, place)):
                print(f"round {number}: {work.__name__} found it broken")
                return 1
    if wait(child(mend, place)):
        return 1
    case = Case.open(place / "case", keys=place / "keys")
    print("versions", case.version(), "torn", sum(row["kind"] == "torn_line_removed" for row in case.ledger()))
    return 0


if __name__ == "__main__":
    if sys.argv[2] == "everywhere":
        sys.exit(everywhere(Path(sys.argv[1])))
    sys.exit(at_random(Path(sys.argv[1]), int(sys.argv[2]), random.Random(sys.argv[3])))
