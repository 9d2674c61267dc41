"""The answers as one JSON document."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from flagstate.model.codes import QUESTIONS
from flagstate.report import asserted
from flagstate.report.answers import Answer, answers, table
from flagstate.report.meta import Meta
from flagstate.report.view import View

FORMAT = 1
"""Raised when a key changes its meaning; new keys do not raise it."""


def document(tables: Mapping[str, pa.Table], meta: Meta) -> dict[str, Any]:
    """Return what `--json` prints: the reason of the exit code, the verdicts with why, findings, coverage, ledger.

    Args:
        tables: The tables of the case, by noun.
        meta: What the report says of itself.

    Every finding is in it, not only those that a page shows.
    """
    view = View(tables, meta)
    return {
        "format": FORMAT,
        "flagstate": meta.flagstate,
        "case": {"id": meta.case_id, "title": meta.title or None, "version": meta.version, "example": meta.example},
        "as_of": meta.as_of.isoformat(),
        "made_at": meta.made_at.isoformat(),
        "exit": {"code": meta.exit_code, "reason": view.exit_reason},
        "questions": {answer.question: _question(answer) for answer in answers(tables, meta)},
        "findings": [_finding(row) for row in table(tables, "finding").to_pylist()],
        "claims": _claims(view),
        "judged": dict(meta.judged),
        "judgements": [_plain(row) for row in table(tables, "judgement").to_pylist()],
        "coverage": [_plain(row) for row in table(tables, "coverage").to_pylist()],
        "ledger": {
            "head": meta.ledger_head,
            "proves": meta.chain_proves or view.t("evidence.proves"),
            "states": dict(view.read),
            "rows_read": view.rows[0],
            "rows_rejected": view.rows[1],
        },
        "without": list(meta.without),
        "attributions": [{"text": text, "url": url} for text, url in meta.credits()],
    }


def dumps(tables: Mapping[str, pa.Table], meta: Meta) -> str:
    """Return the document as text: ASCII only, so that no name in it can act on a terminal."""
    return json.dumps(document(tables, meta), indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _question(answer: Answer) -> dict[str, Any]:
    return {
        "asked": answer.asked,
        "verdict": answer.verdict,
        "sentence": QUESTIONS[answer.question],
        "level": answer.level,
        "why": answer.why,
        "collect": list(answer.collect),
        "findings": dict(answer.counts),
    }


def _claims(view: View) -> list[dict[str, Any]]:
    """Return every claim with who says what, the parts of its test, who stands behind it, and how it changed."""
    makes, behind, changes = asserted.Sheets(view), {}, dict[str, list[dict[str, Any]]]()
    for row in view.table("provenance").to_pylist():
        behind[row["claim_id"]] = _plain(row)
    for row in view.table("mutation").to_pylist():
        changes.setdefault(row["claim_id"], []).append(_plain(row))
    more = ("claim_scope", "derived_from", "source_ids", "quote_hash", "does_not_say", "remark")
    return [
        makes.brief(row)
        | {name: row[name] for name in more}
        | {
            "test": [_plain(part) for part in row["parts"]],
            "provenance": behind.get(row["claim_id"]),
            "mutations": changes.get(row["claim_id"], []),
        }
        for row in asserted.claims(view)
    ]


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    found = _plain(row)
    try:
        found["values"] = json.loads(row["values"]) if row["values"] else {}
    except ValueError:
        found["values"] = {"text": row["values"]}
    return found


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, dt.date | dt.datetime) else v for k, v in row.items()}
