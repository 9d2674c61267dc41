"""A kill at any moment, a full disk: the last good version stays, and the chain holds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from case_world import again, made, tables
from flagstate.errors import LockedError

HERE = Path(__file__).parent
KILLS = 30


def test_killed_at_random_moments_the_case_stays_whole(tmp_path: Path) -> None:
    seed = str(random.randrange(10**6))
    command = [sys.executable, HERE / "case_killer.py", tmp_path, str(KILLS), seed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stdout} {done.stderr}"
    assert int(done.stdout.split()[1]) > KILLS // 3, done.stdout


def test_killed_before_each_change_of_the_disk_the_case_stays_whole(tmp_path: Path) -> None:
    command = [sys.executable, HERE / "case_killer.py", tmp_path, "everywhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout} {done.stderr}"
    assert int(done.stdout.split()[1]) > 30, done.stdout


FULL = """
import os, resource, sys
from pathlib import Path
from case_world import tables
from flagstate.case import Case
from flagstate.errors import CaseError
case = Case.open(Path(sys.argv[1]) / "case", create=True, keys=Path(sys.argv[2]))
case.publish(tables(1))
head = case.head()
if sys.argv[3]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
failed = 0
for step in (lambda: case.publish(tables(60_000)), lambda: case.append("big", {"a": "x" * 900_000})):
    try:
        step()
    except CaseError as error:
        failed += 1
        print(error)
assert failed == 2
assert case.head() == head and case.check() == [] and case.version() == 1
assert case.tables()["flow"].num_rows == 1
assert not list(case.path.rglob("*.tmp"))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert case.publish(tables(2)) == 2 and case.check() == []
print("whole")
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE)}


def test_a_limit_on_file_sizes_is_said_in_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, tmp_path, tmp_path / "keys", "200000"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert done.stdout.splitlines()[-1:] == ["whole"], done
    assert "a limit on the size of files was reached" in done.stdout


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    mount = 'mount -t tmpfs -o size=800k none "$1" && shift && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", tmp_path / "disk"]
    try:
        able = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        able = False
    if not able:
        pytest.skip("needs user namespaces to mount a small disk: run as root, or allow them (kernel setting)")
    command += [sys.executable, "-c", FULL, tmp_path / "disk", tmp_path / "keys", ""]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert done.stdout.splitlines()[-1:] == ["whole"], done
    assert done.stdout.count("the disk is full") == 2


def test_the_lock_of_a_killed_writer_is_free_though_its_child_lives(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from flagstate.case import Case\n"
        "case = Case.open(Path(sys.argv[1]), keys=Path(sys.argv[2]))\n"
        "with case.writing():\n"
        "    if (pid := os.fork()) == 0:\n"
        "        time.sleep(60)\n"
        "    print(pid, flush=True); time.sleep(60)\n"
    )
    case = made(tmp_path)
    command = [sys.executable, "-c", code, case.path, tmp_path / "keys"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        child = int(writer.stdout.readline())
        writer.kill()
        writer.wait()
        try:
            os.kill(child, 0)
            # The kernel frees what the dead writer held when it has buried it, which a busy machine may delay.
            for _ in range(100):
                try:
                    assert again(case).publish(tables(1)) == 1
                    break
                except LockedError:
                    time.sleep(0.05)
            else:
                pytest.fail("the lock of a killed writer was never freed")
        finally:
            os.kill(child, signal.SIGKILL)
