"""Worlds of which documents are made, derived and judged once per process."""

from __future__ import annotations

import datetime as dt
import json
import re
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


GOLDENS = {
    "clinic.due-diligence.en.md": ("clinic", "due-diligence", "md", "en"),
    "shop.transfer-assessment.en.md": ("shop", "transfer-assessment", "md", "en"),
    "shop.processing-record.fr.md": ("shop", "processing-record", "md", "fr"),
    "bank.dora-register.en.md": ("bank", "dora-register", "md", "en"),
    "tender.seal-sheet.fr.html": ("tender", "seal-sheet", "html", "fr"),
}
"""Documents as they read: file to world, kind, format and language."""

SOME = {
    "mfa": filings.Code("us_28cfr202", {"en": "Several factors", "fr": "Plusieurs facteurs"}, "28 CFR 202.248"),
    "audit": filings.Code("us_28cfr202", {"en": "A yearly audit", "fr": "Un audit annuel"}, "28 CFR 202.1002"),
    "scc_2021": filings.Code("eu_gdpr", {"en": "Clauses of 2021", "fr": "Clauses de 2021"}, "GDPR art. 46(2)(c)"),
}
WEIGHTS = dict(zip([f"sov_{n}" for n in range(1, 9)], (15.0, 10.0, 10.0, 15.0, 20.0, 15.0, 10.0, 5.0), strict=True))


def golden(file: str) -> str:
    """Return what a golden is compared with: findings as they once were, so that wording of laws does not move it."""
    name, kind, format, language = GOLDENS[file]
    kept = json.loads((FOLDER / "findings.json").read_text("utf-8"))[name]
    held = {**tables(name), "finding": model.rows(model.FINDING, kept)}
    made = filings.build(kind, held, meta(name, language), codes=SOME, weights=WEIGHTS)
    text = next(iter(filings.files(made, format, language).values()))
    # The style is that of the report: it has its own tests.
    return re.sub(r"(?s)<style>.*</style>|<meta http-equiv[^>]*>", "", text)
