"""`flagstate init`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from flagstate.errors import UsageError


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    case: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the case.")] = Path("flagstate-case"),
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the proposal.")] = Path("estate.yaml"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Propose a declaration (estate.yaml) from what an audit observed; it counts only when a person confirms it."""
    from flagstate.assess.propose import propose
    from flagstate.case import Case

    text = propose(Case.open(case).tables())
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out.name!a} is there already", todo="Name another file with --out, or move it away.")
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if json:
        import json as js

        sys.stdout.write(js.dumps({"written": str(out), "lines": text.count("\n")}) + "\n")
        return
    sys.stdout.write(f"Wrote {out}: a proposal, all of it commented out.\n")
    sys.stdout.write("Edit it, then set confirmed_by and confirmed_on: until then it counts for nothing.\n")
