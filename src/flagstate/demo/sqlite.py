"""The stores of a small hub as one SQLite file, as a warehouse's software on one machine keeps them."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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
        self._path = path
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
        """Close the file; after an error it is worth nothing, and stays as it is."""
        try:
            if kind is None:
                with self._disk():
                    self._link.commit()
        finally:
            self._link.close()

    def add(self, name: str, table: pa.Table) -> None:
        """Add rows to a table; the first ones make it.

        Raises:
            OSError: The file cannot grow, with the number that the system gives: no room, a quota, a broken disk.
        """
        if name not in self._made:
            self._made.add(name)
            columns = [
                f"{field.name} {_type(field.type)}{' PRIMARY KEY' if _KEYS.get(name) == field.name else ''}"
                for field in table.schema
            ]
            with self._disk():
                self._link.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        places = ", ".join("?" * table.num_columns)
        values = [_plain(column).to_pylist() for column in table.columns]
        with self._disk():
            self._link.executemany(f"INSERT INTO {name} VALUES ({places})", zip(*values, strict=True))

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Say of a file that cannot grow what the system says of it."""
        try:
            yield
        except sqlite3.OperationalError as problem:
            code = problem.sqlite_errorcode & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path)) from None
            if code != sqlite3.SQLITE_IOERR:
                raise
            # SQLite keeps to itself why a write failed; the next byte that we write ourselves fails for the same.
            with self._path.open("ab") as file:
                file.write(bytes(4096))
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self._path)) from None


def _type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """SQLite knows no times: they are written as text; dictionaries are as slow as they are small."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp(column.type.unit)).cast(pa.string())
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
