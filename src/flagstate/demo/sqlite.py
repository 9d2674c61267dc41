"""The stores of a small hub as one SQLite file, as a warehouse's software on one machine keeps them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

import pyarrow as pa

MOST = 1_000_000
"""Parcels up to which a hub is kept in SQLite."""
_KEYS = {
    "flights": "flight_id", "merchants": "merchant_id", "products": "product_id", "parcels": "parcel_number",
    "customs_h7": "lrn", "returns": "return_id",
}  # fmt: skip


class Database:
    """A file that is being written."""

    def __init__(self, path: Path) -> None:
        """Begin a new file.

        Args:
            path: Where; what is there is replaced.
        """
        path.unlink(missing_ok=True)
        self._link = sqlite3.connect(path)
        # A crash leaves nothing worth keeping, so nothing is journalled.
        self._link.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size=4096;")
        self._made: set[str] = set()

    def __enter__(self) -> Database:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._link.commit()
        self._link.close()

    def add(self, name: str, table: pa.Table) -> None:
        """Add rows to a table; the first ones make it."""
        if name not in self._made:
            self._made.add(name)
            columns = [
                f"{field.name} {_type(field.type)}{' PRIMARY KEY' if _KEYS.get(name) == field.name else ''}"
                for field in table.schema
            ]
            self._link.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        places = ", ".join("?" * table.num_columns)
        values = [_plain(column).to_pylist() for column in table.columns]
        self._link.executemany(f"INSERT INTO {name} VALUES ({places})", zip(*values, strict=True))


def _type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """SQLite knows no times: they are written as text; dictionaries are as slow as they are small."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp(column.type.unit)).cast(pa.string())
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
