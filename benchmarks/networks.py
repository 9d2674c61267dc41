"""Look-up of addresses: all tables of the catalog, against the engine's ASOF join over one of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flagstate.catalog import networks
from flagstate.engine import connect

COUNT = 500_000
ROUNDS = 5


def addresses(count: int) -> tuple[pa.Array, np.ndarray]:
    """Return distinct random IPv4 addresses, as text and as numbers."""
    numbers = np.unique(np.random.default_rng(5).integers(1 << 24, 224 << 24, count, dtype=np.uint32))
    octets = [((numbers >> shift) & 255).astype(str) for shift in (24, 16, 8, 0)]
    texts = octets[0]
    for part in octets[1:]:
        texts = np.char.add(np.char.add(texts, "."), part)
    return pa.array(texts.tolist()), numbers


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Run both in turns and print medians."""
    texts, numbers = addresses(COUNT)
    table = pq.read_table(networks.DATA / "host_country_v4.parquet")
    first, last = table.column_names[:2]
    con = connect(threads=2)
    con.register("ranges", table)
    con.register("asked", pa.table({"ip": numbers}))
    query = f"SELECT count(*) FROM asked ASOF JOIN ranges ON asked.ip >= ranges.{first} WHERE asked.ip <= ranges.{last}"
    ours, peer = [], []
    for _ in range(ROUNDS):
        ours.append(timed(lambda: networks.lookup(texts)))
        peer.append(timed(lambda: con.execute(query).fetchall()))
    a, b = statistics.median(ours), statistics.median(peer)
    print("## Looking addresses up\n")
    print("| what | median | addresses/s |\n|---|---|---|")
    count = len(numbers)
    print(f"| {count:,} distinct addresses as text, all tables of the catalog | {a:.2f} s | {count / a:,.0f} |")
    print(f"| DuckDB ASOF join of the same addresses as numbers, one table | {b:.2f} s | {count / b:,.0f} |")


if __name__ == "__main__":
    main()
