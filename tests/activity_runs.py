"""How the tests of audit logs run one reader: over bytes, over a sample, and over all leaves of an archive."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from flagstate.catalog.mask import mask, mask_host
from flagstate.engine import connect
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Reader, Records, Reject, Tally
from flagstate.read.source import HEAD_BYTES, neutral, opened
from flagstate.read.unfold import unfold

DATA = Path(__file__).parent / "data"
Row = dict[str, Any]


@dataclass
class Told:
    """What a log told."""

    kinds: list[str] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    read: int = 0
    rejected: int = 0

    def take(self, parts: Iterable[Part]) -> Told:
        """Add the parts of one file."""
        for part in parts:
            if isinstance(part, Facts):
                self.rows.setdefault(part.noun, []).extend(part.table.to_pylist())
            elif isinstance(part, Note):
                self.notes.append(part)
            elif isinstance(part, Reject):
                self.rejects.append(part)
            elif isinstance(part, Records):
                self.read += part.reader.read_all().num_rows
            elif isinstance(part, Tally):
                self.read += part.rows_read
                self.rejected += part.rows_rejected
        return self

    def count(self, *columns: str, where: Row | None = None) -> dict[Any, int]:
        """Count accesses by some columns."""
        made: Counter[Any] = Counter()
        for row in self.rows.get("activity", []):
            if all(row[name] == value for name, value in (where or {}).items()):
                key = tuple(row[name] for name in columns)
                made[key if len(columns) > 1 else key[0]] += row["count"]
        return dict(made)

    def words(self) -> str:
        """Everything that may be stored or shown."""
        return f"{self.kinds} {self.rows} {self.notes} {self.rejects}"

    def table(self, noun: str) -> pa.Table:
        """Return the facts of a noun."""
        return pa.Table.from_pylist(self.rows.get(noun, []))


def read_bytes(reader: Reader, data: bytes, suffix: str = ".json", max_rows: int | None = None) -> Told | None:
    """Recognise and read some bytes; null: the reader does not know them."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        head = Head(data[:HEAD_BYTES], len(data), suffix)
        kind = reader.recognise(head)
        if kind is None:
            return None
        con = connect(threads=1)
        context = Context(con, mask, max_rows, mask_host)
        try:
            return Told([kind.name]).take(reader.read(Opened(file.name, head, "sample", "e"), kind, context))
        finally:
            con.close()


def read_sample(reader: Reader, name: str) -> Told:
    """Read every leaf of a sample that the reader knows."""
    told = Told()
    con = connect(threads=1)
    with opened(str(DATA / name)) as descriptor:
        for leaf in unfold(descriptor, name, os.environ.get("TMPDIR", "/tmp"), None):
            if leaf.descriptor is None:
                continue
            head = Head(os.pread(leaf.descriptor, HEAD_BYTES, 0), leaf.size, leaf.suffix)
            kind = reader.recognise(head)
            assert kind is not None, leaf.name
            told.kinds.append(kind.name)
            artefact = Opened(neutral(leaf.descriptor), head, mask(leaf.name), leaf.name)
            told.take(reader.read(artefact, kind, Context(con, mask, None, mask_host)))
    con.close()
    return told
