"""Forms of values as sets of byte sequences: a regular expression becomes a non-deterministic byte automaton.

The subset is what a form of a value needs: literals, character classes, groups (also `(?i:…)`), alternation, `?`, `*`,
`+`, `{m,n}` and `.`. Everything that looks around or back is refused. A character beyond ASCII is its UTF-8 sequence,
so `.` and `[^…]` always take whole characters. The standard library parses; nothing else of `re` is used.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flagstate.errors import CatalogError

Ranges = tuple[tuple[int, int], ...]
"""Sorted code point ranges, both ends inside."""

LAST = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)
LONG = 16
"""A single character class repeated up to more than this is counted beside the automaton, not inside it."""
SIZES = ((0x7F, 1), (0x7FF, 2), (0xFFFF, 3), (LAST, 4))


@dataclass
class Net:
    """A non-deterministic byte automaton; state 0 starts, state 1 accepts."""

    free: list[list[int]] = field(default_factory=lambda: [[], []])
    """By state: states reached without a byte."""
    steps: list[list[tuple[int, int, int]]] = field(default_factory=lambda: [[], []])
    """By state: lowest byte, highest byte, next state."""
    least: int = 0
    """The value has at least so many characters; counted beside the automaton."""
    most: int = 0
    """The value has at most so many characters; 0: no bound beside the automaton."""
    alphabet: int = 0
    """Bit by ASCII character, bit 128 for all others but blanks, bit 129 for these, when the form is no more than
    characters from such a set; else 0."""

    def state(self) -> int:
        """Add a state and return its number."""
        self.free.append([])
        self.steps.append([])
        return len(self.free) - 1


def net(pattern: str, *, beside: bool = True) -> Net:
    """Return the automaton of one form.

    Args:
        pattern: A regular expression of the subset.
        beside: Whether the characters of a long form may be counted beside the automaton.

    Raises:
        CatalogError: The pattern looks around or back, or uses another construct outside the subset.
    """
    parser = importlib.import_module("re._parser")
    tree = parser.parse(pattern)
    made = Net()
    long = _long(tree, pattern) if beside else None
    if long is not None:
        # `[^@]{2,500}` would need 500 states and multiply with every other form: the class repeats, the length is
        # compared afterwards. Both together say the same as the pattern.
        made.least, made.most, chars = long
        made.free[0].append(1)
        _chars(made, chars, 1, 1)
        made.alphabet = _alphabet(chars)
        return made
    made.free[_sequence(made, tree, 0, flags=0, pattern=pattern)].append(1)
    return made


def _long(tree: Any, pattern: str) -> tuple[int, int, Ranges] | None:  # noqa: ANN401
    if len(tree) != 1 or str(tree[0][0]) != "MAX_REPEAT":
        return None
    least, most, inner = tree[0][1]
    unbounded = int(most) >= int(_repeats())
    if len(inner) != 1 or (most <= LONG if not unbounded else least < 2):
        return None
    chars = _single(inner[0], 0, pattern)
    return None if chars is None else (int(least), 0 if unbounded else int(most), chars)


def _alphabet(chars: Ranges) -> int:
    beyond = tuple((max(low, 128), high) for low, high in chars if high >= 128)
    every, blanks = ((128, LAST),), tuple(span for span in _category("SPACE") if span[0] >= 128)
    if beyond not in ((), every, _meet(_other(blanks), every)):
        return 0
    made = sum(1 << code for low, high in chars for code in range(low, min(high, 127) + 1))
    return made | (1 << 128 if beyond else 0) | (1 << 129 if beyond == every else 0)


def _meet(one: Ranges, two: Ranges) -> Ranges:
    return tuple(
        (max(a, c), min(b, d)) for a, b in one for c, d in two if max(a, c) <= min(b, d)
    )  # fmt: skip


@cache
def _repeats() -> Any:  # noqa: ANN401
    return importlib.import_module("re._constants").MAXREPEAT


def _sequence(made: Net, tree: Any, at: int, *, flags: int, pattern: str) -> int:  # noqa: ANN401
    for item in tree:
        at = _item(made, item, at, flags=flags, pattern=pattern)
    return at


def _item(made: Net, item: Any, at: int, *, flags: int, pattern: str) -> int:  # noqa: ANN401
    kind, body = str(item[0]), item[1]
    chars = _single(item, flags, pattern)
    if chars is not None:
        end = made.state()
        _chars(made, chars, at, end)
        return end
    if kind == "SUBPATTERN":
        _group, added, removed, inner = body
        return _sequence(made, inner, at, flags=(flags | added) & ~removed, pattern=pattern)
    if kind == "BRANCH":
        end = made.state()
        for branch in body[1]:
            start = made.state()
            made.free[at].append(start)
            made.free[_sequence(made, branch, start, flags=flags, pattern=pattern)].append(end)
        return end
    if kind == "MAX_REPEAT":
        return _repeat(made, body, at, flags=flags, pattern=pattern)
    raise CatalogError(
        f"A form uses {kind.lower().replace('_', ' ')}, which is outside the subset", where=pattern[:60],
        todo="Write literals, classes, groups, alternation and greedy repeats only",
    )  # fmt: skip


def _repeat(made: Net, body: Any, at: int, *, flags: int, pattern: str) -> int:  # noqa: ANN401
    least, most, inner = body
    for _ in range(least):
        at = _sequence(made, inner, at, flags=flags, pattern=pattern)
    if most is _repeats():
        loop, end = made.state(), made.state()
        made.free[at].append(loop)
        made.free[_sequence(made, inner, loop, flags=flags, pattern=pattern)].append(loop)
        made.free[loop].append(end)
        return end
    end = made.state()
    made.free[at].append(end)
    for _ in range(most - least):
        start = made.state()
        made.free[at].append(start)
        at = _sequence(made, inner, start, flags=flags, pattern=pattern)
        made.free[at].append(end)
    return end


def _single(item: Any, flags: int, pattern: str) -> Ranges | None:  # noqa: ANN401
    """Return the characters of an item that takes exactly one, or None."""
    kind, body = str(item[0]), item[1]
    fold = bool(flags & re.IGNORECASE)
    if kind == "LITERAL":
        return _folded(((body, body),), fold)
    if kind == "NOT_LITERAL":
        return _other(_folded(((body, body),), fold))
    if kind == "ANY":
        return _other(() if flags & re.DOTALL else ((10, 10),))
    if kind != "IN":
        return None
    negate, found = False, []
    for what, value in body:
        word = str(what)
        if word == "NEGATE":
            negate = True
        elif word == "LITERAL":
            found.append((value, value))
        elif word == "RANGE":
            found.append((value[0], value[1]))
        elif word == "CATEGORY":
            found.extend(_category(str(value)))
        else:
            raise CatalogError(f"A form uses {word.lower()} in a class", where=pattern[:60])
    chars = _folded(_merged(found), fold)
    return _other(chars) if negate else chars


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    made: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(high, made[-1][1]))
        else:
            made.append((low, high))
    return tuple(made)


def _other(ranges: Ranges) -> Ranges:
    made, at = [], 0
    for low, high in ranges:
        if low > at:
            made.append((at, low - 1))
        at = high + 1
    return (*made, (at, LAST)) if at <= LAST else tuple(made)


def _folded(ranges: Ranges, fold: bool) -> Ranges:
    """Add the other cases, as `re` folds them: also the Kelvin sign for k and the long s for s."""
    if not fold:
        return ranges
    added = list(ranges)
    for low, high in ranges:
        for code in range(low, min(high, low + 1000) + 1):
            first = re.compile(re.escape(chr(code)), re.IGNORECASE)
            near = {chr(code).lower(), chr(code).upper(), "\u212a", "\u017f", "\u0130", "\u0131"}
            added += [(ord(c), ord(c)) for c in near if len(c) == 1 and first.fullmatch(c)]
    return _merged(added)


@cache
def _category(name: str) -> Ranges:
    word = {"SPACE": r"\s", "DIGIT": r"\d", "WORD": r"\w"}.get(name.rpartition("_")[2])
    if word is None:
        raise CatalogError(f"A form uses {name.lower()}, which is outside the subset")
    held = _merged([(ord(c), ord(c)) for c in re.findall(word, "".join(map(chr, range(SURROGATES[0]))))]
                   + [(ord(c), ord(c)) for c in re.findall(word, "".join(map(chr, range(SURROGATES[1] + 1, LAST + 1))))])  # fmt: skip  # noqa: E501
    return _other(held) if "NOT_" in name else held


def _chars(made: Net, ranges: Ranges, start: int, end: int) -> None:
    shared: dict[tuple[tuple[int, int], ...], int] = {(): end}
    for low, high in ranges:
        for sequence in sequences(low, high):
            # From the back, so that equal tails (continuation bytes) are one state.
            for place in range(len(sequence) - 1, 0, -1):
                tail = sequence[place:]
                if tail not in shared:
                    shared[tail] = made.state()
                    made.steps[shared[tail]].append((*sequence[place], shared[sequence[place + 1 :]]))
            made.steps[start].append((*sequence[0], shared[sequence[1:]]))


def sequences(low: int, high: int) -> list[tuple[tuple[int, int], ...]]:
    """Return code points low to high as sequences of byte ranges in UTF-8; surrogates are left out."""
    if low > high:
        return []
    if low <= SURROGATES[1] and high >= SURROGATES[0]:
        return sequences(low, SURROGATES[0] - 1) + sequences(SURROGATES[1] + 1, high)
    for edge, _size in SIZES:
        if low <= edge < high:
            return sequences(low, edge) + sequences(edge + 1, high)
    if high <= 0x7F:
        return [((low, high),)]
    size = next(size for edge, size in SIZES if high <= edge)
    for place in range(1, size):
        mask = (1 << (6 * place)) - 1
        if low & ~mask != high & ~mask:
            if low & mask:
                return sequences(low, low | mask) + sequences((low | mask) + 1, high)
            if high & mask != mask:
                return sequences(low, (high & ~mask) - 1) + sequences(high & ~mask, high)
    return [tuple(zip(chr(low).encode(), chr(high).encode(), strict=True))]
