"""The six answers: for each question its verdict, why, and what to collect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.model import NOUNS
from flagstate.model.codes import LEVELS, QUESTIONS
from flagstate.model.noun import conform, empty
from flagstate.model.verdict import conclude
from flagstate.report.french import translated
from flagstate.report.meta import Meta

FIRST = ("reach-policy", "flow-ends")
"""Rules that explain a whole question: nothing else of the same rank comes before them."""

WEIGHTS = (("sent_bytes", "orig_bytes", "answered_bytes"), ("records_in_largest",), ("conns", "subjects", "hosts"))
"""Figures by which findings of the same rank are put in order."""

Tables = Mapping[str, pa.Table]
Row = dict[str, Any]

SHOWN = 200
"""Findings of one question that a page lists; the rest is in tables/finding.parquet."""


@dataclass(frozen=True)
class Answer:
    """What one question came to."""

    question: str
    """holdings, reach, flows, cutoff, rules or claims."""
    asked: bool
    """It was asked in this run."""
    verdict: str
    """yes (adverse), no or unknown."""
    level: str | None
    """Gravest level among its adverse findings."""
    why: str
    """Message of the finding that decided; empty if there is none."""
    collect: tuple[str, ...]
    """What to collect to decide what is unknown."""
    counts: Mapping[str, int]
    """Findings by verdict."""
    findings: tuple[Row, ...]
    """The gravest findings, adverse first; bounded."""
    left_out: int
    """Findings beyond the bound."""


def table(tables: Tables, name: str) -> pa.Table:
    """Return the table of the noun: empty if the case has none, with nulls for columns that an older case lacks."""
    found, noun = tables.get(name), NOUNS[name]
    if found is None:
        return empty(noun)
    if found.schema.equals(noun.schema):
        return found
    return conform(found.select([column for column in noun.names if column in found.column_names]), noun)


def answers(tables: Tables, meta: Meta) -> list[Answer]:
    """Return the answers to the six questions in their order.

    A question without a single finding is unknown, whether it was asked or not.
    """
    found = table(tables, "finding")
    french = meta.language == "fr"
    return [_answer(found, question, question in meta.asked, french=french) for question in QUESTIONS]


def _answer(findings: pa.Table, question: str, asked: bool, *, french: bool) -> Answer:
    mine = findings.filter(pc.equal(findings.column("question"), question))
    counts = {str(v["values"].as_py()): v["counts"].as_py() for v in pc.value_counts(mine.column("verdict"))}
    listed = [row | (translated(row) if french else {}) for row in _gravest(mine)]
    verdict = conclude(counts)
    deciding = [row for row in listed if row["verdict"] == verdict]
    levels = [row["level"] for row in deciding if verdict == "yes" and row["level"] in LEVELS]
    collect = list(dict.fromkeys(todo for row in listed if row["verdict"] != "no" for todo in row["missing"] or ()))
    return Answer(
        question=question,
        asked=asked,
        verdict=verdict,
        level=max(levels, key=LEVELS.index, default=None),
        why=(deciding[0]["message"] or "") if deciding else "",
        collect=tuple(collect),
        counts=counts,
        findings=tuple(listed),
        left_out=mine.num_rows - len(listed),
    )


def _gravest(findings: pa.Table) -> list[Row]:
    """Return the first findings: adverse by falling level, then unknown, then no.

    Among equals what says most comes first: `FIRST`, then most bytes, records or connections, then the text.
    """
    order = {level: at for at, level in enumerate(reversed(LEVELS))}
    keyed = zip(
        findings.column("verdict").to_pylist(),
        findings.column("level").to_pylist(),
        findings.column("rule_id").to_pylist(),
        findings.column("values").to_pylist(),
        findings.column("message").to_pylist(),
        range(findings.num_rows),
        strict=True,
    )
    ranked = sorted(
        (
            {"yes": 0, "no": 2}.get(verdict, 1),
            order.get(level or "info", 9),
            rule not in FIRST,
            _weight(values),
            message or "",
            at,
        )
        for verdict, level, rule, values, message, at in keyed
    )
    rows = findings.take([at for *_, at in ranked[:SHOWN]]).to_pylist() if ranked else []
    return [row | {"figures": _figures(row["values"])} for row in rows]


def _weight(values: str | None) -> tuple[int, ...]:
    """Return the figures by which equals are put in order, the largest first."""
    figures = {key: value.replace(",", "") for key, value in _figures(values)}
    return tuple(
        -max((int(figures[name]) for name in names if figures.get(name, "").isdecimal()), default=0)
        for names in WEIGHTS
    )


def _figures(text: str | None) -> list[tuple[str, str]]:
    """Return the figures that decided as (name, value); text that is not an object of JSON is shown as it is."""
    if not text:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return [("", text)]
    if not isinstance(found, dict):
        return [("", text)]
    return [(str(key), _scalar(value)) for key, value in found.items()]


def _scalar(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def tally(findings: Sequence[Answer]) -> dict[str, int]:
    """Return how many of the asked questions came to each verdict."""
    asked = [answer.verdict for answer in findings if answer.asked]
    return {verdict: asked.count(verdict) for verdict in ("yes", "no", "unknown")}
