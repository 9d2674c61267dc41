"""Worlds of which documents are made, derived and judged once per process."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import pyarrow as pa

from flagstate import model
from flagstate.laws import pack
from flagstate.laws.judge import judge_here
from flagstate.pipeline import law_cases
from flagstate.pipeline.filings import codes, weights
from flagstate.report import filings
from flagstate.report.filings.document import Document
from flagstate.report.meta import Meta

FOLDER = Path(__file__).parent / "data/filings"
CASES = {one.id: one for one in law_cases.load(FOLDER)}
LAWS = ("us_28cfr202", "eu_gdpr", "eu_dora", "eu_csf")
"""Laws that the documents speak of, as far as they are there."""


HEARD = [pack.load(folder) for folder in pack.folders() if folder.name in LAWS]
CODES = codes(HEARD)


@cache
def tables(name: str) -> dict[str, pa.Table]:
    """Return all tables of a world, with what the laws say of it."""
    one = CASES[name]
    made = law_cases.conclude(one)
    said = [row for ruled in judge_here(made, HEARD, one.case.as_of, threads=1) for row in ruled.findings]
    return {**made, "finding": model.rows(model.FINDING, said)}


def meta(name: str, language: str = "en") -> Meta:
    """Return what a report of a world says of itself."""
    return Meta(
        case_id=name,
        version=1,
        as_of=CASES[name].case.as_of,
        made_at=dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC),
        flagstate="0.1.0",
        ledger_head="0" * 64,
        language=language,
    )


@cache
def document(name: str, kind: str, language: str = "en") -> Document:
    """Return a document of a world."""
    told = meta(name, language)
    return filings.build(kind, tables(name), told, codes=CODES, weights=weights(HEARD, told.as_of))


@cache
def files(name: str, kind: str, format: str, language: str = "en") -> dict[str, str]:
    """Return the files of a document of a world."""
    return filings.files(document(name, kind, language), format, language)
