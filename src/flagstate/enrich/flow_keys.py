"""Which connections may have been logged twice: two sorted arrays of keyed hashes per artefact, merged in slices.

A connection has two keys: one of its id and its two addresses, and one of its addresses, ports and protocol with its
start in microseconds added, so that starts within 1 ms of each other lie within 1,000 of each other. What the keys find
is only suspected: `flow_overlap` decides on the records themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flagstate.enrich import flow_radix

Hashes = npt.NDArray[np.uint64]
WINDOW_US = 1_000
"""Two records of the same ends are the same connection if they start within so many microseconds."""
_SLICE = 16_000_000


def _none() -> Hashes:
    return np.empty(0, np.uint64)


@dataclass(frozen=True)
class Keys:
    """The keys of the connections of one artefact, each array sorted, with repetitions."""

    uid: Hashes = field(default_factory=_none)
    """Hashes of connection id and addresses."""
    pair: Hashes = field(default_factory=_none)
    """Hashes of addresses, ports and protocol, plus start in microseconds."""


@dataclass(frozen=True)
class Suspects:
    """The keys that occur more than once over all artefacts."""

    uid: Hashes = field(default_factory=_none)
    pair: Hashes = field(default_factory=_none)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(len(self.uid) or len(self.pair))

    def touches(self, keys: Keys) -> bool:
        """Whether an artefact with these keys must be read again."""
        return bool(member(self.uid, keys.uid).any() or member(self.pair, keys.pair).any())


def sort(uid: Hashes, pair: Hashes) -> Keys:
    """Sort both arrays in place, each in its own thread, and drop the zeros that stand for no key."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(flow_radix.sort, (uid, pair)))
    return Keys(uid[np.searchsorted(uid, 1) :], pair[np.searchsorted(pair, 1) :])


def combine(keys: Iterable[Keys]) -> Keys:
    """Return the keys of several artefacts, or of several parts of one, together."""
    listed = list(keys)
    if len(listed) == 1:
        return listed[0]
    return sort(
        np.concatenate([_none(), *(each.uid for each in listed)]),
        np.concatenate([_none(), *(each.pair for each in listed)]),
    )


def suspects(keys: Mapping[str, Keys] | Sequence[Keys]) -> Suspects:
    """Find the keys that occur more than once, over all artefacts together."""
    listed = list(keys.values()) if isinstance(keys, Mapping) else list(keys)
    return Suspects(_repeated([k.uid for k in listed], 0), _repeated([k.pair for k in listed], WINDOW_US))


def _repeated(arrays: list[Hashes], window: int) -> Hashes:
    """Return the distinct values that have another one within the window."""
    total = sum(len(array) for array in arrays)
    parts = max(1, -(-total // _SLICE))
    bounds = [(2**64 // parts) * part for part in range(parts)] + [2**64 - 1]
    found = [_none()]
    for low, high in pairwise(bounds):
        floor, roof = np.uint64(max(0, low - window)), np.uint64(min(2**64 - 1, high + window))
        slices = [a[np.searchsorted(a, floor) : np.searchsorted(a, roof, side="right")] for a in arrays]
        joined = slices[0] if len(slices) == 1 else np.sort(np.concatenate([_none(), *slices]))
        close = np.flatnonzero(joined[1:] - joined[:-1] <= np.uint64(window)) if len(joined) > 1 else np.empty(0, int)
        found.append(joined[np.union1d(close, close + 1)])
    return np.unique(np.concatenate(found))


def member(values: Hashes, known: Hashes, *, window: int = 0) -> npt.NDArray[np.bool_]:
    """Say of each value whether the sorted `known` has it, or one within the window."""
    if not len(known) or not len(values):
        return np.zeros(len(values), np.bool_)
    low = values - np.minimum(values, np.uint64(window))
    at = np.searchsorted(known, low)
    inside = at < len(known)
    nearest = known[np.minimum(at, len(known) - 1)]
    return np.asarray(inside & (nearest >= low) & (nearest - low <= np.uint64(2 * window)) & (values > 0))
