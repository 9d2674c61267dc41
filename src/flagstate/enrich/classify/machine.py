"""All data classes as one machine of byte automata, ready for the kernel.

Why one automaton replaces a second engine for literal-led patterns (such as Hyperscan): a deterministic automaton
costs one table step per byte however many forms it holds, literals included, and the classes that may lie inside text
are few and begin in few ways. So the filter that such engines put before their automata is built here from the same
forms: the sets of bytes possible at the first places after a token's edge, sixty-four bits for all classes at once.
One source of truth, no extra dependency, and check digits are verified at the match instead of in a second pass.

Parts of a machine:
- *alphabets*: forms such as `[^@]{2,80}`, which any characters of a set have: one AND per byte decides all of them.
- *whole*: all other forms in as few automata as stay under a bound of states; a value is tried only when a class with
  its first byte, length and kinds of characters exists.
- *find*: the forms of classes with `search`, run from edges of alphanumeric runs that the filter lets through.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from flagstate.catalog import data_class
from flagstate.catalog.checks import FORMS
from flagstate.enrich.classify import automaton, tables
from flagstate.enrich.classify.tables import Alphabets, Filter, Tables

FILE = "shapes.npz"
LAYOUT = "2"
"""Raised when the builder makes other arrays of the same forms."""
MOST = np.iinfo(np.int64).max


class Form(Protocol):
    """What the machine needs of a data class."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def shape(self) -> str:
        """Form of a whole value; empty: none."""

    @property
    def find(self) -> str:
        """Form inside a value, where it differs."""

    @property
    def check(self) -> str:
        """Name of its check; empty: none."""

    @property
    def search(self) -> str:
        """Not empty: it is looked for inside values."""


class Rules(NamedTuple):
    """By class: what follows when its automaton accepts."""

    check: npt.NDArray[np.int64]
    """Number of its check in the order of names; -1: none."""
    least: npt.NDArray[np.int64]
    """Characters at least."""
    most: npt.NDArray[np.int64]
    """Characters at most."""


@dataclass(frozen=True)
class Machine:
    """Everything that the kernel looks up; the bit of a class is its place in `ids`."""

    ids: tuple[str, ...]
    """Classes in bit order."""
    words: int
    """64-bit words of a mask."""
    alphabets: Alphabets
    """Classes that are no more than characters of a set."""
    whole: Tables
    """All other forms of whole values."""
    find: Tables
    """Forms inside values: one automaton from edges, one around an @."""
    filter: Filter
    """Which edges are tried."""
    rules: Rules
    """What follows."""
    groups: dict[str, int]
    """Class to the automaton of `whole` that it was planned into."""


def digest(classes: Sequence[Form]) -> str:
    """Return the digest of all that the tables follow from."""
    said = "\0".join("\1".join((c.id, c.shape, c.find, c.check, c.search)) for c in classes)
    return hashlib.sha256(f"{LAYOUT}\0{said}".encode()).hexdigest()


def build(classes: Sequence[Form], groups: Mapping[str, int] | None = None) -> Machine:
    """Return the machine of some classes, made now; a few seconds.

    Args:
        classes: In bit order.
        groups: Class to automaton, as an earlier machine was planned; a class that it lacks joins the last one. None:
            planned anew, which takes minutes.

    Raises:
        CatalogError: A form is outside the subset, or they need too many states together.
    """
    words = max(1, (len(classes) + 63) // 64)
    plain: list[tuple[int, automaton.Automaton]] = []
    whole: list[tuple[int, automaton.Automaton]] = []
    find: list[tuple[int, automaton.Automaton]] = []
    for bit, c in enumerate(classes):
        if c.shape:
            form = automaton.automaton(c.shape)
            simple = form.alphabet and form.most < tables.SIZES and not c.check and len(plain) < tables.ALPHABETS
            (plain if simple else whole).append((bit, form))
        if c.search and (c.find or c.shape):
            find.append((bit, automaton.automaton(c.find or c.shape, beside=False)))
    least, most = np.zeros(len(classes), np.int64), np.full(len(classes), MOST)
    for bit, form in whole:
        least[bit], most[bit] = form.least, form.most or MOST
    check = _checks(classes)
    checked = {bit for bit in range(len(classes)) if check[bit] >= 0}
    counted = {bit for bit in range(len(classes)) if least[bit] or most[bit] < MOST}
    beside = [tables.around(form) is not None for _, form in find]
    if groups is None:
        numbers = tables.grouping([form for _, form in whole])
        groups = {classes[bit].id: number for (bit, _), number in zip(whole, numbers, strict=True)}
    spare = max(groups.values(), default=0)
    planned: dict[int, list[int]] = {}
    for place, (bit, _) in enumerate(whole):
        planned.setdefault(groups.get(classes[bit].id, spare), []).append(place)
    places = range(len(find))
    return Machine(
        ids=tuple(c.id for c in classes), words=words, alphabets=tables.alphabets(plain, words),
        whole=tables.tables(whole, [planned[group] for group in sorted(planned)], checked | counted, words),
        find=tables.tables(find, [[p for p in places if beside[p] == side] for side in (False, True)], checked, words),
        filter=tables.edges([form for _, form in find]), rules=Rules(check, least, most), groups=dict(groups),
    )  # fmt: skip


def load(classes: Sequence[Form] | None = None) -> Machine:
    """Return the machine of some classes, all shipped ones by default.

    The shipped tables are read when they are of just these forms; otherwise they are made now, in a few seconds, so
    that a new entry works at once.
    """
    return _loaded(tuple(data_class.load() if classes is None else classes))


@lru_cache(maxsize=4)
def _loaded(classes: tuple[Form, ...]) -> Machine:
    return shipped(classes) or build(classes, planned())


def shipped(classes: Sequence[Form]) -> Machine | None:
    """Return the machine from the shipped tables, or None when they are of other forms."""
    held = _held()
    return _unpacked(held, classes, planned()) if held and str(held["digest"]) == digest(classes) else None


def planned() -> dict[str, int]:
    """Return class to automaton as planned for the shipped tables."""
    held = _held()
    return dict(zip(map(str, held["grouped"]), map(int, held["group"]), strict=True)) if held else {}


@lru_cache(maxsize=1)
def _held() -> dict[str, Any]:
    file = resources.files("flagstate.enrich.classify").joinpath(FILE)
    if not file.is_file():
        return {}
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as held:
        return dict(held)


def packed(made: Machine, classes: Sequence[Form]) -> bytes:
    """Return the tables of a machine as a file; the same machine always gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in _fields(made, classes).items():
            held = io.BytesIO()
            np.save(held, np.asarray(value))
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, held.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


PARTS: tuple[tuple[str, Any], ...] = (
    ("alphabets", Alphabets), ("whole", Tables), ("find", Tables), ("filter", Filter), ("rules", Rules)
)  # fmt: skip


def _fields(made: Machine, classes: Sequence[Form]) -> dict[str, object]:
    named = sorted(made.groups)
    tables_ = {
        f"{part}_{name}": value
        for part, _ in PARTS
        for name, value in getattr(made, part)._asdict().items()
        if (part, name) != ("rules", "check")
    }
    return {"digest": digest(classes), "grouped": named, "group": [made.groups[name] for name in named], **tables_}


def _unpacked(held: Mapping[str, Any], classes: Sequence[Form], groups: dict[str, int]) -> Machine:
    def value(part: str, name: str) -> Any:  # noqa: ANN401
        if (part, name) == ("rules", "check"):
            return _checks(classes)
        found = held[f"{part}_{name}"]
        return found[()] if found.ndim == 0 else found

    parts: dict[str, Any] = {part: made(*(value(part, name) for name in made._fields)) for part, made in PARTS}
    return Machine(
        ids=tuple(c.id for c in classes), words=max(1, (len(classes) + 63) // 64), groups=groups, **parts
    )  # fmt: skip


def _checks(classes: Sequence[Form]) -> npt.NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(sorted(FORMS))}
    return np.array([numbers.get(c.check, -1) for c in classes], np.int64)
