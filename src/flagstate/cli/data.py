"""`flagstate data`: the tables that the product stands on, and the user's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Show the network tables with their age and licence, and add your own.", no_args_is_help=True
    )
    group.command("list")(listed)
    group.command("add")(added)
    app.add_typer(group, name="data")


def listed(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the tables: source, date, age, licence, rows."""
    from flagstate.catalog.networks import tables
    from flagstate.catalog.user import folder

    own = folder()
    rows = tables(user_dir=own if own.is_dir() else None)
    if json:
        import json as js

        sys.stdout.write(js.dumps(rows, indent=1, default=str) + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("table", "source", "date", "age", "licence", "rows", box=None, pad_edge=False)
    for row in rows:
        age = f"{row['age_days']} days"
        table.add_row(*(str(row[c]) for c in ("table", "source", "date")), age, str(row["licence"]), f"{row['rows']:,}")
    Console(highlight=False, markup=False).print(table)


def added(
    mmdb: Annotated[Path, typer.Option("--mmdb", metavar="FILE", help="MMDB file of MaxMind, IPinfo or DB-IP.")],
    kind: Annotated[str, typer.Option(metavar="KIND", help="country, city or asn.")] = "country",
    licence: Annotated[str, typer.Option(metavar="TEXT", help="Its licence, for the record.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Add a network table of your own; it outranks the embedded ones."""
    from flagstate.catalog.network_mmdb import add_mmdb
    from flagstate.catalog.user import folder

    own = folder()
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    entry = add_mmdb(mmdb, kind, own, licence=licence)
    if json:
        import json as js

        sys.stdout.write(js.dumps(entry, indent=1, default=str) + "\n")
        return
    sys.stdout.write(f"Added as {kind} table. Audits from now on ask it first.\n")
