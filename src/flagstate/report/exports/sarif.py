"""Findings as SARIF 2.1.0, for tools that show the results of checks beside code and configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from flagstate.model.codes import QUESTIONS
from flagstate.report.answers import table
from flagstate.report.asserted import briefs
from flagstate.report.inert import plain
from flagstate.report.meta import Meta
from flagstate.report.view import View

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
KINDS = {"yes": "fail", "no": "pass", "unknown": "open"}
"""A result that is not a failure has level `none`, as the format demands."""


def document(tables: Mapping[str, pa.Table], meta: Meta) -> dict[str, Any]:
    """Return the findings as one run.

    Args:
        tables: The tables of the case, by noun.
        meta: What the report says of itself.

    What is explained or muted is suppressed, never left out. Places in files are not given: a finding rests on facts.
    """
    rows = table(tables, "finding").to_pylist()
    rules = sorted({(plain(row["rule_id"]), str(row["question"])) for row in rows})
    at = {rule: number for number, rule in enumerate(rules)}
    said = briefs(View(tables, meta))
    driver = {
        "name": "Flagstate",
        "version": meta.flagstate,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": QUESTIONS.get(question, rule)},
                "properties": {"tags": [question]},
            }
            for rule, question in rules
        ],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "results": [_result(row, at[plain(row["rule_id"]), str(row["question"])], said) for row in rows],
        "automationDetails": {"id": f"{meta.case_id}/{meta.version}"},
        "columnKind": "unicodeCodePoints",
    }
    if meta.example:
        run["properties"] = {"example": True}
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _result(row: Mapping[str, Any], rule: int, said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    adverse = row["verdict"] == "yes"
    made: dict[str, Any] = {
        "ruleId": plain(row["rule_id"]),
        "ruleIndex": rule,
        "kind": KINDS.get(row["verdict"], "open"),
        "level": LEVELS.get(row["level"], "note") if adverse else "none",
        "message": {"text": plain(row["message"]) or plain(row["subject"])},
        "locations": [{"logicalLocations": [{"name": plain(row["subject"]), "kind": str(row["question"])}]}],
        "partialFingerprints": {"finding/v1": row["finding_id"]},
    }
    if row["question"] == "claims" and row["subject"] in said:
        made["properties"] = {"claim": said[row["subject"]]}
    if str(row["judged"] or "").startswith(("explained:", "muted:")):
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": plain(row["judged"])}]
    return made


def text(tables: Mapping[str, pa.Table], meta: Meta) -> str:
    """Return the document as text: ASCII only, so that no name in it can act on a terminal."""
    return json.dumps(document(tables, meta), indent=1, ensure_ascii=True, allow_nan=False) + "\n"
