"""Reach: which governments could make somebody hand the data over, each with its proofs as sentences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from flagstate.model.codes import REACH_LEVELS
from flagstate.report import ways
from flagstate.report.graph import Edge, draw
from flagstate.report.view import View

NAME = "reach"

SHOWN = 12
"""Proofs that are listed per government and group."""

OPEN = 3
"""Governments whose proofs are unfolded at first."""

WITHOUT = 40
"""Subjects without a path that are named."""

STANDS = ["adverse", "open", "none", "accepted"]
"""How a government stands to the policy, what asks for attention first; none: no policy says."""


def _stands(view: View) -> dict[str, str]:
    """Return the governments that the policy does not accept, and those for which that is not decided."""
    found: dict[str, str] = {}
    for row in view.table("finding").to_pylist():
        if row["question"] != NAME or row["verdict"] not in ("yes", "unknown"):
            continue
        tried = json.loads(row["values"])["governments"] if row["rule_id"] == "reach-attempts" else ()
        for government in filter(None, (row["counterparty"], *tried)):
            if found.get(government) != "adverse":
                found[government] = "adverse" if row["verdict"] == "yes" else "open"
    return found


def build(view: View) -> dict[str, Any]:
    """Return the matrix, the control graph, and the governments with their proofs, the most direct first."""
    order = {level: at for at, level in enumerate(REACH_LEVELS)}
    every = view.table("reach").to_pylist()
    found: dict[str, list[dict[str, Any]]] = {}
    without: list[str] = []
    for row in every:
        if row["government"] and row["level"] != "none_found":
            found.setdefault(row["government"], []).append(row)
        else:
            without.append(row["proof"] or row["subject_id"] or "")
    said = any(str(name).startswith("accept_reach") for name in view.table("policy")["policy"].to_pylist())
    stands = dict.fromkeys(found, "accepted" if said else "none") | _stands(view)
    governments = [_government(code, rows, stands[code]) for code, rows in found.items()]
    governments.sort(
        key=lambda g: (STANDS.index(g["stand"]), g["quiet"], order.get(g["level"], 99), -g["total"], g["code"])
    )
    by_level = [(level, [g for g in governments if g["level"] == level]) for level in REACH_LEVELS]
    return {
        "answer": view.answer(NAME),
        "matrix": ways.matrix(every, stands, STANDS, view.entities),
        "graph": _graph(view, every, stands),
        "governments": governments,
        "index": [(level, codes) for level, codes in by_level if codes],
        "without": sorted(set(without))[:WITHOUT],
        "without_total": len(set(without)),
        "open": OPEN,
        "contradictions": [row["words"] for row in view.records("contradiction", most=20)],
    }


def _government(code: str, rows: list[dict[str, Any]], stand: str) -> dict[str, Any]:
    rows.sort(key=ways.strength)
    return {
        "code": code,
        "anchor": ways.anchor(code),
        "stand": stand,
        "level": str(rows[0]["level"]),
        "quiet": rows[0]["data"] == "metadata" or rows[0]["level"] == "covert_only",
        "total": len(rows),
        "subjects": len({row["subject_id"] for row in rows}),
        "levels": Counter(row["level"] for row in rows).most_common(),
        "sections": [(name, group[:SHOWN], len(group) - SHOWN) for name, group in ways.sections(rows)],
    }


def _graph(view: View, every: list[dict[str, Any]], stands: dict[str, str]) -> dict[str, Any]:
    """Return the control graph of what governments reach, first those that the policy does not accept."""
    ranked = sorted(
        ways.evidenced(every), key=lambda r: (STANDS.index(stands[r["government"]]), ways.strength(r), r["subject_id"])
    )
    subjects = list(dict.fromkeys(str(row["subject_id"]) for row in ranked if row["data"] != "metadata"))
    marked = dict.fromkeys(subjects, "asset")
    for row in view.table("compelled").to_pylist():
        if stands.get(row["government"]) == "adverse" and row["basis"] in ("organised", "principal_place"):
            marked[row["entity_id"]] = "adverse"
    return draw(_edges(view, subjects), view.entities, _notes(view), marked)


def _edges(view: View, subjects: list[str]) -> Iterator[Edge]:
    custody: dict[str, list[dict[str, Any]]] = {}
    for row in view.table("custody").to_pylist():
        custody.setdefault(row["asset_id"], []).append(row)
    above: dict[str, list[dict[str, Any]]] = {}
    for row in view.table("control_chain").to_pylist():
        if row["steps"] == 1:
            above.setdefault(row["subject_id"], []).append(row)
    for subject in subjects:
        queue = [subject]
        for row in custody.get(subject, ()):
            if row["entity_id"] != subject:
                yield Edge(row["entity_id"], subject, "custody", row["kind"])
                queue.append(row["entity_id"])
        for entity in queue:
            for row in above.get(entity, ()):
                yield Edge(row["holder_id"], entity, "control", row["kind"], bool(row["contested"]))
                if row["holder_id"] not in queue:
                    queue.append(row["holder_id"])


def _notes(view: View) -> dict[str, str]:
    """Return where each entity is organised and based, and where each asset stands."""
    found: dict[str, list[str]] = {}
    for row in view.table("legal_entity").to_pylist():
        said = [*(row["organised_in"] or ()), row["principal_place"], *(row["located_in"] or ())]
        found.setdefault(row["entity_id"], []).extend(code for code in said if code)
    for row in view.table("place").to_pylist():
        if row["country"]:
            found.setdefault(row["subject_id"], []).append(row["country"])
    return {key: " · ".join(dict.fromkeys(codes)) for key, codes in found.items()}
