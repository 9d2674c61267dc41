"""`flagstate audit`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flagstate.cli.options import Ask, Case, Laws, Memory, Threads, Without, check
from flagstate.errors import UsageError
from flagstate.model.codes import LEVELS, QUESTIONS

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def size(text: str | None) -> int | None:
    """Return a number of bytes written as 500MB, 1GB or 1073741824.

    Raises:
        UsageError: It is not a size.
    """
    if text is None:
        return None
    bare = text.strip().lower().removesuffix("ib").removesuffix("b")
    unit = bare[-1:] if bare[-1:] in _UNITS and not bare[-1:].isdigit() else ""
    number = bare[: len(bare) - len(unit)]
    try:
        value = int(float(number) * _UNITS[unit])
    except (ValueError, OverflowError) as problem:
        raise UsageError(f"{text!a} is not a size", todo="Write it as 500MB or 1GB.") from problem
    if value <= 0:
        raise UsageError(f"{text!a} is not a size", todo="Write a size above zero, such as 1GB.")
    return value


def day(text: str | None) -> date | None:
    """Return a date written as YYYY-MM-DD.

    Raises:
        UsageError: It is not a date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(f"{text!a} is not a date", todo="Write it as YYYY-MM-DD.") from problem


def questions(asked: list[str] | None) -> tuple[str, ...]:
    """Return the asked questions in the order of the report.

    Raises:
        UsageError: One is not a question.
    """
    names = {part.strip() for one in asked or () for part in one.split(",") if part.strip()}
    if unknown := names - set(QUESTIONS):
        raise UsageError(f"{sorted(unknown)[0]!a} is not a question", todo=f"Ask one of: {', '.join(QUESTIONS)}.")
    return tuple(q for q in QUESTIONS if q in names) if names else tuple(QUESTIONS)


def audit(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders of evidence.")],
    case: Case = Path("flagstate-case"),
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Day whose law and lists apply.")] = None,
    memory: Memory = None,
    threads: Threads = None,
    ask: Ask = None,
    fail_on: Annotated[
        str, typer.Option(metavar="LEVEL", help=f"Adverse findings below do not count: {', '.join(LEVELS)}.")
    ] = "info",
    without: Without = None,
    max_expand: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Allow one artefact to expand to this (else 200:1).")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="Language of the report: en or fr.")] = "en",
    laws: Laws = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a summary.")] = False,
) -> None:
    """Audit a mixed folder of evidence and write one HTML report."""
    from flagstate.cli.progress import Progress
    from flagstate.pipeline.audit import Order, audit

    check(fail_on, without or ())
    if lang not in ("en", "fr"):
        raise UsageError(f"{lang!a} is not a language of the report", todo="Write en or fr.")
    order = Order(
        paths=tuple(paths),
        case=case,
        as_of=day(as_of),
        memory_bytes=size(memory),
        threads=threads,
        asked=questions(ask),
        fail_on=fail_on,
        without=tuple(without or ()),
        max_expand=size(max_expand),
        language=lang,
        laws=tuple(laws or ()),
    )
    with Progress() as progress:
        outcome = audit(order, progress)
    show(outcome, as_json=json)


def show(outcome: object, *, as_json: bool, hidden: Path | None = None) -> None:
    """Print the outcome of an audit and end with its exit code.

    Args:
        outcome: Of the audit.
        as_json: As one document instead of a summary.
        hidden: File with the truth about invented evidence, which is named.
    """
    from flagstate.pipeline.audit import Outcome

    if not isinstance(outcome, Outcome):
        raise TypeError
    if as_json:
        import json

        document = outcome.document() | ({"truth": str(hidden)} if hidden else {})
        sys.stdout.write(json.dumps(document, indent=1, default=str) + "\n")
    else:
        from rich.console import Console

        console = Console(highlight=False, markup=False, emoji=False)
        console.print(outcome.summary())
        if hidden:
            from flagstate.catalog.mask import plain

            console.print(f"What was hidden: {plain(str(hidden))}", overflow="fold")
    raise typer.Exit(outcome.exit_code)
