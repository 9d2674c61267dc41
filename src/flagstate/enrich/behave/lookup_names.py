"""Names that were asked for, taken apart: the domain that somebody registered, and what stands below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

LONGEST = 253
"""Characters of a name that are looked at, its end: no name in DNS is longer."""
DEEPEST = 9
"""Labels beyond which no public suffix reaches."""
WHOLE = frozenset({"in-addr.arpa", "ip6.arpa"})
"""Zones of addresses; below them stand numbers, and nobody registered these."""
BUCKETS = 16
"""Classes of characters that are counted; see `SIZES`."""
CHUNK = 65_536
"""Names that are taken apart at a time: about 30 MB."""

_CLASSES = ("0123456789", "a", "e", "bcdf", "i", "o", "u", "t", "n", "r", "s", "l", "mphg", "yvwk", "jqxz")
SIZES = (*(len(letters) for letters in _CLASSES), 3)
"""Characters in each class; the last one holds hyphen, underscore and whatever else there is."""

Ints = npt.NDArray[np.int64]
Sizes = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Anatomy:
    """What distinct names are made of; one entry per name."""

    below: Sizes
    """Bytes below the registrable domain, without the dots."""
    longest: Sizes
    """Bytes of the longest label below it."""
    size: Sizes
    """Bytes of the whole name."""
    upper: Sizes
    """Capitals below it."""
    high: Sizes
    """Bytes beyond ASCII below it."""
    chars: Sizes
    """Characters below it by class; BUCKETS columns."""


def _classes() -> npt.NDArray[np.int64]:
    table = np.full(256, BUCKETS - 1, np.int64)
    for number, letters in enumerate(_CLASSES):
        for letter in letters + letters.upper():
            table[ord(letter)] = number
    return table


def domains(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make the table `lookup_domain` (n, domain): the registrable domain of each name, in lower case.

    Private suffixes count too, such as those of a content network: what stands below them was registered by
    different people. A name that is a suffix itself, or has one label, is its own domain.

    Args:
        con: A database.
        source: A table with `n`, a number, and `name`: lower case, no final dot, at most LONGEST characters.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE lookup_domain (n BIGINT, domain VARCHAR)")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE lookup_left AS SELECT n, string_split(name, '.') AS labels FROM {source}"
    )
    for depth in range(2, DEEPEST + 1):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE lookup_tail AS SELECT n, labels, "
            f"array_to_string(labels[-{depth}:], '.') AS tail, len(labels) <= {depth} AS whole FROM lookup_left"
        )
        distinct = con.execute("SELECT DISTINCT tail, whole FROM lookup_tail").fetchall()
        if not distinct:
            break
        found = [(tail, whole, _domain(tail, depth, whole=whole or depth == DEEPEST)) for tail, whole in distinct]
        schema = pa.schema([("tail", pa.string()), ("whole", pa.bool_()), ("domain", pa.string())])
        columns = list(zip(*found, strict=True))
        con.register("lookup_found", pa.table([pa.array(column) for column in columns], schema=schema))
        con.execute(
            "INSERT INTO lookup_domain SELECT n, domain FROM lookup_tail JOIN lookup_found USING (tail, whole) "
            "WHERE domain IS NOT NULL"
        )
        con.execute(
            "CREATE OR REPLACE TEMP TABLE lookup_left AS SELECT n, labels FROM lookup_tail "
            "JOIN lookup_found USING (tail, whole) WHERE domain IS NULL"
        )
        con.unregister("lookup_found")
    con.execute("DROP TABLE lookup_left")
    con.execute("DROP TABLE lookup_tail")


def _domain(tail: str, depth: int, *, whole: bool) -> str | None:
    """Return the registrable domain of all names that end so; null: it takes one more label to tell."""
    nodes, wild = _nodes()
    parent = tail.partition(".")[2]
    if tail not in nodes and parent not in wild:
        return tail if depth == 2 else _registrable(tail)
    if tail in WHOLE:
        return tail
    return _registrable(tail) if whole else None


def _registrable(tail: str) -> str:
    return _suffixes().privatesuffix(tail, accept_unknown=True) or tail


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=False)


@lru_cache(maxsize=1)
def _nodes() -> tuple[frozenset[str], frozenset[str]]:
    """Return all ends of rules that may go on to the left, and those after which any label is a suffix."""
    nodes, wild = set(), set()
    for rule in _suffixes()._publicsuffix:
        bare = rule.removeprefix("!")
        if bare.startswith("*."):
            bare = bare[2:]
            wild.add(bare)
        while bare:
            nodes.add(bare)
            bare = bare.partition(".")[2]
    return frozenset(nodes), frozenset(wild)


def anatomy(names: pa.Array, ends: Ints) -> Anatomy:
    """Take names apart.

    Args:
        names: Distinct names as they were asked for.
        ends: Bytes of each that stand below its registrable domain, with the dot between.
    """
    count = len(names)
    below, longest, size, upper, high = (np.zeros(count, np.uint16) for _ in range(5))
    made = Anatomy(below, longest, size, upper, high, np.zeros((count, BUCKETS), np.uint16))
    classes = _classes()
    for start in range(0, count, CHUNK):
        part = names.slice(start, CHUNK).cast(pa.large_binary())
        part = pa.concat_arrays([part])
        offsets = np.frombuffer(part.buffers()[1], np.int64)[part.offset : part.offset + len(part) + 1]
        buffer = part.buffers()[2]
        data = np.frombuffer(buffer, np.uint8) if buffer is not None else np.empty(0, np.uint8)
        here = slice(start, start + len(part))
        _chunk(data, offsets, ends[here], classes, [getattr(made, each.name)[here] for each in fields(made)])
    return made


def _chunk(data: npt.NDArray[np.uint8], offsets: Ints, ends: Ints, classes: Ints, into: list[Sizes]) -> None:
    """Fill the figures of some names."""
    below, longest, size, upper, high, chars = into
    size[:] = np.diff(offsets)
    data = data[offsets[0] : offsets[-1]]
    starts = offsets[:-1] - offsets[0]
    rows = np.repeat(np.arange(len(size)), size)
    kept = (np.arange(len(data)) - starts[rows]) < ends[rows]
    rows, text = rows[kept], data[kept]
    dots = text == ord(".")
    # Runs between dots: a dot ends a run, and so does the end of what stands below the domain.
    edge = np.flatnonzero(np.concatenate([[True], (rows[1:] != rows[:-1]) | dots[:-1]])) if len(text) else rows
    if len(edge):
        runs = np.add.reduceat((~dots).astype(np.int64), edge)
        np.maximum.at(longest, rows[edge], runs.astype(np.uint16))
    rows, text = rows[~dots], text[~dots]
    count = len(size)
    below[:] = np.bincount(rows, minlength=count)
    upper[:] = np.bincount(rows[(text >= 65) & (text <= 90)], minlength=count)
    high[:] = np.bincount(rows[text >= 128], minlength=count)
    chars[:] = np.bincount(rows * BUCKETS + classes[text], minlength=count * BUCKETS).reshape(count, BUCKETS)


def shown(keys: list[str], mask_host: Callable[[str], str]) -> list[str]:
    """Return domains as flows name them: masked, and in lower case."""
    return [mask_host(key) for key in keys]
