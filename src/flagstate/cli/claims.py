"""`flagstate claims`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagstate.cli.case import Json, json_text
from flagstate.errors import UsageError

if TYPE_CHECKING:
    from flagstate.report.sheet import Line, Sheet

WIDEST = 110
"""Characters of a line, so that long sentences stay readable."""
FACTS = 20
"""Rows of evidence that are laid out as text; JSON has them all."""
INVENTED = {
    "en": "The case is invented: what its evidence says is nothing about the parties of any claim of the real world.",
    "fr": "Le cas est inventé : ses preuves ne disent rien des parties d’une affirmation du monde réel.",
}
_Case = typer.Option(metavar="DIR", help="Folder of the case; flagstate-case unless a dossier is named alone.")
_Dossier = typer.Option(metavar="FILE|NAME", help="Claims to hold against the case, or alone: a file, or liege.")
_Near = typer.Option(metavar="FOLDER", help="Propose which texts in it (HTML, PDF, plain) are copies of each other.")


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(claims)


def claims(
    claim: Annotated[str | None, typer.Argument(metavar="CLAIM", help="One claim, by its name.")] = None,
    case: Annotated[Path | None, _Case] = None,
    dossier: Annotated[str | None, _Dossier] = None,
    near: Annotated[Path | None, _Near] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="Language of the texts: en or fr.")] = "en",
    json: Json = False,
) -> None:
    """Say of each claim who said it first, who denies it, what the evidence says of it, and what changed on the way.

    Primaries are counted, not articles. With CLAIM, one claim whole, with its rows of evidence and its query.
    """
    if lang not in ("en", "fr"):
        raise UsageError(f"{lang!a} is not a language of claims", todo="Write en or fr.")
    if near is not None:
        if claim or case or dossier:
            raise UsageError("--near compares texts, and no claims", todo="Name the folder alone.")
        _near(near, json)
        return
    from flagstate.pipeline import claims as told
    from flagstate.report import sheet

    kept = told.hold(case or (None if dossier else Path("flagstate-case")), dossier)
    held, made = kept.tables, sheet.sheets(kept.tables)
    warned = [(0, INVENTED[lang]), (0, "")] if kept.example else []
    if claim is not None:
        one = _named(made, claim)
        facts = told.rows(held, one)
        if json:
            sys.stdout.write(json_text(one.as_dict() | {"rows": list(map(vars, facts)), "example": kept.example}))
            return
        _print([*warned, *sheet.whole(one, lang), *((6, told.line(fact)) for fact in facts[:FACTS])])
    elif json:
        sys.stdout.write(json_text({"example": kept.example, "claims": [one.as_dict() for one in made]}))
    else:
        _print([*warned, *sheet.every(made, lang), *sheet.sources(held, told.resting(held), lang)])


def _near(folder: Path, json: bool) -> None:
    from flagstate.pipeline.near import lines, near
    from flagstate.report.inert import plain

    told = near(folder)
    sys.stdout.write(json_text(told.as_dict()) if json else "\n".join(map(plain, lines(told))) + "\n")


def _named(made: Sequence[Sheet], name: str) -> Sheet:
    from flagstate.catalog.form import near
    from flagstate.report.sheet import short

    known = {short(one.claim["claim_id"]): one for one in made}
    hit = known.get(short(name))
    if hit is not None:
        return hit
    guess = near(name, list(known))
    todo = f"Did you mean {guess}? " if guess else ""
    raise UsageError(f"There is no claim {name[:60]!a}", todo=f"{todo}Run `flagstate claims` for all of them")


def _print(lines: Iterable[Line]) -> None:
    """Print lines, wrapped to the width of the terminal, with whatever would act on it spelt out."""
    from flagstate.report.inert import plain

    width = max(60, min(WIDEST, shutil.get_terminal_size((100, 24)).columns))
    for indent, text in lines:
        margin = " " * indent
        wrapped = textwrap.wrap(
            plain(text), width, initial_indent=margin, subsequent_indent=f"{margin}  ", break_on_hyphens=False
        )
        sys.stdout.write("\n".join(wrapped or [""]) + "\n")
