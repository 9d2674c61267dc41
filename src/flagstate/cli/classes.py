"""`flagstate classes`: which kinds of data are looked for, what each falls under, and what decides it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flagstate.errors import UsageError

if TYPE_CHECKING:
    from flagstate.catalog.data_class import DataClass


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(classes)


def classes(
    name: Annotated[str | None, typer.Argument(metavar="ID", help="One class, such as iban.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the kinds of data that are looked for; with an ID, say what one is and what decides it.

    No value is ever asked for: what you type here stays in the history of the shell.
    """
    from flagstate.catalog.data_class import load

    if name is None:
        listed = load()
        if json:
            _dump([_short(made) for made in listed])
        else:
            _table(listed)
        return
    made = _one(name)
    if json:
        _dump(_whole(made))
    else:
        sys.stdout.write("\n".join(_lines(made)) + "\n")


def _one(name: str) -> DataClass:
    from flagstate.catalog.data_class import by_id
    from flagstate.catalog.form import near

    made = by_id().get(name)
    if made is None:
        guess = near(name, by_id())
        todo = f"Did you mean {guess}? " if guess else ""
        raise UsageError("There is no data class of that name", todo=f"{todo}Run `flagstate classes` for all of them")
    return made


def _dump(what: object) -> None:
    import json

    sys.stdout.write(json.dumps(what, indent=1, ensure_ascii=False) + "\n")


def _short(made: DataClass) -> dict[str, Any]:
    return {
        "id": made.id,
        "says": made.says,
        "group": made.group,
        "law": list(made.law),
        "decide": made.decide,
        "words": len(made.headers),
    }


def _whole(made: DataClass) -> dict[str, Any]:
    from flagstate.catalog.data_class import DECIDES, LAWS

    return _short(made) | {
        "decided_by": DECIDES[made.decide],
        "law": {law: LAWS[law] for law in made.law},
        "sense": made.sense or None,
        "dpv": made.dpv or None,
        "unit": made.unit or None,
        "shape": made.shape or None,
        "check": made.check or None,
        "dictionary": made.dictionary or None,
        "searched_in_text": bool(made.search),
        "together": {"of": list(made.together.of), "least": made.together.least} if made.together else None,
        "reported_as": made.reported_as or None,
        "headers": {language: list(words) for language, words in made.words},
        "examples": list(made.examples),
        "counter_examples": list(made.counter_examples),
    }


def _table(listed: tuple[DataClass, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "what it is", "group", "decided by", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for made in listed:
        table.add_row(made.id, made.says, made.group, made.decide)
    Console(highlight=False, markup=False).print(table)
    sys.stdout.write(f"\n{len(listed)} classes. `flagstate classes ID` says more of one.\n")


def _lines(made: DataClass) -> list[str]:
    from flagstate.catalog.data_class import DECIDES, LAWS

    rows = [
        ("group", made.group),
        *(("law", f"{law}: {LAWS[law]}") for law in made.law),
        ("term", made.dpv or "none in the Data Privacy Vocabulary"),
        ("decided", DECIDES[made.decide]),
        ("check", made.check),
        ("list", made.dictionary),
        ("in texts", "looked for inside longer texts too" if made.search else ""),
        ("weaker", f"a weaker form, reported as {made.reported_as}" if made.reported_as else ""),
        ("together", f"{made.together.least} of {', '.join(made.together.of)}" if made.together else ""),
        ("names", made.nameless),
        *((language, ", ".join(words)) for language, words in made.words),
        *(("is", _one_line(value)) for value in made.examples),
        *(("is not", _one_line(value) or "(empty)") for value in made.counter_examples),
    ]
    return [f"{made.id}: {made.says}", *(f"  {title:9} {text}" for title, text in rows if text)]


def _one_line(value: str) -> str:
    from flagstate.catalog.mask import UNSAFE

    return UNSAFE.sub(lambda m: ascii(m.group())[1:-1], value)
