"""Keeps the summary of one leaf as files, so that a killed audit goes on and the next one reads only what is new."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flagstate.enrich.flow_keys import Keys
from flagstate.enrich.flows import Summary

_TABLES = ("flow", "rows", "sightings", "answers")
_KEYS = ("uid", "pair")


def write(table: pa.Table, path: Path) -> None:
    """Write a table that only its owner may read."""
    pq.write_table(table, path, compression="zstd")
    path.chmod(0o600)


def save(summary: Summary, folder: Path, ordinal: str) -> None:
    """Write the summary of a leaf."""
    for name in _TABLES:
        table = getattr(summary, name)
        if table.num_rows:
            write(table, folder / f"{ordinal}.sum_{name}.parquet")
    for name in _KEYS:
        values = getattr(summary.keys, name)
        if len(values):
            path = folder / f"{ordinal}.key_{name}.npy"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
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


def forget(folder: Path, ordinal: str) -> None:
    """Remove the summary of a leaf that is read again."""
    for path in folder.glob(f"{ordinal}.*"):
        if path.suffix in (".parquet", ".npy") and path.name.startswith((f"{ordinal}.sum_", f"{ordinal}.key_")):
            path.unlink()
