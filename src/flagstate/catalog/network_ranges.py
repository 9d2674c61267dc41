"""Sorted, disjoint address ranges: how the network tables are stored and how an address is found in them.

A range table is a Parquet file per address family. IPv4 bounds are `start`, `stop` (uint32, both inclusive); IPv6
bounds are `start_hi`, `start_lo`, `stop_hi`, `stop_lo` (uint64 halves, both inclusive, all 128 bits count). Rows are
sorted by start and never overlap: where the source overlaps, the narrowest range wins (`flatten`), because it is the
more specific statement about the address.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    UInts = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]

LOW_64 = (1 << 64) - 1
ROWS_PER_GROUP = 32_768  # small enough to read one group for one address in about a millisecond


@dataclass(frozen=True)
class Span:
    """One range of addresses, both ends included, and what is said of it."""

    start: int
    stop: int
    value: Hashable


def flatten(spans: Iterable[Span]) -> list[Span]:
    """Make ranges disjoint: each address keeps the narrowest range that covers it, then equal neighbours are joined.

    Two ranges of the same width: the one that came first in `spans` wins, so callers order by preference.

    Args:
        spans: Ranges in order of preference, in any order of address, overlapping or not.

    Returns:
        Sorted disjoint ranges that cover the same addresses.
    """
    ranked = sorted(enumerate(spans), key=lambda item: item[1].start)
    edges = sorted({span.start for _, span in ranked} | {span.stop + 1 for _, span in ranked})
    active: list[tuple[int, int, int, Hashable]] = []  # width, rank, stop, value: the narrowest is on top
    flat: list[Span] = []
    coming = 0
    for edge, following in pairwise(edges):
        while coming < len(ranked) and ranked[coming][1].start == edge:
            rank, span = ranked[coming]
            heapq.heappush(active, (span.stop - span.start, rank, span.stop, span.value))
            coming += 1
        while active and active[0][2] < edge:
            heapq.heappop(active)
        if active:
            value = active[0][3]
            if flat and flat[-1].stop + 1 == edge and flat[-1].value == value:
                flat[-1] = Span(flat[-1].start, following - 1, value)
            else:
                flat.append(Span(edge, following - 1, value))
    return flat


def bounds_table(spans: Sequence[Span], version: int) -> dict[str, pa.Array]:
    """Return the bound columns of disjoint ranges, in the form in which they are stored.

    Args:
        spans: Sorted disjoint ranges of one family.
        version: 4 or 6.

    Returns:
        Column name to Arrow array.
    """
    import pyarrow as pa

    if version == 4:
        return {
            "start": pa.array([span.start for span in spans], pa.uint32()),
            "stop": pa.array([span.stop for span in spans], pa.uint32()),
        }
    return {
        "start_hi": pa.array([span.start >> 64 for span in spans], pa.uint64()),
        "start_lo": pa.array([span.start & LOW_64 for span in spans], pa.uint64()),
        "stop_hi": pa.array([span.stop >> 64 for span in spans], pa.uint64()),
        "stop_lo": pa.array([span.stop & LOW_64 for span in spans], pa.uint64()),
    }


def write_ranges(table: pa.Table, path: Path) -> None:
    """Write a range table: zstd 19, deltas for the sorted bounds, one dictionary per other column.

    The same rows give the same bytes on the same version of pyarrow.
    """
    import pyarrow.parquet as pq

    rising = [name for name in ("start", "stop", "start_hi", "stop_hi") if name in table.schema.names]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        row_group_size=ROWS_PER_GROUP,
        use_dictionary=[name for name in table.schema.names if name not in rising],
        column_encoding=dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
    )


def read_ranges(path: Path, first: int, last: int) -> pa.Table:
    """Read only the row groups of a range table that can hold addresses from `first` to `last`.

    Args:
        path: A file written by `write_ranges`.
        first: The smallest address asked for, as a number.
        last: The largest one.

    Returns:
        The rows of those groups, as one chunk per column.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        meta = file.metadata
        if meta.num_rows == 0:
            return file.schema_arrow.empty_table()
        wide = file.schema_arrow.names[0] == "start_hi"
        low, high = (first >> 64, last >> 64) if wide else (first, last)
        starts = [meta.row_group(i).column(0).statistics.min for i in range(meta.num_row_groups)]
        # A range that begins in the group before may reach over `low`, and for IPv6 the high half alone may tie.
        begin = max(0, sum(start < low for start in starts) - 1)
        groups = [i for i, start in enumerate(starts) if i >= begin and start <= high]
        table = file.read_row_groups(groups) if groups else file.schema_arrow.empty_table()
    return table.unify_dictionaries().combine_chunks()


def find_rows(table: pa.Table, hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return for each address the row of the range that holds it, or -1.

    The end of the range is always tested: an address in a gap between two ranges is in neither.

    Args:
        table: A range table.
        hi: Upper 64 bits of each address (all zero for IPv4).
        lo: Lower 64 bits of each address.

    Returns:
        Row numbers, as many as addresses.
    """
    import numpy as np

    if table.num_rows == 0:
        return np.full(len(lo), -1, dtype=np.int64)
    if table.schema.names[0] == "start":
        ip = lo.astype(np.uint32)
        row = np.searchsorted(table["start"].to_numpy(), ip, side="right") - 1
        inside = ip <= table["stop"].to_numpy()[row]
    else:
        row = _last_start(table["start_hi"].to_numpy(), table["start_lo"].to_numpy(), hi, lo)
        stop_hi, stop_lo = table["stop_hi"].to_numpy()[row], table["stop_lo"].to_numpy()[row]
        inside = (hi < stop_hi) | ((hi == stop_hi) & (lo <= stop_lo))
    return np.where((row >= 0) & inside, row, -1).astype(np.int64)


def _last_start(
    start_hi: npt.NDArray[np.uint64],
    start_lo: npt.NDArray[np.uint64],
    hi: npt.NDArray[np.uint64],
    lo: npt.NDArray[np.uint64],
) -> npt.NDArray[np.int64]:
    """Return the last row whose 128-bit start is not above the address, or -1."""
    import numpy as np

    below = np.searchsorted(start_hi, hi, side="left")
    above = np.searchsorted(start_hi, hi, side="right")
    # Between the two, rows share the upper half: a binary search on the lower half, for all such addresses at once.
    while (open_ := np.flatnonzero(below < above)).size:
        middle = (below[open_] + above[open_]) // 2
        fits = start_lo[middle] <= lo[open_]
        below[open_[fits]] = middle[fits] + 1
        above[open_[~fits]] = middle[~fits]
    return (below - 1).astype(np.int64)


def take_values(column: pa.ChunkedArray, rows: npt.NDArray[np.int64]) -> pa.Array:
    """Return the values of a column at the rows found; where the row is -1, null.

    Args:
        column: A column of a range table.
        rows: Row numbers from `find_rows`.

    Returns:
        Plain values; a dictionary is decoded.
    """
    import pyarrow as pa

    taken = column.combine_chunks().take(pa.array(rows, mask=rows < 0))
    return taken.cast(taken.type.value_type) if pa.types.is_dictionary(taken.type) else taken
