"""Deterministic byte automata of forms, one per class and one for all classes together.

Each form is made deterministic and minimal by itself. The union walks all of them in step: its state is the tuple of
their states. As each part is minimal and acceptance is kept apart by class, no two states of the union are equal, so
it needs no minimising of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flagstate.enrich.classify.forms import Net, net
from flagstate.errors import CatalogError

U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]

TOO_MANY = 20_000
"""States of one form or one union; more is refused or split."""


@dataclass(frozen=True)
class Automaton:
    """One form; state 0 is dead, state 1 starts."""

    next: I32
    """[state, byte] → state."""
    accepts: npt.NDArray[np.bool_]
    """By state."""
    least: int
    """Characters at least, compared beside the automaton."""
    most: int
    """Characters at most; 0: no bound beside the automaton."""
    alphabet: int
    """Bit by ASCII character, bit 128 for others but blanks, bit 129 for these, when any of them (of that length) have
    the form; else 0."""

    def holds(self, value: bytes) -> bool:
        """Whether the whole value has the form; slow, for tests and builds."""
        state = 1
        for byte in value:
            state = int(self.next[state, byte])
        size = len(value.decode("utf-8", "replace"))
        return bool(self.accepts[state]) and size >= self.least and (not self.most or size <= self.most)


def automaton(pattern: str, *, beside: bool = True) -> Automaton:
    """Return the least deterministic automaton of one form.

    Args:
        pattern: A regular expression of the subset.
        beside: Whether the characters of a long form may be counted beside the automaton.

    Raises:
        CatalogError: The pattern is outside the subset, or needs more than TOO_MANY states.
    """
    made = net(pattern, beside=beside)
    table, accepts = _subsets(made, pattern)
    table, accepts = _least(table, accepts)
    return Automaton(table, accepts, made.least, made.most, made.alphabet)


def _closures(made: Net) -> list[frozenset[int]]:
    found: list[frozenset[int]] = []
    for state in range(len(made.free)):
        seen, waiting = {state}, [state]
        while waiting:
            for target in made.free[waiting.pop()]:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        # Only states that do something tell two sets apart.
        found.append(frozenset(s for s in seen if made.steps[s] or s == 1))
    return found


def _subsets(made: Net, pattern: str) -> tuple[I32, npt.NDArray[np.bool_]]:
    closed = _closures(made)
    cuts = sorted({0} | {edge for steps in made.steps for low, high, _ in steps for edge in (low, high + 1)} - {256})
    widths = np.diff([*cuts, 256])
    by_cut: list[dict[int, list[int]]] = []
    for steps in made.steps:
        moves: dict[int, list[int]] = {}
        for low, high, target in steps:
            for number, cut in enumerate(cuts):
                if low <= cut <= high:
                    moves.setdefault(number, []).append(target)
        by_cut.append(moves)
    numbers: dict[frozenset[int], int] = {frozenset(): 0, closed[0]: 1}
    order = [frozenset(), closed[0]]
    rows: list[list[int]] = []
    for here in order:
        reached: list[set[int]] = [set() for _ in cuts]
        for state in here:
            for number, targets in by_cut[state].items():
                for target in targets:
                    reached[number] |= closed[target]
        row = []
        for states in reached:
            there = frozenset(states)
            if there not in numbers:
                numbers[there] = len(order)
                order.append(there)
            row.append(numbers[there])
        rows.append(row)
        if len(order) > TOO_MANY:
            raise CatalogError("A form needs too many states", where=pattern[:60], todo="Bound its repeats")
    table = np.repeat(np.array(rows, np.int32), widths, axis=1)
    return table, np.array([1 in states for states in order], np.bool_)


def _least(table: I32, accepts: npt.NDArray[np.bool_]) -> tuple[I32, npt.NDArray[np.bool_]]:
    """Merge equal states (Moore): states stay together while no byte tells them apart."""
    _, columns = np.unique(table, axis=1, return_index=True)
    thin = table[:, np.sort(columns)]
    mix = _random(thin.shape[1] + 1, 7)
    labels = accepts.astype(np.int64)
    count = len(np.unique(labels))
    while True:
        words = _random(len(table) + 2, 11)[labels]
        keys = words * mix[-1] + (words[thin] * mix[:-1]).sum(axis=1, dtype=np.uint64)
        found, labels = np.unique(keys, return_inverse=True)
        if len(found) == count:
            break
        count = len(found)
    # Dead first, start second, the others in order of appearance: the same pattern always makes the same table.
    order = list(dict.fromkeys([int(labels[0]), int(labels[1]), *map(int, labels)]))
    names = np.zeros(count, np.int32)
    names[order] = np.arange(count)
    firsts: dict[int, int] = {}
    for state, label in enumerate(labels):
        firsts.setdefault(int(label), state)
    rows = [firsts[label] for label in order]
    return names[labels[table[rows]]].astype(np.int32), accepts[rows]


def _random(size: int, seed: int) -> U64:
    """Return odd words by SplitMix64; the same every time."""
    begin = np.uint64(seed * 0x632BE59BD9B4E019 % 2**64)
    word = np.arange(1, size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + begin
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (word ^ (word >> np.uint64(31))) | np.uint64(1)


def columns(parts: Sequence[Automaton]) -> npt.NDArray[np.uint8]:
    """Return by byte its column: bytes that no part tells apart share one."""
    stacked = np.concatenate([part.next for part in parts])
    _, first, kinds = np.unique(stacked, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[kinds.reshape(-1)].astype(np.uint8)


def union(
    parts: Sequence[Automaton], kinds: npt.NDArray[np.uint8], bound: int
) -> tuple[I32, npt.NDArray[np.bool_]] | None:
    """Return the automaton that walks all parts at once, or None when it needs more than `bound` states.

    Args:
        parts: Forms.
        kinds: By byte its column, as `columns` makes them for these and possibly other parts.
        bound: Most states.

    Returns:
        [state, column] to state (0 dead, 1 start), and [state, part] whether the part accepts.
    """
    heads = np.array([int(np.argmax(kinds == kind)) for kind in range(int(kinds.max()) + 1)])
    offsets = np.concatenate([[0], np.cumsum([len(part.next) for part in parts])])[:-1]
    flat = np.concatenate([part.next[:, heads] + offset for part, offset in zip(parts, offsets, strict=True)])
    # A state of the union is known by the sum of the random words of its parts' states; dead parts add nothing.
    words = _random(len(flat), 3)
    words[offsets] = 0
    dead = offsets.astype(np.int64)
    rows = [dead, dead + 1]
    numbers = {0: 0, int(words[dead + 1].sum(dtype=np.uint64)): 1}
    tables: list[npt.NDArray[np.int64]] = [np.zeros((1, len(heads)), np.int64)]
    frontier = np.array([rows[1]])
    while len(frontier):
        alive = np.flatnonzero((frontier != dead).any(axis=0))
        moved = flat[frontier[:, alive]]  # [frontier, part, column]
        keys = words[moved].sum(axis=1, dtype=np.uint64)
        found, first, inverse = np.unique(keys.reshape(-1), return_index=True, return_inverse=True)
        named, fresh = np.zeros(len(found), np.int64), []
        for place in np.argsort(first, kind="stable"):
            key = int(found[place])
            if key not in numbers:
                numbers[key] = len(rows)
                row, column = divmod(int(first[place]), len(heads))
                rows.append(dead.copy())
                rows[-1][alive] = moved[row, :, column]
                fresh.append(rows[-1])
            named[place] = numbers[key]
        if len(rows) > bound:
            return None
        tables.append(named[inverse].reshape(len(frontier), len(heads)))
        frontier = np.array(fresh)
    accepted = np.concatenate([part.accepts for part in parts])[np.array(rows)]
    return np.concatenate(tables).astype(np.int32), accepted
