"""Where rules run: a database of their own that can reach nothing, in a child process with bounds.

Three walls, each of which would hold alone against most of what a pack can try: what a rule may say (`check`), what its
database can do (`connect`, `lock`), and what its process may take (`sitting.work`, run by bounded workers).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

MEMORY_BYTES = 2**30
"""Memory of one rule's database, where nothing else is said."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "python_enable_replacements": "false",
}


def connect(*, memory_bytes: int = MEMORY_BYTES, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Return a database in memory that can open no file, load no extension and see no Python variable.

    Args:
        memory_bytes: Bound of its memory in bytes, from 16 MiB; nothing is spilled to a disk.
        threads: Number of threads; with one, the order of rows is the same in each run.

    Returns:
        The connection, in UTC, with an empty catalog. Fill it, then call `lock`, then run rules on it.

    What was tried on DuckDB 2.0: `register` of an Arrow table works before and after `lock`, since replacement scans
    are for names that nobody registered. ATTACH ':memory:', CREATE, SET VARIABLE, `sleep_ms` and `query()` still run
    here, and EXPLAIN shows plans: only `check` refuses them. COPY, EXPORT, INSTALL, profiling and logging to a file,
    secrets kept on a disk, and every change of a setting are refused here, too. LOAD of an extension that is built
    in (json, icu, parquet) does nothing.
    """
    con = duckdb.connect(":memory:", config=_CONFIG)
    con.execute("SET TimeZone='UTC'")
    con.execute("SET Calendar='gregorian'")
    con.execute("SET allow_persistent_secrets=false")
    con.execute("SET enable_progress_bar=false")
    con.execute(f"SET threads={max(1, int(threads))}")
    con.execute(f"SET memory_limit='{max(16, int(memory_bytes) // 2**20)}MiB'")
    con.execute("SET temp_directory=''")
    con.execute("SET max_temp_directory_size='0KiB'")
    con.execute("SET enable_external_access=false")
    return con


def lock(con: duckdb.DuckDBPyConnection) -> None:
    """Lock the configuration of a database for good; a rule may run on it from then on."""
    con.execute("SET lock_configuration=true")


@contextmanager
def within(con: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt whatever runs on a database when its time is over; the statement then raises InterruptException.

    Args:
        con: The database.
        seconds: Wall time.

    It cannot stop a single call that never looks up, such as one that fills a huge text: the process's bounds do.
    """
    over = threading.Event()

    def watch() -> None:
        # More than once: an interrupt between two phases of a statement is forgotten.
        late = over.wait(seconds)
        while not late:
            con.interrupt()
            late = over.wait(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
