"""Makes the report of a case again, from its tables alone."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from flagstate import model
from flagstate.case import Case
from flagstate.errors import CaseError, UsageError
from flagstate.pipeline.audit import describe
from flagstate.pipeline.judging import judged
from flagstate.report.meta import Meta


def load(folder: Path) -> tuple[dict[str, pa.Table], Meta]:
    """Return the tables of a case with the judgements that stand today, and what its last audit said of itself.

    Raises:
        CaseError: No audit was finished.
    """
    case = Case.open(folder)
    opened = case.tables()
    audits = [row["body"] for row in case.ledger() if row["kind"] == "audit"]
    if not audits:
        raise CaseError("No audit of this case was finished", where=str(folder), todo="Run flagstate audit again.")
    kept = audits[-1]
    tables = judged({noun: opened[noun] for noun in model.STORED}, case, date.today())
    return tables, describe(tables, case, kept, case.version() or 0)


def version(folder: Path, number: int | None) -> dict[str, pa.Table]:
    """Return the tables of one version of a case; null: the last.

    Raises:
        CaseError: There is no such version.
    """
    with Case.open(folder).tables(number) as opened:
        return {noun: opened[noun] for noun in model.STORED}


def render(folder: Path, *, format: str, language: str) -> dict[str, str]:
    """Return the pages of a report by file name.

    Args:
        folder: The case.
        format: html, json, markdown, csv, ocsf or sarif.
        language: en or fr.
    """
    tables, meta = load(folder)
    meta = replace(meta, language=language, made_at=datetime.now(UTC))
    if format == "html":
        from flagstate.report.page import render as page

        return {"report.html": page(tables, meta=meta)}
    if format == "json":
        from flagstate.report.exports.json import dumps

        return {"report.json": dumps(tables, meta)}
    if format == "markdown":
        from flagstate.report.exports.markdown import text

        return {"report.md": text(tables, meta)}
    if format == "ocsf":
        from flagstate.report.exports.ocsf import text as events

        return {"report.ocsf.jsonl": events(tables, meta)}
    if format == "sarif":
        from flagstate.report.exports.sarif import text as sarif

        return {"report.sarif": sarif(tables, meta)}
    from flagstate.report.exports.csv import text as csv

    return {f"{noun}.csv": csv(table) for noun, table in tables.items() if table.num_rows}


def save(folder: Path, made: dict[str, str], *, format: str, out: Path | None) -> list[Path]:
    """Write the pages into the case, or where the user says.

    Raises:
        UsageError: A format that the case folder does not keep needs a place.
    """
    if out is None and format in ("html", "json"):
        case = Case.open(folder)
        return [case.save(name, text.encode("utf-8")) for name, text in made.items()]
    if out is None:
        raise UsageError(f"A case does not keep {format}", todo="Name a place with --out, or - to print it.")
    if format == "csv":
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for name, text in made.items():
        target = out / name if format == "csv" else out
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        written.append(target)
    return written
