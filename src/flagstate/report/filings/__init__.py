"""Documents that people file or hand over, made from the tables of a case; every figure names its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flagstate.report.answers import Tables
from flagstate.report.filings.document import Document
from flagstate.report.filings.dora import build as dora
from flagstate.report.filings.due_diligence import build as due_diligence
from flagstate.report.filings.ground import Code, Ground
from flagstate.report.filings.processing import build as processing
from flagstate.report.filings.render import html, markdown, marks, sheets
from flagstate.report.filings.seal import build as seal
from flagstate.report.filings.transfer import build as transfer
from flagstate.report.filings.words import words
from flagstate.report.meta import Meta

__all__ = ["FORMATS", "KINDS", "Code", "Kind", "build", "files"]

FORMATS = ("md", "html", "csv")
"""Markdown, HTML, and tables as CSV where a regulator wants them."""


@dataclass(frozen=True)
class Kind:
    """A kind of document."""

    id: str
    """How the command names it."""
    build: Callable[[Ground], Document]
    """What makes it."""
    formats: tuple[str, ...]
    """Formats that it is made in; the first is the usual one."""
    laws: tuple[str, ...] = ()
    """Laws whose control codes and parameters it shows."""

    def says(self, language: str) -> str:
        """Return what it is, in one sentence."""
        return words(language)(f"says.{self.id}")


KINDS: dict[str, Kind] = {
    one.id: one
    for one in (
        Kind("due-diligence", due_diligence, ("md", "html", "csv"), ("us_28cfr202",)),
        Kind("transfer-assessment", transfer, ("md", "html", "csv"), ("eu_gdpr",)),
        Kind("processing-record", processing, ("md", "html", "csv")),
        Kind("dora-register", dora, ("csv", "md", "html")),
        Kind("seal-sheet", seal, ("md", "html", "csv"), ("eu_csf",)),
    )
}
"""All kinds, in the order in which they are listed."""


def build(
    kind: str,
    tables: Tables,
    meta: Meta,
    *,
    codes: Mapping[str, Code] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Document:
    """Return a document.

    Args:
        kind: One of `KINDS`.
        tables: The tables of the case, by noun.
        meta: What a report says of itself; its language is the document's.
        codes: Control codes that laws ask for, so that a document can say which of them nobody speaks of.
        weights: Weights of the objectives of the EU Cloud Sovereignty Framework on the day, in per cent.
    """
    return KINDS[kind].build(Ground(tables, meta, codes or {}, weights or {}))


def files(document: Document, format: str, language: str) -> dict[str, str]:
    """Return a document as files by name.

    Args:
        document: The document.
        format: md, html or csv; csv gives its tables, and beside them what is missing as Markdown.
        language: en or fr.
    """
    numbers, w = marks(document), words(language)
    if format == "html":
        return {f"{document.kind}.html": html(document, numbers, w, language=language)}
    if format == "md":
        return {f"{document.kind}.md": markdown(document, numbers, w)}
    return {**document.files, **sheets(document, w), "missing.md": markdown(document, numbers, w)}
