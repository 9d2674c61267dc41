"""A table on a page: the first rows in the HTML, all shown rows as data that a small script sorts and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flagstate.report.inert import plain

SHOWN = 1000
"""Rows that a page holds of one table, unless it says otherwise."""

ROOM = 400_000
"""Characters that one table may take of the file; long names cost rows, which stay in the Parquet file."""

FIRST = 25
"""Rows that stand in the HTML itself, for readers without script and for search."""

KINDS = ("text", "mono", "two", "span", "country", "bytes", "count", "chip", "marks")
"""text; monospaced text; [main, small]; [from, to]; ISO code; bytes; whole number; [code, word]; [[code, word], …]."""


@dataclass(frozen=True)
class Field:
    """One column of a grid."""

    label: str
    """Its heading."""
    kind: str
    """One of `KINDS`."""
    value: Callable[[dict[str, Any]], Any]
    """From a row to the cell."""
    group: str = ""
    """Heading above several neighbouring columns."""
    title: str = ""
    """A sentence on what the column says and how it can be wrong."""
    wide: bool = False
    """It holds sentences or paths, and gets room for them."""


@dataclass(frozen=True)
class Grid:
    """A table ready to be shown."""

    name: str
    """Its id on the page."""
    fields: tuple[Field, ...]
    """Its columns."""
    rows: tuple[tuple[Any, ...], ...]
    """Cells, in the order in which they are first shown."""
    total: int
    """Rows that there are in all."""
    more: str
    """Where the rest is."""

    @property
    def first(self) -> tuple[tuple[Any, ...], ...]:
        """The rows that stand in the HTML itself."""
        return self.rows[:FIRST]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Headings above columns with their widths; empty if no column has one."""
        if not any(f.group for f in self.fields):
            return []
        spans: list[tuple[str, int]] = []
        for f in self.fields:
            if spans and f.group and spans[-1][0] == f.group:
                spans[-1] = (f.group, spans[-1][1] + 1)
            else:
                spans.append((f.group, 1))
        return spans

    def data(self) -> dict[str, Any]:
        """Return what the script needs."""
        return {"kinds": [f.kind for f in self.fields], "rows": self.rows, "total": self.total}


def grid(
    name: str,
    fields: Sequence[Field],
    records: Iterable[dict[str, Any]],
    *,
    total: int | None = None,
    more: str = "",
    most: int = SHOWN,
) -> Grid:
    """Return the grid of the records, as many as its room holds.

    Args:
        name: Its id on the page.
        fields: Its columns.
        records: Rows in the order to be shown.
        total: Rows in all, if the records are already bounded.
        more: The noun whose Parquet file holds the rest.
        most: Rows that the page holds.
    """
    listed = list(records)
    rows: list[tuple[Any, ...]] = []
    room = ROOM
    for record in listed[:most]:
        row = tuple(_inert(f.value(record)) for f in fields)
        room -= len(repr(row))
        if room < 0:
            break
        rows.append(row)
    return Grid(name, tuple(fields), tuple(rows), len(listed) if total is None else total, more)


def _inert(cell: object) -> object:
    """Return the cell with every text in it made harmless."""
    if isinstance(cell, str):
        return plain(cell)
    if isinstance(cell, list | tuple):
        return tuple(_inert(part) for part in cell)
    return cell
