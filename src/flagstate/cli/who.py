"""`flagstate who`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(who)


def who(
    what: Annotated[str, typer.Argument(metavar="IP|HOST|ENTITY", help="An address, a host name, or an operator.")],
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Day whose law and lists apply.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="Switch a source off: provider-feeds.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say which countries, operator, owners and governments stand behind an address, host or operator.

    Names are never resolved: nothing leaves this machine.
    """
    from datetime import date

    from flagstate.assess.who import who as ask
    from flagstate.catalog.user import folder
    from flagstate.cli.audit import day

    own = folder()
    answer = ask(
        what,
        as_of=day(as_of) or date.today(),
        without_feeds="provider-feeds" in (without or ()),
        user_dir=own if own.is_dir() else None,
    )
    if json:
        import json as js

        sys.stdout.write(js.dumps(answer.as_dict(), indent=1, default=str) + "\n")
        return
    sys.stdout.write("\n".join(answer.lines()) + "\n")
