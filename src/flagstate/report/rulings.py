"""Findings of rules by law, outcome and rule, gravest first, as many as a page holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.model.codes import LEVELS

Row = dict[str, Any]
Known = Mapping[str, Mapping[str, Any]]

KINDS = (
    "prohibited", "breach", "restricted", "conflict", "notify", "assess", "unknown", "would be", "ok", "not applicable",
)  # fmt: skip
"""How a finding stands, what asks for attention first."""
ADVERSE = KINDS[:6]
FOLDED = KINDS[6:]
"""What is folded at first."""

EACH = {"unknown": 3, "would be": 3, "ok": 2, "not applicable": 2}
EACH_ADVERSE = 5
"""Findings that are shown of one rule and outcome."""
ROOM = 220
"""Findings that the page shows in all, beyond one for each rule and outcome."""
MOST = 280
"""Pairs of rule and outcome that the page shows."""

NOT_LAW = ("not yet", "proposed", "lapsed")
"""Words of a status that say that a rule is not law on the day."""
REFUSED = "rules-refused"
NOT_BUILT = "not-built"
"""The rule of a finding of a version that judged no law yet."""
LISTED = 50
"""Parts of one figure that are kept."""
FACTS = 4
"""Facts that are named of one finding."""

_STATUS = re.compile(r"^(sourced|to verify|interpretive)(?:, (not yet|proposed|lapsed|stale))?$")
_LAST = re.compile(r"-[^-]*$")
_ANCHOR = re.compile(r"[^a-z0-9_-]")
_COLUMNS = ("rule_id", "verdict", "outcome", "level", "status", "exemption", "message")


def rulings(findings: pa.Table) -> pa.Table:
    """Return the findings of rules."""
    return findings.filter(pc.equal(findings["question"], "rules"))


def refused(found: pa.Table) -> list[Row]:
    """Return the laws that did not run, with why.

    Args:
        found: Findings of rules.
    """
    rows: list[Row] = found.filter(pc.equal(found["rule_id"], REFUSED)).to_pylist()
    return rows


def status(text: str | None) -> tuple[str, str]:
    """Return where a rule's text stands, and whether it is law on the day (empty: it is).

    Args:
        text: `status` of a finding; one of no known form is returned as it is.
    """
    hit = _STATUS.match(text or "")
    return (hit[1], hit[2] or "") if hit else (text or "", "")


def kind(verdict: str | None, outcome: str | None, stands: str) -> str:
    """Return one of `KINDS`.

    Args:
        verdict: yes, no or unknown; all else counts as unknown.
        outcome: The outcome.
        stands: Whether the rule is law, as `status` returns it.
    """
    if stands in NOT_LAW:
        return "would be"
    if verdict == "yes":
        return outcome if outcome in ADVERSE else "assess"
    if verdict == "no":
        return "not applicable" if outcome == "not applicable" else "ok"
    return "unknown"


def book(found: pa.Table, known: Known) -> dict[str, Any]:
    """Return the laws with their counts and groups of findings, the gravest first.

    Args:
        found: Findings of rules.
        known: Laws by id with their rules, as `Meta.laws`; a rule of none is put under the first part of its id.

    Returns:
        `laws`: each with id, anchor, counts by kind, total, and groups (rule, kind, total, rows to show, how many are
        left out); a law of `known` that found nothing is there with total 0. `counts` of all; `groups_more`: pairs of
        rule and kind that are not shown.
    """
    of = {rule: law for law, told in known.items() for rule in told["rules"]}
    groups: dict[tuple[str, int, str], list[int]] = {}
    columns = [found[name].to_pylist() for name in _COLUMNS]
    keys = []
    for at, (rule, verdict, outcome, level, said, exemption, message) in enumerate(zip(*columns, strict=True)):
        word = kind(verdict, outcome, status(said)[1])
        keys.append((_rank(level), exemption is None, message or ""))
        if rule != NOT_BUILT and not str(rule or "").startswith("rules-"):
            law = of.get(rule) or _LAST.sub("", rule or "") or "–"
            groups.setdefault((law, KINDS.index(word), rule or "–"), []).append(at)
    shown = _room(groups)
    rows = _rows(found, groups, shown, keys)
    laws = {law: _law(law) for law in known}
    for law, at, rule in sorted(groups):
        one = laws.setdefault(law, _law(law))
        listed = groups[law, at, rule]
        one["counts"][KINDS[at]] += len(listed)
        one["total"] += len(listed)
        if mine := rows.get((law, at, rule)):
            left = len(listed) - len(mine)
            one["groups"].append({"kind": KINDS[at], "rule": rule, "total": len(listed), "rows": mine, "more": left})
        else:
            one["groups_more"] += 1
    return {
        "laws": sorted(laws.values(), key=_gravest),
        "counts": sum((one["counts"] for one in laws.values()), Counter()),
    }


def _law(law: str) -> Row:
    anchor = f"law-{_ANCHOR.sub('_', law.lower())[:60]}"
    return {"id": law, "anchor": anchor, "counts": Counter(), "total": 0, "groups": [], "groups_more": 0}


def _gravest(law: Row) -> tuple[object, ...]:
    counts = law["counts"]
    return (not law["total"], *(-counts[name] for name in KINDS), law["id"])


def _rank(level: str | None) -> int:
    return -LEVELS.index(level) if level in LEVELS else 0


def _room(groups: Mapping[tuple[str, int, str], Sequence[int]]) -> dict[tuple[str, int, str], int]:
    """Return how many findings each group shows: one each, then more for the gravest as far as there is room."""
    chosen = sorted(groups, key=lambda key: (key[1], key[0], key[2]))[:MOST]
    room = ROOM
    shown = {}
    for key in chosen:
        more = min(len(groups[key]), EACH.get(KINDS[key[1]], EACH_ADVERSE)) - 1
        shown[key] = 1 + min(more, room)
        room -= shown[key] - 1
    return shown


def _rows(
    found: pa.Table,
    groups: Mapping[tuple[str, int, str], list[int]],
    shown: Mapping[tuple[str, int, str], int],
    keys: Sequence[tuple[object, ...]],
) -> dict[tuple[str, int, str], list[Row]]:
    picked = {key: sorted(groups[key], key=keys.__getitem__)[:most] for key, most in shown.items()}
    flat = [at for listed in picked.values() for at in listed]
    rows = iter(found.take(pa.array(flat, pa.int64())).to_pylist())
    return {key: [next(rows) for _ in listed] for key, listed in picked.items()}


def figures(text: str | None) -> dict[str, Any]:
    """Return the figures of a finding by name; a text that is no JSON object gives none.

    Args:
        text: `values` or `bounds` of a finding. What is nested in a figure is left out.
    """
    try:
        made = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return {key: _shallow(value) for key, value in made.items()} if isinstance(made, dict) else {}


def _shallow(value: object) -> object:
    """Return a figure without what is nested in it: a page shows figures, texts and lists of them."""
    if isinstance(value, dict):
        return [f"{key}: {one}" for key, one in value.items() if not isinstance(one, dict | list)][:LISTED]
    if isinstance(value, list):
        return [one for one in value if not isinstance(one, dict | list)][:LISTED]
    return value


def origins(tables: Iterable[tuple[str, pa.Table]], evidence: pa.Table, wanted: Sequence[str]) -> dict[str, str]:
    """Return what a fact is and where it was read, by id: `holding, estate.yaml`.

    Args:
        tables: Nouns of facts with their tables.
        evidence: The ledger, for the names of artefacts.
        wanted: fact_ids.
    """
    ids = pa.array(sorted(set(wanted)), pa.string())
    names = dict(zip(evidence["evidence_id"].to_pylist(), evidence["artefact"].to_pylist(), strict=True))
    found: dict[str, str] = {}
    for noun, table in tables:
        if not table.num_rows or not len(ids):
            continue
        hit = table.filter(pc.is_in(table["fact_id"], ids)).select(["fact_id", "evidence_id"])
        for fact, source in zip(*(hit[name].to_pylist() for name in ("fact_id", "evidence_id")), strict=True):
            artefact = names.get(source)
            found[fact] = f"{noun}, {artefact}" if artefact else noun
    return found
