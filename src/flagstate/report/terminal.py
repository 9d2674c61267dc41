"""The summary that fits a screen: 24 lines of 80 columns, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flagstate.report import asserted, figures
from flagstate.report.inert import plain
from flagstate.report.meta import Meta
from flagstate.report.view import View

SIGNS = {"yes": ("!", "bold red"), "no": ("-", "green"), "unknown": ("?", "yellow")}
"""A sign beside the word, so that the answer does not hang on colour."""

STEPS = 3
"""Steps to collect next that are listed."""


def summary(tables: Mapping[str, pa.Table], meta: Meta) -> RenderableType:
    """Return the summary, at most 22 lines at 80 columns, so that the report's path still fits under it.

    Args:
        tables: The tables of the case, by noun.
        meta: What the report says of itself.

    Texts from evidence stand in it as plain text: no markup, no control characters, no links.
    """
    view = View(tables, meta)
    parts: list[RenderableType] = [_headline(view), Padding(_questions(view), (1, 0, 1, 0)), _evidence(view)]
    if counts := asserted.tally(asserted.claims(view)):
        said = ", ".join(f"{figures.count(n, meta.language)} {view.code('claim', word).lower()}" for word, n in counts)
        parts.append(_line(view.t("page.claims"), said))
    if any(view.meta.judged.values()):
        parts.append(_line(view.t("terminal.judged"), view.t("judged_counts", **view.meta.judged)))
    steps = list(dict.fromkeys(step for a in view.answers if a.asked for step in a.collect))
    for at, step in enumerate(steps[:STEPS]):
        parts.append(_line(view.t("terminal.next") if at == 0 else "", step))
    if len(steps) > STEPS:
        parts.append(_line("", view.t("terminal.rest", n=len(steps) - STEPS)))
    return Group(*parts)


def _headline(view: View) -> Text:
    tally, t, meta = view.tally, view.t, view.meta
    asked = sum(tally.values())
    key = "none" if not asked else "yes" if tally["yes"] else "unknown" if tally["unknown"] else "no"
    values = {"n": asked, "yes": tally["yes"], "unknown": tally["unknown"]}
    line = Text(no_wrap=True, overflow="ellipsis")
    if meta.example:
        line.append(f"{t('example')}\n", style="yellow")
    if meta.title:
        line.append(f"{plain(meta.title)}\n", style="bold")
    line.append(plain(meta.case_id)[:40], style="" if meta.title else "bold")
    line.append(f"  {t('version', n=meta.version)}, {figures.day(meta.as_of)}\n")
    line.append(f"{t(f'headline.{key}', **values)}\n", style="bold")
    line.append(f"{t('exit', code=meta.exit_code)}: {plain(view.exit_reason)}")
    return line


def _questions(view: View) -> Table:
    """Return one line per question: sign, name, answer, why."""
    made = Table(box=None, padding=(0, 2, 0, 0), show_header=False, expand=True)
    for _ in range(3):
        made.add_column(no_wrap=True)
    made.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for answer in view.answers:
        sign, style = SIGNS[answer.verdict]
        word = view.t(f"verdict_short.{answer.verdict}") if answer.asked else view.t("not_asked")
        why = plain(answer.why or view.t("no_finding"))
        level = f" ({view.code('level', answer.level)})" if answer.level else ""
        made.add_row(
            Text(sign, style=style if answer.asked else "dim"),
            Text(view.t(f"page.{answer.question}"), style="bold"),
            Text(f"{word}{level}", style=style if answer.asked else "dim"),
            Text(why),
        )
    return made


def _evidence(view: View) -> Group:
    t, language = view.t, view.meta.language
    states, (read, rejected) = view.read, view.rows
    listed = ", ".join(f"{n} {view.code('state', s)}" for s, n in sorted(states.items(), key=lambda p: -p[1]))
    found = view.destinations
    return Group(
        _line(t("terminal.evidence"), listed or t("evidence.none")),
        _line(
            "", t("terminal.records_line", n=figures.count(read, language), rejected=figures.count(rejected, language))
        ),
        _line(
            t("terminal.flows"),
            t(
                "terminal.flows_line",
                n=figures.count(found.total, language),
                c=len(found.countries),
                size=figures.size(found.sums["sent"], language),
            ),
        ),
    )


def _line(label: str, text: str) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{label:<13}", style="bold")
    line.append(plain(text))
    return line
