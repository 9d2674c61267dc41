"""Reads all that was given: what is known and unchanged is taken from its summaries, the rest goes to the children."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from flagstate.case import Case, Growth, ranges, signature
from flagstate.catalog.mask import mask
from flagstate.engine import NO_ROOM, Limits, Workers
from flagstate.errors import EvidenceError, RoomError
from flagstate.pipeline import keep
from flagstate.pipeline.extract import item_key
from flagstate.read.source import Found, sha256, walk

TARGET = "flagstate.pipeline.extract:extract"
LARGE = 64 << 20
"""Artefacts from this size in bytes on are read alone, with all threads."""
BATCH_BYTES, BATCH_FILES = 16 << 20, 24
LEAD = 64 << 10
ROOM = "Make room where the case lies, and start the audit again: it goes on where it was."
SLACK = 1536 << 20
"""Private memory in bytes that a child needs beside its database."""


@dataclass(frozen=True)
class Piece:
    """A file, or a range of a growing one, that is read as one."""

    found: Found
    """The file."""
    item: str
    """Name of its folder of summaries."""
    start: int = 0
    """First byte."""
    stop: int | None = None
    """One past the last byte; null: to the end."""
    lead: int = 0
    """Bytes at the beginning of the file that every range needs: its header."""

    @property
    def size(self) -> int:
        """Bytes to read."""
        return (self.stop if self.stop is not None else self.found.size) - self.start


@dataclass
class Gathering:
    """What the readers left behind."""

    refused: list[Found] = field(default_factory=list)
    """What was not opened."""
    pieces: list[Piece] = field(default_factory=list)
    """What was read, in the order in which it was found."""
    signs: dict[str, dict[str, int]] = field(default_factory=dict)
    """Per item: what its file looked like before it was read."""


@dataclass(frozen=True)
class Means:
    """What reading may use."""

    memory_bytes: int
    """Memory for all children together."""
    threads: int
    """Threads for all children together."""
    max_expand: int | None
    """Absolute bound of expansion in bytes; null: 200 times."""


@dataclass(frozen=True)
class Turn:
    """One round of reading, and what earlier rounds found out."""

    number: int = 1
    """1: everything but connections; 2: connections; 3: those that hold suspected ones."""
    names: Mapping[str, str] | None = None
    """File and digest of the server names."""
    suspects: Mapping[str, str] | None = None
    """File and digest of the keys of connections that occur more than once."""


def salt(case: Case) -> int:
    """Return the number that makes the keys of connections those of this case."""
    return int.from_bytes(case.key[:8], "big") >> 1


def plan(roots: list[Path], case: Case) -> Gathering:
    """Find what there is to read, and cut growing logs into what was read before and what is new."""
    made = Gathering()
    for found in walk(roots, skip=case.path):
        if found.refused:
            made.refused.append(found)
            continue
        for piece in _pieces(found, case):
            _freshen(piece, case)
            made.pieces.append(piece)
            with contextlib.suppress(OSError):
                made.signs[piece.item] = signature(Path(found.path))
    return made


def _pieces(found: Found, case: Case) -> list[Piece]:
    path = Path(found.path)
    fingerprint = case.fingerprint(path)
    known = case.known(fingerprint)
    key = item_key(case.key, fingerprint, found.size, found.mtime_ns, found.inode, found.device)
    if known and known.get("grows"):
        if case.unchanged(path) is not None and (same := _as_before(found, known)):
            return same
        with contextlib.suppress(EvidenceError):
            return _grown(found, known, ranges(path, _listed(known.get("ranges"))), case, fingerprint)
    return [Piece(found, key)]


def _as_before(found: Found, known: Mapping[str, object]) -> list[Piece]:
    """Return the pieces of a growing log that did not grow; it is not hashed again."""
    listed, items = _listed(known.get("ranges")), [str(item) for item in _listed(known.get("items"))]
    if len(listed) != len(items):
        return []
    lead = int(str(known.get("lead") or 0))
    if len(items) == 1:
        return [Piece(found, items[0])]
    spans = [(int(str(part[0])), int(str(part[1]))) for part in listed]
    return [Piece(found, item, start, stop, lead) for item, (start, stop) in zip(items, spans, strict=True)]


def _grown(found: Found, known: Mapping[str, object], growth: Growth, case: Case, fingerprint: str) -> list[Piece]:
    parts = growth.ranges
    if growth.whole or not growth.at_line or not parts:
        parts = parts if growth.whole else ()
    if not parts:
        return [Piece(found, item_key(case.key, fingerprint, found.size, found.mtime_ns, found.inode, "whole"))]
    items = [str(i) for i in _listed(known.get("items"))]
    lead = int(str(known.get("lead") or 0))
    pieces = []
    for number, part in enumerate(parts):
        fresh = item_key(case.key, fingerprint, "range", part.start, part.end, part.sha256)
        item = items[number] if number < len(items) and not growth.whole else fresh
        pieces.append(Piece(found, item, part.start, part.end, lead))
    # A log that did not grow is one whole, as it was the first time; only parts have ranges.
    return pieces if len(pieces) > 1 else [Piece(found, pieces[0].item)]


def _listed(value: object) -> list[list[object]]:
    return list(value) if isinstance(value, list) else []


def read(
    made: Gathering, case: Case, workers: Workers, means: Means, *, turn: Turn,
    said: Callable[[str], None],
) -> None:  # fmt: skip
    """Have every piece read that is not read yet; what kills its reader is marked and costs itself only.

    Args:
        made: The plan.
        case: Where summaries are kept.
        workers: Reading processes.
        means: Bounds.
        turn: Which round it is, and what is known in it.
        said: Is told what is being read.
    """
    waiting = [piece for piece in made.pieces if not _complete(piece, case)]
    done = len(made.pieces) - len(waiting)
    small = [piece for piece in waiting if piece.size < LARGE]
    large = [piece for piece in waiting if piece.size >= LARGE]
    for batches, width in ((_batches(small), means.threads), ([[piece] for piece in large], 1)):
        done = _drive(batches, width, case, workers, means, turn, said, done, len(made.pieces))


def _batches(pieces: list[Piece]) -> list[list[Piece]]:
    batches: list[list[Piece]] = []
    size = 0
    for piece in pieces:
        if not batches or size + piece.size > BATCH_BYTES or len(batches[-1]) >= BATCH_FILES:
            batches.append([])
            size = 0
        batches[-1].append(piece)
        size += piece.size
    return batches


def _drive(
    batches: list[list[Piece]], width: int, case: Case, workers: Workers, means: Means,
    turn: Turn, said: Callable[[str], None], done: int, total: int,
) -> int:  # fmt: skip
    queue = list(enumerate(batches))
    running: dict[str, list[Piece]] = {}
    number = len(queue)
    while queue or running:
        while queue and workers.busy < width:
            index, batch = queue.pop(0)
            job = f"{turn.number}-{index}-{batch[0].item}"
            _submit(workers, job, batch, width, case, means, turn)
            running[job] = batch
        for ended in workers.wait():
            batch = running.pop(ended.job)
            if ended.fault == NO_ROOM:
                raise RoomError("The reading stopped", why=NO_ROOM, todo=ROOM)
            if ended.fault:
                left = _bury(batch, case, ended.fault, turn)
                if left:
                    queue.insert(0, (number, left))
                    number += 1
                done += len(batch) - len(left)
            else:
                done += len(batch)
        current = next(iter(running.values()), None)
        said(f"Reading {done:,} of {total:,}: {mask(current[0].found.name)}" if current else "Reading")
    return done


def _submit(
    workers: Workers, job: str, batch: list[Piece], width: int, case: Case, means: Means,
    turn: Turn,
) -> None:  # fmt: skip
    memory = means.memory_bytes // width
    size = sum(piece.size for piece in batch)
    files = []
    for piece in batch:
        # What an audit left that was ended from outside is no sign of a bad artefact.
        for begun in (_items(case) / piece.item).glob("*.begun"):
            begun.unlink()
        file: dict[str, object] = {"path": piece.found.path, "name": piece.found.name, "item": piece.item}
        if piece.stop is not None:
            file |= {"start": piece.start, "stop": piece.stop, "lead": piece.lead, "cut": True}
        files.append(file)
    order = {
        "files": files,
        # Connections, which later rounds read, hold no records.
        "size": size if turn.number == 1 else 0,
        "out": str(_items(case)),
        "spool": str(case.work / "spool"),
        "memory_bytes": memory * 6 // 10,
        "threads": max(1, means.threads // width),
        "max_expand": means.max_expand,
        "salt": str(salt(case)),
        "names": turn.names,
        "suspects": turn.suspects,
    }
    # Two megabytes a second is slower than any reader; what takes longer is stuck.
    seconds = 300 + size // (2 << 20)
    workers.submit(job, order, Limits(memory + SLACK, seconds * 2, seconds * 3))


def _bury(batch: list[Piece], case: Case, fault: str, turn: Turn) -> list[Piece]:
    """Mark the leaf at which the process died, and return the pieces that still wait."""
    marked = False
    for piece in batch:
        for begun in sorted((_items(case) / piece.item).glob("*.begun")):
            done = begun.with_suffix(".json")
            if done.exists() and not json.loads(done.read_text())["waits"]:
                begun.unlink()
                continue
            seen = json.loads(begun.read_text())
            names = turn.names["digest"] if turn.names else ""
            todo = "Give it in smaller parts, or allow more with --memory."
            seen |= {"state": "failed", "reason": fault, "todo": todo, "names": names}
            keep.note(done, seen)
            begun.unlink()
            marked = True
    left = [piece for piece in batch if not _complete(piece, case)]
    if not marked and left:
        # It died outside any leaf, while opening: only the first can be to blame.
        folder = _items(case) / left[0].item
        folder.mkdir(mode=0o700, exist_ok=True)
        keep.note(folder / "artefact.json", {"refused": fault, "todo": "", "died": True})
        left = left[1:]
    return left


def _items(case: Case) -> Path:
    return case.work / "items"


def _complete(piece: Piece, case: Case) -> bool:
    return (_items(case) / piece.item / "artefact.json").exists()


def _freshen(piece: Piece, case: Case) -> None:
    """Forget summaries that may not be of the bytes that lie there now, or whose reading failed."""
    folder = _items(case) / piece.item
    artefact = folder / "artefact.json"
    if not artefact.exists():
        return
    outcome = json.loads(artefact.read_text())
    failed = bool(outcome.get("refused")) or any(seen["state"] == "failed" for seen in leaves(folder))
    if failed or not _same(piece, outcome, case):
        shutil.rmtree(folder)


def _same(piece: Piece, outcome: Mapping[str, object], case: Case) -> bool:
    if piece.stop is not None or case.unchanged(Path(piece.found.path)) is not None:
        return True
    try:
        return sha256(piece.found.path) == outcome.get("sha256")
    except EvidenceError:
        return False


def reopen(made: Gathering, case: Case, turn: Turn, *, touched: Set[tuple[str, str]] = frozenset()) -> None:
    """Mark the leaves that were read while less was known than is now, to be read again.

    Args:
        made: The plan.
        case: Where summaries are kept.
        turn: What is known now.
        touched: Leaves, by item and ordinal, that hold suspected connections.
    """
    names = turn.names["digest"] if turn.names else ""
    suspects = turn.suspects["digest"] if turn.suspects else ""
    for piece in made.pieces:
        folder = _items(case) / piece.item
        for seen in leaves(folder):
            stale = bool(seen["names"]) and seen["names"] != names
            stale |= (piece.item, seen["ordinal"]) in touched and seen["suspects"] != suspects
            if stale and not seen["waits"]:
                seen["waits"] = True
                keep.note(folder / f"{seen['ordinal']}.json", seen)
            if seen["waits"]:
                (folder / "artefact.json").unlink(missing_ok=True)


def leaves(folder: Path) -> Iterator[dict[str, object]]:
    """Yield what became of each leaf of an item."""
    for path in sorted(folder.glob("0*.json"), key=lambda p: [int(n) for n in p.stem.split(".")]):
        yield json.loads(path.read_text())
