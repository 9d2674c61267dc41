"""`flagstate data`: the tables and lists that the product stands on, and the user's own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagstate.model.counted import counted

if TYPE_CHECKING:
    from flagstate.catalog.list_form import Entry
    from flagstate.catalog.list_updates import Field, Update

SHOWN = 100
"""How many changes of one kind are printed; --json has them all."""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Show the network tables and lists with their age, and add newer ones or your own.", no_args_is_help=True
    )
    group.command("list")(listed)
    group.command("add")(added)
    group.command("lists")(shelved)
    group.command("update")(updated)
    app.add_typer(group, name="data")


def listed(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the network tables: source, date, age, licence, rows."""
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
        age = counted(int(str(row["age_days"])), "day[|s]")
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


_DIR = typer.Option("--dir", metavar="DIR", help="Folder of your data, if not that of this account.")


def shelved(
    folder: Annotated[Path | None, _DIR] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the lists of countries and parties: version, last check, whether each is known to be whole, members now."""
    from flagstate.catalog import lists
    from flagstate.catalog.mask import plain

    today = datetime.now(tz=UTC).date()
    held: dict[str, int] = {code: len(one.on(today)) for code, one in lists.book(folder).items()}
    kept = {str(one["list"]): one for one in lists.versions(folder)}
    rows = [
        {**row, "members": held[code], "sha256": kept[code]["sha256"], "unused": kept[code]["unused"]}
        for row in lists.states(today, folder=folder)
        for code in (str(row["list"]),)
    ]
    if json:
        _print_json(rows)
        return
    for row in rows:
        whose = ", yours" if row["origin"] == "yours" else ""
        whole = "known to be whole" if row["complete"] == "yes" else "not known to be whole: a miss says nothing"
        checked = f"checked up to {row['last_checked']}" if row["last_checked"] else "never checked"
        members = f"{row['members']:,} member{'' if row['members'] == 1 else 's'} now"
        sys.stdout.write(plain(f"{row['list']}: {row['title']}") + "\n")
        sys.stdout.write(f"  version {row['version']}{whose} · {checked} · {members} · {whole}\n")
        if row["unused"]:
            sys.stdout.write(f"  Yours of {row['unused']} is not used: the shipped one is newer.\n")


def updated(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A newer file of one list, or a list of your own.")],
    folder: Annotated[Path | None, _DIR] = None,
    force: Annotated[bool, typer.Option("--force", help="Take it even if it is not newer.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Take in a newer file of a list, such as countries of concern, adequacy or 1260H, and say what changes."""
    from flagstate.case import disk
    from flagstate.catalog import list_updates, user
    from flagstate.catalog.list_shelf import KEPT
    from flagstate.catalog.mask import plain

    own = folder or user.folder()
    with disk.worded("the list cannot be kept", str(own)):
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.make_folder(own / KEPT)
        with _alone(own / KEPT):
            made = list_updates.prepare(file, own, force=force)
            if made.kept:
                disk.replace(own / KEPT / made.name, made.kept)
    if json:
        _print_json(_as_data(made))
        return
    where = plain(str(own / KEPT / made.name))
    if not made.kept:
        sys.stdout.write(f"{made.listing.code} of {made.listing.version} is in use already: nothing changes.\n")
        return
    for line in _told(made):
        sys.stdout.write(f"{plain(line)}\n")
    sys.stdout.write(f"Kept as {where}. Audits from now on use it.\n")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time change a folder: two drafts of one file must not meet."""
    import fcntl
    import os

    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _told(made: Update) -> Iterator[str]:
    """Yield what a newer list changes, one line each."""
    before = made.before.version if made.before else "a list of your own"
    yield f"{made.listing.code}: {before} → {made.listing.version}"
    for one in made.fields:
        yield f"  {_change(one)}"
    for sign, entries in (("+", made.added), ("-", made.removed)):
        yield from _some([f"  {sign} {_member(one)}{_days(one)}" for one in entries], sign)
    yield from _some([f"  ~ {_member(one)}: {'; '.join(map(_change, told))}" for one, told in made.changed], "~")
    if not (made.fields or made.added or made.removed or made.changed):
        yield "  nothing but its version"


def _some(lines: list[str], sign: str) -> list[str]:
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"  {sign} and {more:,} more: see --json"]


def _member(one: Entry) -> str:
    return f"{one.key} ({one.name})" if one.name else one.key


def _days(one: Entry) -> str:
    return (f", from {one.since}" if one.since else "") + (f", to {one.until}" if one.until else "")


def _change(one: Field) -> str:
    return f"{one.key} {one.was or '–'} → {one.now or '–'}"


def _as_data(made: Update) -> dict[str, object]:
    def row(one: Entry) -> dict[str, object]:
        return {"member": one.key, "name": one.name, "from": one.since, "to": one.until}

    def told(changes: tuple[Field, ...]) -> list[dict[str, str]]:
        return [{"key": one.key, "was": one.was, "now": one.now} for one in changes]

    return {
        "list": made.listing.code,
        "before": made.before.version if made.before else None,
        "version": made.listing.version,
        "changed": bool(made.kept),
        "fields": told(made.fields),
        "members_added": [row(one) for one in made.added],
        "members_removed": [row(one) for one in made.removed],
        "members_changed": [{**row(one), "changes": told(changes)} for one, changes in made.changed],
    }


def _print_json(value: object) -> None:
    import json

    def text(one: object) -> str:
        return one.isoformat() if isinstance(one, date) else str(one)

    sys.stdout.write(json.dumps(value, indent=1, default=text) + "\n")
