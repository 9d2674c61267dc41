"""An independent answer to "which range holds this address": ipaddress and bisect over Python lists.

Shares no code with the look-up: it reads the Parquet rows as plain numbers and keeps no vector operation.
"""

from __future__ import annotations

import bisect
import ipaddress
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

DATA = Path(__file__).parents[1] / "src" / "flagstate" / "catalog" / "data" / "networks"


@cache
def ranges(table: str, version: int) -> tuple[list[int], list[int], list[object]]:
    """Return starts, stops and values of the first value column of a table, in the order of the file."""
    columns = {name: column.to_pylist() for name, column in zip(*_columns(table, version), strict=True)}
    names = list(columns)
    if version == 4:
        return columns["start"], columns["stop"], columns[names[2]]
    starts = [hi * 2**64 + lo for hi, lo in zip(columns["start_hi"], columns["start_lo"], strict=True)]
    stops = [hi * 2**64 + lo for hi, lo in zip(columns["stop_hi"], columns["stop_lo"], strict=True)]
    return starts, stops, columns[names[4]]


def _columns(table: str, version: int) -> tuple[list[str], list[object]]:
    read = pq.read_table(DATA / f"{table}_v{version}.parquet")
    return read.schema.names, read.columns


def answer(table: str, address: str) -> object:
    """Return what a table says of an address, or None."""
    parsed = ipaddress.ip_address(address)
    starts, stops, values = ranges(table, parsed.version)
    row = bisect.bisect_right(starts, int(parsed)) - 1
    return values[row] if row >= 0 and stops[row] >= int(parsed) else None
