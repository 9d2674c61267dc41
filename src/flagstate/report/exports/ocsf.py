"""Findings as OCSF events, one JSON document per line, for a SIEM or a security lake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.model.codes import CONFIDENCES, LEVELS, QUESTIONS
from flagstate.report.answers import table
from flagstate.report.asserted import briefs
from flagstate.report.inert import plain
from flagstate.report.meta import Meta
from flagstate.report.view import View

SCHEMA = "1.6.0"
"""Version of the schema that the events say; all they use is in every version from 1.3 on."""

FINDINGS, DETECTION, COMPLIANCE = 2, 2004, 2003
"""Category, and the classes: what is adverse is a detection, what is not (yet) is the result of a check."""

CREATED, UPDATED = 1, 2
"""What happened to a finding."""

NEW, SUPPRESSED = 1, 3
PASSED, WARNING = 1, 2
TITLE = 160
"""Characters of a title."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """Which case speaks."""

    case_id: str
    """Id of the case."""
    version: int
    """Version of its tables."""
    flagstate: str
    """Version of the program."""


def event(
    row: Row,
    source: Source,
    at: datetime,
    *,
    uid: str = "",
    activity: int = CREATED,
    why: str = "",
    claim: Row | None = None,
) -> Row:
    """Return a finding as an event.

    Args:
        row: A row of `finding`: its names are masked, and no value of a cell or payload is in it.
        source: Which case speaks.
        at: When it was concluded.
        uid: Id of this event; empty: one of the case's version and the finding.
        activity: `CREATED`, or `UPDATED` for one that was told before.
        why: Why it is told now, if that is not the finding itself.
        claim: What must be said of the claim that it is about, if it is about one; its message says so too.
    """
    adverse = row["verdict"] == "yes"
    kind = DETECTION if adverse else COMPLIANCE
    message = plain(row["message"])
    millis = int(at.timestamp() * 1000)
    made: dict[str, Any] = {
        "class_uid": kind,
        "class_name": "Detection Finding" if adverse else "Compliance Finding",
        "category_uid": FINDINGS,
        "category_name": "Findings",
        "activity_id": activity,
        "activity_name": "Create" if activity == CREATED else "Update",
        "type_uid": kind * 100 + activity,
        "time": millis,
        "severity_id": (LEVELS.index(row["level"]) if adverse and row["level"] in LEVELS else 0) + 1,
        "message": message,
        "metadata": _metadata(row, source, uid),
        "finding_info": {
            "uid": row["finding_id"],
            "title": message if len(message) <= TITLE else f"{message[: TITLE - 1]}…",
            "desc": message,
            "created_time": millis,
            "types": [str(row["question"])],
            "analytic": {"type_id": 1, "type": "Rule", "uid": plain(row["rule_id"]), "name": plain(row["rule_id"])},
        },
        "resources": [{"name": plain(row["subject"])}],
        "unmapped": _unmapped(row, why) | ({"claim": claim} if claim else {}),
    }
    if row["confidence"] in CONFIDENCES:
        made["confidence_id"] = CONFIDENCES.index(row["confidence"]) + 1
    if row["missing"]:
        made["remediation"] = {"desc": plain(" ".join(row["missing"]))}
    if adverse:
        settled = str(row["judged"] or "").startswith(("explained:", "muted:"))
        return made | {"is_alert": not settled, "status_id": SUPPRESSED if settled else NEW}
    state = PASSED if row["verdict"] == "no" else WARNING
    said = {"standards": ["flagstate"], "control": plain(row["rule_id"]), "status_id": state}
    return made | {"status_id": NEW, "compliance": said}


def _metadata(row: Row, source: Source, uid: str) -> dict[str, Any]:
    return {
        "version": SCHEMA,
        "uid": uid or model.digest("event", source.case_id, source.version, row["finding_id"]),
        "product": {"name": "Flagstate", "vendor_name": "Flagstate", "version": source.flagstate},
        "log_name": source.case_id,
        "log_version": str(source.version),
    }


def _unmapped(row: Row, why: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "question": row["question"],
        "sentence": QUESTIONS.get(row["question"], ""),
        "verdict": row["verdict"],
        "counterparty": plain(row["counterparty"]) or None,
        "outcome": row["outcome"],
        "rests_on": row["rests_on"],
        "innocent": plain(row["innocent"]) or None,
        "figures": _figures(row["values"]),
        "why_now": plain(why) or None,
    }
    return {name: value for name, value in said.items() if value not in (None, {}, "")}


def _figures(values: str | None) -> dict[str, int | float]:
    """Return the numbers that decided; whatever else stands beside them stays in the case."""
    try:
        found = json.loads(values or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {plain(k): v for k, v in found.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def line(made: Row) -> str:
    """Return an event as one line: ASCII only, so that no name in it can act on a terminal or end the line."""
    return json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def text(tables: Mapping[str, pa.Table], meta: Meta) -> str:
    """Return every finding as an event, one per line.

    Args:
        tables: The tables of the case, by noun.
        meta: What the report says of itself.
    """
    source = Source(meta.case_id, meta.version, meta.flagstate)
    rows = table(tables, "finding").to_pylist()
    said = briefs(View(tables, meta))
    events = (event(row, source, meta.made_at, claim=_said(row, said)) for row in rows)
    return "".join(line(_labelled(one) if meta.example else one) + "\n" for one in events)


def _labelled(made: Row) -> Row:
    """Return an event that says that its case is invented."""
    return {**made, "unmapped": {**made["unmapped"], "example": True}}


def _said(row: Row, said: Mapping[str, Row]) -> Row | None:
    return said.get(row["subject"]) if row["question"] == "claims" else None
