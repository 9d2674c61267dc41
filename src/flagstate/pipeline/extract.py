"""What a reading process does: open its artefacts, read each leaf, and leave small tables behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flagstate import model
from flagstate.catalog.mask import mask, mask_host
from flagstate.engine import connect, need_loaded
from flagstate.enrich import classify, dependencies_seen, flows, tls_clients
from flagstate.errors import DeclarationError, EvidenceError, FlagstateError, RoomError
from flagstate.model.counted import counted
from flagstate.pipeline import keep, records
from flagstate.read.part import Context, Facts, Note, Opened, Part, Records, Reject, Stream, Tally
from flagstate.read.registry import identify, readers
from flagstate.read.source import Hasher, cut, head, neutral, opened
from flagstate.read.unfold import Leaf, unfold

VERSION = 3
"""Raised when summaries of an earlier version can no longer be merged: then everything is read again."""

HASHED_FIRST = 64 << 20
"""Artefacts up to this size in bytes are hashed before they are read, larger ones meanwhile."""

LEAN = (
    "estate", "zeek.", "gleif ", "bods ", "ftm", "cyclonedx ", "terraform ", "vpc_flow ", "azure_flow ",
    "gcp_flow ", "nfdump ", "argus ", "cloudtrail", "actiontrail", "s3 access", "oss access",
)  # fmt: skip
"""How the names of kinds begin that hold no records: they are read without the compiled passes."""

LIGHT = 1 << 20
"""Orders up to this size in bytes wait for what their leaves turn out to be before the compiled passes are loaded."""

KEPT_BYTES = 96 << 20
"""Bytes of summaries that are kept, for containers that a reader may come back to, per leaf."""

KEPT_REJECTS = 1_000
"""Rejected records that are listed one by one, per leaf; the others are only counted."""


@dataclass
class Seen:
    """What became of one leaf; written as JSON beside its tables."""

    ordinal: str
    name: str
    size: int = 0
    kind: str = ""
    state: str = "read"
    reason: str = ""
    todo: str = ""
    content: str = ""
    rows_read: int = 0
    rows_rejected: int = 0
    misses: int = 0
    first_ts: str | None = None
    last_ts: str | None = None
    rejects: list[tuple[int | None, str]] = field(default_factory=list)
    notes: list[tuple[str, str, bool]] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    waits: bool = False
    title: str = ""
    invented: bool = False
    names: str = ""
    suspects: str = ""


def prepare() -> None:
    """Load what every reading process needs and is slow to load; done once, before they are forked."""
    readers()
    mask("warm")


def load() -> None:
    """Load the compiled passes over records; done once, when the first reading process meets records."""
    from flagstate.read import json_walk

    classify.warm()
    json_walk.warm()


def extract(order: Mapping[str, object]) -> None:
    """Read the artefacts of one order, one after the other.

    Args:
        order: files (path, name, item, and start, stop and lead where only a range is new), out, memory_bytes,
            spool, threads, max_expand, salt, and what is known in the second and third round: names and suspects, each
            with digest and file.

    For each leaf a JSON file and its tables are written under `out/<item>/`; a `.begun` file that is left there says
    that the process died over this leaf.
    """
    if int(str(order.get("size", 0))) > LIGHT:
        need_loaded()
    known = Known.of(order)
    files = order["files"]
    for file in files if isinstance(files, list) else []:
        folder = Path(str(order["out"])) / str(file["item"])
        folder.mkdir(mode=0o700, exist_ok=True)
        # An order that begins again goes on where it was.
        if not (folder / "artefact.json").exists():
            _artefact(file, folder, order, known)


@dataclass(frozen=True)
class Known:
    """What other artefacts say that the reading of connections needs."""

    salt: int
    """Makes the keys of a case its own."""
    names: pa.Table | None = None
    """Server names by connection; null in the first round."""
    names_digest: str = ""
    """Says which names."""
    suspects: flows.Suspects | None = None
    """Keys of connections that occur more than once."""
    suspects_digest: str = ""
    """Says which suspects."""

    @staticmethod
    def of(order: Mapping[str, object]) -> Known:
        """Read what an order names."""
        names, suspects = order.get("names"), order.get("suspects")
        return Known(
            int(str(order["salt"])),
            pq.read_table(str(names["file"])) if isinstance(names, dict) else None,
            str(names["digest"]) if isinstance(names, dict) else "",
            _suspects(str(suspects["file"])) if isinstance(suspects, dict) else None,
            str(suspects["digest"]) if isinstance(suspects, dict) else "",
        )


def _suspects(path: str) -> flows.Suspects:
    with np.load(path) as arrays:
        return flows.Suspects(arrays["uid"], arrays["pair"])


def _artefact(file: Mapping[str, object], folder: Path, order: Mapping[str, object], known: Known) -> None:
    spools = str(order["spool"])
    outcome: dict[str, object] = {}
    try:
        with opened(str(file["path"])) as descriptor:
            start, stop = int(str(file.get("start", 0))), file.get("stop")
            hasher = Hasher(descriptor, start, int(str(stop)) if stop is not None else None)
            if stop is not None and (start or file.get("cut")):
                lead = os.pread(descriptor, int(str(file.get("lead", 0))), 0)
                part = cut(descriptor, spools, start, int(str(stop)), lead if start else b"")
                with contextlib.closing(os.fdopen(part, "rb")):
                    _leaves(unfold(part, str(file["name"]), spools, None), folder, order, known)
            else:
                bound = order.get("max_expand")
                limit = int(str(bound)) if bound else None
                _leaves(unfold(descriptor, str(file["name"]), spools, limit), folder, order, known)
            outcome["sha256"] = hasher.result()
    except RoomError:
        raise
    except FlagstateError as problem:
        outcome["refused"], outcome["todo"] = _clause(problem), problem.todo
    keep.note(folder / "artefact.json", outcome)


def _leaves(leaves: Iterator[Leaf], folder: Path, order: Mapping[str, object], known: Known) -> None:
    for leaf in leaves:
        done = folder / f"{leaf.ordinal}.json"
        if done.exists():
            before = json.loads(done.read_text())
            if not (before["waits"] and known.names is not None):
                continue
            keep.forget(folder, leaf.ordinal)
        begun = folder / f"{leaf.ordinal}.begun"
        keep.note(begun, asdict(Seen(leaf.ordinal, mask(leaf.name), leaf.size)))
        keep.note(done, asdict(_leaf(leaf, folder, order, known)))
        begun.unlink()


def _leaf(leaf: Leaf, folder: Path, order: Mapping[str, object], known: Known) -> Seen:
    seen = Seen(leaf.ordinal, mask(leaf.name), leaf.size)
    if leaf.descriptor is None:
        seen.state, seen.reason, seen.todo = "refused", leaf.refused, leaf.todo
        return seen
    begin = head(leaf.descriptor, leaf.size, leaf.suffix)
    reader, kind = identify(begin)
    seen.kind = kind.name
    if reader is None or kind.refused:
        seen.state = "not_recognised" if reader is None else "refused"
        seen.reason, seen.todo = kind.refused, kind.todo
        return seen
    if kind.name.startswith("zeek.") and "conn" in kind.name:
        seen.names, seen.suspects = known.names_digest, known.suspects_digest
        # Which names the responders had is in other artefacts: connections are read when those are known.
        seen.waits = known.names is None
        if seen.waits:
            return seen
    if not kind.name.startswith(LEAN):
        need_loaded()
    content = Hasher(leaf.descriptor)
    gathered = Gathered(known)
    # Readers that must tell masked names apart do so by content: a file keeps its ids wherever it lies.
    own = content.result() if leaf.size <= HASHED_FIRST else folder.name
    artefact = Opened(neutral(leaf.descriptor), begin, seen.name, own)
    con = _connect(artefact.path, order)
    try:
        for part in reader.read(artefact, kind, Context(con, mask, mask_host=mask_host)):
            _take(part, seen, gathered, con)
        if doubtful := gathered.doubtful:
            parts = reader.read(artefact, kind, Context(con, mask, mask_host=mask_host))
            for made in records.again(doubtful, parts, records.subject_key(known.salt)):
                gathered.settle(made)
    except DeclarationError as problem:
        seen.state, seen.kind, seen.todo = "failed", "declaration", problem.todo
        seen.reason = f"{problem.where}: {problem.what}"
        return seen
    except RoomError:
        raise
    except FlagstateError as problem:
        seen.notes.append((_clause(problem), problem.todo, True))
    finally:
        con.close()
        seen.content = content.result()
    if leaf.damage:
        seen.notes.append((leaf.damage, "Give a whole copy, if there is one.", True))
    _settle(seen)
    _save(folder, seen, gathered)
    return seen


def _connect(path: str, order: Mapping[str, object]) -> duckdb.DuckDBPyConnection:
    spool = Path(str(order["spool"]))
    return connect(
        memory_bytes=int(str(order["memory_bytes"])),
        threads=int(str(order["threads"])),
        files=[path],
        folders=[spool],
        spill=spool,
    )


class Gathered:
    """Tables of one leaf, on their way to its files."""

    def __init__(self, known: Known) -> None:
        """Begin with nothing."""
        self.known = known
        self.tables: dict[str, list[pa.Table]] = {}
        self.summaries: list[flows.Summary] = []
        self.containers = 0
        self.waiting: dict[tuple[str, str, str, bool], records.Counted] = {}
        self.weight = 0

    @property
    def doubtful(self) -> dict[int, records.Counted]:
        """Containers whose subjects should be counted again, by their place."""
        return {made.place: made for made in self.waiting.values() if made.doubts}

    def take(self, made: records.Counted) -> None:
        """Keep a container, with what came of it before; those that did not come for longest become tables."""
        before = self.waiting.pop(made.key, None)
        if before is not None:
            self.weight -= before.weight
            made = before.join(made)
        self.waiting[made.key] = made
        self.weight += made.weight
        while self.weight > KEPT_BYTES and len(self.waiting) > 1:
            self.settle(next((each for each in self.waiting.values() if not each.doubts), made))

    def settle(self, made: records.Counted) -> None:
        """Add the tables of one container."""
        gone = self.waiting.pop(made.key, None)
        self.weight -= gone.weight if gone else 0
        for name, table in made.tables().items():
            self.add(name, table)

    def close(self) -> None:
        """Add the tables of all containers that wait."""
        for made in list(self.waiting.values()):
            self.settle(made)

    def add(self, name: str, table: pa.Table) -> None:
        """Add rows."""
        if table.num_rows:
            self.tables.setdefault(name, []).append(table)


def _take(part: Part, seen: Seen, gathered: Gathered, con: duckdb.DuckDBPyConnection) -> None:
    if isinstance(part, Reject):
        seen.rows_rejected += 1
        if len(seen.rejects) < KEPT_REJECTS:
            seen.rejects.append((part.line, part.reason))
    elif isinstance(part, Note):
        seen.notes.append((part.reason, part.todo, part.lost))
    elif isinstance(part, Tally):
        seen.rows_read += part.rows_read
        seen.rows_rejected += part.rows_rejected
        seen.misses += part.misses
        seen.title = seen.title or part.title
        seen.invented = seen.invented or part.invented
        _widen(seen, part.first_ts, part.last_ts)
    elif isinstance(part, Facts):
        table = part.table
        if part.noun in model.FACTS:
            table = model.stamp(table, model.NOUNS[part.noun], stance=part.stance)
        gathered.add(part.noun, table)
    elif isinstance(part, Records):
        _records(part, seen, gathered)
    elif isinstance(part, Stream):
        _stream(part, seen, gathered, con)


def _records(part: Records, seen: Seen, gathered: Gathered) -> None:
    need_loaded()
    made = records.count(part, f"store:{seen.name}", records.subject_key(gathered.known.salt))
    seen.rows_read += made.summary.rows
    gathered.take(replace(made, place=gathered.containers))
    gathered.containers += 1


def _stream(part: Stream, seen: Seen, gathered: Gathered, con: duckdb.DuckDBPyConnection) -> None:
    known = gathered.known

    def also() -> None:
        if dependencies_seen.looked_at(part.noun):
            found = dependencies_seen.seen(part.noun, con, mask_host=mask_host, mask=mask)
            gathered.add("reliance", found.reliance)
            if found.beyond:
                told = f"name servers and issuers beyond {dependencies_seen.MOST:,} are not listed"
                seen.notes.append((told, "", False))
        if part.noun == "handshake":
            gathered.add("tls_client", tls_clients.clients(con, part.relation.columns))

    try:
        made = flows.extract(
            part.noun, part.relation, con,
            mask=mask_host, salt=known.salt, names=known.names, suspects=known.suspects, also=also,
        )  # fmt: skip
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        # A file that is read while it is summed up fails here; the message of the engine may hold a whole line.
        raise EvidenceError("The records cannot be read to their end", todo="Copy or export it again.") from None
    seen.rows_read += made.count
    seen.misses += made.misses
    _widen(seen, made.first_ts, made.last_ts)
    gathered.summaries.append(made)


def _widen(seen: Seen, first: datetime | None, last: datetime | None) -> None:
    firsts = [t for t in (_time(seen.first_ts), first) if t is not None]
    lasts = [t for t in (_time(seen.last_ts), last) if t is not None]
    seen.first_ts = min(firsts).isoformat() if firsts else None
    seen.last_ts = max(lasts).isoformat() if lasts else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _settle(seen: Seen) -> None:
    lost = [note for note in seen.notes if note[2]]
    if seen.rows_rejected or lost:
        seen.state = "partly_read"
    words = [reason for reason, _, _ in seen.notes]
    if seen.rows_rejected:
        words.append(counted(seen.rows_rejected, "record[ was|s were] rejected"))
    seen.reason = "; ".join(dict.fromkeys(words))
    seen.todo = next((todo for _, todo, _ in seen.notes if todo), "")


def _save(folder: Path, seen: Seen, gathered: Gathered) -> None:
    gathered.close()
    for name, tables in gathered.tables.items():
        keep.write(records.together(pa.concat_tables(tables), name), folder / f"{seen.ordinal}.{name}.parquet")
        seen.tables.append(name)
    if gathered.summaries:
        keep.save(flows.combine(gathered.summaries), folder, seen.ordinal)
        seen.tables.append("sum_flows")


def _clause(problem: FlagstateError) -> str:
    text = problem.what[:1].lower() + problem.what[1:]
    return f"{text} ({problem.why})" if problem.why else text


def item_key(salt: bytes, *parts: object) -> str:
    """Return the keyed name of an artefact's folder: it changes with the file, and says nothing about its path."""
    text = "\x1f".join(str(p) for p in (VERSION, *parts))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=salt[:32], digest_size=16).hexdigest()
