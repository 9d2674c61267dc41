"""`flagstate doctor`: what this machine has, and what an audit could not do on it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    compile: Annotated[bool, typer.Option("--compile", help="Only prepare what is slow the first time.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check this machine: versions, memory, tables, keys, and whether reading processes can be bounded."""
    from flagstate.pipeline.doctor import examine, prepare

    if compile:
        prepare()
        return
    checks = examine()
    if json:
        import json as js

        sys.stdout.write(
            js.dumps([{"check": c.name, "state": c.state, "detail": c.detail} for c in checks], indent=1) + "\n"
        )
    else:
        width = max(len(c.name) for c in checks)
        for c in checks:
            sys.stdout.write(f"{c.name.ljust(width)}  {c.state.ljust(7)}  {c.detail}\n")
    if any(c.state == "failed" for c in checks):
        raise typer.Exit(1)
