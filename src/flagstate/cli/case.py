"""Commands on a case that is there: report, verify, purge."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flagstate.errors import UsageError

_CASE = typer.Option(metavar="DIR", help="Folder of the case.")
_JSON = typer.Option("--json", help="Print one JSON document.")
CaseDir = Annotated[Path, _CASE]
Json = Annotated[bool, _JSON]

FORMATS = ("html", "json", "markdown", "csv", "ocsf", "sarif")


def add(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (report, verify, purge):
        app.command()(command)


def json_text(document: object) -> str:
    """Return a document as it is printed with `--json`."""
    import json

    return json.dumps(document, indent=1, default=str) + "\n"


def _print(document: object) -> None:
    sys.stdout.write(json_text(document))


def report(
    case: CaseDir = Path("flagstate-case"),
    format: Annotated[str, typer.Option(metavar="FORMAT", help=f"One of: {', '.join(FORMATS)}.")] = "html",
    lang: Annotated[str, typer.Option(metavar="LANG", help="en or fr.")] = "en",
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="File (csv: folder) to write; - prints.")] = None,
    json: Json = False,
) -> None:
    """Make the report of the last audit again, in another language or format."""
    from flagstate.pipeline.again import render, save

    if format not in FORMATS:
        raise UsageError(f"{format!a} is not a format", todo=f"Write one of: {', '.join(FORMATS)}.")
    if lang not in ("en", "fr"):
        raise UsageError(f"{lang!a} is not a language of the report", todo="Write en or fr.")
    made = render(case, format=format, language=lang)
    if out is not None and str(out) == "-" and len(made) == 1:
        sys.stdout.write(next(iter(made.values())))
        return
    written = save(case, made, format=format, out=out)
    if json:
        _print({"written": [str(path) for path in written]})
        return
    for path in written:
        sys.stdout.write(f"Wrote {path}\n")


def verify(
    case: CaseDir = Path("flagstate-case"),
    json: Json = False,
) -> None:
    """Hash every artefact, table and row of the ledger again, and say what changed."""
    from flagstate.case import Case
    from flagstate.case import verify as check
    from flagstate.catalog.mask import mask

    opened = Case.open(case)
    checks = check(opened, mask=mask)
    problems = [c for c in checks if c.state != "ok"]
    if json:
        _print(
            {
                "head": opened.head(),
                "checks": [{"kind": c.kind, "name": c.name, "state": c.state, "remark": c.remark} for c in checks],
            }
        )
    else:
        for c in [one for one in checks if one.state != "ok" or one.remark]:
            sys.stdout.write(f"{c.state}: {c.kind} {c.name}{': ' + c.remark if c.remark else ''}\n")
        sys.stdout.write(f"{len(checks) - len(problems):,} of {len(checks):,} checks are well. Head: {opened.head()}\n")
    if problems:
        raise typer.Exit(1)


def purge(
    case: CaseDir = Path("flagstate-case"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Remove a case, its key and what it knows of places; evidence and estate.yaml stay."""
    from flagstate.case import Case

    opened = Case.open(case)
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Remove the case in {case}?")):
        raise UsageError("Nothing was removed", todo="Say --yes to remove it without a question.")
    said = opened.purge()
    if json:
        _print({"removed": said})
        return
    sys.stdout.write("\n".join(said) + "\n")
