"""Keeps the summary of one leaf as files, so that a killed audit goes on and the next one reads only what is new."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flagstate.enrich.behave.timing import Timing
from flagstate.enrich.flow_keys import Keys
from flagstate.enrich.flows import Summary

_TABLES = ("flow", "rows", "sightings", "answers", "lookups")
_KEYS = ("uid", "pair")
_RHYTHM = ("channel", "level", "place", "blob")


def private(path: Path) -> IO[bytes]:
    """Open a file for writing that only its owner may ever read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb")


def note(path: Path, document: Mapping[str, object]) -> None:
    """Write a JSON document, whole or not at all."""
    part = path.with_suffix(f"{path.suffix}.part")
    with private(part) as file:
        file.write(json.dumps(document, default=str).encode())
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def write(table: pa.Table, path: Path) -> None:
    """Write a table."""
    with private(path) as file:
        pq.write_table(table, file, compression="zstd")


def save(summary: Summary, folder: Path, ordinal: str) -> None:
    """Write the summary of a leaf."""
    for name in _TABLES:
        table = getattr(summary, name)
        if table.num_rows:
            write(table, folder / f"{ordinal}.sum_{name}.parquet")
    if summary.timings:
        arrays = {f"{name}_{at}": getattr(part, name) for at, part in enumerate(summary.timings) for name in _RHYTHM}
        with private(folder / f"{ordinal}.sum_timing.npz") as file:
            np.savez(file, **arrays)
    for name in _KEYS:
        values = getattr(summary.keys, name)
        if len(values):
            with private(folder / f"{ordinal}.key_{name}.npy") as file:
                np.save(file, values)


def load(folder: Path, ordinal: str) -> Summary:
    """Read the summary of a leaf; keys are mapped, not read."""
    tables = {}
    for name in _TABLES:
        path = folder / f"{ordinal}.sum_{name}.parquet"
        if path.exists():
            tables[name] = pq.read_table(path)
    keys = {}
    for name in _KEYS:
        path = folder / f"{ordinal}.key_{name}.npy"
        if path.exists():
            keys[name] = np.load(path, mmap_mode="r")
    return Summary(**tables, keys=Keys(**keys))


def timings(folder: Path, ordinal: str) -> tuple[Timing, ...]:
    """Read the rhythm of a leaf; apart from the rest, as only the last step needs it."""
    path = folder / f"{ordinal}.sum_timing.npz"
    if not path.exists():
        return ()
    with np.load(path) as arrays:
        parts = len(arrays.files) // len(_RHYTHM)
        return tuple(Timing(*(arrays[f"{name}_{at}"] for name in _RHYTHM)) for at in range(parts))


def forget(folder: Path, ordinal: str) -> None:
    """Remove the summary of a leaf that is read again."""
    for path in folder.glob(f"{ordinal}.*"):
        if path.suffix in (".parquet", ".npy", ".npz") and path.name.startswith((f"{ordinal}.sum_", f"{ordinal}.key_")):
            path.unlink()
