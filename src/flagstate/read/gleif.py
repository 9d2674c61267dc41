"""GLEIF, the register of Legal Entity Identifiers: who is who (level 1) and who consolidates whom (level 2).

Read are the Golden Copy and the concatenated files as CSV or XML: LEI-CDF, RR-CDF and reporting exceptions. All are
streamed; memory is bounded by the database, which spills. Parents are those of accounting consolidation: that is not
ownership, and ends where accounts do. An LEI that has lapsed says that nobody renewed it; its entity goes on.

Source: GLEIF, LEI-CDF 3.1, RR-CDF 2.1 and Reporting Exceptions 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.read.charset import text_head
from flagstate.read.gleif_given import LINE, from_csv, from_xml, header
from flagstate.read.gleif_rows import clear, entities, exceptions, interests, stage, valid
from flagstate.read.owners import Flaws
from flagstate.read.part import Context, Head, Kind, Opened, Part, Reader

_ROOT = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>\s*)?<(?:[A-Za-z_][\w.\-]*:)?"
    r"(LEIData|RelationshipData|ReportingExceptionData)\b[^>]*gleif\.org/data/schema",
    re.DOTALL,
)
_ROOTS = {
    "LEIData": "level 1",
    "RelationshipData": "level 2 relationships",
    "ReportingExceptionData": "level 2 exceptions",
}
_IDS = {
    "level 1": ("LEI",),
    "level 2 relationships": ("Relationship.StartNode.NodeID", "Relationship.EndNode.NodeID"),
    "level 2 exceptions": ("LEI",),
}
_MAKE = {"level 1": entities, "level 2 relationships": interests, "level 2 exceptions": exceptions}


def recognise(head: Head) -> Kind | None:
    """Return the kind by the columns of the table, or by the root and name space of the document."""
    text = text_head(head.data[:16384])
    found = _ROOT.match(text) if text else None
    if found:
        return Kind(f"gleif {_ROOTS[found[1]]} xml")
    table = header(head)
    return Kind(f"gleif {table[0]} csv") if table else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield entities, or interests between them, of stance recorded.

    Raises:
        Entities: The XML declares entities.
    """
    level = kind.name.removeprefix("gleif ").rpartition(" ")[0]
    flaws = Flaws()
    given = from_xml if kind.name.endswith(" xml") else from_csv
    counted = [0]
    sound = _sound(given(opened, level, flaws), level, flaws, counted, context.max_rows)
    try:
        stage(context.con, level, sound)
        yield from _MAKE[level](context.con, context.mask, opened.name, flaws)
    finally:
        clear(context.con)
    yield from flaws.parts(counted[0])


def _sound(
    batches: Iterator[pa.RecordBatch], level: str, flaws: Flaws, counted: list[int], most: int | None
) -> Iterator[pa.RecordBatch]:
    """The records whose LEIs can be right; others are rejected."""
    for batch in batches:
        if most is not None and counted[0] + batch.num_rows > most:
            batch = batch.slice(0, most - counted[0])
        counted[0] += batch.num_rows
        keep = valid(batch.column(_IDS[level][0]))
        for name in _IDS[level][1:]:
            keep = pc.and_(keep, valid(batch.column(name)))
        for line in batch.column(LINE).filter(pc.invert(keep)).to_pylist():
            flaws.reject(line, "The LEI is missing, is none, or has wrong check digits")
        counted[0] -= batch.num_rows - (pc.sum(keep).as_py() or 0)
        yield batch.filter(keep)
        if most is not None and counted[0] >= most:
            return


READER = Reader(
    "gleif",
    "GLEIF level 1 and 2 as CSV or XML: legal entities, their accounting parents, and why a parent is not told.",
    recognise,
    read,
)
