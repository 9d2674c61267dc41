"""Rows of `holding` from a summary: which classes, in how many records, of how many subjects, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from flagstate import model
from flagstate.catalog import data_class, sketch
from flagstate.catalog.data_class import DataClass
from flagstate.catalog.mask import mask
from flagstate.enrich.classify import decide, infer
from flagstate.enrich.classify.scan import Summary
from flagstate.enrich.classify.summary import Column
from flagstate.enrich.classify.verdict import CONFIDENCES, Verdict

FEW = 3
"""Rows from which goods are said to tell something."""


def holdings(
    summary: Summary,
    container: str,
    classes: Sequence[DataClass] | None = None,
    *,
    asset_id: str = "",
    state: str = "stored",
    rows_total: int | None = None,
) -> pa.Table:
    """Return rows of `holding` from a summary.

    Args:
        summary: As `scan` or `merge` made it.
        container: Name of the table, masked.
        classes: Data classes to look for; null: those that are shipped.
        asset_id: Where it is stored.
        state: stored, moved or used.
        rows_total: Where only a sample was read: how many records there are; null: all were read.

    Returns:
        One row per class. `records` are those that were seen; `subjects_lo` counts distinct values where one value
        stands for one person or device, else it is 1; `subjects_hi` is the number of records, unseen ones included.
    """
    known = tuple(data_class.load() if classes is None else classes)
    by: dict[str, list[Verdict]] = {}
    for verdict in summary.verdicts(known):
        by.setdefault(verdict.made, []).append(verdict)
    named = {column.name: column for column in summary.columns}
    unseen = max(0, (rows_total or 0) - summary.rows)
    rows = []
    for made in known:
        if found := by.get(made.id):
            row = _holding(made, found, summary, named)
            low, high = row.pop("low"), row["records"]
            rows.append(
                row
                | {
                    "asset_id": asset_id or None,
                    "container": mask(container),
                    "unit": made.unit or None,
                    "subjects_lo": low if made.unit else None,
                    "subjects_hi": int(str(high)) + unseen if made.unit else None,
                    "state": state,
                    "marks": ["sample"] if rows_total is not None else None,
                }
            )
    where = {"asset_id": asset_id or None, "container": mask(container), "state": state}
    rows.extend(row | where for row in _inferred(summary, unseen))
    return model.rows(model.HOLDING, sorted(rows, key=lambda row: str(row["data_class"])))


def _inferred(summary: Summary, unseen: int) -> list[dict[str, object]]:
    """One row per topic that goods tell of the persons beside them; a handful of rows tells nothing."""
    track = next((summary.groups.tracks[s.made] for s in summary.plan.subjects if s.made in summary.plan.persons), None)
    read = ", ".join(dict.fromkeys(slot.column for slot in summary.plan.goods))
    rows: list[dict[str, object]] = []
    for topic in infer.topics():
        told = {key: count for key, count in summary.groups.records.items() if topic in key.classes}
        records = sum(told.values())
        if records < FEW:
            continue
        low, high = 1, records
        if track is not None:
            marks = [track.kept[key] for key in told if key in track.kept]
            blank = sum(track.blank.get(key, 0) for key in told)
            kept = len(sketch.joined(marks)) // 8 if marks else 0
            low, high = sketch.bounds(kept, track.level, blank, records)
        rows.append(
            {
                "data_class": topic,
                "records": records,
                "unit": "persons",
                "subjects_lo": low,
                "subjects_hi": high + unseen,
                "marks": ["inferred"],
                "confidence": "medium" if records >= 10 * FEW else "low",
                "reasons": [f"column {read}: texts or codes of goods tell it, in rows that are about a person"],
            }
        )
    return rows


def _holding(
    made: DataClass, found: Sequence[Verdict], summary: Summary, named: Mapping[str, Column]
) -> dict[str, object]:
    counted = sum(count for key, count in summary.groups.records.items() if made.id in key.classes)
    if made.together is not None:
        counted = sum(n for key, n in summary.groups.records.items() if made.together.stands(key.classes))
    records = max([counted, *(_records(verdict, named) for verdict in found)])
    records = max(1, min(records, summary.rows))
    best = max(found, key=lambda verdict: CONFIDENCES.index(verdict.confidence))
    least = max((_distinct(verdict, named) for verdict in found), default=1) if made.identifies else 1
    return {
        "data_class": made.id,
        "records": records,
        "low": min(max(1, least), records),
        "confidence": best.confidence,
        "reasons": [verdict.reason for verdict in found],
    }


def _records(verdict: Verdict, named: Mapping[str, Column]) -> int:
    column = named.get(verdict.column)
    if column is None:
        return 0
    if verdict.basis == "whole":
        return column.held.get(verdict.made, 0)
    if verdict.basis == "inside":
        return column.inside.get(verdict.made, 0) + column.held.get(verdict.made, 0)
    return column.filled if verdict.share >= decide.SURE else round(column.filled * verdict.share)


def _distinct(verdict: Verdict, named: Mapping[str, Column]) -> int:
    column = named.get(verdict.column)
    if column is None or verdict.basis == "inside":
        return 1
    return column.distinct(verdict.share if verdict.basis == "whole" else 1.0)[0]
