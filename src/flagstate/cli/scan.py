"""`flagstate scan`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagstate.errors import UsageError

if TYPE_CHECKING:
    from flagstate.pipeline.scan import ScanOutcome, Store
    from flagstate.read.live.credentials import Ask

LEAST_S, MOST_S = 1, 7 * 24 * 3600


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(scan)


def scan(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET...", help="postgresql://, mysql:// or s3:// addresses without a password; files; folders."
        ),
    ] = None,
    dsn_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Addresses, one a line, which may hold passwords; for your eyes only."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything in live stores, not a sample.")] = False,
    sample_rows: Annotated[
        int, typer.Option(metavar="N", min=100, max=10_000_000, help="Rows of each table in a sample.")
    ] = 10_000,
    timeout: Annotated[
        int | None, typer.Option(metavar="SECONDS", min=LEAST_S, max=MOST_S, help="For one statement on a server.")
    ] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory to use, such as 1GB.")] = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads to use.")] = None,
    max_expand: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Allow one artefact to expand to this (else 200:1).")
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="End with code 10 if this data class, or group of them, is found."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a summary.")] = False,
) -> None:
    """Say which data live stores, files and folders hold; nothing is kept and nothing is changed."""
    from flagstate.cli.audit import size
    from flagstate.cli.progress import Progress
    from flagstate.pipeline.scan import ScanOrder
    from flagstate.pipeline.scan import scan as run
    from flagstate.read.live.sampling import Bounds, Timeouts
    from flagstate.read.live.target import is_address

    paths = tuple(Path(one) for one in targets or () if not is_address(one))
    times = Timeouts() if timeout is None else Timeouts(statement_s=timeout, whole_s=timeout)
    order = ScanOrder(
        paths=paths,
        bounds=Bounds(full=full, sample_rows=sample_rows, timeouts=times),
        memory_bytes=size(memory),
        threads=threads,
        max_expand=size(max_expand),
        fail_on=classes(fail_on or []),
        stores=stores([one for one in targets or () if is_address(one)], dsn_file),
    )
    if not order.stores and not order.paths:
        raise UsageError("There is nothing to scan", todo="Name a store, a file or a folder, or use --dsn-file.")
    with Progress() as progress:
        outcome = run(order, progress)
    show(outcome, as_json=json)


def show(outcome: ScanOutcome, *, as_json: bool) -> None:
    """Print what a scan found and end with its exit code."""
    if as_json:
        import json

        sys.stdout.write(json.dumps(outcome.document(), indent=1, default=str) + "\n")
    else:
        from rich.console import Console

        from flagstate.report.scan import summary

        console = Console(highlight=False, markup=False, emoji=False)
        console.print(summary(outcome.tables, lost=outcome.lost, refused=outcome.refused))
    raise typer.Exit(outcome.exit_code)


def stores(addresses: list[str], dsn_file: Path | None) -> tuple[Store, ...]:
    """Return the live stores that were named, each with the credentials for it.

    Args:
        addresses: Addresses without a secret.
        dsn_file: A file of addresses that may hold secrets.

    Raises:
        UsageError: An address is not understood or holds a secret, or the file is not for its owner alone.
    """
    from flagstate.pipeline.scan import Store
    from flagstate.read.live.credentials import addresses as listed
    from flagstate.read.live.credentials import gather
    from flagstate.read.live.target import parse

    named = [(parse(one), None) for one in addresses]
    told = listed(dsn_file) if dsn_file is not None else []
    ask = asker()
    made = [gather(one, os.environ, home=Path.home(), ask=ask, given=given) for one, given in [*named, *told]]
    return tuple(Store(target, credentials) for target, credentials in made)


def asker() -> Ask | None:
    """Return what asks a person for a password without an echo; null where nobody sits at a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    from getpass import getpass

    return getpass


def classes(names: list[str]) -> tuple[str, ...]:
    """Return the data classes that are named, by themselves or by their group.

    Raises:
        UsageError: There is no such class or group.
    """
    from flagstate.catalog.data_class import load

    if not names:
        return ()
    known = load()
    wanted: set[str] = set()
    for name in (part.strip() for one in names for part in one.split(",") if part.strip()):
        found = {made.id for made in known if name in (made.id, made.group)}
        if not found:
            groups = ", ".join(sorted({made.group for made in known}))
            raise UsageError(f"{name!a} is no data class", todo=f"Name a class, or a group: {groups}.")
        wanted |= found
    return tuple(sorted(wanted))
