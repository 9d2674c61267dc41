"""`flagstate whatif` and `flagstate diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flagstate.cli.audit import day
from flagstate.cli.case import CaseDir, Json, json_text
from flagstate.errors import UsageError


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(whatif)
    app.command()(diff)


def whatif(
    cut: Annotated[
        list[str] | None,
        typer.Option(metavar="PARTY", help="It switches its part off: CN, EU, entity:NAME, asset:NAME."),
    ] = None,
    without: Annotated[list[str] | None, typer.Option(metavar="asset:NAME", help="This asset is not there.")] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="measure:CODE:…", help="This measure is taken, such as measure:hold_own_keys:asset=wms."),
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="The law and the facts of this day.")] = None,
    case: CaseDir = Path("flagstate-case"),
    json: Json = False,
) -> None:
    """Say what would change, by service and by finding; the case itself is left as it is."""
    from datetime import date

    from flagstate.pipeline.again import load
    from flagstate.pipeline.compare import lines
    from flagstate.pipeline.naming import names
    from flagstate.pipeline.whatif import Question, whatif, words_of

    tables, meta = load(case)
    asked = Question(tuple(cut or ()), tuple(without or ()), tuple(add or ()), day(as_of))
    answer = whatif(tables, asked, meta.as_of or date.today())
    shown = names(answer.before) | names(answer.after)
    if json:
        document = {"asked": answer.words, "changes": answer.changes.as_dict(), "stops": answer.stops.to_pylist()}
        sys.stdout.write(json_text(document))
        return
    out = [f"What if: {'; '.join(answer.words)}"]
    rows = answer.stops.to_pylist()
    for what in dict.fromkeys(row["cut"] for row in rows):
        out.append(f"{words_of(what, shown)} switches its part off:")
        for row in rows:
            if row["cut"] == what:
                mark = " (critical)" if row["critical"] else ""
                doubt = " – contested" if row["contested"] else ""
                out.append(f"  {_when(row['at_h'])}  {shown.get(row['asset_id'], row['asset_id'])}{mark}{doubt}")
                out.append(f"          {row['proof']}")
    if asked.cut and not rows:
        out.append("Nothing that is known stops; what is not known may.")
    _print([*out, *lines(answer.changes, shown)])


def _when(hours: float | None) -> str:
    return "at once" if not hours else f"{hours:g} h"


def diff(
    before: Annotated[str, typer.Argument(metavar="CASE@N", help="A case and one of its versions.")],
    after: Annotated[str, typer.Argument(metavar="CASE@M", help="The other; without @M: the last version.")],
    json: Json = False,
) -> None:
    """Say what changed between two runs, and which verdicts flipped."""
    from flagstate.pipeline.again import version
    from flagstate.pipeline.compare import compare, lines
    from flagstate.pipeline.naming import names

    old, new = version(*_split(before)), version(*_split(after))
    changes = compare(old, new)
    if json:
        sys.stdout.write(json_text({"before": before, "after": after, "changes": changes.as_dict()}))
        return
    _print(lines(changes, names(old) | names(new)))


def _print(lines: list[str]) -> None:
    from flagstate.report.inert import plain

    sys.stdout.write("\n".join(map(plain, lines)) + "\n")


def _split(text: str) -> tuple[Path, int | None]:
    folder, at, number = text.rpartition("@")
    if not at:
        return Path(text), None
    if not number.isdecimal():
        raise UsageError(
            f"{text!a} names no version", todo="Write the folder of the case and a number, such as case@2."
        )
    return Path(folder or "flagstate-case"), int(number)
