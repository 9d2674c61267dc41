"""What a reader is, what it is given and what it yields: the one language of the formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Head:
    """The beginning of an artefact, decompressed: all that recognition may look at."""

    data: bytes
    """Up to 64 KiB."""
    size: int
    """Size of the whole, decompressed, in bytes."""
    suffix: str
    """Last suffix of its name in lower case, such as `.csv`; a hint that never decides alone."""
    tail: bytes = b""
    """Its end, for formats that say there what they are; empty where `data` is the whole, or the end is too large."""

    @property
    def whole(self) -> bool:
        """Whether the head is all there is."""
        return len(self.data) >= self.size


@dataclass(frozen=True)
class Opened:
    """An artefact that is open for reading; engines read it under its neutral path."""

    path: str
    """Neutral path of the decompressed bytes: no globs, no `key=value` folders; open it as often as needed."""
    head: Head
    """Its beginning."""
    name: str
    """Its name for display and for containers; already masked."""
    evidence_id: str
    """Tells it from every other artefact: two with the same bytes have the same."""


@dataclass(frozen=True)
class Context:
    """What a reader works with."""

    con: duckdb.DuckDBPyConnection
    """A database that may open `opened.path` and nothing else."""
    mask: Callable[[str], str]
    """Replaces the parts of a name that match a data class; every name from evidence passes through it."""
    max_rows: int | None = None
    """Stop after so many records, or null."""
    mask_host: Callable[[str], str] | None = None
    """As `mask`, for names of hosts, whose registrable domain stays readable as it does in flows; null: `mask`."""

    def host(self, name: str) -> str:
        """Return a name of a host, masked as flows mask theirs, so that the two can be compared."""
        return (self.mask_host or self.mask)(name)


@dataclass(frozen=True)
class Kind:
    """What an artefact was recognised as."""

    name: str
    """Reader and variant, such as `zeek.conn tsv`."""
    refused: str = ""
    """Why this variant is recognised but not read, such as an older version; empty: it is read."""
    todo: str = ""
    """What would make it readable."""


@dataclass(frozen=True)
class Stream:
    """Typed records, as a relation with the columns of a stream noun; consumed before the reader goes on."""

    noun: str
    """connection, query, handshake or exchange."""
    relation: duckdb.DuckDBPyRelation
    """The records."""


@dataclass(frozen=True)
class Records:
    """Records with columns of their own, to be searched for data classes; consumed before the reader goes on."""

    reader: pa.RecordBatchReader
    """The records, in batches of any size; columns of any type, their names masked."""
    container: str
    """Table, sheet, path or kind of payload; masked."""
    asset_id: str = ""
    """Where they are held or moved; empty: the artefact is the store."""
    state: str = "stored"
    """stored, moved (payloads) or used."""
    prose: bool = False
    """Whether it is running text, such as lines of a log or the body of a message, not a table."""
    rows_total: int | None = None
    """Where only a sample is given: how many records there are; null: all are given."""


@dataclass(frozen=True)
class Facts:
    """Facts that the artefact states; stance and evidence are filled in by the pipeline where null."""

    noun: str
    """A fact or coverage."""
    table: pa.Table
    """Rows that conform to it."""
    stance: str
    """declared, configured, observed or recorded."""


@dataclass(frozen=True)
class Reject:
    """A record that could not be read."""

    line: int | None
    """Line, row or entry number, from 1."""
    reason: str
    """Why, without the record's text."""


@dataclass(frozen=True)
class Tally:
    """Counts of what was read; several tallies of one artefact add up."""

    rows_read: int = 0
    """Records read."""
    rows_rejected: int = 0
    """Rejected records that have no `Reject` of their own."""
    misses: int = 0
    """Bytes that the sensor itself says it missed."""
    first_ts: datetime | None = None
    """Earliest time (UTC)."""
    last_ts: datetime | None = None
    """Latest time (UTC)."""
    title: str = ""
    """The title that the artefact gives itself, masked."""
    invented: bool = False
    """It says of itself that all of it is made up."""


@dataclass(frozen=True)
class Note:
    """Something that a person must know about this artefact: it was read in part, and why."""

    reason: str
    """As a sentence without a full stop; no values."""
    todo: str = ""
    """What would make it readable."""
    lost: bool = True
    """Whether something was not read; otherwise the note only says what is, or is not, in the artefact."""


Part = Stream | Records | Facts | Reject | Tally | Note


@dataclass(frozen=True)
class Reader:
    """One evidence format."""

    name: str
    """The format."""
    doc: str
    """What it reads, as a user would read it."""
    recognise: Callable[[Head], Kind | None]
    """By content; null: not ours."""
    read: Callable[[Opened, Kind, Context], Iterator[Part]]
    """Yield what the artefact says, in any order; may raise EvidenceError after some parts."""
    streams: tuple[str, ...] = field(default=())
    """Stream nouns that it may yield."""
