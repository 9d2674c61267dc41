"""Writes docs/laws/: a page per law, from its pack; and the tables of docs/laws.md, which `cog` puts in.

`python tools/build_laws.py` writes; with --check it names what is out of step, and exits 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml

from flagstate import model
from flagstate.catalog import strict
from flagstate.laws import ground, judge, pack, told
from flagstate.laws.pack import Law

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "laws"
_ACTS = re.compile(r"([\\*_<>\[\]|`])")
_DAY = date(2026, 11, 22)


_SAYS = {
    "title": "What it is called, English and French.",
    "summary": "What it asks, English and French.",
    "status": "`sourced`, `to verify` or `interpretive`.",
    "source": "Key of a source.",
    "note": "A remark, English and French.",
}
"""What keys of the form mean that it does not say itself."""


def cell(text: object) -> str:
    """Return a text so that it stands in a table of Markdown as it is."""
    return _ACTS.sub(r"\\\1", " ".join(str(text if text is not None else "–").split()))


def said(text: str) -> str:
    """Return a sentence of our own, in which names stand between backticks, for a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;") or "–"


def row(*cells: object) -> str:
    """Return a row of a table; cells that are marked up already come as they are."""
    return "| " + " | ".join(str(one) for one in cells) + " |"


def code(words: Iterable[str]) -> str:
    """Return names as code."""
    return ", ".join(f"`{one}`" for one in words) or "–"


def table(*heads: str) -> list[str]:
    """Return the head of a table."""
    return [row(*heads), row(*("---" for _ in heads))]


def _days(one: Mapping[str, Any]) -> str:
    since = f"since {one['from']}" if one["from"] else ""
    until = f"until {one['to']}" if one["to"] else ""
    return " ".join(filter(None, (since, until))) or "–"


def index() -> str:
    """Return the laws, one row each, with links to their pages."""
    out = table("law", "whose", "rules", "in force", "sourced, to verify, interpretive", "last checked")
    for law in pack.packs().laws:
        one = told.brief(law, law.last_checked)
        counts = ", ".join(str(n) for n in one["statuses"].values())
        link = f"[{cell(one['title']['en'])}](laws/{law.id}.md) `{law.id}`"
        out.append(row(link, one["jurisdiction"], one["rules"], _days(one), counts, one["last_checked"]))
    return "\n".join(out) + "\n"


def result() -> str:
    """Return the columns that a rule returns."""
    says = {
        "subject": "What it is about, usually an entity_id.",
        "counterparty": "The other side: an entity, asset, agreement, event or `government:CN`; NULL: there is none.",
        "verdict": "`yes`, `no` or `unknown`: `verdict(…)` makes it of a BOOLEAN.",
        "outcome": "Yes: what it comes to; no: `ok` or `not applicable`; unknown: what it would be, or NULL.",
        "message": "Id of a sentence of the rule.",
        "values": "A struct of the figures that decided; sentences name them as `{count_lo}`. `count_lo`, `count_hi`, "
        "`threshold`, `unit` and `category` are drawn as a meter. Or NULL.",
        "facts": "fact_ids of everything that decided. A no without facts, or on declarations alone, is made unknown.",
        "missing": "Words of `missing` that would decide what is unknown.",
        "exemption": "`applied: CITATION: why` or `refused: CITATION: why`; NULL where none was in question.",
        "bounds": "A struct of the bounds within which it holds, or NULL.",
    }
    out = table("column", "type", "what it holds")
    out += [row(f"`{name}`", kind, says[name]) for name, kind in ground.RESULT.items()]
    return "\n".join(out) + "\n"


def shared() -> str:
    """Return the shared views with their comments and columns, and the tables of lists and of the law itself."""
    names = [name for name in ground.documented() if name in ground.views()]
    con = judge.open_world({}, cast(Sequence[Law], [_reads(names)]), _DAY)
    out = table("view", "what it says", "columns")
    for name, block in ground.views().items():
        columns = [str(column[0]) for column in con.execute(f'DESCRIBE "{name}"').fetchall()]
        out.append(row(f"`{name}`", said(block.doc), code(columns)))
    con.close()
    out += ["", *table("table", "column", "type", "what it holds", "how it can be wrong")]
    for name, columns_ in {**ground.CATALOGS, **ground.LAW_TABLES}.items():
        out += [row(f"`{name}`", f"`{c.name}`", c.type, said(c.doc), said(c.wrong)) for c in columns_]
    return "\n".join(out) + "\n"


def _reads(names: Iterable[str]) -> SimpleNamespace:
    """Return what stands in for a law that reads every view."""
    return SimpleNamespace(steps=[SimpleNamespace(reads=frozenset(names))], controls={})


def nouns() -> str:
    """Return the nouns that rules may read, with their columns; docs/tables.md explains each."""
    out = table("noun", "what it holds", "columns")
    for name in ground.nouns():
        noun = model.NOUNS[name]
        out.append(row(f"[`{name}`](tables.md#{name})", said(noun.doc), code(column.name for column in noun.columns)))
    return "\n".join(out) + "\n"


def macros() -> str:
    """Return the macros with their comments."""
    text = resources.files("flagstate.laws").joinpath("macros.sql").read_text("utf-8")
    out = table("macro", "what it returns")
    for found in re.finditer(r"((?:^--[^\n]*\n)+)CREATE MACRO ([a-z_]+\([^)]*\))", text, re.MULTILINE):
        doc = " ".join(line.removeprefix("--").strip() for line in found[1].strip().split("\n"))
        out.append(row(f"`{found[2]}`", said(doc)))
    return "\n".join(out) + "\n"


def functions() -> str:
    """Return what a rule may call, by group."""
    data = resources.files("flagstate.laws").joinpath("functions.yaml").read_text("utf-8")
    out = table("group", "names")
    for name, listed in yaml.safe_load(data).items():
        shown = ", ".join(f"`{one}`".replace("|", "\\|") for one in listed)
        out.append(row(name.replace("_", " "), shown))
    return "\n".join(out) + "\n"


def form() -> str:
    """Return the keys of a law.yaml and of one of its rules."""
    schema = pack.schema()
    rule = schema["properties"]["rules"]["additionalProperties"]
    out = []
    for title, one in (("law.yaml", schema), ("a rule", rule)):
        out += table(f"key of {title}", "needed", "what it is")
        for key, said in one["properties"].items():
            doc = said.get("description") or _SAYS[key]
            words = said.get("enum") or said.get("items", {}).get("enum")
            listed = f" One of {code(words)}." if words else ""
            out.append(row(f"`{key}`", "yes" if key in one["required"] else "", f"{doc}{listed}"))
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def page(law: Law, cases: strict.Node | None, counted: Mapping[str, int] | None) -> str:
    """Return the page of a law.

    Args:
        law: The law.
        cases: Its worked cases.
        counted: How many speak of each rule.
    """
    made = told.whole(law, law.last_checked, counted)
    english: dict[str, Any] = {key: told.spoken(value, "en") for key, value in made.items()}
    out = [f"# {cell(english['title'])}", ""]
    out += [f"Generated by `tools/build_laws.py` from `src/flagstate/laws/{law.id}/`; do not edit.", ""]
    about = (cell(english["citation"]), english["jurisdiction"], _days(english), english["status"])
    out += [f"{' · '.join(about)} · last checked {english['last_checked']} · `{law.id}`", ""]
    if english["summary"]:
        out += [cell(english["summary"]), ""]
    out += _asks(english)
    out += _params(english["params"])
    for rule in english["rules"]:
        out += _rule(rule)
    out += _behind(english)
    out += _cases(cases)
    return "\n".join(out).rstrip() + "\n"


def _asks(page: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## What it asks", "")
    yield from table("rule", "what it is", "outcomes", "where", "status")
    for rule in page["rules"]:
        force = "" if rule["force"] == "in force" else f", {rule['force']}"
        anchor = f"[{rule['id']}](#{rule['id'].lower()})"
        cells = (cell(rule["title"]), ", ".join(rule["outcomes"]), cell(rule["citation"]), f"{rule['status']}{force}")
        yield row(anchor, *cells)
    yield ""


def _params(params: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not params:
        return
    yield from ("## Parameters", "")
    for one in params:
        unit = f" ({cell(one['unit'])})" if one["unit"] else ""
        yield from (f"**{cell(one['param'])}**: {cell(one['says'])}{unit}", "")
        yield from table("of", "value", "holds", "where", "status", "last checked", "source")
        for value in one["values"]:
            number = value["value"]
            shown = f"{number:,}" if isinstance(number, int | float) and not isinstance(number, bool) else cell(number)
            cells = (cell(value["citation"]), value["status"], value["last_checked"], f"`{value['source_key']}`")
            yield row(cell(value["key"]), shown, _days(value), *cells)
        yield ""


def _rule(rule: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## {rule['id']}", "", f"**{cell(rule['title'])}**", "")
    force = "" if rule["force"] == "in force" else f" ({rule['force']})"
    until = f"; our reading ends on {rule['valid_until']}" if rule["valid_until"] else ""
    checked = f"{rule['status']}, last checked {rule['last_checked']}, source `{rule['source_key']}`"
    yield f"- Where: {cell(rule['citation'])} ({checked})"
    yield f"- When: {_days(rule)}{force}{until}"
    yield f"- Outcomes: {', '.join(rule['outcomes'])}"
    yield from (f"- Says (`{one['message']}`): {cell(one['says'])}" for one in rule["messages"])
    yield from (f"- Would change it: {cell(one['says'])} → {one['then']}" for one in rule["measures"])
    yield from (f"- May be missing: {cell(one['says'])}" for one in rule["missing"])
    for label, key in (("Parameters", "params"), ("Controls", "controls"), ("Lists", "lists"), ("Reads", "tables")):
        if rule[key]:
            yield f"- {label}: {code(rule[key])}"
    if rule["note"]:
        yield f"- Note: {cell(rule['note'])}"
    yield from (f"- Worked cases: {rule['cases'] or 0}", "")


def _behind(page: Mapping[str, Any]) -> Iterator[str]:
    if page["listed"]:
        yield from ("## Lists that it turns on", "", *table("list", "title", "known to be whole", "last checked"))
        for one in page["listed"]:
            yield row(
                f"`{one['list']}`",
                cell(one["title"] or "not in the catalog"),
                one["complete"],
                one["last_checked"] or "–",
            )
        yield ""
    if page["controls"]:
        yield from ("## Controls that it asks for", "", "State them in `controls:` of a declaration.", "")
        yield from table("control", "what it is", "where")
        yield from (row(f"`{one['control']}`", cell(one["says"]), cell(one["citation"])) for one in page["controls"])
        yield ""
    for title, key in (("Readings", "readings"), ("What it cannot see", "cannot_see")):
        if page[key]:
            yield from (f"## {title}", "", *(f"- {cell(text)}" for text in page[key]), "")
    yield from ("## Sources", "", *(f"- `{one['source']}`: {cell(one['what'])}" for one in page["sources"]), "")


def _cases(cases: strict.Node | None) -> Iterator[str]:
    if cases is None or cases.kind != "object":
        return
    yield from (f"## Worked cases ({len(cases.pairs)})", "", *table("case", "what it is", "day", "why"))
    for key, node in cases.pairs.items():
        yield row(f"`{key}`", cell(node.text("title")), node.text("as_of"), cell(node.text("why") or "–"))


def build() -> dict[Path, bytes]:
    """Return every page of a law, with its content.

    Raises:
        FlagstateError: A law that is shipped is not valid.
    """
    made: dict[Path, bytes] = {}
    for folder in pack.folders():
        law = pack.load(folder)
        data = folder.joinpath("cases.yaml").read_bytes()
        cases = strict.load(data, name=f"{law.id}/cases.yaml")
        made[PAGES / f"{law.id}.md"] = page(law, cases, told.worked(folder)).encode()
    return made


def main() -> int:
    """Write the pages, or with --check name those that are out of step."""
    made = build()
    old = [path for path in PAGES.glob("*.md") if path not in made] if PAGES.exists() else []
    stale = [path for path, content in made.items() if not path.exists() or path.read_bytes() != content]
    if "--check" in sys.argv[1:]:
        for path in (*stale, *old):
            print(f"{path.relative_to(ROOT)} is out of step: run python tools/build_laws.py")
        return 1 if stale or old else 0
    PAGES.mkdir(exist_ok=True)
    for path in old:
        path.unlink()
    for path in stale:
        path.write_bytes(made[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
