"""Spreadsheets (XLSX, XLSB, XLS, ODS): every sheet is a table; formulas count by the value that was saved."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time

import pyarrow as pa

from flagstate.errors import EvidenceError, LimitError
from flagstate.read.header import lay_out
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_EXPANDED = 1 << 30
MOST_RATIO = 200
SAMPLE = 400


def recognise(head: Head) -> Kind | None:
    """A ZIP whose first names are those of a workbook, or a compound file with one; encrypted: refused."""
    if head.data.startswith(b"PK\x03\x04"):
        start = head.data[:8192]
        if b"opendocument.spreadsheet" in start:
            return Kind("spreadsheet ods")
        if b"xl/" in head.data and (b"[Content_Types].xml" in head.data or b"_rels/.rels" in head.data):
            return Kind("spreadsheet xlsx")
        if b"[Content_Types].xml" in start and b"word/" not in head.data and b"ppt/" not in head.data:
            return Kind("spreadsheet xlsx") if head.suffix in (".xlsx", ".xlsm", ".xlsb") else None
        return None
    if head.data.startswith(COMPOUND):
        if "EncryptedPackage".encode("utf-16-le") in head.data:
            return Kind("spreadsheet encrypted", "it is password-protected", "Save it without a password.")
        if "Workbook".encode("utf-16-le") in head.data or head.suffix == ".xls":
            return Kind("spreadsheet xls")
    return None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield every sheet that holds something.

    Raises:
        EvidenceError: The workbook is damaged or has a password.
        LimitError: It would expand beyond its bound.
    """
    import python_calamine

    _bound(opened)
    try:
        with open(opened.path, "rb") as file:
            book = python_calamine.CalamineWorkbook.from_filelike(file)
            names = list(book.sheet_names)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise EvidenceError(
            "The spreadsheet cannot be read", why="it is damaged or has a password", todo="Save it again as XLSX."
        ) from error
    for name in names:
        shown = context.mask(name)
        try:
            rows = [[_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        except (python_calamine.CalamineError, ValueError, OSError):
            yield Note(f"The sheet {shown} cannot be read", "Save it again as XLSX.")
            continue
        yield from _sheet(rows, shown, context)


def _bound(opened: Opened) -> None:
    """Refuse a workbook that would expand without measure; calamine holds a sheet in memory."""
    if not opened.head.data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(opened.path) as archive:
            expanded = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise EvidenceError(
            "The spreadsheet cannot be read", why="its archive is damaged", todo="Save it again."
        ) from error
    if expanded > MOST_EXPANDED or (expanded > 10 << 20 and expanded > MOST_RATIO * max(1, opened.head.size)):
        raise LimitError("The spreadsheet expands beyond its bound", todo="Export the sheets as CSV.")


def _sheet(rows: list[list[str | None]], shown: str, context: Context) -> Iterator[Part]:
    width = max((len(row) for row in rows), default=0)
    sample = [[cell or "" for cell in row] for row in rows[:SAMPLE]]
    if not width or not any(any(row) for row in sample):
        return
    layout = lay_out(sample, width, context.mask)
    data = [row for row in rows[layout.skip :] if any(row)]
    if context.max_rows:
        data = data[: context.max_rows]
    schema = pa.schema([pa.field(name, pa.string()) for name in layout.names])
    arrays = [pa.array([row[at] for row in data], pa.string()) for at in range(width)]
    yield Records(pa.table(arrays, schema=schema).to_reader(), shown)


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


READER = Reader("xlsx", "Spreadsheets (XLSX, XLSB, XLS, ODS): every sheet is a table.", recognise, read)
