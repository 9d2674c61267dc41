"""One pass over the string buffers of an Arrow array: which classes every value has, and a keyed fingerprint of it.

Nothing of a value is kept or returned. Work is bounded by the bytes read (`loops`): a whole form is compared up to
1,000 bytes, a find reaches at most 320 bytes from an edge of a run, and the part of an address before its @ is at most
64 bytes.

What it cannot see: a find that is longer than that, or that starts or ends inside a run of ASCII letters and digits.

It compiles once (`warm`, some tens of seconds for all checks) and is then loaded from beside the package or from the
user's cache; where neither can be written, every process compiles for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.enrich.classify import digits, fingerprint, loops
from flagstate.enrich.classify.machine import Machine



@dataclass(frozen=True)
class Look:
    """What one pass saw; row by row, and summed by class in the machine's order."""

    filled: npt.NDArray[np.uint8]
    """[row] 1: neither null nor blank."""
    marks: npt.NDArray[np.uint64]
    """[row] Keyed fingerprint of the trimmed value; 0 where not filled."""
    whole: npt.NDArray[np.uint64]
    """[row, word] Bit by class: the whole value has its form and passes its check."""
    inside: npt.NDArray[np.uint64]
    """[row, word] Bit by class: found inside the value, which is not of that class as a whole."""
    formed: npt.NDArray[np.int64]
    """[class] Values that have the whole form."""
    held: npt.NDArray[np.int64]
    """[class] Those of them that pass the check."""
    sizes: npt.NDArray[np.int32]
    """[row] Bytes of the trimmed value."""


def look(array: Any, machine: Machine, key: bytes, *, search: bool) -> Look:  # noqa: ANN401
    """Return which classes the values of an array have.

    Args:
        array: Arrow strings: string, large_string, string_view, or a dictionary of them (each entry is looked at once).
        machine: Compiled forms.
        key: 16 bytes; the same key gives the same marks.
        search: Whether to look inside values too.

    Raises:
        TypeError: The array holds no strings.
        ValueError: The key is not 16 bytes long.
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        return _encoded(array, machine, key, search=search)
    if pa.types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        raise TypeError(f"The kernel looks at strings, not at {array.type}")
    return _plain(array, machine, key, search=search, weights=np.ones(1, np.int64))


def _plain(array: Any, machine: Machine, key: bytes, *, search: bool, weights: npt.NDArray[np.int64]) -> Look:  # noqa: ANN401
    rows, size = len(array), 4 if pa.types.is_string(array.type) else 8
    valid, places, data = array.buffers()
    made = Look(
        np.zeros(rows, np.uint8), np.zeros(rows, np.uint64), np.zeros((rows, machine.words), np.uint64),
        np.zeros((rows if search else 0, machine.words), np.uint64), np.zeros(len(machine.ids), np.int64),
        np.zeros(len(machine.ids), np.int64), np.zeros(rows, np.int32),
    )  # fmt: skip
    if rows and places is not None:
        offsets = np.frombuffer(places, np.int32 if size == 4 else np.int64)[array.offset : array.offset + rows + 1]
        # One type of offsets, so that one kernel is compiled; the copy costs less than a nanosecond per row.
        offsets = offsets.astype(np.int64)
        text = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
        bits = np.frombuffer(valid, np.uint8) if valid is not None and array.null_count else np.zeros(0, np.uint8)
        kernel()(
            text, offsets, bits, array.offset, weights, *fingerprint.keyed(key), machine.alphabets, machine.whole,
            machine.find, machine.filter, machine.rules, search,
            (made.filled, made.marks, made.whole, made.inside, made.formed, made.held, made.sizes),
        )  # fmt: skip
    fingerprint.keyed(key)
    return made if search else _without(made)


def _without(made: Look) -> Look:
    return Look(made.filled, made.marks, made.whole, np.zeros_like(made.whole), made.formed, made.held, made.sizes)


def _encoded(array: Any, machine: Machine, key: bytes, *, search: bool) -> Look:  # noqa: ANN401
    entries = array.dictionary
    if not (pa.types.is_string(entries.type) or pa.types.is_large_string(entries.type)):
        entries = entries.cast(pa.large_string())
    indices = array.indices.fill_null(len(entries)).to_numpy(zero_copy_only=False).astype(np.int64)
    weights = np.bincount(indices, minlength=len(entries) + 1)[: len(entries)].astype(np.int64)
    seen = _plain(entries, machine, key, search=search, weights=weights if len(weights) != 1 else np.repeat(weights, 2))
    # One more row at the end stands for null.
    taken = [
        np.concatenate([part, np.zeros((1, *part.shape[1:]), part.dtype)])[indices]
        for part in (seen.filled, seen.marks, seen.whole, seen.inside, seen.sizes)
    ]
    return Look(taken[0], taken[1], taken[2], taken[3], seen.formed, seen.held, taken[4])


def warm() -> None:
    """Compile everything, so that the first audit does not; at set-up."""
    from flagstate.enrich.classify import machine

    look(pa.array(["4111 1111 1111 1111", None]), machine.load(), bytes(16), search=True)


_lock = threading.Lock()


def kernel() -> Callable[..., None]:
    """Return the compiled pass; one thread compiles, the others wait."""
    with _lock:
        return _kernel()


@lru_cache(maxsize=1)
def _kernel() -> Callable[..., None]:
    import numba

    runs = digits.jit(loops.runs, {}, {"passes": digits.compiled(), "RAW": digits.raw()})
    # The digest in the closure is part of the cache's key: the machine code is made anew when any source changes.
    entry = _entry(digits.digest())
    entry = FunctionType(entry.__code__, {"runs": runs}, entry.__name__, None, entry.__closure__)
    try:
        compiled: Callable[..., None] = numba.njit(cache=True, nogil=True, error_model="numpy")(entry)
    except RuntimeError:
        compiled = numba.njit(nogil=True, error_model="numpy")(entry)
    return compiled


def _entry(stamp: int) -> Any:  # noqa: ANN401
    def entry(  # noqa: PLR0913
        text: Any, offsets: Any, bits: Any, shift: Any, weights: Any, k0: Any, k1: Any, alphabets: Any, whole: Any,
        find: Any, gate: Any, rules: Any, search: Any, made: Any,
    ) -> None:  # fmt: skip
        if stamp:
            runs(text, offsets, bits, shift, weights, k0, k1, alphabets, whole, find, gate, rules, search, made)

    return entry
