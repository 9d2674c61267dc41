"""Evidence and coverage: what was given, what became of it, and what was not seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flagstate.report import figures
from flagstate.report.grid import Field, grid
from flagstate.report.view import View

NAME = "evidence"

ORDER = ("failed", "refused", "not_recognised", "partly_read", "duplicate", "read")
"""What asks for attention first."""

REASONS = 12
"""Reasons of rejects that are listed, with the first places of each."""


def build(view: View) -> dict[str, Any]:
    """Return the artefacts, the tables of the catalog, the rejects by reason and the coverage."""
    rank = {state: at for at, state in enumerate(ORDER)}
    every = view.table("evidence").to_pylist()
    own = [row for row in every if row["state"] not in ("recorded", "set")]
    own.sort(key=lambda r: (rank.get(r["state"], 9), r["artefact"] or ""))
    names = {row["evidence_id"]: row["artefact"] for row in own}
    counts = Counter(row["state"] for row in own)
    coverage = view.records("coverage", order=[("complete", "ascending"), ("noun", "ascending")])
    return {
        "states": [(state, counts[state]) for state in reversed(ORDER) if counts[state]],
        "total": len(own),
        "table": grid("evidence", _fields(view, names), own, more="evidence"),
        "catalog": [row | {"age": _age(view, row)} for row in every if row["state"] == "recorded"],
        "rejects": rejects(view, names),
        "coverage": grid("coverage", _coverage(view, names), coverage, total=view.table("coverage").num_rows),
        "unknown": [answer for answer in view.answers if answer.asked and answer.verdict == "unknown"],
    }


def _fields(view: View, names: dict[str, str]) -> tuple[Field, ...]:
    t = view.t
    return (
        Field(t("col.artefact"), "two", lambda r: (r["artefact"] or "–", r["kind"] or ""), wide=True),
        Field(t("col.state"), "chip", lambda r: view.chip("state", r["state"])),
        Field(t("col.reason"), "two", lambda r: (_bare(r["reason"]), _bare(r["todo"])), wide=True),
        Field(t("col.size"), "bytes", lambda r: r["size_bytes"]),
        Field(t("col.records"), "count", lambda r: r["rows_read"]),
        Field(t("col.rejected"), "count", lambda r: r["rows_rejected"], title=t("tip.rejected")),
        Field(t("col.missed"), "bytes", lambda r: r["misses"], title=t("tip.missed")),
        Field(t("col.seen"), "span", lambda r: figures.window(r["first_ts"], r["last_ts"])),
        Field(
            t("col.overlaps"),
            "text",
            lambda r: _few([(names.get(o) or o).rsplit("/")[-1] for o in r["overlaps"] or ()]),
            title=t("tip.overlaps"),
        ),
        Field("SHA-256", "mono", lambda r: r["sha256"] or "–"),
    )


def _coverage(view: View, names: dict[str, str]) -> tuple[Field, ...]:
    t = view.t
    return (
        Field(t("col.noun"), "two", lambda r: (r["noun"] or "–", r["scope"] or "")),
        Field(t("col.complete"), "chip", lambda r: view.chip("complete", r["complete"])),
        Field(t("col.share"), "text", lambda r: figures.share(r["share_seen"], view.meta.language)),
        Field(t("col.window"), "span", lambda r: figures.window(r["from_ts"], r["to_ts"])),
        Field(t("col.unseen"), "text", lambda r: _bare(r["remark"]), wide=True),
        Field(t("col.todo"), "text", lambda r: _bare(r["todo"]), wide=True),
        Field(t("col.said_by"), "two", lambda r: (r["said_by"] or "–", names.get(r["evidence_id"], ""))),
    )


def _bare(text: str | None) -> str:
    """Return a sentence without the backticks around what is code in it."""
    return (text or "").replace("`", "")


def _few(listed: list[str]) -> str:
    """Return the first two names and how many more there are."""
    return ", ".join([*listed[:2], *([f"+{len(listed) - 2}"] if len(listed) > 2 else [])])


def _age(view: View, row: dict[str, Any]) -> int | None:
    """Return the days between the source's date and the report."""
    when = row["last_ts"] or row["retrieved_at"]
    return (view.meta.made_at - when).days if when else None


def rejects(view: View, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the reasons why records were rejected, with how often and the first places."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in view.records("reject", most=200_000):
        key = (row["evidence_id"] or "", row["reason"] or "")
        entry = found.setdefault(key, {"artefact": names.get(key[0], key[0]), "reason": key[1], "rows": 0, "lines": []})
        entry["rows"] += 1
        if len(entry["lines"]) < 5 and row["line"] is not None:
            entry["lines"].append(row["line"])
    return sorted(found.values(), key=lambda e: (-e["rows"], e["artefact"] or ""))[:REASONS]
