"""Which classes of data records hold: decided per column on all its values, helped by names and neighbours."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from flagstate.catalog.data_class import DataClass, load
from flagstate.enrich.classify import kernel
from flagstate.enrich.classify.groups import Key
from flagstate.enrich.classify.holdings import holdings
from flagstate.enrich.classify.population import needs_exact, populations, recount
from flagstate.enrich.classify.scan import ROWS, Summary, merge, scan

__all__ = [
    "Key",
    "Summary",
    "decisions",
    "holdings",
    "merge",
    "needs_exact",
    "populations",
    "recount",
    "scan",
    "summarise",
    "warm",
]


def decisions(summary: Summary, classes: Sequence[DataClass] | None = None) -> list[tuple[int | None, str, float, str]]:
    """Return what was decided: place of the column (null: the rows as a whole), class, share of values, confidence.

    Args:
        summary: As `scan` or `merge` made it.
        classes: Data classes to look for; null: those that are shipped.
    """
    places = {column.name: column.place for column in summary.columns}
    found = summary.verdicts(tuple(load() if classes is None else classes))
    return [(places.get(v.column), v.made, v.share, v.confidence) for v in found]


def warm() -> None:
    """Compile everything, so that the first audit does not; at set-up."""
    kernel.warm()
    short, long = pa.array(["a@b.example"]), pa.array(["write to a@b.example today"])
    for texts in (long, long.cast(pa.large_string()), long.dictionary_encode()):
        scan(pa.table({"email": short, "note": texts}).to_reader(), key=bytes(16))


def summarise(
    relation: duckdb.DuckDBPyRelation, container: str, classes: Sequence[DataClass] | None = None, *, asset_id: str = ""
) -> pa.Table:
    """Return the holdings of one table, fingerprinted with a key that nobody keeps.

    Args:
        relation: Its records; read once, to the end.
        container: Its name, masked.
        classes: Data classes to look for; null: those that are shipped.
        asset_id: Where it is stored.
    """
    summary = scan(relation.to_arrow_reader(ROWS), key=secrets.token_bytes(16), classes=classes)
    return holdings(summary, container, classes, asset_id=asset_id)
