"""JSON and JSON lines as tables, in any Unicode encoding, streamed.

One value per line, several values one after the other, and a top-level array are one table of those values. A single
object is searched for its outermost arrays: each is a table under its path, and the values beside them are one row; an
object without arrays is one row. Objects inside a row become columns `outer.inner`, arrays of objects inside a row
become tables under their path, other arrays stay JSON text, and rows that are arrays get `column_1` and so on. Keys are
names: they are masked, and keys that look alike after masking share a column. A key that is itself a value, such as an
e-mail address, is also given as a value, in a column whose name ends in `(key)`. A line that is no JSON costs itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from flagstate.errors import EvidenceError
from flagstate.model.counted import counted
from flagstate.read.charset import sniff, text_head
from flagstate.read.header import unique
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Records, Reject, Tally

if TYPE_CHECKING:
    from flagstate.read.json_tables import Container, Paths
    from flagstate.read.json_walk import Source, Walk

CELLS = 2_000_000
MOST_ROWS = 32_768
MOST_TABLES = 50
START = re.compile(r"\s*[\[{]")


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    cut: bool = False
    long: bool = False
    shortened: int = 0
    rejected: set[int] = field(default_factory=set)
    unlisted: int = 0

    def add(self, walk: Walk) -> None:
        """Take over what a walk met; each walk meets the same damage, and its own rows that are too long."""
        self.cut |= walk.cut
        self.long |= walk.long
        self.shortened = max(self.shortened, walk.shortened)
        self.rejected.update(walk.rejected)
        self.unlisted = max(self.unlisted, walk.unlisted)


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
    # Compiled code: it is loaded when the first JSON is read.
    from flagstate.read import json_scan, json_walk
    from flagstate.read.json_tables import Paths

    source = _source(opened, kind)
    walk = json_walk.learn(source)
    if walk.long and not source.strict:
        source = replace(source, short=True)
        walk = json_walk.learn(source)
    state = walk.state
    paths = Paths.of(walk.tree, int(state[json_scan.NODES]), int(state[json_scan.KEYS]))
    progress = Progress()
    progress.add(walk)
    tops, first = int(state[json_scan.TOPS]), int(state[json_scan.FIRST])
    if not tops and not any(paths.arrays(node) for node in range(paths.count)):
        why = f"a value is over {json_walk.LONGEST >> 20} MiB" if walk.long else ""
        raise EvidenceError("The JSON holds no whole value", why=why, todo="Export it again.")
    for container in _containers(source, paths, tops, chr(first) if first > 0 else "", context):
        yield from _table(opened, source, walk, container, progress, context)
    yield from (Reject(line, "The line is no JSON, or too long") for line in sorted(progress.rejected))
    yield Tally(rows_rejected=progress.unlisted)
    yield from _notes(progress, paths, tops)


def _source(opened: Opened, kind: Kind) -> Source:
    from flagstate.read.json_walk import Source

    text = (text_head(opened.head.data) or "").lstrip()
    lines = kind.name == "json lines" and _is_json(text.split("\n", 1)[0])
    return Source(opened.path, sniff(opened.head.data) or "utf-8", lines=lines, strict=lines)


def _containers(source: Source, paths: Paths, tops: int, first: str, context: Context) -> list[Container]:
    """Lay out all tables of the file."""
    from flagstate.read.json_tables import MOST_INNER, Container, gather, inner, lay_out, outermost

    made: list[Container] = []
    shell: Container | None = None
    apart: dict[int, str] = {}
    if first == "[" and not source.lines and (tops < 2 or not paths.objects(0)):
        made.append(Container(paths.item(0), ""))
    elif first != "{" or tops > 1 or source.lines or not (arrays := outermost(paths)):
        made.append(Container(0, ""))
    else:
        made += [Container(paths.item(node), context.mask(path)) for node, path in arrays[:MOST_TABLES]]
        shell, apart = Container(0, ""), dict(arrays)
    made = [container for container in made if container.node >= 0]
    rooms = MOST_INNER
    for container in made:
        found = inner(paths, container, context.mask, rooms) if rooms else {}
        rooms -= len(found)
        lay_out(paths, container, found, context.mask)
        # Tables are added while the list is walked: an inner table may hold inner tables.
        made.extend(Container(paths.item(node), path) for node, path in found.items())
    if shell is not None:
        gather(paths, shell, apart, context.mask)
        made.append(shell)
    return [container for container in made if container.columns]


def _table(
    opened: Opened, source: Source, walk: Walk, container: Container, progress: Progress, context: Context
) -> Iterator[Part]:
    names = unique(list(container.columns), len(container.columns))
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    batches = _batches(source, walk, container, schema, progress, context.max_rows)
    single = not container.roles.row[container.node]
    given = _joined(batches, schema) if single else batches
    yield Records(pa.RecordBatchReader.from_batches(schema, given), container.path or opened.name)
    for _ in given:  # a consumer that stopped early must not make the counts wrong
        pass
    if container.crowded:
        yield Note(
            f"{container.path or opened.name} has more keys than are told apart: values of the others were searched "
            "together",
            "Export it as a table.",
            lost=False,
        )


def _batches(
    source: Source, walk: Walk, container: Container, schema: pa.Schema, progress: Progress, most: int | None
) -> Iterator[pa.RecordBatch]:
    import numpy as np

    from flagstate.read import json_scan, json_walk
    from flagstate.read.json_cells import column

    state = json_scan.new_state(learn=False, lines=source.lines, strict=source.strict)
    state[json_scan.OVER], state[json_scan.OVER_KEY] = container.over, container.over_key
    state[json_scan.NODES] = walk.state[json_scan.NODES]
    width = len(schema)
    height = max(16, min(MOST_ROWS, CELLS // width))
    cells = np.full((width, height), -1, np.int64)
    again = json_walk.Walk(source, state, walk.tree, container.roles, cells)
    read = 0
    for block, rows in again.rows():
        progress.read += rows
        read += rows
        yield pa.RecordBatch.from_arrays([column(block, cells[at, :rows]) for at in range(width)], schema=schema)
        if most and read >= most:
            return
    progress.add(again)


def _joined(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """All rows as one: the first value of each column."""
    first: list[pa.Array] = [pa.nulls(1, pa.string())] * len(schema)
    for batch in batches:
        for at, column in enumerate(batch.columns):
            if first[at].null_count and column.null_count < len(column):
                first[at] = column.drop_null().slice(0, 1)
    yield pa.RecordBatch.from_arrays(first, schema=schema)


def _notes(progress: Progress, paths: Paths, tops: int) -> Iterator[Note]:
    from flagstate.read.json_tables import outermost
    from flagstate.read.json_walk import LONGEST, STRING

    if progress.long:
        yield Note(
            f"A record or value of more than {LONGEST >> 20} MiB was met: it was left out"
            + (", and what follows it" if progress.cut else ""),
            "Export it as JSON lines, one record a line.",
        )
    elif progress.cut:
        yield Note("The file is cut off or damaged; what stands before the damage was read", "Export it again.")
    if progress.shortened:
        yield Note(
            counted(
                progress.shortened,
                f"string[ is|s are] longer than {STRING >> 20} MiB: only [its|their] beginning was read",
            ),
            "Give what they hold as files of their own.",
        )
    arrays = len(outermost(paths)) if tops == 1 and not paths.arrays(0) else 0
    if arrays > MOST_TABLES:
        yield Note(f"Only the first {MOST_TABLES} of {arrays:,} arrays were read", "Split the file.")


READER = Reader("json", "JSON and JSON lines as tables, in any Unicode encoding.", recognise, read)
