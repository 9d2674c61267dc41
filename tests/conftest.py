"""What all tests share: keys and tables of their own, the command line as a process, the demonstration audited once."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest

from warm_processes import Commands, keep_parents

T = TypeVar("T")
Run = Callable[..., subprocess.CompletedProcess[bytes]]


# The same examples in every run, so that a run that passed passes again, however slow the machine is at the moment;
# FLAGSTATE_RANDOM=1 looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True, database=None, deadline=None)
if not os.environ.get("FLAGSTATE_RANDOM"):
    hypothesis.settings.load_profile("same")


FEW = 20
"""Examples that a property is tried on in every run of the tests, at least."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a property on a third of its examples, and with FLAGSTATE_FULL=1, as in `make bench`, on all of them."""
    if os.environ.get("FLAGSTATE_FULL"):
        return
    seen: set[int] = set()
    for item in items:
        test = getattr(item, "obj", None)
        told = getattr(test, "_hypothesis_internal_use_settings", None)
        # One function stands for all its parameters.
        if told is None or id(getattr(test, "__func__", test)) in seen or item.get_closest_marker("slow"):
            continue
        function: Any = getattr(test, "__func__", test)
        seen.add(id(function))
        fewer = min(told.max_examples, max(FEW, told.max_examples // 3))
        function._hypothesis_internal_use_settings = hypothesis.settings(told, max_examples=fewer)


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


@pytest.fixture(scope="session", autouse=True)
def _warm_parents(_own_places: None) -> Iterator[None]:
    """Read in children of a warm parent that audits in this test process share."""
    with pytest.MonkeyPatch.context() as patch:
        keep_parents(patch)
        yield


@pytest.fixture(scope="session")
def _commands(_own_places: None) -> Iterator[Commands]:
    """Yield what forks command lines; it begins when the first test asks."""
    made = Commands()
    yield made
    made.close()


@pytest.fixture(scope="session")
def flagstate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs the command line as a user would: a process of its own.

    It is forked from an interpreter that has imported what commands need. With `fresh`, or with variables that an
    interpreter looks at when it begins, it is a new interpreter, which also has another seed of hashes.
    """

    def run(
        *told: object, cwd: Path, timeout: float = 120, fresh: bool = False, **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        words, whole = [*map(str, told)], os.environ | env
        commands: Commands = request.getfixturevalue("_commands")
        if not fresh and commands.fits(whole):
            folder = tmp_path_factory.mktemp("command")
            return commands.run(words, cwd=cwd, env=whole, timeout=timeout, folder=folder)
        return subprocess.run(
            [sys.executable, "-P", "-m", "flagstate", *words],
            cwd=cwd,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=whole,
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


@dataclass(frozen=True)
class Demonstration:
    """A small demonstration, as it is built."""

    evidence: Path
    """Its evidence, with some odd files beside."""
    truth: dict[str, Any]
    """What was hidden in it."""


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """Return a small demonstration; one process builds it, and the other test processes wait for it."""
    import demonstrations as small

    def make(folder: Path) -> dict[str, Any]:
        truth = small.build(folder / "hub", small.Hub(small.SCALE, small.SEED))
        small.odd(folder / "hub" / small.EVIDENCE)
        return truth

    shared, truth = once(tmp_path_factory, "demonstration", make)
    return Demonstration(shared / "hub" / small.EVIDENCE, truth)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, demonstration: Demonstration, flagstate: Run) -> Audited:
    """Return the audit of the demonstration; one process makes it, and the other test processes wait for it."""

    def make(folder: Path) -> dict[str, Any]:
        since = time.monotonic()
        done = flagstate(
            "audit", demonstration.evidence, "--case", folder / "case", "--as-of", "2026-11-21", "--json", cwd=folder,
            fresh=True, FLAGSTATE_KEYS=str(folder / "keys"),
        )  # fmt: skip
        said = {"code": done.returncode, "out": done.stdout.decode(), "seconds": time.monotonic() - since}
        return said | {"err": done.stderr.decode()}

    shared, told = once(tmp_path_factory, "example-audit", make)
    assert told["out"], told["err"]
    return Audited(shared, shared / "case", told["code"], json.loads(told["out"]), told["seconds"])


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> tuple[Path, T]:
    """Make something in a folder that all test processes share: one of them makes it, and the others wait.

    Args:
        factory: Of the test process.
        name: Of the folder.
        make: Fills the folder, and returns what is worth telling of it.
    """
    # Under xdist every worker has its own base below the one that the session shares.
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    said = folder.with_suffix(".said")
    try:
        folder.mkdir()
    except FileExistsError:
        until = time.monotonic() + 240
        while not said.exists():
            assert time.monotonic() < until, f"{name}, which another test process makes, did not come"
            time.sleep(0.1)
        told: T = pickle.loads(said.read_bytes())  # noqa: S301  our own, of this session
        if isinstance(told, _Failed):
            pytest.fail(told.why)
        return folder, told
    try:
        made: Any = make(folder)
    except BaseException as problem:
        made = _Failed(f"{name}: {type(problem).__name__}: {problem}")
        raise
    finally:
        part = folder.with_suffix(".part")
        part.write_bytes(pickle.dumps(made))
        part.rename(said)
    return folder, made


@dataclass(frozen=True)
class _Failed:
    """Why something shared could not be made."""

    why: str
