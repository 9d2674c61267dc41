"""What a reading process does with a live store: connect, search what it holds, and leave small tables behind.

The address and the secret come by the pipe of the order: never as an argument, in the environment, or in a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.errors import FlagstateError, RoomError
from flagstate.pipeline import extract, keep
from flagstate.pipeline.extract import Gathered, Known, Seen
from flagstate.read.live import Fetched, open_target
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.sampling import Bounds, Timeouts
from flagstate.read.live.target import Target
from flagstate.read.part import Records
from flagstate.read.unfold import unfold

TARGET = "flagstate.pipeline.live:extract_store"

STORE = "store.json"
"""What became of the store as a whole."""


def prepare() -> None:
    """Load what the process needs before it is forked; a store is made of records."""
    extract.prepare()
    extract.load()


def order(
    target: Target, credentials: Credentials, bounds: Bounds, *, out: Path, spool: Path, salt: int, memory_bytes: int,
    threads: int, max_expand: int | None,
) -> dict[str, object]:  # fmt: skip
    """Return the order to read one store.

    Args:
        target: The store.
        credentials: Who we are.
        bounds: How much is read.
        out: Folder for what is left behind.
        spool: Folder for nameless files.
        salt: Makes fingerprints those of this run.
        memory_bytes: Memory of the database of the reading process.
        threads: Threads that it may use.
        max_expand: Absolute bound of expansion in bytes.
    """
    return {
        "target": asdict(target),
        "credentials": credentials.pack(),
        "bounds": asdict(bounds),
        "out": str(out),
        "spool": str(spool),
        "salt": str(salt),
        "memory_bytes": memory_bytes,
        "threads": threads,
        "max_expand": max_expand,
    }


def extract_store(told: Mapping[str, Any]) -> None:
    """Read the store of one order.

    Args:
        told: As `order` made it.

    In `out` a file says what became of the store, beside its tables; what became of each fetched object, and its
    tables, lie in a folder of their own.
    """
    target, credentials = Target(**told["target"]), Credentials.unpack(told["credentials"])
    bounds = _bounds(told["bounds"])
    folder, known = Path(told["out"]), Known(int(told["salt"]))
    seen = Seen("0", target.show(), kind=f"live.{target.scheme}")
    gathered = Gathered(known)
    sampled, objects = False, 0
    con = connect(memory_bytes=int(told["memory_bytes"]), threads=int(told["threads"]))
    try:
        for remark in credentials.remarks:
            seen.notes.append((remark, "Run `chmod 600` on it, or name another.", False))
        for part in open_target(target, credentials, bounds, spool=str(told["spool"])):
            if isinstance(part, Fetched):
                objects += 1
                sampled |= not part.whole
                _object(part, target, folder / str(objects), told, known)
                continue
            sampled |= isinstance(part, Records) and part.rows_total is not None
            extract._take(part, seen, gathered, con)
    except RoomError:
        raise
    except FlagstateError as problem:
        seen.state, seen.reason, seen.todo = "refused", _clause(problem), problem.todo
    finally:
        con.close()
    if seen.state != "refused":
        lost = any(note[2] for note in seen.notes) or bool(seen.rows_rejected)
        extract._settle(seen)
        seen.state = "partly_read" if lost or sampled else "read"
        extract._save(folder, seen, gathered)
    else:
        lost = True
    keep.note(folder / STORE, asdict(seen) | {"lost": lost, "sampled": sampled, "objects": objects})


def _bounds(told: Mapping[str, Any]) -> Bounds:
    return Bounds(**{**told, "timeouts": Timeouts(**told["timeouts"])})


def _object(part: Fetched, target: Target, folder: Path, told: Mapping[str, Any], known: Known) -> None:
    folder.mkdir(mode=0o700)
    name = f"s3://{target.bucket}/{part.name}"
    extract._leaves(unfold(part.descriptor, name, str(told["spool"]), told["max_expand"]), folder, told, known)
    if part.whole:
        return
    for path in folder.glob("0*.json"):
        seen = json.loads(path.read_text())
        if seen["state"] == "read":
            seen["state"] = "partly_read"
        said = f"of {part.size_total:,} bytes the first {part.size:,} were read"
        seen |= {"reason": "; ".join(filter(None, (said, seen["reason"]))), "cut": part.size}
        keep.note(path, seen)


def _clause(problem: FlagstateError) -> str:
    text = problem.what[:1].lower() + problem.what[1:]
    return mask(f"{text} ({problem.why})" if problem.why else text)
