"""Tables whose columns are only known when all was read: payloads, messages, documents; gathered within bounds.

Rows are put together per container. Where they take too much memory the largest container is put aside, and the
artefact is read again for it alone, now that its columns are known: so each container is told as one, and its subjects
are counted as one. A column that a row holds twice makes a second row; what has no room among the columns stands in one
column of its own.
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
MOST_PASSES = 6
"""Containers for each of which an artefact is read again; what is large beyond is told in parts."""
BATCH_BYTES = 8 << 20
MOST_NAMES = 20_000
"""Different names of one artefact that are masked."""
LONGEST_ROW = 10_000
"""Times that one column may occur in one row; more is joined."""
OTHER = "other columns"
PIECE = 1 << 20
"""Running text is cut at line ends into pieces of this many characters."""


Key = tuple[str, str, str, bool]


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
    total: int = 0
    aside: bool = False
    """Its rows are told in a pass of their own."""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return (self.container, self.asset_id, self.state, self.prose)


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
        self._sheets: dict[Key, Sheet] = {}
        self._wanted: frozenset[Key] | None = None
        self.first = True
        """Whether this is the first pass over the artefact: only that one counts and complains."""
        self.size = 0
        """Bytes that wait."""
        self.rows = 0
        """Rows that were handed in."""
        self.calls = 0
        """Times that something was handed in: the same in every pass."""

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
        self.calls += 1
        key = (container, asset_id, state, prose)
        if key not in self._sheets and (len(self._sheets) >= MOST_SHEETS or not self.first):
            key = ("other tables", "", state, prose)
        if self._wanted is not None and key not in self._wanted:
            return
        sheet = self._sheets.setdefault(key, Sheet(*key))
        for made in _rows(row, sheet):
            size = sum(map(len, made.values())) + 100 + 50 * len(made)
            self.rows += 1
            sheet.total += size
            if not sheet.aside:
                sheet.rows.append(made)
                sheet.size += size
                self.size += size

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

    def tell(self, feed: Callable[[Sheets], Iterator[None]]) -> Iterator[Records | Note]:
        """Read the artefact, as often as it takes, and hand out each container.

        Args:
            feed: Reads the artefact from the beginning and hands its rows to the sheets that it is given; it yields
                whenever they may be looked at, and does the same each time.
        """
        for _ in feed(self):
            self.fit()
        yield from self.rest()
        large = sorted((each for each in self._sheets.values() if each.aside), key=lambda each: -each.total)
        for sheet in large[:MOST_PASSES]:
            schema = pa.schema([pa.field(name, pa.string()) for name in _shown(sheet)])
            batches = self._again([sheet])._batches(feed, sheet.key)
            yield Records(pa.RecordBatchReader.from_batches(schema, batches), *sheet.key)
        if len(large) > MOST_PASSES:
            again = self._again(large[MOST_PASSES:])
            for _ in feed(again):
                yield from again.full()
            yield from again.rest()
            yield Note(
                f"{len(large) - MOST_PASSES:,} of its tables were searched in parts: who stands in two of them is "
                "counted twice",
                "Split the file.",
                lost=False,
            )

    def fit(self) -> None:
        """Put the largest containers aside while too much waits; for who hands in the first pass without `tell`."""
        while self.size > self._room:
            sheet = max(self._sheets.values(), key=lambda each: each.size)
            self.size -= sheet.size
            sheet.rows, sheet.size, sheet.aside = [], 0, True

    def _again(self, sheets: Iterable[Sheet]) -> Sheets:
        """Return what gathers some containers in a further pass."""
        made = Sheets(self._mask, self._room)
        made.first = False
        made._names = self._names
        made._sheets = {key: Sheet(*key) for key in self._sheets}
        made._wanted = frozenset(sheet.key for sheet in sheets)
        for sheet in sheets:
            made._sheets[sheet.key].columns = dict(sheet.columns)
        return made

    def _batches(self, feed: Callable[[Sheets], Iterator[None]], key: Key) -> Iterator[pa.RecordBatch]:
        sheet = self._sheets[key]
        for _ in feed(self):
            if sheet.size >= min(BATCH_BYTES, self._room):
                yield from self._out(sheet).reader
        if sheet.rows:
            yield from self._out(sheet).reader

    def full(self) -> Iterator[Records]:
        """Hand out the largest containers, in part, while too much waits."""
        while self.size > self._room:
            sheet = max(self._sheets.values(), key=lambda each: each.size)
            yield self._out(sheet)

    def rest(self) -> Iterator[Records | Note]:
        """Hand out all that waits."""
        for sheet in list(self._sheets.values()):
            if sheet.rows:
                yield self._out(sheet)
        for sheet in self._sheets.values():
            if sheet.crowded and self.first:
                yield Note(
                    f"{sheet.container} has more than {MOST_COLUMNS:,} columns; those beyond were searched as one",
                    lost=False,
                )

    def _out(self, sheet: Sheet) -> Records:
        arrays = [pa.array([row.get(name) for row in sheet.rows], pa.string()) for name in sheet.columns]
        schema = pa.schema([pa.field(name, pa.string()) for name in _shown(sheet)])
        table = pa.Table.from_arrays(arrays, schema=schema)
        self.size -= sheet.size
        sheet.rows, sheet.size = [], 0
        return Records(table.to_reader(), sheet.container, sheet.asset_id, sheet.state, sheet.prose)


def _shown(sheet: Sheet) -> list[str]:
    """Return the names of columns, told apart also without their case, as engines do."""
    taken: set[str] = set()
    shown = []
    for base in sheet.columns:
        name, again = base, 2
        while name.casefold() in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name.casefold())
        shown.append(name)
    return shown


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
