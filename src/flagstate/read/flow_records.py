"""Records of flows that Python takes out of JSON: gathered in batches, then connections like those of text tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from flagstate.read import flow_table
from flagstate.read.flow_table import ADDRESS, Table
from flagstate.read.part import Context, Note, Opened, Part, Reject, Tally
from flagstate.read.rejected import LISTED

BATCH = 20_000
LARGEST = 2**63 - 1
_ADDRESS = re.compile(ADDRESS)
SCHEMA = pa.schema(
    {
        "first_us": pa.int64(),
        "last_us": pa.int64(),
        "src_h": pa.string(),
        "src_p": pa.int32(),
        "dst_h": pa.string(),
        "dst_p": pa.int32(),
        "proto": pa.string(),
        "octets": pa.int64(),
        "packets": pa.int64(),
        "flags": pa.int32(),
        "denied": pa.bool_(),
        "scope": pa.string(),
        "opened": pa.bool_(),
        "uid": pa.string(),
        "payload": pa.int64(),
    }
)
"""The columns of `one_way`."""


@dataclass(frozen=True)
class Way:
    """What one direction carried."""

    first_us: int
    """First packet, in microseconds since 1970."""
    last_us: int
    """Last packet."""
    src: tuple[str, int | None]
    """Address and port of the sender."""
    dst: tuple[str, int | None]
    """Address and port of the receiver."""
    proto: str
    """tcp, udp, icmp or another name."""
    octets: int | None
    """Bytes with headers; null: not told."""
    packets: int | None
    """Packets; null: not told."""
    denied: bool
    """Whether a rule refused it."""
    scope: str
    """Who saw it."""
    opened: bool | None
    """Whether the sender opened the connection; null: not told."""


@dataclass
class Met:
    """What was met on the way."""

    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0
    others: int = 0
    """Entries that are not of this log."""
    cut: bool = False
    """The file ends too early or is damaged from some place on."""

    def reject(self, number: int, reason: str) -> None:
        """Note an entry that cannot be read."""
        if len(self.rejects) < LISTED:
            self.rejects.append(Reject(number, reason))
        else:
            self.unlisted += 1


def whole(value: object, most: int = LARGEST) -> int | None:
    """Return a count that may be text; null: there is none.

    Raises:
        ValueError: It is no whole number from 0 to `most`.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("no count")
    if isinstance(value, str) and (len(value) > 20 or not value.isascii() or not value.isdigit()):
        raise ValueError("no count")
    if not 0 <= (number := int(value)) <= most:
        raise ValueError("too large")
    return number


def address(value: object) -> str:
    """Return a text that is written as an address.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise ValueError("no address")
    return value


def stream(
    ways: Iterator[Way], met: Met, opened: Opened, context: Context, *, quiet_us: int, link: int, sampled: bool = False
) -> Iterator[Part]:
    """Yield the connections that records of one direction are, what was rejected, and whether the file was cut.

    Args:
        ways: The records; read once.
        met: What was met; full when `ways` has ended.
        opened: The artefact.
        context: As readers get it.
        quiet_us: As in `one_way.connections`.
        link: As there.
        sampled: As there.
    """
    tag = Table.tagged(opened)
    reader = pa.RecordBatchReader.from_batches(SCHEMA, _batches(ways))
    context.con.register(f"{tag}_ways", reader)
    try:
        yield from flow_table.stream(
            context.con,
            f"SELECT * FROM {tag}_ways",
            tag=tag,
            quiet_us=quiet_us,
            link=link,
            sampled=sampled,
            most=context.max_rows,
        )
    finally:
        context.con.unregister(f"{tag}_ways")
    yield from met.rejects
    yield Tally(rows_read=met.others, rows_rejected=met.unlisted)
    if met.cut:
        yield Note("The file is cut off or damaged; the records before that were read", "Copy or export it again.")


def _batches(ways: Iterator[Way]) -> Iterator[pa.RecordBatch]:
    rows: list[Way] = []
    for way in ways:
        rows.append(way)
        if len(rows) >= BATCH:
            yield _batch(rows)
            rows = []
    if rows:
        yield _batch(rows)


def _batch(rows: list[Way]) -> pa.RecordBatch:
    columns: list[list[object]] = [
        [way.first_us for way in rows],
        [way.last_us for way in rows],
        [way.src[0] or None for way in rows],
        [way.src[1] for way in rows],
        [way.dst[0] or None for way in rows],
        [way.dst[1] for way in rows],
        [way.proto for way in rows],
        [way.octets for way in rows],
        [way.packets for way in rows],
        [None for _ in rows],
        [way.denied for way in rows],
        [way.scope for way in rows],
        [way.opened for way in rows],
        [None for _ in rows],
        [None for _ in rows],
    ]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
