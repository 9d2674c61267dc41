"""Progress where nobody looks at a terminal: plain lines in time, beside the answer and never in it."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest

WORK = """
import sys, time
from flagstate.cli import progress
progress._PLAIN_S = float(sys.argv[1])
with progress.Progress() as said:
    for name in ("Reading one", "Reading two"):
        said(name)
        time.sleep(float(sys.argv[2]))
print("the answer")
"""


def _run(every: float, step: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", WORK, str(every), str(step)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_lines_come_also_while_a_step_is_long() -> None:
    done = _run(0.2, 0.7)
    lines = done.stderr.splitlines()
    assert 3 <= len(lines) <= 7
    assert all(re.fullmatch(r"Reading (one|two) \([0-9]+ s\)", line) for line in lines)
    assert lines[0].startswith("Reading one")
    assert lines[-1].startswith("Reading two")
    assert "\r" not in done.stderr
    assert done.stdout == "the answer\n"


def test_what_is_short_says_nothing() -> None:
    done = _run(5, 0.01)
    assert (done.stdout, done.stderr) == ("the answer\n", "")


def test_the_end_is_not_waited_for() -> None:
    since = time.monotonic()
    _run(30, 0.01)
    assert time.monotonic() - since < 15


def test_the_usual_time_between_two_lines() -> None:
    from flagstate.cli import progress

    assert progress._PLAIN_S == 5


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_nobody_listens(closed: str) -> None:
    """The work goes on."""
    command = f'exec "$0" -P -c "$1" 0.1 0.3 {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, WORK], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert done.stdout == "the answer\n"
