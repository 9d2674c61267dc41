"""The engine: a database that sees only what we opened, and children that cost only themselves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flagstate.engine import NO_ROOM, Ended, Limits, Workers, connect, cores, memory
from flagstate.errors import CaseError
from open_files import open_files

TARGET = "engine_jobs:run"
WIDE = Limits(1 << 30, 60, 60)


# The database ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    given = tmp_path / "given.csv"
    given.write_text("a,b\n1,2\n")
    (tmp_path / "other.csv").write_text("a,b\n8,9\n")
    (tmp_path / "spill").mkdir()
    made = connect(files=[str(given)], folders=[tmp_path / "spill"], spill=tmp_path / "spill", threads=1)
    yield made
    made.close()


def test_it_reads_what_we_opened(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert con.execute("SELECT * FROM read_csv(?)", [str(tmp_path / "given.csv")]).fetchall() == [(1, 2)]


@pytest.mark.parametrize(
    "told",
    [
        "SELECT * FROM read_csv('{0}/other.csv')",
        "SELECT * FROM read_text('{0}/other.csv')",
        "SELECT * FROM read_csv('{0}/*.csv')",
        "SELECT * FROM read_csv('{0}/spill/../other.csv')",
        "SELECT * FROM '{0}/other.csv'",
        "SELECT * FROM '{0}/given.csv*'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('{0}/*')",
        "COPY (SELECT 1) TO '{0}/out.csv'",
        "ATTACH '{0}/x.db'",
        "EXPORT DATABASE '{0}/out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "FORCE INSTALL sqlite FROM community",
        "SELECT * FROM read_csv('https://localhost/x.csv')",
        "SELECT * FROM sqlite_scan('{0}/x.db', 't')",
        "SET enable_external_access=true",
        "SET allowed_directories=['/']",
        "SET allowed_paths=['/etc/passwd']",
        "SET TimeZone='Asia/Tokyo'",
        "SET memory_limit='90GB'",
        "RESET lock_configuration",
        "SET lock_configuration=false",
        "PRAGMA temp_directory='/tmp'",
        "SET home_directory='/tmp'",
        "SET secret_directory='/tmp'",
        "SET python_enable_replacements=true",
    ],
)
def test_it_is_caged(con: duckdb.DuckDBPyConnection, tmp_path: Path, told: str) -> None:
    before = sorted(p.name for p in tmp_path.rglob("*"))
    with pytest.raises(duckdb.Error):
        con.execute(told.format(tmp_path)).fetchall()
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_variables_of_python_are_out_of_sight(con: duckdb.DuckDBPyConnection) -> None:
    import pyarrow as pa

    secret = pa.table({"value": [1]})
    assert secret.num_rows
    with pytest.raises(duckdb.CatalogException):
        con.execute("SELECT * FROM secret").fetchall()


def test_time_is_utc_and_a_table_without_files_needs_none() -> None:
    made = connect()
    try:
        assert made.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
        assert made.execute("SELECT make_timestamptz(2026,1,1,0,0,0)::VARCHAR").fetchall() == [
            ("2026-01-01 00:00:00+00",)
        ]
        with pytest.raises(duckdb.Error):
            made.execute("SELECT * FROM read_text('/etc/hostname')").fetchall()
    finally:
        made.close()


def test_memory_and_threads_are_as_told() -> None:
    made = connect(memory_bytes=100 << 20, threads=1)
    try:
        assert made.execute("SELECT current_setting('threads')").fetchall() == [(1,)]
        assert made.execute("SELECT current_setting('memory_limit')").fetchall() == [("100.0 MiB",)]
        with pytest.raises(duckdb.OutOfMemoryException):
            made.execute("SELECT list(i || repeat('x', 60)) FROM range(5000000) t(i)").fetchall()
    finally:
        made.close()


def test_what_does_not_fit_is_spilled_where_we_said(tmp_path: Path) -> None:
    made = connect(memory_bytes=60 << 20, threads=1, folders=[tmp_path], spill=tmp_path)
    try:
        found = made.execute("SELECT count(*) FROM (SELECT DISTINCT i, md5(i::VARCHAR) FROM range(2000000) t(i))")
        assert found.fetchall() == [(2_000_000,)]
    finally:
        made.close()


# The children ---------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def all_of(workers: Workers, count: int, timeout_s: float = 60) -> dict[str, str]:
    """Wait for so many jobs; return the fault of each."""
    ended: list[Ended] = []
    until = time.monotonic() + timeout_s
    while len(ended) < count:
        assert time.monotonic() < until, f"only {len(ended)} of {count} ended"
        ended += workers.wait()
    assert workers.busy == 0
    return {one.job: one.fault for one in ended}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> None:
    for _ in range(100):
        if not alive(pid):
            return
        time.sleep(0.05)
    pytest.fail("the process lives on")


def written(note: Path) -> str:
    for _ in range(400):
        with contextlib.suppress(FileNotFoundError):
            if text := note.read_text():
                return text
        time.sleep(0.05)
    pytest.fail("the child did not start")


def test_each_way_to_end_costs_its_own_job_only(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said = {
        "memory": "it needed more memory than its bound",
        "rows": "it needed more memory than its bound",
        "cpu": "it used more processor time than its bound",
        "wall": "it took longer than its bound of time",
        "wrong": "the reading process failed (exit 71)",
        "leave": "the reading process failed (exit 71)",
        "loud": "the reading process failed (exit 71)",
        "die": "the reading process was ended by SIGSEGV, by a fault or for want of memory",
        "first": "",
        "last": "",
        "input": "",
    }
    before = open_files()
    with Workers(TARGET) as workers:
        assert workers.busy == 0
        workers.submit("first", {"do": "fine", "say": "é\n", "note": str(tmp_path / "first")}, WIDE)
        workers.submit("memory", {"do": "hoard"}, Limits(256 << 20, 60, 60))
        workers.submit("rows", {"do": "hoard_rows"}, WIDE)
        workers.submit("cpu", {"do": "spin"}, Limits(1 << 30, 1, 60))
        workers.submit("wall", {"do": "sleep"}, Limits(1 << 30, 60, 1))
        workers.submit("wrong", {"do": "wrong"}, WIDE)
        workers.submit("leave", {"do": "leave"}, WIDE)
        workers.submit("loud", {"do": "loud"}, WIDE)
        workers.submit("die", {"do": "die"}, WIDE)
        workers.submit("input", {"do": "listen"}, WIDE)
        workers.submit("last", {"do": "fine", "say": "x", "note": str(tmp_path / "last")}, WIDE)
        assert workers.busy == len(said)
        assert all_of(workers, len(said)) == said
    assert (tmp_path / "first").read_text() == "é\n"
    assert (tmp_path / "last").read_text() == "x"
    assert open_files() == before
    assert "canary" not in "".join(capfd.readouterr())


def test_many_jobs_all_end() -> None:
    with Workers(TARGET) as workers:
        for number in range(150):
            workers.submit(str(number), {"do": "fine", "say": "x" * 500}, WIDE)
        assert set(all_of(workers, 150).values()) == {""}


def test_bounds_hold_and_what_children_make_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "bounds", "note": str(tmp_path / "a")}, Limits(900 << 20, 33, 60))
        workers.submit("b", {"do": "make", "note": str(tmp_path / "b")}, WIDE)
        assert set(all_of(workers, 2).values()) == {""}
    data, cpu, core, *rest = (tmp_path / "a").read_text().split()
    assert (int(data), int(cpu), int(core)) == (900 << 20, 33, 0)
    assert "SIG_IGN" in " ".join(rest), "an interrupt ends the audit, which then ends its children"
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_little_memory_is_enough_for_little_data(tmp_path: Path) -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "arrow", "note": str(tmp_path / "a")}, Limits(400 << 20, 60, 60))
        assert all_of(workers, 1) == {"a": ""}
    assert (tmp_path / "a").read_text() == "3"


def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "fill", "note": str(tmp_path / "a")}, WIDE)
        assert all_of(workers, 1) == {"a": NO_ROOM}


def test_a_child_that_is_ended_from_outside_is_said(tmp_path: Path) -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "sleep", "note": str(tmp_path / "pid")}, WIDE)
        workers.submit("b", {"do": "fine", "say": "x"}, WIDE)
        os.kill(int(written(tmp_path / "pid")), signal.SIGKILL)
        assert all_of(workers, 2) == {"a": "the reading process was ended by SIGKILL", "b": ""}


def test_what_few_jobs_need_is_loaded_when_the_first_of_them_asks(tmp_path: Path) -> None:
    notes = {name: tmp_path / name for name in ("before", "one", "two", "after")}
    with Workers(TARGET) as workers:
        workers.submit("before", {"do": "light", "note": str(notes["before"])}, WIDE)
        assert all_of(workers, 1) == {"before": ""}
        for name in ("one", "two"):
            workers.submit(name, {"do": "heavy", "note": str(notes[name])}, WIDE)
        assert all_of(workers, 2) == {"one": "", "two": ""}
        workers.submit("after", {"do": "heavy", "note": str(notes["after"])}, WIDE)
        assert all_of(workers, 1) == {"after": ""}
    assert notes["before"].read_text() == "[]", "nobody asked yet"
    parent = notes["after"].read_text().split("\n")[1].split()[0]
    for name, times in (("one", 2), ("two", 2), ("after", 1)):
        *begun, end = notes[name].read_text().splitlines()
        assert end == f"{parent} [{parent}]", "the warm parent loads once, outside the bounds of its children"
        assert 1 <= len(begun) <= times
    assert len(notes["one"].read_text().splitlines()) == 3, "the first that asks begins again"


def test_a_job_begins_again_once_only(tmp_path: Path) -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "stubborn", "note": str(tmp_path / "a")}, WIDE)
        assert all_of(workers, 1) == {"a": "the reading process failed (exit 73)"}
    assert (tmp_path / "a").read_text() == "xx"


def test_leaving_ends_the_children(tmp_path: Path) -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "sleep", "note": str(tmp_path / "pid")}, WIDE)
        pid = int(written(tmp_path / "pid"))
        assert alive(pid)
    gone(pid)


@pytest.mark.parametrize("how", ["parent", "audit"])
def test_no_child_outlives_who_started_it(tmp_path: Path, how: str) -> None:
    code = (
        "from flagstate.engine import Workers, Limits\n"
        f"with Workers({TARGET!r}) as w:\n"
        f"    w.submit('a', {{'do': 'sleep', 'note': {str(tmp_path / 'pid')!r}}}, Limits(1 << 30, 60, 60))\n"
        "    print(w._process.pid, flush=True)\n"
        "    while not (ended := w.wait()): pass\n"
        "    print(ended[0].fault, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as audit:
        assert audit.stdout is not None
        parent = int(audit.stdout.readline())
        pid = int(written(tmp_path / "pid"))
        os.kill(parent if how == "parent" else audit.pid, signal.SIGKILL)
        gone(pid)
        gone(parent)
        if how == "parent":
            assert audit.stdout.readline() == "the reading process was ended from outside\n"


def test_when_the_warm_parent_is_gone_it_says_so_in_words() -> None:
    with Workers(TARGET) as workers:
        workers.submit("a", {"do": "sleep"}, WIDE)
        workers._process.kill()
        assert all_of(workers, 1) == {"a": "the reading process was ended from outside"}
        for _ in range(3):
            with pytest.raises(CaseError) as told:
                workers.submit("b", {"do": "sleep"}, WIDE)
        assert "goes on" in told.value.todo
        assert workers.busy == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: apt-get install strace")
def test_there_is_no_socket(tmp_path: Path) -> None:
    code = (
        "from flagstate.engine import Workers, Limits\n"
        f"with Workers({TARGET!r}) as w:\n"
        "    w.submit('a', {'do': 'fine', 'say': 'x'}, Limits(1 << 30, 60, 60))\n"
        "    w.submit('b', {'do': 'hoard_rows'}, Limits(1 << 30, 60, 60))\n"
        "    done = []\n"
        "    while len(done) < 2: done += w.wait()\n"
        "    print(sorted(e.job for e in done))\n"
    )
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=socket,connect,bind,listen,accept", "-o", str(trace)]
    done = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, timeout=120, check=False)
    if b"ptrace" in done.stderr.lower():
        pytest.skip("this machine does not allow to trace: run it with the capability SYS_PTRACE")
    assert done.stdout == b"['a', 'b']\n", done.stderr
    calls = [line for line in trace.read_text().splitlines() if "(" in line and "AF_UNIX" not in line]
    assert calls == []


def test_the_machine_is_measured() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert 64 << 20 < memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_target_that_cannot_be_imported_does_not_hang() -> None:
    with Workers("engine_jobs:nothing") as workers, contextlib.suppress(CaseError):
        workers.submit("a", {"do": "fine"}, WIDE)
        assert all_of(workers, 1) == {"a": "the reading process was ended from outside"}
