"""A document as Markdown, as one HTML file that asks nobody for anything, and its tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from markupsafe import Markup, escape

from flagstate.report.filings.document import MOST_REFS, MOST_ROWS, Cell, Document, Grid, Section, cited
from flagstate.report.filings.words import Words
from flagstate.report.inert import markdown as inert
from flagstate.report.inert import plain, sheet
from flagstate.report.page import asset, policy

Numbers = Mapping[str, str]
"""Ids of facts and findings to the short marks that cells show."""


def marks(document: Document) -> dict[str, str]:
    """Return the mark of every fact (F1 …) and finding (R1 …) that a document names."""
    facts, findings = cited(document)
    return {one: f"F{at}" for at, one in enumerate(facts, 1)} | {one: f"R{at}" for at, one in enumerate(findings, 1)}


def _refs(one: Cell, numbers: Numbers) -> list[str]:
    return [numbers[ref] for ref in (*one.findings, *one.facts[:MOST_REFS]) if ref in numbers]


def _rest(one: Cell) -> str:
    return f" (+{len(one.facts) - MOST_REFS})" if len(one.facts) > MOST_REFS else ""


def markdown(document: Document, numbers: Numbers, w: Words) -> str:
    """Return a document as CommonMark with pipe tables; every text of the case is shown literally."""
    out = [f"# {inert(document.title)}", ""]
    out += [f"- **{inert(label)}**: {inert(text)}" for label, text in document.head]
    for note in document.notes:
        out += ["", f"> {inert(note)}"]
    for section in document.sections:
        out += ["", f"{'###' if section.under else '##'} {inert(section.title)}"]
        for sentence in section.says:
            out += ["", inert(sentence)]
        if section.grid is not None and section.grid.rows:
            out += ["", *_pipes(section.grid, numbers)]
            out += ["", inert(_more(section.grid, w))] if len(section.grid.rows) > MOST_ROWS else []
        if section.points:
            out += ["", *(f"- {_marked(one, numbers)}" for one in section.points)]
    return "\n".join([*out, ""])


def _pipes(grid: Grid, numbers: Numbers) -> Iterator[str]:
    yield f"| {' | '.join(inert(name) for name in grid.columns)} |"
    yield f"|{' --- |' * len(grid.columns)}"
    for cells in grid.rows[:MOST_ROWS]:
        yield f"| {' | '.join(_marked(one, numbers) for one in cells)} |"


def _more(grid: Grid, w: Words) -> str:
    return w("left_out", n=len(grid.rows) - MOST_ROWS)


def _marked(one: Cell, numbers: Numbers) -> str:
    refs = _refs(one, numbers)
    shown = rf" \[{' '.join(refs)}\]{inert(_rest(one))}" if refs else ""
    return f"{inert(one.text)}{shown}".strip() or " "


def html(document: Document, numbers: Numbers, w: Words, *, language: str) -> str:
    """Return a document as one HTML file: no script, no outside request, a strict content policy."""
    style = asset("report.css") + _STYLE
    body = "\n".join(_body(document, numbers, w))
    title = escape(plain(document.title))
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy("", style))}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f'<style>{style}</style>\n</head>\n<body class="filing">\n<main>\n{body}\n</main>\n</body>\n</html>\n'
    )


_STYLE = """
body.filing main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
body.filing table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.2rem; font-size: .88rem; }
body.filing th, body.filing td { border: 1px solid #8886; padding: .3rem .45rem; vertical-align: top; }
body.filing th { text-align: left; }
body.filing td { overflow-wrap: anywhere; }
body.filing .note { border-left: 4px solid #b8860b; padding: .3rem .8rem; margin: .5rem 0; }
body.filing sup a { text-decoration: none; }
body.filing dt { font-weight: 600; float: left; clear: left; margin-right: .6rem; }
@media print { body.filing { background: #fff; color: #000; } body.filing tr { break-inside: avoid; } }
"""


def _body(document: Document, numbers: Numbers, w: Words) -> Iterator[Markup]:
    yield Markup("<h1>{}</h1>").format(plain(document.title))
    yield Markup("<dl>")
    for label, text in document.head:
        yield Markup("<dt>{}</dt><dd>{}</dd>").format(plain(label), plain(text))
    yield Markup("</dl>")
    for note in document.notes:
        yield Markup('<p class="note">{}</p>').format(plain(note))
    for section in document.sections:
        yield from _part(section, numbers, w)


def _part(section: Section, numbers: Numbers, w: Words) -> Iterator[Markup]:
    heading = Markup("<h3>{}</h3>") if section.under else Markup("<h2>{}</h2>")
    yield heading.format(plain(section.title))
    for sentence in section.says:
        yield Markup("<p>{}</p>").format(plain(sentence))
    if section.grid is not None and section.grid.rows:
        yield Markup("<table><thead><tr>")
        yield from (Markup('<th scope="col">{}</th>').format(plain(name)) for name in section.grid.columns)
        yield Markup("</tr></thead><tbody>")
        for cells in section.grid.rows[:MOST_ROWS]:
            yield Markup("<tr{}>{}</tr>").format(_anchor(cells[0]), Markup("").join(_td(one, numbers) for one in cells))
        yield Markup("</tbody></table>")
        if len(section.grid.rows) > MOST_ROWS:
            yield Markup("<p>{}</p>").format(_more(section.grid, w))
    if section.points:
        yield Markup("<ul>")
        yield from (Markup("<li>{}{}</li>").format(plain(one.text), _sup(one, numbers)) for one in section.points)
        yield Markup("</ul>")


def _anchor(first: Cell) -> Markup:
    """Return the anchor of a row of the list of evidence, whose first cell is a mark of ours."""
    mark = first.text
    ours = mark[:1] in "FR" and mark[1:].isdecimal() and mark.isascii() and not (first.facts or first.findings)
    return Markup(' id="{}"').format(mark) if ours else Markup("")


def _td(one: Cell, numbers: Numbers) -> Markup:
    return Markup("<td>{}{}</td>").format(plain(one.text), _sup(one, numbers))


def _sup(one: Cell, numbers: Numbers) -> Markup:
    refs = _refs(one, numbers)
    if not refs:
        return Markup("")
    links = Markup(" ").join(Markup('<a href="#{}">{}</a>').format(ref, ref) for ref in refs)
    return Markup(" <sup>{}{}</sup>").format(links, plain(_rest(one)))


def sheets(document: Document, w: Words) -> dict[str, str]:
    """Return the tables of a document that have a name as CSV, with the ids that rows rest on; same name, same file."""
    grids: dict[str, list[Grid]] = {}
    for section in document.sections:
        if section.grid is not None and section.grid.name:
            grids.setdefault(section.grid.name, []).append(section.grid)
    made: dict[str, str] = {}
    for name, parts in grids.items():
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow([sheet(head) for head in (*parts[0].columns, w("col.facts"), w("col.findings"))])
        for cells in (line for part in parts for line in part.rows):
            facts = dict.fromkeys(f for one in cells for f in one.facts)
            findings = dict.fromkeys(f for one in cells for f in one.findings)
            writer.writerow([*(sheet(one.text) for one in cells), sheet(" ".join(facts)), sheet(" ".join(findings))])
        made[f"{name}.csv"] = buffer.getvalue()
    return made
