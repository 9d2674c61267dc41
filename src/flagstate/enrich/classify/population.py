"""Rows of `population` from a summary: which classes stand together in one row, of whom, when, and of how many.

What it cannot see: who the same person under two names is; a class that only later rows showed (the first rows decide
what is counted), which then is in `holding` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from flagstate import model
from flagstate.catalog import data_class, sketch
from flagstate.catalog.data_class import DataClass
from flagstate.catalog.mask import mask
from flagstate.enrich.classify import infer
from flagstate.enrich.classify.groups import BUDGET, NO_DATE, NO_HOME, NO_YEAR, Groups, Key, Track
from flagstate.enrich.classify.scan import Scan, Summary

RECOUNTED = 4 * BUDGET
"""Fingerprints that an exact count keeps at most."""


def populations(
    summary: Summary,
    container: str,
    classes: Sequence[DataClass] | None = None,
    *,
    asset_id: str = "",
    rows_total: int | None = None,
) -> pa.Table:
    """Return rows of `population` from a summary.

    Args:
        summary: As `scan` or `merge` made it.
        container: Name of the table, masked.
        classes: Data classes to look for; null: those that are shipped.
        asset_id: Where it is stored.
        rows_total: Where only a sample was read: how many records there are; null: all were read.

    Returns:
        One row per set of classes, residence, month and unit (persons, devices). A row without a subject adds to the
        upper bound, never to the lower.
    """
    known = {made.id: made for made in (data_class.load() if classes is None else classes)}
    held = {verdict.made for verdict in summary.verdicts(tuple(known.values()))} | set(infer.topics())
    groups = _of(summary.groups, frozenset(held))
    units = {slot.made: known[slot.made].unit for slot in summary.plan.subjects if slot.made in known}
    unseen = max(0, (rows_total or 0) - summary.rows)
    rows = []
    for key, records in groups.records.items():
        if not key.classes:
            continue
        whole = _with_rows(key.classes, held, known.values())
        common: dict[str, object] = {
            "asset_id": asset_id or None,
            "container": mask(container),
            "data_classes": whole,
            "about": f"residents:{key.home}" if key.home else None,
            "month": key.month or None,
            "records": records,
        }
        marks = _marks(groups, key, sampled=rows_total is not None)
        for each in _subjects(key, records, groups, units, known, unseen):
            more = ["estimate"] if each.pop("estimate") else []
            rows.append(common | each | {"marks": marks + more})
    return model.rows(model.POPULATION, rows)


def _of(groups: Groups, held: frozenset[str]) -> Groups:
    """Only the classes that the whole table confirmed: what the first rows suggested may be less."""
    named = {key: Key(tuple(c for c in key.classes if c in held), key.month, key.home) for key in groups.records}
    records: dict[Key, int] = {}
    for key, count in groups.records.items():
        records[named[key]] = records.get(named[key], 0) + count
    tracks = {}
    for name, track in groups.tracks.items():
        if name not in held:
            continue
        kept: dict[Key, list[bytes]] = {}
        blank: dict[Key, int] = {}
        for key, marks in track.kept.items():
            kept.setdefault(named[key], []).append(marks)
        for key, count in track.blank.items():
            blank[named[key]] = blank.get(named[key], 0) + count
        alone = [key for key in track.exact if sum(new == named[key] for new in named.values()) == 1]
        exact = {named[key]: track.exact[key] for key in alone}
        tracks[name] = Track(track.level, {key: sketch.joined(parts) for key, parts in kept.items()}, blank, exact)
    return Groups(groups.rung, dict(sorted(records.items())), tracks)


def _with_rows(classes: Sequence[str], held: set[str], known: Iterable[DataClass]) -> list[str]:
    """The classes, and those of the row as a whole that they make."""
    together = [
        made.id for made in known
        if made.together is not None and made.id in held and made.together.stands(classes)
    ]  # fmt: skip
    return sorted({*classes, *together})


def _marks(groups: Groups, key: Key, *, sampled: bool) -> list[str]:
    marks = ["residence_proxy"] if key.home else []
    if groups.rung >= NO_YEAR:
        marks.append("without_month" if groups.rung >= NO_DATE else "by_year")
    if groups.rung >= NO_HOME:
        marks.append("without_residence")
    if groups.rung > NO_HOME:
        marks.append("fewer_classes")
    return marks + (["sample"] if sampled else [])


def _subjects(
    key: Key, records: int, groups: Groups, units: dict[str, str], known: dict[str, DataClass], unseen: int
) -> list[dict[str, object]]:
    """One row per unit: persons and devices are counted apart."""
    rows: list[dict[str, object]] = []
    for unit in ("persons", "devices"):
        if not any(known[c].unit == unit for c in key.classes if c in known):
            continue
        name = next((name for name, of in units.items() if of == unit and name in groups.tracks), "")
        track = groups.tracks.get(name, Track(0, {}, {key: records}))
        low, high = track.bounds(key, records)
        marks = track.kept.get(key, b"")
        rows.append(
            {
                "unit": unit,
                "subject_class": name or None,
                "subjects_lo": low,
                "subjects_hi": high + unseen,
                "sketch": sketch.pack(marks, track.level) if name else None,
                "estimate": track.level > 0 and key not in track.exact,
            }
        )
    if not rows:
        rows.append({"unit": None, "subject_class": None, "subjects_lo": None, "subjects_hi": None, "estimate": False})
    return rows


def needs_exact(summary: Summary, thresholds: Iterable[int]) -> frozenset[Key]:
    """Return the groups where a legal threshold lies within the bounds of the subjects.

    Args:
        summary: As `scan` or `merge` made it.
        thresholds: Numbers of persons or devices from which a rule applies, such as those of `catalog.bulk`.

    Groups whose bounds stem from rows without a subject are not among them: counting again would not tell more.
    """
    numbers = sorted(set(thresholds))
    found = set()
    for track in summary.groups.tracks.values():
        if not track.level:
            continue
        for key, records in summary.groups.records.items():
            low, high = track.bounds(key, records)
            if any(low < number <= high for number in numbers):
                found.add(key)
    return frozenset(found)


def recount(reader: pa.RecordBatchReader, summary: Summary, groups: frozenset[Key], *, key: bytes) -> Summary:
    """Count the subjects of some groups again, exactly, in a second pass over the same records.

    Args:
        reader: The records, from their beginning.
        summary: Of the first pass.
        groups: From `needs_exact`.
        key: 16 bytes, those of the first pass.

    Returns:
        The summary with the counts of these groups exact. Where more than RECOUNTED fingerprints would have to be
        kept, they stay the estimates that they were.
    """
    classes = [data_class.by_id()[name] for name in summary.classes if name in data_class.by_id()]
    again = Scan(
        key=key, prose=summary.prose, classes=None if len(classes) == len(data_class.load()) else classes,
        planned=summary.plan, budget=RECOUNTED, only=groups, rung=summary.groups.rung,
    ).read(reader)  # fmt: skip
    tracks = {}
    for name, track in summary.groups.tracks.items():
        new = again.groups.tracks.get(name, track)
        counted = {key: len(new.kept.get(key, b"")) // 8 for key in groups if key in again.groups.records}
        tracks[name] = track if new.level else replace(track, exact=counted)
    return Summary(
        summary.rows, summary.classes, summary.columns, summary.prose, summary.plan,
        Groups(summary.groups.rung, summary.groups.records, tracks),
    )  # fmt: skip
