"""What all tests share: keys and tables of their own, the command line as a process, the example audited once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="session", autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep keys and added tables of tests out of the account, also in the processes that they start."""
    base = tmp_path_factory.mktemp("account")
    named = {"FLAGSTATE_KEYS": str(base / "keys"), "FLAGSTATE_DATA": str(base / "data")}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    os.environ.pop("FLAGSTATE_DEBUG", None)
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@pytest.fixture(scope="session")
def flagstate() -> Run:
    """Return a function that runs the command line as a user would: a process of its own."""

    def run(*told: object, cwd: Path, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-P", "-m", "flagstate", *map(str, told)]
        return subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
        )

    return run


@dataclass(frozen=True)
class Audited:
    """An audit that the command line made."""

    folder: Path
    """Where it ran."""
    case: Path
    """The case."""
    code: int
    """Exit code."""
    document: dict[str, Any]
    """What `--json` printed."""
    seconds: float
    """How long it took."""

    def rows(self, noun: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        import pyarrow.parquet as pq

        return pq.read_table(self.case / "tables" / f"{noun}.parquet").to_pylist()


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, flagstate: Run) -> Audited:
    """Return the audit of the example case; one process makes it, and the other test processes wait for it."""
    from flagstate.catalog.example import EVIDENCE

    # Under xdist every worker has its own base below the one that the session shares.
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "example-audit"
    said = shared / "said.json"
    try:
        shared.mkdir()
    except FileExistsError:
        _wait(said)
    else:
        since = time.monotonic()
        done = flagstate(
            "audit", EVIDENCE, "--case", shared / "case", "--as-of", "2026-11-21", "--json", cwd=shared,
            FLAGSTATE_KEYS=str(shared / "keys"),
        )  # fmt: skip
        told = {"code": done.returncode, "out": done.stdout.decode(), "seconds": time.monotonic() - since}
        told["err"] = done.stderr.decode()
        (shared / "part.json").write_text(json.dumps(told))
        (shared / "part.json").rename(said)
    told = json.loads(said.read_text())
    assert told["out"], told["err"]
    return Audited(shared, shared / "case", told["code"], json.loads(told["out"]), told["seconds"])


def _wait(path: Path) -> None:
    until = time.monotonic() + 120
    while not path.exists():
        if time.monotonic() > until:
            pytest.fail("the audit of the example, which another test process makes, did not end")
        time.sleep(0.1)
