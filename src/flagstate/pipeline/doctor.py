"""What this machine has, and what an audit could not do on it."""

from __future__ import annotations

import os
import platform
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from flagstate import __version__
from flagstate.catalog import networks
from flagstate.engine import Limits, Workers, connect, cores, memory
from flagstate.errors import FlagstateError
from flagstate.model.counted import counted
from flagstate.read.source import neutral, spool

OLD_DAYS = 90
"""Network tables older than this in days are named; their age changes no verdict."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    """What."""
    state: str
    """ok, note or failed."""
    detail: str
    """In words."""


def prepare() -> None:
    """Do once what is slow the first time: compile the kernels, and load what reading processes load."""
    from flagstate.catalog.mask import mask
    from flagstate.enrich import classify, flow_radix
    from flagstate.enrich.behave.warm import warm
    from flagstate.read import json_walk
    from flagstate.read.capture import passes
    from flagstate.read.registry import readers

    flow_radix.kernel()
    warm(connect(threads=1))
    passes.warm()
    classify.warm()
    json_walk.warm()
    readers()
    mask("warm")
    networks.lookup_one("192.0.2.1")


def examine() -> list[Check]:
    """Look at everything that an audit needs."""
    made = [
        Check("flagstate", "ok", f"{__version__} on Python {platform.python_version()}, {platform.system()}"),
        Check("libraries", "ok", ", ".join(f"{n} {version(n)}" for n in ("duckdb", "pyarrow", "numpy", "numba"))),
        Check("machine", "ok", f"{counted(cores(), 'core[|s]')}, {memory() / 2**30:.1f} GB of memory"),
        _tables(),
        _keys(),
    ]
    made += [_neutral(), _children(), _database()]
    return made


def _tables() -> Check:
    listed = networks.tables()
    oldest = max(listed, key=lambda entry: int(str(entry["age_days"])))
    age = int(str(oldest["age_days"]))
    state = "note" if age > OLD_DAYS else "ok"
    old = counted(age, "day[|s]")
    return Check("network tables", state, f"{len(listed)} tables; the oldest is {old} old ({oldest['source']})")


def _keys() -> Check:
    from flagstate.case import keys

    place = keys.folder(None)
    shown = "the folder for keys"
    if place.exists() and not os.access(place, os.W_OK):
        return Check("keys", "failed", f"{shown} cannot be written: set FLAGSTATE_KEYS")
    return Check("keys", "ok", f"{shown} is outside every case")


def _neutral() -> Check:
    try:
        descriptor = spool(tempfile.gettempdir())
    except FlagstateError as problem:
        return Check("nameless files", "failed", str(problem))
    try:
        os.write(descriptor, b"x")
        fine = Path(neutral(descriptor)).read_bytes() == b"x"
    except OSError:
        fine = False
    finally:
        os.close(descriptor)
    return Check("nameless files", "ok" if fine else "failed", "archives are read without leaving files behind")


def starve(_order: dict[str, object]) -> None:
    """Need more memory than any bound: only a bounded child may run this."""
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def _children() -> Check:
    with Workers("flagstate.pipeline.doctor:starve") as workers:
        workers.submit("probe", {}, Limits(512 << 20, 20, 20))
        for _ in range(200):
            for ended in workers.wait():
                fine = bool(ended.fault)
                detail = "a reader that runs wild costs its own file only" if fine else "memory cannot be bounded here"
                return Check("bounded readers", "ok" if fine else "failed", detail)
    return Check("bounded readers", "failed", "no reading process could be started")


def _database() -> Check:
    con = connect()
    try:
        con.execute("SELECT * FROM read_csv('/etc/hostname')")
    except Exception as problem:  # noqa: BLE001  any refusal is the right answer; its text may name a path
        caged = "disabled" in str(problem) or "Permission" in str(problem)
        return Check("database", "ok" if caged else "failed", "it opens no file that we did not open")
    finally:
        con.close()
    return Check("database", "failed", "it can open any file")
