"""`flagstate file`: documents that people file, made from the evidence of a case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flagstate.cli.case import CaseDir, Json, json_text
from flagstate.errors import UsageError


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(file)


def file(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="Which document; without it they are listed.")
    ] = None,
    case: CaseDir = Path("flagstate-case"),
    format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="md, html or csv.  [default: as the regulator wants it]")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="en or fr.")] = "en",
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="File (csv: folder) to write; - prints.")] = None,
    json: Json = False,
) -> None:
    """Draft a document that people file, from the evidence of a case; each figure names the rows under it.

    It is a draft and no legal advice: what is unknown is said to be unknown, with where to get it.
    """
    from flagstate.report import filings

    if lang not in ("en", "fr"):
        raise UsageError(f"{lang!a} is not a language of the documents", todo="Write en or fr.")
    if kind is None:
        _list(lang, json=json)
        return
    if kind not in filings.KINDS:
        raise UsageError(f"{kind[:60]!a} is no document", todo=f"Write one of: {', '.join(filings.KINDS)}.")
    if format is not None and format not in filings.FORMATS:
        raise UsageError(f"{format[:60]!a} is not a format", todo=f"Write one of: {', '.join(filings.FORMATS)}.")
    from flagstate.pipeline.filings import make, save

    wanted = format or filings.KINDS[kind].formats[0]
    made = make(case, kind, format=wanted, language=lang)
    if out is not None and str(out) == "-":
        if len(made) > 1:
            raise UsageError("Several files cannot be printed", todo="Name a folder with --out, or write --format md.")
        sys.stdout.write(next(iter(made.values())))
        return
    written = save(made, out or Path(kind if len(made) > 1 else next(iter(made))))
    if json:
        sys.stdout.write(json_text({"kind": kind, "format": wanted, "written": [str(path) for path in written]}))
        return
    for path in written:
        sys.stdout.write(f"Wrote {path}\n")
    sys.stdout.write("A draft from evidence, no legal advice: read what is missing before you sign or send it.\n")


def _list(lang: str, *, json: bool) -> None:
    from flagstate.report import filings

    rows = [{"kind": one.id, "formats": list(one.formats), "says": one.says(lang)} for one in filings.KINDS.values()]
    if json:
        sys.stdout.write(json_text({"documents": rows}))
        return
    wide = max(len(one.id) for one in filings.KINDS.values())
    for one in filings.KINDS.values():
        sys.stdout.write(f"{one.id.ljust(wide)}  {'/'.join(one.formats).ljust(11)}  {one.says(lang)}\n")
