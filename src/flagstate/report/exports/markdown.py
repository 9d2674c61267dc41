"""The answers as a short Markdown text, for a ticket or a mail."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate.report import asserted
from flagstate.report.figures import day
from flagstate.report.inert import markdown
from flagstate.report.meta import Meta
from flagstate.report.view import View

SHOWN = 20
"""Adverse findings that are listed."""


def text(tables: Mapping[str, pa.Table], meta: Meta) -> str:
    """Return the answers, the adverse findings and what to collect, as CommonMark."""
    view = View(tables, meta)
    t = view.t
    out = [
        f"# {t('title')}: {markdown(meta.title or meta.case_id)}",
        "",
        f"{t('version', n=meta.version)}, {t('as_of')} {day(meta.as_of)}. "
        f"{t('exit', code=meta.exit_code)}: {markdown(view.exit_reason)}",
        "",
    ]
    if meta.example:
        out += [f"**{t('example')}**", ""]
    out += [
        f"| {t('terminal.asked')} | {t('terminal.answer')} | {t('terminal.why')} |",
        "| --- | --- | --- |",
    ]
    for answer in view.answers:
        verdict = t(f"verdict.{answer.verdict}") if answer.asked else t("not_asked")
        out.append(f"| {t(f'page.{answer.question}')} | {verdict} | {markdown(answer.why or t('no_finding'))} |")
    adverse = [row for answer in view.answers for row in answer.findings if row["verdict"] == "yes"]
    if adverse:
        out += ["", f"## {t('gravest')}", ""]
        out += [f"- **{view.code('level', r['level'])}** {markdown(r['message'])}" for r in adverse[:SHOWN]]
    out += _claims(view)
    steps = [step for answer in view.answers if answer.asked for step in answer.collect]
    if steps:
        out += ["", f"## {t('collect')}", ""]
        out += [f"- {markdown(step)}" for step in dict.fromkeys(steps)]
    credits = ", ".join(f"[{markdown(name)}]({link})" for name, link in meta.credits() if link.startswith("https://"))
    return "\n".join([*out, "", credits, ""])


def _claims(view: View) -> list[str]:
    """Return the first claims, each with its verdict, who says it, and what others say."""
    rows, makes = asserted.claims(view), asserted.Sheets(view)
    if not rows:
        return []
    out = ["", f"## {view.t('page.claims')}", ""]
    for row in rows[:SHOWN]:
        who = row["speaker"] or row["outlet"] or view.t("claims.nobody")
        said = "; ".join([view.code("claim_kind", row["claim_kind"])] * bool(row["claim_kind"]) + makes.said(row))
        quoted = view.t("claims.quoted", text=row["sentence"] or "–")
        about = ", ".join(filter(None, (who, day(row["on_date"]) if row["on_date"] else "", said)))
        out.append(f"- **{view.code('claim', row['found'])}** {markdown(quoted)} {markdown(about)}")
    if len(rows) > SHOWN:
        out.append(f"- {markdown(view.t('terminal.rest', n=len(rows) - SHOWN))}")
    return out
