"""`flagstate explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flagstate.cli.case import CaseDir, Json, json_text


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="finding_id as the report shows it, or its start.")],
    case: CaseDir = Path("flagstate-case"),
    json: Json = False,
) -> None:
    """Show the proofs, facts and sources under a finding, the best innocent explanation and what would tell."""
    from flagstate.pipeline.again import load
    from flagstate.pipeline.explain import explain as tell
    from flagstate.pipeline.explain import lines
    from flagstate.report.inert import plain

    tables, _ = load(case)
    told = tell(tables, finding)
    sys.stdout.write(json_text(told.as_dict()) if json else "\n".join(plain(line) for line in lines(told)) + "\n")
