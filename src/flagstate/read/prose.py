"""The words of an article that somebody gave: HTML, PDF or plain text, read within bounds and never kept.

This runs in a bounded child process: what a parser does with a hostile file costs that file only.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from datetime import date

from flagstate.errors import EvidenceError
from flagstate.read.charset import sniff

MAX_BYTES = 32 << 20
"""Bytes of a file; a larger one is no article."""
MAX_LETTERS = 4_000_000
"""Letters that are read of one text."""
MAX_PAGES = 2_000
"""Pages of a PDF that are read."""

_NOT_PROSE = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "svg", "head")
_HTML = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main|div|p|h1)\b", re.I | re.S
)
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_ODD = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, ArithmeticError, AssertionError,
    NotImplementedError, struct.error, EOFError,
)  # fmt: skip
"""What parsers of hostile files raise beside their own errors."""


@dataclass(frozen=True)
class Prose:
    """The words of a text, on their way to being counted."""

    text: str
    """Never stored or shown."""
    form: str
    """html, pdf or text."""
    dated: date | None
    """The day that the file gives itself; it may be that of a copy."""
    whole: bool
    """Nothing was left out at a bound."""


def prose(descriptor: int, name: str) -> Prose:
    """Return the words of an article.

    Args:
        descriptor: An open, regular file.
        name: Its name, which may hold a day.

    Raises:
        EvidenceError: It is no text, HTML or PDF that can be read; with the reason.

    What it cannot see: words in pictures, words that a script writes, and which of them are the article.
    """
    size = os.fstat(descriptor).st_size
    if size > MAX_BYTES:
        raise EvidenceError(f"it is larger than {MAX_BYTES >> 20} MB, which no article is")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        data = file.read(MAX_BYTES + 1)
    day = _day(name)
    if b"%PDF-" in data[:1024]:
        return _pdf(descriptor, day)
    encoding = sniff(data[: 64 << 10])
    if encoding is None or not data.strip():
        raise EvidenceError("it is neither text nor HTML nor PDF" if data.strip() else "it is empty")
    text = data.decode(encoding, "replace")
    if _HTML.match(data[:4096].lstrip(b"\xef\xbb\xbf")) or name.lower().endswith((".htm", ".html", ".xhtml")):
        return _html(text, day)
    return _made(text, "text", day, whole=True)


def _made(text: str, form: str, day: date | None, *, whole: bool) -> Prose:
    if not text.strip():
        raise EvidenceError("there is no text in it; it may be made of pictures")
    return Prose(text[:MAX_LETTERS], form, day, whole and len(text) <= MAX_LETTERS)


def _html(text: str, day: date | None) -> Prose:
    import warnings

    from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, ParserRejectedMarkup
    from bs4.element import Tag

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        try:
            page = BeautifulSoup(text, "html.parser")
            meta = page.find("meta", attrs={"property": "article:published_time"})
            said = str(meta.get("content", "")) if isinstance(meta, Tag) else ""
            for tag in page.find_all(_NOT_PROSE):
                tag.extract()
            words = page.get_text(" ")
        except (ParserRejectedMarkup, *_ODD):
            raise EvidenceError("its markup cannot be read") from None
    return _made(words, "html", _day(said) or day, whole=True)


def _pdf(descriptor: int, day: date | None) -> Prose:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    parts: list[str] = []
    letters = 0
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            reader = PdfReader(file, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise EvidenceError("it is encrypted")
            pages = len(reader.pages)
            for number in range(min(pages, MAX_PAGES)):
                parts.append(reader.pages[number].extract_text())
                letters += len(parts[-1])
                if letters > MAX_LETTERS:
                    break
            info = reader.metadata
            made = str(info.get("/CreationDate") or "") if info else ""
    except (PyPdfError, *_ODD):
        raise EvidenceError("the PDF is damaged, or of a kind that cannot be read") from None
    whole = pages <= MAX_PAGES and letters <= MAX_LETTERS
    return _made(" ".join(parts), "pdf", day or _day(made[2:10]), whole=whole)


def _day(text: str) -> date | None:
    found = _DAY.search(text[:300])
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
