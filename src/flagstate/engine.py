"""Where the heavy steps run: this machine, in threads and in bounded child processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

DEFAULT_MEMORY = 0.5
"""Share of the machine's memory that one run may use unless `--memory` says otherwise."""


def connect(
    *,
    memory_bytes: int | None = None,
    threads: int | None = None,
    files: Sequence[str] = (),
    folders: Sequence[Path] = (),
    spill: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Return an in-memory database that can read only the files that we opened, and nothing else outside it.

    Args:
        memory_bytes: Bound of its memory in bytes.
        threads: Number of threads; null: all cores.
        files: Paths that it may open.
        folders: Folders in which it may open files.
        spill: Folder for what does not fit in memory; null: nothing is spilled.

    Extensions are neither installed nor loaded, community extensions are refused, Python variables are out of
    sight, and the configuration is locked.
    """
    con = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        },
    )
    con.execute("SET TimeZone='UTC'")
    con.execute("SET enable_progress_bar=false")
    con.execute("SET preserve_insertion_order=false")
    if threads:
        con.execute(f"SET threads={int(threads)}")
    if memory_bytes:
        con.execute(f"SET memory_limit='{int(memory_bytes // 2**20)}MiB'")
    con.execute("SET temp_directory=?", [str(spill) if spill else ""])
    if files:
        con.execute("SET allowed_paths=?", [list(files)])
    if folders:
        con.execute("SET allowed_directories=?", [[f"{folder}{os.sep}" for folder in folders]])
    con.execute("SET enable_external_access=false")
    con.execute("SET lock_configuration=true")
    return con
