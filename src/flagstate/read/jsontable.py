"""JSON and JSON lines as tables, in any Unicode encoding, streamed.

One value per line, several values one after the other, and a top-level array are one table of those values. A single
object is searched for its outermost arrays: each is a table under its path; an object without arrays is one row.
Objects inside a row become columns `outer.inner`, arrays inside a row stay JSON text, rows that are arrays get
`column_1` and so on. Keys are names: they are masked, and keys that look alike after masking share a column. A key that
is itself a value, such as an e-mail address, is also given as a value, in a column whose name ends in `(key)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from flagstate.errors import EvidenceError
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.header import unique
from flagstate.read.json_events import items, prefixed
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records

BATCH = 4096
MOST_COLUMNS = 2000
MOST_TABLES = 50
DEEPEST = 8
START = re.compile(r"\s*[\[{]")
SHAPE = re.compile(r"‹[a-z]+›")


@dataclass
class Shape:
    """What the first pass found out about a file."""

    tops: int = 0
    arrays: dict[str, int] = field(default_factory=dict)
    first: str = ""
    cut: bool = False


@dataclass
class Table:
    """What is known of one table while it is read."""

    columns: dict[str, None] = field(default_factory=dict)
    read: int = 0
    cut: bool = False
    crowded: bool = False


def recognise(head: Head) -> Kind | None:
    """Text that begins as JSON; the first 64 KiB must hold no error."""
    text = text_head(head.data)
    if text is None or not START.match(text):
        return None
    if head.whole:
        return Kind("json" if _is_json(text) else "json lines") if _events(text, strict=True) else None
    line = text.lstrip().split("\n", 1)[0]
    if _is_json(line):
        return Kind("json lines")
    return Kind("json") if _events(text, strict=False) else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _events(text: str, *, strict: bool) -> bool:
    """Whether a text is JSON so far: three tokens at least, and no error before its end."""
    import ijson

    seen = 0
    try:
        for _ in ijson.basic_parse(text.encode("utf-8", "replace"), multiple_values=True, use_float=True):
            seen += 1
    except ijson.IncompleteJSONError:
        return seen >= (3 if strict else 2)
    except (ijson.JSONError, ValueError):
        return seen >= 20
    return seen >= 2


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the tables of the file.

    Raises:
        EvidenceError: It holds nothing but a damaged beginning.
    """
    shape = _survey(opened)
    if not shape.tops and not shape.arrays:
        raise EvidenceError("The JSON holds no whole value", todo="Export it again.")
    if shape.tops > 1 or shape.first != "start_map" or not shape.arrays:
        paths = ["" if shape.tops > 1 or shape.first != "start_array" else "item"]
    else:
        paths = [f"{path}.item" if path else "item" for path in list(shape.arrays)[:MOST_TABLES]]
    for path in paths:
        yield from _table(opened, path, context)
    if len(shape.arrays) > MOST_TABLES and shape.tops == 1:
        yield Note(f"Only the first {MOST_TABLES} of {len(shape.arrays):,} arrays were read", "Split the file.")
    if shape.cut and "item" not in paths and "" not in paths:
        yield Note("The file is cut off or damaged; what stands before the damage was read", "Export it again.")


def _survey(opened: Opened) -> Shape:
    """Count the top-level values, and find the outermost arrays of a single one."""
    import ijson

    shape = Shape()
    depth = arrays = 0
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        try:
            for prefix, event, _ in prefixed(stream):
                shape.first = shape.first or event
                if event == "start_array":
                    if not arrays and shape.tops == 0 and len(shape.arrays) <= 10 * MOST_TABLES:
                        shape.arrays.setdefault(prefix, 0)
                    arrays += 1
                elif event == "end_array":
                    arrays -= 1
                depth += event in ("start_map", "start_array")
                depth -= event in ("end_map", "end_array")
                shape.tops += depth == 0 and event != "map_key"
                if shape.tops > 1:
                    return shape
        except (ijson.JSONError, ValueError, RecursionError):
            shape.cut = True
    return shape


def _table(opened: Opened, path: str, context: Context) -> Iterator[Part]:
    table = Table()
    shown = context.mask(path.removesuffix("item").removesuffix(".")) if path not in ("", "item") else opened.name
    for row in _rows(opened, path, context.mask, table, context.max_rows):
        for name in row:
            if name not in table.columns:
                if len(table.columns) >= MOST_COLUMNS:
                    table.crowded = True
                else:
                    table.columns[name] = None
    if table.cut and path in ("", "item"):
        yield Note("The file is cut off or damaged; what stands before the damage was read", "Export it again.")
    if not table.columns:
        return
    names = unique(list(table.columns), len(table.columns))
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    table.read = 0
    batches = _batches(opened, path, context, table, schema)
    yield Records(pa.RecordBatchReader.from_batches(schema, batches), shown)
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass
    if table.crowded:
        yield Note(f"Only the first {MOST_COLUMNS:,} columns of {shown} were read", "Export it as a table.")


def _batches(opened: Opened, path: str, context: Context, table: Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows: list[dict[str, str]] = []
    for row in _rows(opened, path, context.mask, table, context.max_rows):
        rows.append(row)
        if len(rows) >= BATCH:
            yield _batch(rows, table, schema)
            rows = []
    if rows:
        yield _batch(rows, table, schema)


def _batch(rows: list[dict[str, str]], table: Table, schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array([row.get(name) for row in rows], pa.string()) for name in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _rows(
    opened: Opened, path: str, mask: Callable[[str], str], table: Table, most: int | None
) -> Iterator[dict[str, str]]:
    import ijson

    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        try:
            for item in items(stream, path):
                table.read += 1
                row: dict[str, str] = {}
                _flatten(item, "", row, mask)
                yield row
                if most and table.read >= most:
                    return
        except (ijson.JSONError, ValueError, RecursionError):
            table.cut = True


def _flatten(item: object, prefix: str, row: dict[str, str], mask: Callable[[str], str]) -> None:
    """Lay one value out in columns; the first of two that share a column stays."""
    if isinstance(item, dict) and prefix.count(".") < DEEPEST:
        for key, value in item.items():
            name = mask(key)
            inner = f"{prefix}.{name}" if prefix else name
            if name != key and SHAPE.search(name):
                row.setdefault(f"{inner} (key)", _text(key))
            _flatten(value, inner, row, mask)
    elif isinstance(item, list) and not prefix:
        for place, value in enumerate(item, 1):
            _flatten(value, f"column_{place}", row, mask)
    elif item is not None:
        row.setdefault(prefix or "value", _text(item))


def _text(item: object) -> str:
    if isinstance(item, str):
        return item.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (dict, list)):
        return json.dumps(item, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()
    return str(item)


READER = Reader("json", "JSON and JSON lines as tables, in any Unicode encoding.", recognise, read)
