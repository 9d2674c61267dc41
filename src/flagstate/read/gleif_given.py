"""Records of the GLEIF files as batches of the columns that are used, from CSV and from XML, streamed.

The columns are called as in the CSV of the Golden Copy; an element of the XML goes to the column that says the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from xml.parsers import expat

import pyarrow as pa

from flagstate.model.counted import counted
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.header import unique
from flagstate.read.owners import Flaws
from flagstate.read.part import Head, Opened
from flagstate.read.xml_shape import encoding, local, parser

BLOCK = 4 << 20
CHUNK = 1 << 18
HEIGHT = 20_000
"""Records of a batch that is made from XML."""
LONGEST = 1 << 12
"""Characters of a value that are kept."""
LINE = "line"
EVENTS, PERIODS, REASONS = range(1, 6), range(1, 6), range(1, 3)

_EVENT = "Entity.LegalEntityEvents.LegalEntityEvent"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "level 1": (
        "LEI",
        "Entity.LegalName",
        "Entity.LegalAddress.Country",
        "Entity.HeadquartersAddress.Country",
        "Entity.LegalJurisdiction",
        "Entity.RegistrationAuthority.RegistrationAuthorityID",
        "Entity.RegistrationAuthority.RegistrationAuthorityEntityID",
        "Entity.EntityCategory",
        "Entity.EntityStatus",
        "Entity.EntityCreationDate",
        "Entity.EntityExpirationDate",
        "Registration.LastUpdateDate",
        "Registration.RegistrationStatus",
        *(
            f"{_EVENT}.{n}.{word}"
            for n in EVENTS
            for word in ("LegalEntityEventType", "event_status", "LegalEntityEventEffectiveDate")
        ),
    ),
    "level 2 relationships": (
        "Relationship.StartNode.NodeID",
        "Relationship.EndNode.NodeID",
        "Relationship.RelationshipType",
        "Relationship.RelationshipStatus",
        "Registration.LastUpdateDate",
        "Registration.RegistrationStatus",
        *(f"Relationship.Period.{n}.{word}" for n in PERIODS for word in ("startDate", "endDate", "periodType")),
    ),
    "level 2 exceptions": ("LEI", "Exception.Category", *(f"Exception.Reason.{n}" for n in REASONS)),
}
"""Columns of each file that are used."""

NEEDED: Mapping[str, frozenset[str]] = {
    "level 1": frozenset({"LEI", "Entity.LegalName"}),
    "level 2 relationships": frozenset(COLUMNS["level 2 relationships"][:3]),
    "level 2 exceptions": frozenset({"LEI", "Exception.Category"}),
}
"""Columns without which a table is no such file."""

RECORD: Mapping[str, str] = {
    "level 1": "LEIRecord",
    "level 2 relationships": "RelationshipRecord",
    "level 2 exceptions": "Exception",
}
"""The element of one record."""

REPEATED = {
    _EVENT: _EVENT,
    "Relationship.RelationshipPeriods.RelationshipPeriod": "Relationship.Period",
    "ExceptionReason": "Exception.Reason",
}
"""Elements that stand several times in one record, and what their columns begin with."""

_CALLED = {
    "StartDate": "startDate",
    "EndDate": "endDate",
    "PeriodType": "periodType",
    "ExceptionCategory": "Exception.Category",
}


def header(head: Head) -> tuple[str, list[str], str] | None:
    """Return which file a table is, its columns and what divides them, or None."""
    text = text_head(head.data)
    if text is None:
        return None
    first = text.split("\n", 1)[0].rstrip("\r")
    for delimiter in (",", ";", "\t"):
        try:
            names = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        for kind, needed in NEEDED.items():
            if needed <= set(names):
                return kind, names, delimiter
    return None


def schema(kind: str) -> pa.Schema:
    """Return the columns of a file, with the line of each record."""
    return pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in COLUMNS[kind])])


def from_csv(opened: Opened, kind: str, flaws: Flaws) -> Iterator[pa.RecordBatch]:
    """Yield the records of a table; rows of another width are rejected."""
    from pyarrow import csv as arrow

    found = header(opened.head)
    assert found is not None  # noqa: S101  it was recognised
    _, names, delimiter = found
    shown = unique(names, len(names))
    refused: list[int] = []

    def refuse(row: arrow.InvalidRow) -> str:
        flaws.reject(
            row.number or 0, f"The row has {counted(row.actual_columns, 'value[|s]')} where the table has {len(names)}"
        )
        refused.append(row.number or 0)
        return "skip"

    used = {name: shown[names.index(name)] for name in COLUMNS[kind] if name in names}
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        read = 1
        try:
            for batch in arrow.open_csv(
                stream,
                read_options=arrow.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=shown, skip_rows_after_names=1
                ),
                parse_options=arrow.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=dict.fromkeys(shown, pa.string()),
                    include_columns=list(used.values()),
                    strings_can_be_null=False,
                    null_values=[],
                ),
            ):
                lines = _lines(read, batch.num_rows, refused)
                read += batch.num_rows
                yield _batch(kind, lines, {name: batch.column(own) for name, own in used.items()})
        except pa.ArrowInvalid:
            flaws.note(
                read + 1,
                "[place|places] where rows cannot be told apart, such as an open quote: what follows was not read",
            )


def _lines(read: int, count: int, refused: list[int]) -> pa.Array:
    """The rows of the file at which the next records stand; rows that were refused stand between them."""
    import numpy as np

    lines = np.arange(read + 1, read + count + 1, dtype=np.int64)
    for number in sorted(refused)[:1000]:
        lines[lines >= number] += 1
    return pa.array(lines)


def _batch(kind: str, lines: pa.Array, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    empty = pa.nulls(len(lines), pa.string())
    return pa.RecordBatch.from_arrays(
        [lines, *(columns.get(name, empty) for name in COLUMNS[kind])], schema=schema(kind)
    )


def from_xml(opened: Opened, kind: str, flaws: Flaws) -> Iterator[pa.RecordBatch]:
    """Yield the records of a document.

    Raises:
        Entities: It declares entities.
    """
    found = _Found(kind)
    made = parser()
    made.ordered_attributes = True
    found.position = made
    made.StartElementHandler = found.begin
    made.EndElementHandler = found.end
    made.CharacterDataHandler = found.hear
    with utf8(opened.path, encoding(opened.head.data) or "utf-8") as stream:
        for problem in _fed(stream, made):
            if problem:
                flaws.note(
                    problem, "[place is damaged|places are damaged], or the file is cut off: what follows was not read"
                )
            if len(found.lines) >= HEIGHT:
                yield found.batch()
    if found.lines:
        yield found.batch()


def _fed(stream: BufferedReader, made: expat.XMLParserType) -> Iterator[int]:
    """Give the document to the parser; yield 0, or the line at which it is damaged."""
    try:
        while block := stream.read(CHUNK):
            made.Parse(block, False)
            yield 0
        made.Parse(b"", True)
    except expat.ExpatError as problem:
        yield problem.lineno
    yield 0


@dataclass
class _Found:
    """The records of a document, while it is read."""

    kind: str
    position: expat.XMLParserType | None = None
    lines: list[int] = field(default_factory=list)
    cells: dict[str, list[str | None]] = field(init=False)
    path: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    inside: bool = False
    text: list[str] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        self.cells = {name: [] for name in COLUMNS[self.kind]}
        self.record = RECORD[self.kind]

    def begin(self, tag: str, attributes: list[str]) -> None:
        name = local(tag)
        self.text, self.size = [], 0
        if not self.inside:
            if name == self.record:
                self.inside, self.path, self.counts = True, [], {}
                self.lines.append(self.position.CurrentLineNumber if self.position else 0)
                for column in self.cells.values():
                    column.append(None)
            return
        self.path.append(name)
        whole = ".".join(self.path)
        if whole in REPEATED:
            self.counts[whole] = self.counts.get(whole, 0) + 1
            for at in range(0, len(attributes), 2):
                self._set(f"{REPEATED[whole]}.{self.counts[whole]}.{attributes[at]}", attributes[at + 1])

    def hear(self, data: str) -> None:
        if self.size < LONGEST:
            self.text.append(data)
            self.size += len(data)

    def end(self, tag: str) -> None:
        if not self.inside:
            return
        if not self.path:
            self.inside = False
            return
        value = "".join(self.text).strip()[:LONGEST]
        self.text, self.size = [], 0
        if value:
            self._set(self._column(), value)
        self.path.pop()

    def _column(self) -> str:
        """The column of the element that ends."""
        whole = ".".join(self.path)
        if whole in REPEATED:
            return f"{REPEATED[whole]}.{self.counts[whole]}"
        above = ".".join(self.path[:-1])
        last = _CALLED.get(self.path[-1], self.path[-1])
        if above in REPEATED:
            return f"{REPEATED[above]}.{self.counts[above]}.{last}"
        return _CALLED.get(whole, whole)

    def _set(self, column: str, value: str) -> None:
        cells = self.cells.get(column)
        if cells is not None and cells[-1] is None:
            cells[-1] = value

    def batch(self) -> pa.RecordBatch:
        """Return the records so far, but for one that is not whole yet."""
        keep = len(self.lines) - self.inside
        columns = {name: pa.array(cells[:keep], pa.string()) for name, cells in self.cells.items()}
        made = _batch(self.kind, pa.array(self.lines[:keep], pa.int64()), columns)
        self.lines = self.lines[keep:]
        self.cells = {name: cells[keep:] for name, cells in self.cells.items()}
        return made
