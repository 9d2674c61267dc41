"""The DORA register of information: one CSV per template with what is known, and a list of what must be filled."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from flagstate.report.filings.document import Cell, Document, Grid, Section, cell, row
from flagstate.report.filings.dora_form import Field, Template, form
from flagstate.report.filings.dora_register import Cells, Register
from flagstate.report.filings.dora_rows import fill
from flagstate.report.filings.ground import Ground
from flagstate.report.filings.head import document, unseen
from flagstate.report.inert import sheet

SHOWN = 8
"""Rows that a line of what is missing names."""


def build(ground: Ground) -> Document:
    """Return the register of information of a case (Regulation (EU) 2022/2554 art. 28(3)).

    Only what is known is filled. Codes are those of the EBA's reporting taxonomy; what is empty is listed with where
    to get it, and so are places on which sources differ and providers that are seen without a contract.
    """
    w, register = ground.w, fill(ground)
    language = 0 if ground.meta.language == "en" else 1
    filled = [_filled(one, register, language) for one in form().templates.values()]
    findings = ground.findings("EU-DORA-")
    sections = [
        Section(
            w("dora.templates"),
            (w("dora.templates_says"),),
            Grid((w("col.template"), w("col.lists"), w("col.rows"), w("col.filled"), w("col.empty")), tuple(filled)),
        ),
        *_known(register, language),
        Section(w("dora.remarks"), () if register.remarks else (w("dora.no_remarks"),), points=tuple(register.remarks)),
        Section(
            w("findings"),
            () if findings else (w("no_findings", rules="EU-DORA-01 … EU-DORA-05"),),
            points=tuple(
                cell(
                    f"{one['rule_id']}: {ground.verdict(one).text}. {ground.message(one)}",
                    findings=[one["finding_id"]],
                    facts=one["facts"] or (),
                )
                for one in findings
            ),
        ),
        _missing(register, language),
        unseen(ground, "agreement", "control", "place", "holding"),
    ]
    notes = (w("dora.numbering"), w("dora.filing"))
    return document(ground, "dora-register", notes=notes, sections=sections, files=_files(register))


def _filled(template: Template, register: Register, language: int) -> tuple[Cell, ...]:
    rows = register.rows.get(template.code, [])
    full = sum(len(one) for one in rows)
    empty = len(rows) * len(template.fields) - full
    return row(template.code, template.says[language], str(len(rows)), str(full), str(empty))


def _known(register: Register, language: int) -> Iterator[Section]:
    for template in form().templates.values():
        rows = register.rows.get(template.code)
        if rows:
            used = [one for one in template.fields if any(one.code in cells for cells in rows)]
            heads = tuple(f"{one.code} {one.says[language]}" for one in used)
            grid = Grid(heads, tuple(tuple(cells.get(one.code, Cell("")) for one in used) for cells in rows))
            yield Section(f"{template.code} {template.says[language]}", (), grid, under=True)


def _missing(register: Register, language: int) -> Section:
    w = register.ground.w
    lines = []
    for template in form().templates.values():
        rows = register.rows.get(template.code, [])
        for one in template.fields:
            lacking = [cells for cells in rows if one.code not in cells]
            if lacking or not rows:
                lines.append(_line(template, one, lacking, language, register))
    columns = (w("col.template"), w("col.column"), w("col.what"), w("col.rows"), w("col.where"))
    return Section(w("missing"), (w("dora.missing_says"),), Grid(columns, tuple(lines)))


def _line(template: Template, one: Field, lacking: list[Cells], language: int, register: Register) -> tuple[Cell, ...]:
    w = register.ground.w
    labels = list(dict.fromkeys(_label(cells) for cells in lacking))
    named, more = labels[:SHOWN], f" (+{len(labels) - SHOWN})" if len(labels) > SHOWN else ""
    told = f"{', '.join(named)}{more}" if lacking else w("dora.no_row")
    key = f" ({w('dora.key')})" if one.key else ""
    return row(template.code, f"{one.code}{key}", one.says[language], told, form().where[one.where][language])


def _label(cells: Cells) -> str:
    """Return what tells a row apart for a reader: its first cells that are filled."""
    return " / ".join(one.text for one in list(cells.values())[:2])


def _files(register: Register) -> dict[str, str]:
    """Return the files of the register, laid out as a report package of xBRL-CSV."""
    made = {"META-INF/reportPackage.json": _json({"documentInfo": {"documentType": PACKAGE}})}
    told = {"documentType": XBRL_CSV, "extends": [form().entry_point]}
    made["reports/report.json"] = _json({"documentInfo": told})
    made["reports/parameters.csv"] = _csv([["name", "value"], *_parameters(register)])
    indicators = [[code, "true"] for code in form().templates]
    made["reports/FilingIndicators.csv"] = _csv([["templateID", "reported"], *indicators])
    for template in form().templates.values():
        codes = [one.code for one in template.fields]
        rows = register.rows.get(template.code, [])
        body = [[_value(cells.get(code)) for code in codes] for cells in rows]
        made[f"reports/{template.file}"] = _csv([codes, *body])
    return made


PACKAGE = "https://xbrl.org/report-package/2023"
XBRL_CSV = "https://xbrl.org/2021/xbrl-csv"


def _parameters(register: Register) -> list[list[str]]:
    first = register.rows.get("B_01.01", [{}])[0].get("c0010")
    entity = f"rs:{first.text}.CON" if first else ""
    prefix = form().codes["currency"]
    known = {cells["c0040"].text.removeprefix(prefix) for cells in register.rows.get("B_02.01", []) if "c0040" in cells}
    base = [["baseCurrency", f"iso4217:{known.pop()}"]] if len(known) == 1 else []
    period = ["refPeriod", register.ground.meta.as_of.isoformat()]
    return [["entityID", entity], period, *base, ["decimalsInteger", "0"], ["decimalsMonetary", "2"]]


def _value(one: Cell | None) -> str:
    text = sheet(one.text) if one else ""
    # "#" begins a special value in xBRL-CSV; a name that begins so is not one.
    return f"'{text}" if text.startswith("#") else text


def _csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
