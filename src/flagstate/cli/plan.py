"""`flagstate plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flagstate.cli.case import CaseDir, Json, json_text
from flagstate.model.counted import counted


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
    measures: Annotated[bool, typer.Option("--measures", help="List the catalogue of measures instead.")] = False,
    seconds: Annotated[int, typer.Option(metavar="N", min=1, help="Stop looking after so many seconds.")] = 60,
    case: CaseDir = Path("flagstate-case"),
    json: Json = False,
) -> None:
    """Find the cheapest measures under which nothing that the policy does not accept remains, or say that none work."""
    from flagstate.report.inert import plain

    if measures:
        from flagstate.catalog.measures import listed

        shown = listed()
        if json:
            sys.stdout.write(json_text(shown))
            return
        for one in shown:
            lead = counted(int(str(one["lead_days"] or 0)), "day[|s]")
            sys.stdout.write(f"{one['id']} (cost {one['cost']}, {lead})\n  {one['answers']}\n")
        return
    from flagstate.pipeline.again import load
    from flagstate.pipeline.plan import lines, plan

    tables, meta = load(case)
    made = plan(tables, meta.as_of, most_seconds=float(seconds))
    if json:
        sys.stdout.write(json_text(made.to_pylist()))
        return
    sys.stdout.write("\n".join(map(plain, lines(made, tables))) + "\n")
