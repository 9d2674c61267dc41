"""Processes that tests share: warm parents of bounded processes, and an interpreter that forks command lines.

What is slow to import is imported once per test process instead of once per test. Each audit still reads, and hears
laws, in children of its own, and each command line is still a process of its own, with its own standard streams and
working folder.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

SINGLE = {"OPENBLAS_NUM_THREADS": "1"}
"""With this, numpy starts no threads when it is imported."""

OWN = ("FLAGSTATE_", "PYTEST_")
"""How variables begin that a warm process does not look at before it is told."""


def _surroundings(env: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in env.items() if not name.startswith("PYTEST_"))


# Bounded processes ----------------------------------------------------------------------------------------------------

KEPT = ("flagstate.pipeline.extract:extract", "flagstate.laws.sitting:work")
"""What the parents that are kept fork children for: to read evidence, and to hear laws."""


def keep_parents(patch: pytest.MonkeyPatch) -> None:
    """Keep the warm parents of an audit that ended well for the next one with the same folder and environment."""
    from flagstate.engine import Workers

    enter, leave = Workers.__enter__, Workers.__exit__
    idle: dict[str, tuple[Any, subprocess.Popen[bytes]]] = {}

    def key() -> Any:
        return os.getcwd(), _surroundings(os.environ)

    def begin(workers: Workers) -> Workers:
        surroundings, kept = idle.get(workers._target, (None, None))
        if kept is None or surroundings != key() or kept.poll() is not None:
            return enter(workers)
        del idle[workers._target]
        workers._process = kept
        return workers

    def end(workers: Workers, *why: object) -> None:
        well = why[:1] == (None,) and not workers.busy and not workers._buffer and workers._process.poll() is None
        if not (well and workers._target in KEPT):
            leave(workers, *why)
            return
        # One of each is enough: the last surroundings are the likeliest to come again.
        kept, (_, workers._process) = workers._process, idle.pop(workers._target, (None, workers._process))
        if workers._process is not kept:
            leave(workers, *why)
        idle[workers._target] = key(), kept

    patch.setattr(Workers, "__enter__", begin)
    patch.setattr(Workers, "__exit__", end)


# Command lines --------------------------------------------------------------------------------------------------------


class Commands:
    """Runs command lines, each in a fork of one interpreter that has imported everything and has no threads."""

    def __init__(self) -> None:
        self._env = dict(os.environ)
        command = [sys.executable, "-P", __file__]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._env | SINGLE)

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether nothing is set that an interpreter or a library looks at when it begins."""
        told, began = ({n: v for n, v in e.items() if not n.startswith(OWN)} for e in (env, self._env))
        return told == began

    def run(
        self, told: list[str], *, cwd: Path, env: Mapping[str, str], timeout: float, folder: Path
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one command line; its output goes through files in a folder."""
        out, err = folder / "stdout", folder / "stderr"
        order = {"told": told, "cwd": str(cwd), "env": dict(env), "out": str(out), "err": str(err)}
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(order).encode() + b"\n")
        self._server.stdin.flush()
        pid = int(self._hear(60))
        until = time.monotonic() + timeout
        try:
            status = int(self._hear(until - time.monotonic()))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._hear(60)
            raise subprocess.TimeoutExpired(told, timeout, out.read_bytes(), err.read_bytes()) from None
        done = subprocess.CompletedProcess(told, os.waitstatus_to_exitcode(status), out.read_bytes(), err.read_bytes())
        out.unlink()
        err.unlink()
        return done

    def _hear(self, seconds: float) -> bytes:
        stdout = self._server.stdout
        assert stdout is not None
        if not select.select([stdout], [], [], max(0.0, seconds))[0]:
            raise TimeoutError
        return stdout.readline()

    def close(self) -> None:
        """End the interpreter."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(20)


def _serve() -> None:
    """Fork a process per line of standard input; it returns here, and ends as any other process does."""
    for name in ("cli.app", "pipeline.audit", "pipeline.whatif", "report.page", "report.exports.json"):
        importlib.import_module(f"flagstate.{name}")
    from flagstate.catalog.mask import mask
    from flagstate.laws import pack, tree

    mask("warm")
    pack.packs()
    _report()
    # Queries that had to be checked anew leave a database with threads behind.
    tree._parser.cache_clear()
    # The allocator follows its process through a fork; nothing else may have threads by now.
    tasks = [Path(f"/proc/self/task/{number}/comm").read_text().strip() for number in os.listdir("/proc/self/task")]
    assert len(tasks) - tasks.count("jemalloc_bg_thd") == 1, f"a process with threads cannot be forked safely: {tasks}"
    orders = os.fdopen(os.dup(0), "rb")
    words = os.dup(1)
    for line in orders:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            orders.close()
            os.close(words)
            _become(order)
            return
        os.write(words, f"{pid}\n".encode())
        os.write(words, f"{os.waitpid(pid, 0)[1]}\n".encode())
    sys.argv = []


def _report() -> None:
    """Make a report of nothing, so that its templates are compiled once."""
    from datetime import UTC, date, datetime

    from flagstate.report.meta import Meta
    from flagstate.report.page import render

    day = date(2026, 11, 21)
    made = datetime(2026, 11, 21, tzinfo=UTC)
    render({}, meta=Meta(case_id="warm", version=1, as_of=day, made_at=made, flagstate="0", ledger_head="0" * 64))


def _become(order: Mapping[str, Any]) -> None:
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    for descriptor, path in ((1, order["out"]), (2, order["err"])):
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.dup2(made, descriptor)
        os.close(made)
    sys.argv = ["flagstate", *order["told"]]


if __name__ == "__main__":
    _serve()
    if sys.argv:
        runpy.run_module("flagstate", run_name="__main__", alter_sys=True)
