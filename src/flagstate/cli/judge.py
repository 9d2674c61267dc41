"""`flagstate judge` and `flagstate judgements`."""

from __future__ import annotations

import calendar
import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagstate.cli.audit import size
from flagstate.cli.case import CaseDir, Json, json_text
from flagstate.errors import UsageError
from flagstate.model.codes import BEHAVIOURS
from flagstate.model.counted import counted

if TYPE_CHECKING:
    from flagstate.pipeline.judging import Standing

SHOWN = 5
"""Findings of one judgement that the list names."""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(judge)
    app.command()(judgements)


def last_day(text: str | None) -> date | None:
    """Return a date written as YYYY-MM-DD, or the last day of a month written as YYYY-MM.

    Raises:
        UsageError: It is neither.
    """
    if text is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text, re.ASCII):
            year, month = int(text[:4]), int(text[5:])
            return date(year, month, calendar.monthrange(year, month)[1])
        return date.fromisoformat(text)
    except (ValueError, calendar.IllegalMonthError) as problem:
        todo = "Write it as YYYY-MM-DD, or as YYYY-MM for the last day of a month."
        raise UsageError(f"{text[:40]!a} is not a date", todo=todo) from problem


def judge(
    on: Annotated[
        str,
        typer.Argument(
            metavar="FINDING|FLOW|flows",
            help="finding_id or fact_id as the report shows it; flows: what --to names; withdrawn: judgement_id.",
        ),
    ],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="explained, muted, assigned, comment, or withdrawn.")],
    author: Annotated[str, typer.Option(metavar="NAME", help="Who says so.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; may be left out with --explained-by.")] = "",
    explained_by: Annotated[
        str,
        typer.Option(metavar="WHAT", help="contract:ID (of this case), ticket:ID, person:NAME or declaration:ID."),
    ] = "",
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day on which it holds: 2027-03-31, or 2027-03.")
    ] = None,
    to: Annotated[
        str,
        typer.Option(metavar="HOST[:PORT]", help="Domain, address, range, entity:NAME or provider:NAME, on every day."),
    ] = "",
    near: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Only from this own host or range.")] = "",
    behaviour: Annotated[str, typer.Option(metavar="CODE", help=f"Only this: {', '.join(BEHAVIOURS)}.")] = "",
    up_to: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Most bytes sent in a day that it settles.  [default: 3 times today's]"),
    ] = None,
    assignee: Annotated[str, typer.Option(metavar="NAME", help="To whom it is assigned.")] = "",
    case: CaseDir = Path("flagstate-case"),
    json: Json = False,
) -> None:
    """Add a judgement to a finding or to flows: it is shown and counted, and never removes the finding.

    One on a flow covers what goes the same way on other days too. What was explained or muted and grew beyond three
    times its figures since, or became graver, counts again.
    """
    from flagstate.pipeline.judgements import FLOWS, Said, cover_of, make

    if kind == "withdrawn":
        _withdraw(case, on, reason=reason, author=author, json=json)
        return
    if (on == FLOWS) != bool(to):
        raise UsageError("`flows` and --to belong together", todo="Write: flagstate judge flows explained --to HOST …")
    if (near or behaviour) and not to:
        raise UsageError("--from and --behaviour narrow --to", todo="Name where the flows go with --to.")
    cover = cover_of(to, near, behaviour) if to else None
    said = Said(kind, author, reason, last_day(until), assignee, explained_by, size(up_to))
    made = make(case, on, said, cover)
    if json:
        found = {"judgement_id": made.id, "on": made.on, "kind": kind}
        sys.stdout.write(json_text(found | {"figures": made.figures, "covers": made.covers or None}))
        return
    sys.stdout.write(f"Noted as {made.id}, on {made.on}. The next audit or report shows it.\n")
    if cover is not None and not made.figures and kind in ("explained", "muted"):
        sys.stdout.write("Nothing in this case goes there yet, so no growth of it will be told.\n")


def _withdraw(folder: Path, judgement_id: str, *, reason: str, author: str, json: bool) -> None:
    from flagstate.case import Case

    Case.open(folder).withdraw(judgement_id, reason=reason, author=author)
    said = f"Took {judgement_id} back; both rows stay in the ledger.\n"
    sys.stdout.write(json_text({"withdrawn": judgement_id}) if json else said)


def judgements(case: CaseDir = Path("flagstate-case"), json: Json = False) -> None:
    """List the judgements that stand, expired, or no longer hold because what they explain grew."""
    from flagstate.pipeline.judgements import document, listed

    found = listed(case)
    if json:
        sys.stdout.write(json_text(document(found)))
        return
    for one in found.standing:
        sys.stdout.write("\n".join(_lines(one)) + "\n")
    counts = found.counts()
    sys.stdout.write(
        f"{counted(counts['explained'], 'adverse finding[|s]')} explained or muted "
        f"(by {counted(counts['judgements'], 'judgement[|s]')}), "
        f"{counts['expired']:,} expired, {counts['reopened']:,} reopened. "
        f"{counted(found.others['replaced'], 'judgement[ was|s were]')} replaced and "
        f"{found.others['withdrawn']:,} withdrawn.\n"
    )


def _lines(one: Standing) -> list[str]:
    from flagstate.catalog.mask import plain

    until = f" until {one.row['until']}" if one.row["until"] else ""
    words = [f"{one.id}  {one.state}: {one.row['kind']}{until}, {plain(str(one.row['on_id']))}"]
    words.append(f"  {plain(one.said)} – {plain(str(one.row['author']))}")
    words += [f"  grown since: {', '.join(one.grown)}"] if one.grown else []
    for verb, rows in (("decides", one.on), ("does not cover, because it is graver:", one.over)):
        words += [f"  {verb} {row['finding_id']} {plain(str(row['message']))}" for row in rows[:SHOWN]]
        words += [f"  … and {len(rows) - SHOWN:,} more"] if len(rows) > SHOWN else []
    return words
