"""`flagstate laws`: the laws that are judged, and each as a page that a lawyer can read."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flagstate.cli.law_words import LABELS
from flagstate.errors import UsageError

if TYPE_CHECKING:
    from flagstate.laws.pack import Law, Packs, Refused

Told = Mapping[str, Any]

WIDEST = 110
"""Characters of a line, so that long sentences stay readable."""


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(laws)


def laws(
    name: Annotated[str | None, typer.Argument(metavar="ID", help="A law or one of its rules.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Day whose law and lists apply.")] = None,
    own: Annotated[
        list[Path] | None, typer.Option("--laws", metavar="DIR", help="A folder of laws of your own, too.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="Language of the texts: en or fr.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the laws that are judged; with an ID, print a law or one of its rules as a page to read.

    A folder of your own that is no valid law is named with file and line; the exit code is then 2.
    """
    from flagstate.cli.audit import day
    from flagstate.laws import pack, told

    if lang not in ("en", "fr"):
        raise UsageError(f"{lang!a} is not a language of the laws", todo="Write en or fr.")
    on = day(as_of) or datetime.now(tz=UTC).date()
    found = _tried(own) if own else pack.packs()
    if name is None:
        rows = [told.brief(law, on) for law in found.laws]
        if json:
            _dump({"on": on, "laws": rows, "refused": [_fault(one) for one in found.refused]})
        else:
            _print(_list([_spoken(row, lang) for row in rows], lang, on))
            _print(_faults(found.refused))
        raise typer.Exit(_code(found))
    law, rule_id = _named(found, name)
    page = told.whole(law, on, told.worked(_folder(law, own or ())))
    if rule_id:
        page = _of_rule(page, rule_id)
    if json:
        _dump(page)
    else:
        _print(_page(_spoken(page, lang), lang, whole=not rule_id))


def _tried(own: list[Path]) -> Packs:
    from flagstate.pipeline.rules import tried

    return tried(own)


def _named(found: Packs, name: str) -> tuple[Law, str]:
    from flagstate.catalog.form import near
    from flagstate.laws.told import find

    hit = find(found.laws, name)
    if hit is not None:
        law, rule = hit
        return law, rule.id if rule else ""
    for one in found.refused:
        if one.name == name:
            raise one.error
    known = [law.id for law in found.laws] + [rule for law in found.laws for rule in law.rules]
    guess = near(name, known) or near(name.upper(), known)
    todo = f"Did you mean {guess}? " if guess else ""
    raise UsageError(f"There is no law or rule {name[:60]!a}", todo=f"{todo}Run `flagstate laws` for all laws")


def _code(found: Packs) -> int:
    """Return the exit code: 2 where a folder of the user's own is no law, 1 where one of ours is none."""
    from flagstate.laws.pack import folders

    ours = len(folders()) - sum(not law.own for law in found.laws)
    return 2 if len(found.refused) > ours else 1 if found.refused else 0


def _folder(law: Law, own: Sequence[Path]) -> Traversable:
    from flagstate.laws.pack import folders

    if not law.own:
        return next(one for one in folders() if one.name == law.id)
    return next(one for one in (p if p.name == law.id else p / law.id for p in own) if (one / "law.yaml").is_file())


def _of_rule(page: dict[str, Any], rule_id: str) -> dict[str, Any]:
    """Return the page of a law with what concerns one rule alone."""
    rule = next(one for one in page["rules"] if one["id"] == rule_id)
    return page | {
        "rules": [rule],
        "params": [one for one in page["params"] if one["param"] in rule["params"]],
        "controls": [one for one in page["controls"] if one["control"] in rule["controls"]],
        "listed": [one for one in page["listed"] if one["list"] in rule["lists"]],
    }


def _spoken(page: dict[str, Any], lang: str) -> dict[str, Any]:
    from flagstate.laws.told import spoken

    return {key: spoken(value, lang) for key, value in page.items()}


def _dump(what: object) -> None:
    import json

    # Everything beyond ASCII is spelt out: what a pack says cannot act on the terminal that shows it.
    sys.stdout.write(json.dumps(what, indent=1, default=str) + "\n")


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _fault(one: Refused) -> dict[str, str]:
    error = one.error
    return {"name": one.name, "where": error.where, "what": error.what, "why": error.why, "todo": error.todo}


def _faults(refused: Sequence[Refused]) -> Iterator[str]:
    for one in refused:
        error = one.error
        yield from _wrapped("", f"REFUSED {one.name}: {error.where}: {error.what}." if error.where else error.what)
        for label, text in (("Why", error.why), ("Do", error.todo)):
            if text:
                yield from _wrapped("  ", f"{label}: {text}")


def _width() -> int:
    return max(60, min(WIDEST, shutil.get_terminal_size((100, 24)).columns))


def _wrapped(indent: str, text: object, *, hang: str | None = None) -> list[str]:
    """Return a text as inert lines of the width of the terminal."""
    from flagstate.report.inert import plain

    flat = plain(" ".join(str(text).split(" ")).replace("\n", " ").strip())
    inner = indent if hang is None else hang
    return textwrap.wrap(flat, _width(), initial_indent=indent, subsequent_indent=inner, break_on_hyphens=False)


def _list(rows: Sequence[Told], lang: str, on: date) -> Iterator[str]:
    """Yield each law in two lines or more: what it is called, and whose it is, since when, how well it is known."""
    say = LABELS[lang]
    wide = max((len(row["id"]) for row in rows), default=0) + 2
    for row in rows:
        yours = f" ({say['yours']})" if row["own"] else ""
        yield from _wrapped(str(row["id"]).ljust(wide), f"{row['title']}{yours}", hang=" " * wide)
        counts = ", ".join(f"{say[status]}{say['is']}{number}" for status, number in row["statuses"].items() if number)
        state = say[row["stands"]]
        about = (
            row["jurisdiction"],
            f"{say['rules']}{say['is']}{row['rules']}",
            f"{state}{_days(row, say)}",
            counts,
            f"{say['checked']} {row['last_checked']}",
            f"{say['lists']}{say['is']}{len(row['lists'])}",
        )
        yield from _wrapped(" " * wide, " · ".join(about), hang=" " * wide)
    yield ""
    yield from _wrapped("", say["list_foot"].format(n=len(rows), on=on))


def _page(page: Told, lang: str, *, whole: bool) -> Iterator[str]:
    """Yield a law, or one of its rules, as lines."""
    say = LABELS[lang]
    yield from _wrapped("", f"{page['id']}{say['is']}{page['title']}")
    state = say[page["stands"]] if page["stands"] != "in force" else say["in force"]
    days = _days(page, say)
    yield from _wrapped("  ", f"{page['citation']} · {page['jurisdiction']} · {state}{days}")
    checked = f"{say['status']}{say['is']}{say[page['status']]}; {say['checked']} {page['last_checked']}"
    yield from _wrapped("  ", f"{checked} · {say['on'].format(on=page['on'])}")
    if whole:
        yield from _asks(page, say, lang)
    yield from _params(page["params"], say)
    yield from _title(say["rules_title"])
    for rule in page["rules"]:
        yield from _rule(rule, say, lang)
    yield from _behind(page, say)
    if whole:
        yield from _limits(page, say)


def _title(text: str) -> list[str]:
    return ["", text.upper()]


def _days(page: Told, say: Mapping[str, str]) -> str:
    parts = [
        f" {say['from']} {page['from']}" if page["from"] else "",
        f" {say['to']} {page['to']}" if page["to"] else "",
    ]
    return "".join(parts)


def _asks(page: Told, say: Mapping[str, str], lang: str) -> Iterator[str]:
    from flagstate.laws.told import outcome

    if page["summary"]:
        yield ""
        yield from _wrapped("  ", page["summary"])
    yield from _title(say["asks"])
    for rule in page["rules"]:
        words = ", ".join(outcome(one, lang) for one in rule["outcomes"])
        yield from _wrapped("  ", f"{rule['id']}  {rule['title']}{say['is']}{words}", hang="    ")


def _params(params: Sequence[Told], say: Mapping[str, str]) -> Iterator[str]:
    if not params:
        return
    yield from _title(say["params"])
    for one in params:
        unit = f" ({one['unit']})" if one["unit"] else ""
        yield from _wrapped("  ", f"{one['param']}{say['is']}{one['says']}{unit}", hang="    ")
        for value in one["values"]:
            key = f"{value['key']} = " if value["key"] else ""
            holds = f", {say['holds']}" if value["holds"] else ""
            where = f"{value['citation']}; {say[value['status']]}; {say['checked']} {value['last_checked']}"
            text = f"{key}{_number(value['value'], say)}{_days(value, say)}{holds}{say['is']}{where}"
            yield from _wrapped("    ", f"{text}; {value['source']}", hang="      ")


def _number(value: object, say: Mapping[str, str]) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if say["is"] == ": " else f"{value:,}".replace(",", "\u202f").replace(".", ",")


def _rule(rule: Told, say: Mapping[str, str], lang: str) -> Iterator[str]:
    """Yield one rule: where it stands, since when, what it can say, what would change it, what may be missing."""
    from flagstate.laws.told import outcome

    yield ""
    yield from _wrapped("  ", f"{rule['id']}  {rule['title']}")
    where = f"{rule['citation']}; {say[rule['status']]}; {say['checked']} {rule['last_checked']}; {rule['source']}"
    days = _days(rule, say)
    when = say[rule["stands"]] + (f";{days}" if days and rule["stands"] != "in force" else days)
    when += f"; {say['valid_until']} {rule['valid_until']}" if rule["valid_until"] else ""
    rows: list[tuple[str, str]] = [
        ("where", where),
        ("when", when),
        ("outcomes", ", ".join(outcome(one, lang) for one in rule["outcomes"])),
        *(("says", f"{one['says']} ({one['message']})") for one in rule["messages"]),
        *(("measure", f"{one['says']} → {outcome(one['then'], lang)}") for one in rule["measures"]),
        *(("missing", one["says"]) for one in rule["missing"]),
        ("reads", ", ".join((*rule["params"], *rule["controls"]))),
        ("tables", ", ".join(rule["tables"])),
        ("lists", ", ".join(rule["lists"])),
        ("note", rule["note"] or ""),
        ("cases", say["unread"] if rule["cases"] is None else str(rule["cases"])),
    ]
    wide = max(len(say[key]) for key, _ in rows)
    last = ""
    for key, text in rows:
        if text:
            label = say[key] if key != last else ""
            yield from _wrapped(f"    {label.ljust(wide)}  ", text, hang=" " * (wide + 6))
            last = key


def _behind(page: Told, say: Mapping[str, str]) -> Iterator[str]:
    """Yield the lists and controls that the rules turn on."""
    if page["listed"]:
        yield from _title(say["lists_title"])
    for one in page["listed"]:
        if one["title"] is None:
            yield from _wrapped("  ", f"{one['list']}{say['is']}{say['no_list']}", hang="    ")
            continue
        whole = say["complete"] if one["complete"] == "yes" else say["incomplete"]
        many = f"{_number(one['members'], say)} {say['members']}; {whole}"
        checked = f"{say['checked']} {one['last_checked'] or '–'}"
        yield from _wrapped("  ", f"{one['list']}{say['is']}{one['title']} ({many}; {checked})", hang="    ")
    if page["controls"]:
        yield from _title(say["controls"])
    for one in page["controls"]:
        cite = f" ({one['citation']})" if one["citation"] else ""
        yield from _wrapped("  ", f"{one['control']}{say['is']}{one['says']}{cite}", hang="    ")


def _limits(page: Told, say: Mapping[str, str]) -> Iterator[str]:
    """Yield readings, what the law cannot see, its sources, and how many worked cases hold it."""
    for key in ("readings", "cannot_see"):
        if page[key]:
            yield from _title(say[key])
        for text in page[key]:
            yield from _wrapped("  - ", text, hang="    ")
    yield from _title(say["sources"])
    for one in page["sources"]:
        yield from _wrapped("  ", f"{one['source']}{say['is']}{one['what']}", hang="    ")
    yield ""
    cases = say["unread"] if page["cases"] is None else str(page["cases"])
    yield f"{say['worked']}{say['is']}{cases}"
