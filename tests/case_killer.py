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
from pathlib import Path

from case_world import tables
from flagstate.case import Case


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


def look(place: Path) -> None:
    """Before anybody repaired anything."""
    if not (place / "case" / "case.json").exists():
        return
    case = Case.open(place / "case", keys=place / "keys")
    for problem in case.check():
        if "unfinished" not in problem and problem not in ("the ledger is missing", "the ledger has no row"):
            raise AssertionError(problem)
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
    left = [p.name for p in case.path.rglob("*.tmp")]
    if left:
        raise AssertionError(f"left over: {left}")


def child(work: Callable[[Path], None], place: Path) -> int:
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


def main() -> int:
    place, rounds, dice = Path(sys.argv[1]), int(sys.argv[2]), random.Random(sys.argv[3])
    for number in range(rounds):
        pid = child(write, place)
        time.sleep(dice.uniform(0, 0.4))
        os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status != -signal.SIGKILL:
            print(f"round {number}: the writer failed by itself")
            return 1
        for work in (look, mend) if number % 2 else (look,):
            if os.waitpid(child(work, place), 0)[1]:
                print(f"round {number}: {work.__name__} found it broken")
                return 1
    if os.waitpid(child(mend, place), 0)[1]:
        return 1
    case = Case.open(place / "case", keys=place / "keys")
    print("versions", case.version(), "torn", sum(row["kind"] == "torn_line_removed" for row in case.ledger()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
