"""A noun is a table: its columns, their types, and for each a sentence that says how it can be wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
COUNT = pa.int64()
SMALL = pa.int32()
SHARE = pa.float64()
FLAG = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
DAY = pa.date32()
BYTES = pa.binary()

SEPARATOR = "\x1f"
WIDTH = 20
"""Hexadecimal digits of an id."""


@dataclass(frozen=True)
class Column:
    """One column of a noun."""

    name: str
    """The name; the same name has the same type in every noun."""
    type: pa.DataType
    """The Arrow type."""
    doc: str
    """What it holds, with its unit."""
    wrong: str
    """How it can be wrong."""


@dataclass(frozen=True)
class Noun:
    """A documented table."""

    name: str
    """The noun in the singular; also the name of its file in a case."""
    group: str
    """stream, ledger, fact, derived or conclusion."""
    doc: str
    """What one row says."""
    columns: tuple[Column, ...]
    """Its columns, in order."""
    key: tuple[str, ...] = field(default=())
    """The columns that identify what a row is about; with stance and evidence they make its `fact_id`."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [c.name for c in self.columns]


FACT_COLUMNS = (
    Column(
        "fact_id",
        TEXT,
        "Hash of key, stance and evidence.",
        "Two rows share it only if they say the same thing on the same evidence.",
    ),
    Column(
        "stance", TEXT, "declared, configured, observed or recorded.", "It says who speaks, not whether it is true."
    ),
    Column(
        "evidence_id",
        TEXT,
        "The row of `evidence` that this rests on; may name a set row.",
        "An aggregate may rest on more artefacts than the reader expects: follow the set.",
    ),
    Column(
        "valid_from",
        TIME,
        "From when the fact holds (UTC); null: not known.",
        "Registers often give the filing date, not the date of the fact.",
    ),
    Column(
        "valid_to",
        TIME,
        "Until when the fact holds (UTC, exclusive); null: still, or not known.",
        "Open-ended facts may have ended unnoticed.",
    ),
)


def fact(name: str, doc: str, key: tuple[str, ...], *columns: Column) -> Noun:
    """Declare a fact: its own columns, then the five that every fact has."""
    return Noun(name, "fact", doc, (*columns, *FACT_COLUMNS), key)


def empty(noun: Noun) -> pa.Table:
    """Return the noun with no rows."""
    return noun.schema.empty_table()


def conform(table: pa.Table, noun: Noun) -> pa.Table:
    """Return the table with exactly the noun's columns, order and types.

    Missing columns become null, unknown ones are refused; time zones and dictionaries that engines change on the
    way are put right.

    Args:
        table: Rows from any room.
        noun: The noun that they claim to be.

    Raises:
        ValueError: A column is not the noun's, or cannot be cast without loss.
    """
    extra = set(table.column_names) - set(noun.names)
    if extra:
        raise ValueError(f"{noun.name} has no column {', '.join(sorted(extra))}")
    columns = []
    for column in noun.columns:
        if column.name in table.column_names:
            columns.append(_cast(table.column(column.name), column.type))
        else:
            columns.append(pa.nulls(table.num_rows, column.type))
    return pa.table(columns, schema=noun.schema)


def _cast(values: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    if values.type.equals(to):
        return values
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_timestamp(to) and pa.types.is_timestamp(values.type) and values.type.tz is None:
        values = values.cast(pa.timestamp("us"))
        return pc.assume_timezone(values, "UTC")
    return values.cast(to)


def rows(noun: Noun, records: Iterable[Mapping[str, object]]) -> pa.Table:
    """Make a table of the noun from records; keys that are left out become null.

    Raises:
        ValueError: A record has a key that the noun does not know.
    """
    listed = list(records)
    known = set(noun.names)
    for record in listed:
        if not known.issuperset(record):
            raise ValueError(f"{noun.name} has no column {', '.join(sorted(set(record) - known))}")
    arrays = [pa.array([record.get(c.name) for record in listed], type=c.type) for c in noun.columns]
    return pa.table(arrays, schema=noun.schema)


def digest(*parts: object) -> str:
    """Return a short stable hash of the parts, as identifiers are made everywhere."""
    text = SEPARATOR.join("" if p is None else str(p) for p in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:WIDTH]


def stamp(table: pa.Table, noun: Noun, *, stance: str | None = None, evidence_id: str | None = None) -> pa.Table:
    """Fill stance and evidence where they are null, and every fact_id.

    Args:
        table: Rows of the noun.
        noun: A fact.
        stance: Written where the row has none.
        evidence_id: Written where the row has none.
    """
    table = conform(table, noun)
    for name, value in (("stance", stance), ("evidence_id", evidence_id)):
        if value is not None:
            filled = pc.fill_null(table.column(name), value)
            table = table.set_column(noun.names.index(name), name, filled)
    parts = [_texts(table.column(name)) for name in (*noun.key, "stance", "evidence_id")]
    if not table.num_rows:
        return table
    # The same text as `digest` makes of one row, made of all rows at once: flows come in hundreds of thousands.
    joined = pc.binary_join_element_wise(
        pa.scalar(noun.name), *parts, SEPARATOR, null_handling="replace", null_replacement=""
    )
    ids = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:WIDTH] for text in joined.to_pylist()]
    return table.set_column(noun.names.index("fact_id"), "fact_id", pa.array(ids, TEXT))


def _texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if values.type.equals(TEXT):
        return values
    if pa.types.is_integer(values.type) or pa.types.is_date32(values.type):
        return values.cast(TEXT)
    return pa.chunked_array([pa.array([None if v is None else str(v) for v in values.to_pylist()], TEXT)])
