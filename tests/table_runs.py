"""How the tests of the table readers run a reader, as the pipeline does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.read import delimited, har, jsontable, parquet, sqlite, xlsx
from flagstate.read.part import Context, Head, Note, Opened, Part, Records, Reject, Stream, Tally

READERS = (parquet.READER, sqlite.READER, xlsx.READER, har.READER, jsontable.READER, delimited.READER)


@dataclass
class Outcome:
    """What a reader said of a file."""

    kind: str = ""
    refused: str = ""
    tables: dict[str, pa.Table] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0

    @property
    def table(self) -> pa.Table:
        """The only table."""
        (table,) = self.tables.values()
        return table

    def said(self) -> str:
        """Everything that may be stored or shown: no cell values."""
        names = [(name, table.column_names) for name, table in self.tables.items()]
        return f"{self.kind} {names} {self.rejects} {self.notes}"


def run(path: Path, max_rows: int | None = None) -> Outcome | None:
    """Recognise and read one file; null: nobody knows it."""
    head = Head(path.read_bytes()[:65536], path.stat().st_size, path.suffix)
    for reader in READERS:
        if kind := reader.recognise(head):
            break
    else:
        return None
    outcome = Outcome(kind.name, kind.refused)
    if kind.refused:
        return outcome
    con = connect(files=[str(path)], threads=2)
    for part in reader.read(Opened(str(path), head, mask(path.name), "e"), kind, Context(con, mask, max_rows)):
        _take(outcome, part)
    con.close()
    return outcome


def _take(outcome: Outcome, part: Part) -> None:
    if isinstance(part, Stream):
        assert part.noun == "exchange"
        outcome.rows += part.relation.to_arrow_table().num_rows
    elif isinstance(part, Records):
        outcome.tables[part.container] = part.reader.read_all()
        outcome.rows += outcome.tables[part.container].num_rows
    elif isinstance(part, Reject):
        outcome.rejects.append(part)
    elif isinstance(part, Note):
        outcome.notes.append(part)
    elif isinstance(part, Tally):
        outcome.rows += part.rows_read
        outcome.rejected += part.rows_rejected


CANARIES = ("ottokar.zwengel@kanari.example", "4556737586899855", "Maximilian Oberhuber", "RB123456785GB")
"""Values that are planted as names and must be in nothing that is said."""


def read(path: Path, max_rows: int | None = None) -> Outcome:
    """Read a file that some reader knows."""
    outcome = run(path, max_rows)
    assert outcome is not None
    return outcome


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
