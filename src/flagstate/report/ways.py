"""Governments against what they reach, as a matrix to look at first, and their proofs in groups to read second."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flagstate.model.codes import REACH_LEVELS

COLUMNS, ROWS = 10, 30
"""Subjects and governments that the matrix holds."""

_ORDER = {level: at for at, level in enumerate(REACH_LEVELS)}
Row = dict[str, Any]


def strength(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Return how firm a way is, the firmest first: clear data, undisputed, uncontested, direct."""
    return (
        row["data"] == "metadata",
        bool(row["disputed"]),
        bool(row["contested"]),
        _ORDER.get(str(row["level"]), len(_ORDER)),
        row["rank"] or 0,
    )


def evidenced(rows: Iterable[Row]) -> list[Row]:
    """Return the ways that stand without keys that are only declared."""
    return [row for row in rows if row["government"] and row["level"] != "none_found" and row["answer"] != "declared"]


def matrix(
    rows: Iterable[Row], stands: Mapping[str, str], order: list[str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the firmest way of each government to each subject.

    Args:
        rows: Rows of `reach`.
        stands: How each government stands to the policy: adverse, open, none or accepted.
        order: Those words, what asks for attention first.
        names: Names of assets and entities by id.

    Returns:
        Columns, rows with cells, and how many of each were left out.
    """
    every = list(rows)
    best: dict[tuple[str, str], Row] = {}
    for row in evidenced(every):
        key = (str(row["government"]), str(row["subject_id"]))
        if key not in best or strength(row) < strength(best[key]):
            best[key] = row
    helped = _declared_help(every)
    firmest: dict[str, tuple[object, ...]] = {}
    for (government, _), row in best.items():
        firmest[government] = min(firmest.get(government, strength(row)), strength(row))
    governments = sorted(firmest, key=lambda g: (order.index(stands[g]), firmest[g], g))
    subjects = sorted(
        {s for _, s in best},
        key=lambda s: (
            s.startswith(("ent:", "lei:", "net:")),
            not any(r["data_classes"] for k, r in best.items() if k[1] == s),
            -sum(k[1] == s for k in best),
            names.get(s, s),
        ),
    )
    shown = subjects[:COLUMNS]
    return {
        "columns": [{"id": s, "name": names.get(s, s.removeprefix("est:"))} for s in shown],
        "rows": [
            {
                "code": g,
                "anchor": anchor(g),
                "stand": stands[g],
                "cells": [_cell(best.get((g, s)), (g, s) in helped) for s in shown],
            }
            for g in governments[:ROWS]
        ],
        "more_columns": max(len(subjects) - COLUMNS, 0),
        "more_rows": max(len(governments) - ROWS, 0),
    }


def anchor(code: str) -> str:
    """Return the id of a government's place on the page: letters and digits, whatever the evidence called it."""
    return "gov-" + re.sub(r"[^A-Za-z0-9]", "", code)[:8]


def _declared_help(rows: Iterable[Row]) -> set[tuple[str, str]]:
    """Return where keys that are only declared would leave metadata alone."""
    clear: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row["government"] and row["data"] != "metadata":
            clear.setdefault((str(row["government"]), str(row["subject_id"])), set()).add(str(row["answer"]))
    return {key for key, answers in clear.items() if answers == {"evidenced"}}


def _cell(row: Row | None, helped: bool) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "level": row["level"],
        "data": row["data"] or "clear",
        "contested": bool(row["contested"] or row["disputed"]),
        "helped": helped,
        "proof": row["proof"] or "",
    }


def sections(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Return the proofs of one government in three groups: clear data, only where declared keys count, metadata."""
    listed = sorted(rows, key=lambda r: (strength(r), str(r["subject_id"])))
    clear = [row for row in listed if row["data"] != "metadata" and row["answer"] != "declared"]
    keyed = [row for row in listed if row["data"] != "metadata" and row["answer"] == "declared"]
    metadata = [row for row in listed if row["data"] == "metadata"]
    return [(name, group) for name, group in (("clear", clear), ("declared", keyed), ("metadata", metadata)) if group]
