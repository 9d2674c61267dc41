"""How the passes over a capture are compiled: small parts put together, and the whole kept beside the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba

_jit: Callable[..., Any] = numba.njit

Array = Any
"""Arrays and numbers of types that the compiler finds out."""

PARTS = (
    "blocks", "carriers", "fragments", "layers", "passes", "reassembly", "records", "sniff", "table", "tcp",
    "transport", "tunnels",
)  # fmt: skip
"""Modules whose functions are compiled."""


def part(function: Callable[..., Any]) -> Any:  # noqa: ANN401
    """Return a function that compiled ones may call; it is compiled with them, and nothing is counted or checked."""
    return _jit(boundscheck=False, error_model="numpy", _nrt=False)(function)


@lru_cache(maxsize=1)
def stamp() -> int:
    """Return a number that changes with the source of any part: machine code of older parts is not used again."""
    digest = hashlib.blake2b(digest_size=7)
    for name in PARTS:
        digest.update((Path(__file__).with_name(f"{name}.py")).read_bytes())
    return int.from_bytes(digest.digest(), "big") | 1


def whole(function: Callable[..., Any]) -> Any:  # noqa: ANN401
    """Return a function that Python calls, compiled once and kept; its closure must hold the stamp."""
    options = {"nogil": True, "boundscheck": False, "error_model": "numpy", "_nrt": False}
    try:
        return _jit(cache=True, **options)(function)
    except RuntimeError:  # there is no place to keep it
        return _jit(**options)(function)
