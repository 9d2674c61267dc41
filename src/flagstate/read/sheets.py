"""Tables whose columns are only known when all was read: payloads, messages, documents; gathered within bounds.

Rows are put together per container until they take too much memory; then the largest container is handed out, and the
rest of its rows follow as further records of the same container, with the same columns first. A column that a row
holds twice makes a second row; what has no room among the columns stands in one column of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from flagstate.read.part import Note, Records

ROOM = 32 << 20
"""Bytes of values that wait at once."""
MOST_COLUMNS = 2000
MOST_SHEETS = 500
MOST_NAMES = 20_000
"""Different names of one artefact that are masked."""
LONGEST_ROW = 10_000
"""Times that one column may occur in one row; more is joined."""
OTHER = "other columns"
PIECE = 1 << 20
"""Running text is cut at line ends into pieces of this many characters."""


@dataclass
class Sheet:
    """Rows of one container that wait."""

    container: str
    asset_id: str
    state: str
    prose: bool
    columns: dict[str, None] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    size: int = 0
    crowded: bool = False


class Sheets:
    """Gathers rows, and hands out records."""

    def __init__(self, mask: Callable[[str], str], room: int = ROOM) -> None:
        """Begin with nothing.

        Args:
            mask: As the context gives it.
            room: Bytes of values that may wait.
        """
        self._mask, self._room = mask, room
        self._names: dict[str, str] = {}
        self._sheets: dict[tuple[str, str, str, bool], Sheet] = {}
        self.size = 0
        """Bytes that wait."""
        self.rows = 0
        """Rows that were handed in."""

    def name(self, raw: str) -> str:
        """Return a name from evidence, masked, and remember it; beyond MOST_NAMES they are all called alike."""
        found = self._names.get(raw)
        if found is None:
            if len(self._names) >= MOST_NAMES:
                # No table has so many columns: these names are values, and masking them would take hours.
                return OTHER
            found = self._names[raw] = self._mask(raw)
        return found

    def add(
        self,
        container: str,
        row: Iterable[tuple[str, str]],
        *,
        asset_id: str = "",
        state: str = "stored",
        prose: bool = False,
    ) -> None:
        """Hand in one row.

        Args:
            container: Its table; masked.
            row: Column, masked, and value; empty values are left out.
            asset_id: Where it is held or moved.
            state: stored, moved or used.
            prose: Whether it is running text.
        """
        key = (container, asset_id, state, prose)
        sheet = self._sheets.get(key)
        if sheet is None:
            if len(self._sheets) >= MOST_SHEETS:
                key = ("other tables", asset_id if len(self._sheets) < 2 * MOST_SHEETS else "", state, prose)
            sheet = self._sheets.setdefault(key, Sheet(*key))
        for made in _rows(row, sheet):
            size = sum(map(len, made.values())) + 100 + 50 * len(made)
            sheet.rows.append(made)
            sheet.size += size
            self.size += size
            self.rows += 1

    def text(self, container: str, text: str, *, asset_id: str = "", state: str = "stored") -> None:
        """Hand in running text; a long one is cut at line ends.

        Args:
            container: What it is; masked.
            text: The text.
            asset_id: Where it is held or moved.
            state: stored, moved or used.
        """
        at = 0
        while at < len(text):
            stop = min(len(text), at + PIECE)
            if stop < len(text):
                stop = max(text.rfind("\n", at, stop), text.rfind(" ", at + PIECE // 2, stop), at + PIECE // 2) + 1
            piece = text[at:stop]
            at = stop
            if not piece.isspace():
                self.add(container, [("text", piece)], asset_id=asset_id, state=state, prose=True)

    def full(self) -> Iterator[Records]:
        """Hand out the largest containers while too much waits."""
        while self.size > self._room:
            sheet = max(self._sheets.values(), key=lambda each: each.size)
            yield self._out(sheet)

    def rest(self) -> Iterator[Records | Note]:
        """Hand out all that waits."""
        for sheet in list(self._sheets.values()):
            if sheet.rows:
                yield self._out(sheet)
        for sheet in self._sheets.values():
            if sheet.crowded:
                yield Note(
                    f"{sheet.container} has more than {MOST_COLUMNS:,} columns; those beyond were searched as one",
                    lost=False,
                )

    def _out(self, sheet: Sheet) -> Records:
        names = list(sheet.columns)
        taken: set[str] = set()
        shown = []
        for name in names:
            # Engines tell columns apart without case.
            base, again = name, 2
            while name.casefold() in taken:
                name, again = f"{base}_{again}", again + 1
            taken.add(name.casefold())
            shown.append(name)
        arrays = [pa.array([row.get(name) for row in sheet.rows], pa.string()) for name in names]
        table = pa.Table.from_arrays(arrays, schema=pa.schema([pa.field(name, pa.string()) for name in shown]))
        self.size -= sheet.size
        sheet.rows, sheet.size = [], 0
        return Records(table.to_reader(), sheet.container, sheet.asset_id, sheet.state, sheet.prose)


def _rows(row: Iterable[tuple[str, str]], sheet: Sheet) -> list[dict[str, str]]:
    made: list[dict[str, str]] = []
    again: dict[str, int] = {}
    for name, value in row:
        text = clean(value)
        if not text or text.isspace():
            continue
        if name not in sheet.columns:
            if len(sheet.columns) >= MOST_COLUMNS:
                sheet.crowded = True
                name = OTHER
            sheet.columns[name] = None
        place = again.get(name, 0)
        again[name] = place + 1
        if place >= LONGEST_ROW:
            made[place % LONGEST_ROW][name] += "\n" + text
            continue
        if place >= len(made):
            made.append({})
        made[place][name] = text
    return made


def clean(value: str) -> str:
    """Return a value without zero characters and unpaired surrogates, which no table can hold."""
    if value.isascii():
        return value.replace("\0", "")
    return value.replace("\0", "").encode("utf-8", "replace").decode()
