"""Where the heavy steps run: this machine, in threads and in bounded child processes."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flagstate.errors import FULL, CaseError, RoomError


def connect(
    *,
    memory_bytes: int | None = None,
    threads: int | None = None,
    files: Sequence[str] = (),
    folders: Sequence[Path] = (),
    spill: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Return an in-memory database that can read only the files that we opened, and nothing else outside it.

    Args:
        memory_bytes: Bound of its memory in bytes.
        threads: Number of threads; null: all cores.
        files: Paths that it may open.
        folders: Folders in which it may open files.
        spill: Folder for what does not fit in memory; null: nothing is spilled.

    Extensions are neither installed nor loaded, community extensions are refused, Python variables are out of
    sight, and the configuration is locked.
    """
    con = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        },
    )
    con.execute("SET TimeZone='UTC'")
    con.execute("SET enable_progress_bar=false")
    con.execute("SET preserve_insertion_order=false")
    if threads:
        con.execute(f"SET threads={int(threads)}")
    if memory_bytes:
        con.execute(f"SET memory_limit='{int(memory_bytes // 2**20)}MiB'")
    con.execute("SET temp_directory=?", [str(spill) if spill else ""])
    if spill:
        # What spills may be values: a killed process must not leave them readable. The built-in cipher lacks a strong
        # source of randomness and says so; the key dies with the process, and the folder is its owner's only.
        con.execute("SET force_mbedtls_unsafe=true")
        con.execute("SET temp_file_encryption=true")
    if files:
        con.execute("SET allowed_paths=?", [list(files)])
    if folders:
        con.execute("SET allowed_directories=?", [[f"{folder}{os.sep}" for folder in folders]])
    con.execute("SET enable_external_access=false")
    con.execute("SET lock_configuration=true")
    return con


MEMORY_EXIT, FAULT_EXIT, ROOM_EXIT, AGAIN_EXIT = 70, 71, 72, 73

NO_ROOM = "there was no room left on the disk"
"""A fault that is nobody's who was read."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one reading process; the kernel enforces them."""

    memory_bytes: int
    """Private writable memory."""
    cpu_s: int
    """Processor time in seconds."""
    wall_s: int
    """Elapsed time in seconds."""


@dataclass(frozen=True)
class Ended:
    """How a reading process ended."""

    job: str
    """As submitted."""
    fault: str
    """Empty: it finished; otherwise why it died, as a clause."""


class Workers:
    """Bounded child processes, forked from one warm parent; a dead child costs its own job only.

    The warm parent is a fresh interpreter that has imported the target and has no threads, so that a fork is
    cheap and safe. It speaks over pipes; there is no socket.

    The module of the target may define `prepare`, which the warm parent calls once at its start, and `load`, which it
    calls once when the first child asks for it (`need_loaded`).
    """

    def __init__(self, target: str) -> None:
        """Prepare to run `module:function`, which takes one dictionary."""
        self._target = target
        self._jobs: dict[str, tuple[float, int]] = {}
        self._pids: dict[str, int] = {}
        self._late: set[str] = set()
        self._buffer = b""

    def __enter__(self) -> Workers:
        """Start the warm parent."""
        code = f"from flagstate.engine import breed; breed({self._target!r})"
        # Arrow's own allocator takes a gigabyte at its first byte, which the bound of a child would count.
        env = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"}
        command = [sys.executable, "-P", "-c", code]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True, env=env
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End the warm parent and with it every child."""
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    @property
    def busy(self) -> int:
        """How many jobs are under way."""
        return len(self._jobs)

    def submit(self, job: str, payload: Mapping[str, object], limits: Limits) -> None:
        """Fork a child for a job."""
        self._jobs[job] = (time.monotonic(), limits.wall_s)
        line = {"job": job, "payload": payload, "memory": limits.memory_bytes, "cpu": limits.cpu_s}
        stdin = self._process.stdin
        try:
            if stdin is None or self._process.poll() is not None:
                raise BrokenPipeError
            stdin.write(json.dumps(line).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            del self._jobs[job]
            todo = "Start the audit again: it goes on where it was."
            raise CaseError("The reading process is gone", todo=todo) from None

    def wait(self, timeout_s: float = 0.2) -> list[Ended]:
        """Return the jobs that ended within the time."""
        stdout = self._process.stdout
        if stdout is None:
            return []
        ready, _, _ = select.select([stdout], [], [], timeout_s)
        ended: list[Ended] = []
        if ready:
            block = os.read(stdout.fileno(), 1 << 16)
            if not block:
                self._process.kill()
                self._process.wait()
                ended = [Ended(job, "the reading process was ended from outside") for job in self._jobs]
                self._jobs.clear()
                return ended
            *lines, self._buffer = (self._buffer + block).split(b"\n")
            ended = [e for line in lines if (e := self._hear(json.loads(line)))]
        self._expire()
        return ended

    def _hear(self, word: dict[str, object]) -> Ended | None:
        job = str(word["job"])
        if "pid" in word:
            self._pids[job] = int(str(word["pid"]))
            return None
        self._jobs.pop(job, None)
        self._pids.pop(job, None)
        fault = _fault(int(str(word["status"])))
        return Ended(job, "it took longer than its bound of time" if fault and job in self._late else fault)

    def _expire(self) -> None:
        now = time.monotonic()
        for job, (since, wall_s) in self._jobs.items():
            if now - since > wall_s and job in self._pids and job not in self._late:
                self._late.add(job)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pids[job], signal.SIGKILL)


def _fault(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return "it used more processor time than its bound"
        name = signal.Signals(number).name
        # A library that gets no memory often falls over its own feet.
        why = ", by a fault or for want of memory" if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS) else ""
        return f"the reading process was ended by {name}{why}"
    code = os.waitstatus_to_exitcode(status)
    if code == MEMORY_EXIT:
        return "it needed more memory than its bound"
    if code == ROOM_EXIT:
        return NO_ROOM
    return "" if code == 0 else f"the reading process failed (exit {code})"


class _Again(BaseException):
    """A child ends, and its job begins again where more is loaded; no handler of a parser may hold it up."""


_waits_for_load = False
"""Whether this is a warm parent that has not loaded yet, or its child."""


def need_loaded() -> None:
    """Go on only where the warm parent has called `load` of its target; else it does so, and the job begins again.

    What takes a second to load, and much memory to compile, is done outside the bounds of a child, once, and only if
    the evidence needs it. Elsewhere than in such a child this does nothing.
    """
    if _waits_for_load:
        raise _Again


def breed(target: str) -> None:
    """Be the warm parent: import the target, then fork a child per line of standard input until it ends."""
    global _waits_for_load
    module, name = target.split(":")
    made = importlib.import_module(module)
    run = getattr(made, name)
    # What is slow the first time is done once here, and shared by every child.
    getattr(made, "prepare", lambda: None)()
    load = getattr(made, "load", None)
    _waits_for_load = load is not None
    children: dict[int, dict[str, object]] = {}
    wake, sleep = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(sleep)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What children leave behind is for its owner alone, also what engines spill.
    os.umask(0o077)
    rest, open_ = b"", True
    while open_ or children:
        ready, _, _ = select.select([0, wake] if open_ else [wake], [], [], 1.0)
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
        if 0 in ready:
            block = os.read(0, 1 << 16)
            if not block:
                open_ = False
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                _start(run, json.loads(line), children)
        for pid, status in _reap(children):
            order = children.pop(pid)
            asks = os.WIFEXITED(status) and os.WEXITSTATUS(status) == AGAIN_EXIT
            if load and open_ and asks and not order.get("again"):
                if _waits_for_load:
                    load()
                    _waits_for_load = False
                _start(run, order | {"again": True}, children)
            else:
                _say({"job": order["job"], "status": status})


def _start(
    run: Callable[[dict[str, object]], None], order: dict[str, object], children: dict[int, dict[str, object]]
) -> None:
    pid = _fork(run, order)
    children[pid] = order
    _say({"job": order["job"], "pid": pid})


def _reap(children: Mapping[int, object]) -> list[tuple[int, int]]:
    done = []
    for pid in children:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            done.append((pid, status))
    return done


def _say(word: Mapping[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(word).encode() + b"\n")


def _fork(run: Callable[[dict[str, object]], None], order: dict[str, object]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = FAULT_EXIT
    try:
        _tie(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Nothing that a parser prints may reach a terminal or a log: it may be a value.
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        _bound(int(str(order["memory"])), int(str(order["cpu"])))
        payload = order["payload"]
        run(payload if isinstance(payload, dict) else {})
        code = 0
    except _Again:
        code = AGAIN_EXIT
    except (MemoryError, duckdb.OutOfMemoryException):
        code = MEMORY_EXIT
    except RoomError:
        code = ROOM_EXIT
    except OSError as problem:
        code = ROOM_EXIT if problem.errno in FULL else FAULT_EXIT
    except BaseException:  # noqa: BLE001  the edge: the parent turns the exit code into a row of the ledger
        code = FAULT_EXIT
    finally:
        os._exit(code)


_DEATH_SIGNAL = 1
"""Option of prctl: the signal that a process gets when its parent dies."""


def _tie(parent: int) -> None:
    # A child that outlives its parent would write into a case that another audit may hold by then.
    ctypes.CDLL(None, use_errno=True).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(FAULT_EXIT)


def _bound(memory_bytes: int, cpu_s: int) -> None:
    # Data, not address space: engines reserve far more addresses than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def memory() -> int:
    """Return how many bytes of memory this machine, or its container, has."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        bound = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(bound)) if bound.isdigit() else total
