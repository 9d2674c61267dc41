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
from dataclasses import dataclass, replace
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.enrich.classify import cells, digits, fingerprint, loops, pointers
from flagstate.enrich.classify.frame import FRAME
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
    return _plain(array, machine, key, search=search, weights=None)


def _plain(
    array: Any,  # noqa: ANN401
    machine: Machine,
    key: bytes,
    *,
    search: bool,
    weights: npt.NDArray[np.int64] | None,
) -> Look:
    rows, size = len(array), 4 if pa.types.is_string(array.type) else 8
    valid, places, data = array.buffers()
    made = Look(
        np.zeros(rows, np.uint8), np.zeros(rows, np.uint64), np.zeros((rows, machine.words), np.uint64),
        np.zeros((rows, machine.words), np.uint64), np.zeros(64 * machine.words, np.int64),
        np.zeros(64 * machine.words, np.int64), np.zeros(rows, np.int32),
    )  # fmt: skip
    first, second = fingerprint.keyed(key)
    if rows and places is not None:
        offsets = np.frombuffer(places, np.int32 if size == 4 else np.int64)[array.offset : array.offset + rows + 1]
        text = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
        bits = np.frombuffer(valid, np.uint8) if valid is not None and array.null_count else None
        rules, whole, find, gate, words = machine.rules, machine.whole, machine.find, machine.filter, machine.words
        _run(
            rows=rows, words=words, shift=array.offset, weighed=weights is not None, search=search, k0=first, k1=second,
            text_size=len(text), text=text, offsets=offsets.astype(np.int64), bits=bits, weights=weights,
            **vars(made), masks=made.whole, slots=np.zeros(loops.MANY_SLOTS, np.uint64),
            answers=np.zeros(3 * words * loops.MANY_SLOTS, np.uint64),
            patterns=np.zeros(2 * words * loops.MANY_PATTERNS, np.uint64),
            counts=np.zeros(loops.MANY_PATTERNS, np.int64),
            buffer=np.zeros(32 * int(cells.LONGEST), np.uint8), lanes=np.zeros(32, np.int64),
            ends=np.zeros(len(rules.check), np.uint64), touched=np.zeros(len(rules.check), np.uint64),
            sets=machine.alphabets.sets, by_size=machine.alphabets.sizes, spread=machine.alphabets.words,
            blanks=machine.alphabets.blank, used=machine.alphabets.used, next=whole.next, kinds=whole.kinds,
            column=whole.last, starts=whole.starts, groups=len(whole.starts), direct=whole.direct, first=whole.first,
            classes=whole.classes, able=whole.able,
            find_next=find.next, find_kinds=find.kinds, find_column=find.last, find_starts=find.starts,
            find_direct=find.direct, find_first=find.first, find_classes=find.classes, gate=~gate.sets,
            gate_end=~gate.end, gate_fresh=gate.fresh, gate_top=gate.top, gate_around=gate.around,
            gate_local=gate.local, check=rules.check, least=rules.least, most=rules.most,
        )  # fmt: skip
    return replace(made, formed=made.formed[: len(machine.ids)], held=made.held[: len(machine.ids)])


def _run(**given: Any) -> None:  # noqa: ANN401
    """Run the kernel; it sees addresses only, so the arrays stay referenced here until it is done."""
    kept = [given[name] for name in FRAME]
    words = [0 if k is None else k.ctypes.data if isinstance(k, np.ndarray) else int(k) for k in kept]
    kernel()(np.array(words, np.uint64))


def _encoded(array: Any, machine: Machine, key: bytes, *, search: bool) -> Look:  # noqa: ANN401
    entries = array.dictionary
    if not (pa.types.is_string(entries.type) or pa.types.is_large_string(entries.type)):
        entries = entries.cast(pa.large_string())
    indices = array.indices.cast(pa.int64()).fill_null(len(entries)).to_numpy(zero_copy_only=False)
    weights = np.bincount(indices, minlength=len(entries) + 1)[: len(entries)].astype(np.int64)
    seen = _plain(entries, machine, key, search=search, weights=weights)
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

    given = {"passes": digits.compiled(), "RAW": digits.raw(), **pointers.made()}
    compiled_runs = digits.jit(loops.runs, {}, given)
    # The digest in the closure is part of the cache's key: the machine code is made anew when any source changes.
    entry = loops.entry(digits.digest())
    space = {"runs": compiled_runs, "u64": given["u64"], "__name__": loops.__name__}
    entry = FunctionType(entry.__code__, space, entry.__name__, None, entry.__closure__)
    try:
        compiled: Callable[..., None] = numba.njit(cache=True, nogil=True, error_model="numpy")(entry)
    except RuntimeError:
        compiled = numba.njit(nogil=True, error_model="numpy")(entry)
    return compiled
