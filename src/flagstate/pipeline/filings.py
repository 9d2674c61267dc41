"""Makes the documents that people file from the tables of a case, with the control codes that the laws ask for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from flagstate.errors import UsageError
from flagstate.laws import pack
from flagstate.laws.pack import Law
from flagstate.pipeline.again import load
from flagstate.report import filings


def codes(laws: Iterable[Law]) -> dict[str, filings.Code]:
    """Return the control codes that laws ask for, as they word them; of a code of several, the first."""
    found: dict[str, filings.Code] = {}
    for law in laws:
        for code, (says, citation) in law.controls.items():
            found.setdefault(code, filings.Code(law.id, dict(says), citation or ""))
    return found


def weights(laws: Iterable[Law], as_of: date) -> dict[str, float]:
    """Return the weights of the objectives of the EU Cloud Sovereignty Framework on a day, in per cent."""
    csf = next((law for law in laws if law.id == "eu_csf"), None)
    if csf is None:
        return {}
    held = [one for one in csf.values if one.name == "weight" and one.key and one.holds(as_of)]
    return {str(one.key): float(one.value) for one in held}


def make(folder: Path, kind: str, *, format: str, language: str) -> dict[str, str]:
    """Return a document of a case as files by name.

    Args:
        folder: The case.
        kind: One of `filings.KINDS`.
        format: md, html or csv.
        language: en or fr.

    Raises:
        CaseError: No audit of the case was finished.
        LawError: A law whose controls it shows cannot be read.
        UsageError: The document is not made in this format.
    """
    known = filings.KINDS[kind]
    if format not in known.formats:
        raise UsageError(f"{kind} is not made as {format}", todo=f"Write one of: {', '.join(known.formats)}.")
    tables, meta = load(folder)
    meta = replace(meta, language=language, made_at=datetime.now(UTC))
    # Only the laws that it shows: reading all of them takes longer than the document.
    laws = [pack.load(one) for one in pack.folders() if one.name in known.laws]
    document = filings.build(kind, tables, meta, codes=codes(laws), weights=weights(laws, meta.as_of))
    return filings.files(document, format, language)


def save(made: dict[str, str], out: Path) -> list[Path]:
    """Write a document: one file as the file that is named, several into the folder that is named.

    Files are for their owner alone; a link in the place of a file is refused.
    """
    single = len(made) == 1
    written = []
    for name, text in made.items():
        target = out if single and not out.is_dir() else out / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        written.append(target)
    return written
