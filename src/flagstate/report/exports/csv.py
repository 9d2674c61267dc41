"""A table as CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from flagstate.report.inert import sheet


def lines(table: pa.Table) -> Iterator[str]:
    """Yield the table as CSV (RFC 4180), the heading first; text that looks like a formula gets an apostrophe.

    Args:
        table: Any noun. Lists are joined with "; "; bytes are left out as their length.

    What it loses: null and empty text look the same; the Parquet file keeps them apart.
    """
    yield _line(table.column_names)
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [batch.column(at).to_pylist() for at in range(batch.num_columns)]
        for row in zip(*columns, strict=True):
            yield _line([_cell(value) for value in row])


def text(table: pa.Table) -> str:
    """Return the whole table as CSV."""
    return "".join(lines(table))


def _line(cells: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list):
        return sheet("; ".join("" if part is None else str(part) for part in value))
    return sheet(value)
