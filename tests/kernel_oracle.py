"""The answers of the kernel, worked out slowly with `re` and the interpreted checks, and hostile values for it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from flagstate.catalog.checks import CHECKS

BLANKS = " \t\n\r\v\f"
WHOLE, REACH, LOCAL = 1000, 320, 64
ALNUM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@dataclass(frozen=True)
class Form:
    """A data class as far as the kernel knows it."""

    id: str
    shape: str = ""
    find: str = ""
    check: str = ""
    search: str = ""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def whole(value: str, classes: Sequence[Form]) -> tuple[set[str], set[str]]:
    """Return the classes whose form a trimmed value has, and those whose check it passes too."""
    if len(value.encode()) > WHOLE:
        return set(), set()
    formed = {c.id for c in classes if c.shape and compiled(c.shape).fullmatch(value)}
    return formed, {c.id for c in classes if c.id in formed and (not c.check or CHECKS[c.check](value))}


def inside(value: str, classes: Sequence[Form]) -> set[str]:
    """Return the classes found inside a trimmed value: at each edge the longest end that is no run's middle."""
    found = set()
    edges = [p for p in range(len(value)) if p == 0 or value[p - 1] not in ALNUM]
    ends = [p for p in range(1, len(value) + 1) if p == len(value) or value[p] not in ALNUM]
    at = {p: len(value[:p].encode()) for p in {*edges, *ends}}
    for c in classes:
        form = compiled(c.find or c.shape)
        for edge in edges if c.search else []:
            for end in reversed(ends):
                if end <= edge or at[end] - at[edge] > REACH or (edge, end) == (0, len(value)):
                    continue
                if form.fullmatch(value, edge, end):
                    if not c.check or CHECKS[c.check](value[edge:end]):
                        found.add(c.id)
                    break
            if c.id in found:
                break
    return found


def mutated(value: str, source: random.Random) -> str:
    """Return a value with a few characters changed, added or taken."""
    made = list(value)
    for _ in range(source.randrange(1, 4)):
        place = source.randrange(len(made) + 1)
        what = source.choice("0123456789AZaz @.-_/:;,+=\\\"'\u00a0\u202fé客😀")
        action = source.random()
        if action < 0.4:
            made.insert(place, what)
        elif made and action < 0.7:
            made[min(place, len(made) - 1)] = what
        elif made:
            del made[min(place, len(made) - 1)]
    return "".join(made)
