"""The catalog's checks, compiled: one function that passes or refuses a value by the number of its check.

The checks are plain functions of the catalog; nothing is written twice. Each is compiled with the functions and tables
that it names, and one function chooses among all by number, which the compiler turns into a jump table.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from flagstate.catalog.checks import FORMS, RAW

Check = Callable[[Any, int], bool]

OURS = (
    "flagstate.catalog.checks",
    *(f"flagstate.enrich.classify.{name}" for name in ("loops", "finds", "cells", "frame", "fingerprint")),
    *(f"flagstate.enrich.classify.{name}" for name in ("digits", "pointers")),
)
"""What is compiled."""
FAN = 8
"""Calls in one function that chooses."""


def names() -> tuple[str, ...]:
    """Return the names of all checks in the order of their numbers."""
    return tuple(sorted(FORMS))


def raw() -> Any:  # noqa: ANN401
    """Return by number whether the check reads the value with its separators."""
    return np.array([name in RAW for name in names()] or [False], np.uint8)


def digest() -> int:
    """Return a number that changes with the source of any check, so that no stale machine code is loaded."""
    texts = sorted({inspect.getsource(made) for name, made in list(sys.modules.items()) if name.startswith(OURS)})
    return int.from_bytes(hashlib.sha256("\0".join([*names(), *sorted(RAW), *texts]).encode()).digest()[:6], "big")


def compiled(forms: Mapping[str, Check] | None = None) -> Callable[[int, Any, int], bool]:
    """Return `passes(number, text, size)`; each check is compiled when the function around it is.

    Args:
        forms: Checks by name; all of the catalog.
    """
    chosen = FORMS if forms is None else forms
    made: dict[Any, Any] = {}
    space: dict[str, Any] = {f"check_{n}": jit(chosen[name], made) for n, name in enumerate(sorted(chosen))}
    space["__name__"] = __name__
    # A call makes room at the begin of the function that it is in, so no function has many: a tree chooses.
    calls, level = [f"check_{n}" for n in range(len(chosen))], 0
    least = list(range(len(chosen) + 1))
    while level == 0 or len(calls) > 1:
        starts = range(0, len(calls), FAN)
        for here in starts:
            lines = [f"def choice_{level}_{here}(number, text, size):"]
            for place in range(here, min(here + FAN, len(calls))):
                given = "text, size" if level == 0 else "number, text, size"
                lines.append(f"    if number < {least[place + 1]}:\n        return {calls[place]}({given})")
            exec("\n".join([*lines, "    return False"]), space)  # noqa: S102  numbers only, no text of a user
            space[f"choice_{level}_{here}"] = _njit(space[f"choice_{level}_{here}"])
        calls = [f"choice_{level}_{here}" for here in starts]
        least, level = [*(least[here] for here in starts), len(chosen)], level + 1
    chooser: Callable[[int, Any, int], bool] = space[calls[0]]
    return chooser


def jit(function: Any, made: dict[Any, Any], given: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
    """Return a function ready to compile with the ones it calls; byte strings become arrays, which are plain loads.

    Args:
        function: A function of integers, loops and arrays.
        made: What was made so far, by function; filled further.
        given: Globals to use in the place of those of the function's module.
    """
    if function not in made:
        named = {name for code in _codes(function.__code__) for name in code.co_names}
        space: dict[str, Any] = {"__builtins__": __builtins__, "__name__": function.__module__}
        for name in sorted(named & {*function.__globals__, *(given or {})}):
            value = given[name] if given and name in given else function.__globals__[name]
            if isinstance(value, FunctionType):
                value = jit(value, made, given)
            elif isinstance(value, bytes):
                value = np.frombuffer(value, np.uint8)
            space[name] = value
        copy = FunctionType(function.__code__, space, function.__name__, function.__defaults__)
        made[function] = _njit(copy)
    return made[function]


def _njit(function: Any) -> Any:  # noqa: ANN401
    import numba

    # Only compiled code calls these: the wrappers for Python would double the time to compile.
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(nogil=True, error_model="numpy", **options)(function)


def _codes(code: Any) -> list[Any]:  # noqa: ANN401
    return [code, *(inner for part in code.co_consts if hasattr(part, "co_code") for inner in _codes(part))]
