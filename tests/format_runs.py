"""How the tests of message and document formats run one reader, and what every such reader must bear."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from flagstate.catalog.mask import mask, mask_host
from flagstate.engine import connect
from flagstate.errors import EvidenceError
from flagstate.read.part import Context, Head, Note, Opened, Reader, Records, Reject, Tally

CANARY = "ottokar.zwengel@kanari.example"


@dataclass
class Said:
    """What a reader said of a file."""

    kind: str = ""
    refused: str = ""
    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    tally: int = 0
    error: str = ""

    def rows(self, container: str) -> list[dict[str, str]]:
        """Rows of a table, without what is empty."""
        return [
            {name: value for name, value in row.items() if value is not None}
            for table in self.tables[container]
            for row in table.to_pylist()
        ]

    def words(self) -> str:
        """Everything that may be stored or shown."""
        names = [(name, [table.column_names for table in tables]) for name, tables in self.tables.items()]
        return f"{self.kind} {names} {list(self.texts)} {self.rejects} {self.notes} {self.error}"

    @property
    def lost(self) -> list[str]:
        """Reasons why something was not read."""
        return [note.reason for note in self.notes if note.lost]


def run(reader: Reader, data: bytes, suffix: str = "", max_rows: int | None = None) -> Said | None:
    """Recognise and read some bytes; null: the reader does not know them."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        head = Head(data[:65536], len(data), suffix)
        kind = reader.recognise(head)
        if kind is None:
            return None
        said = Said(kind.name, kind.refused)
        if kind.refused:
            return said
        context = Context(_database(), mask, max_rows, mask_host)
        try:
            for part in reader.read(Opened(file.name, head, "sample", "e"), kind, context):
                if isinstance(part, Records) and part.prose:
                    texts = part.reader.read_all()["text"].to_pylist()
                    said.texts[part.container] = "\n".join([*said.texts.get(part.container, "").splitlines(), *texts])
                elif isinstance(part, Records):
                    said.tables.setdefault(part.container, []).append(part.reader.read_all())
                elif isinstance(part, Reject):
                    said.rejects.append(part)
                elif isinstance(part, Note):
                    said.notes.append(part)
                elif isinstance(part, Tally):
                    said.tally += part.rows_rejected
        except EvidenceError as problem:
            said.error = str(problem)
        return said


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """A database that may open nothing: these readers need none."""
    return connect(threads=1)


def read(reader: Reader, path: Path, **more: int) -> Said:
    """Read a file that the reader knows."""
    said = run(reader, path.read_bytes(), path.suffix, more.get("max_rows"))
    assert said is not None, f"{path.name} is not recognised"
    return said


def bears_cuts(reader: Reader, path: Path) -> None:
    """Cut at every sixteenth, and with bytes that are no UTF-8, a sample is read or refused, in no time."""
    data = path.read_bytes()
    began = time.monotonic()
    for part in range(17):
        run(reader, data[: len(data) * part // 16])
        at = len(data) * part // 16
        run(reader, data[:at] + b"\xff\xfe\xc3(\x00" + data[at:])
    assert time.monotonic() - began < 10
