"""Loops that are plain Python for a few events and compiled for many: small cases never wait for a compiler."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

WORTH = 20_000
"""From so many events on, loading the compiled loop pays."""


def loop(function: Callable[..., Any], size: int) -> Callable[..., Any]:
    """Return the function itself for few events, else compiled; both give the same.

    Args:
        function: A function of numbers and arrays that calls no other Python function.
        size: Events that it will run over.
    """
    return function if size < WORTH else _compiled(function)


@lru_cache(maxsize=64)
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    import numba

    made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    return made
