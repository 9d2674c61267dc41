"""The SEAL sheet of the EU Cloud Sovereignty Framework: what is offered, what evidence allows, and the minimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagstate.report.answers import Row as Record
from flagstate.report.filings import parts
from flagstate.report.filings.dealings import Dealing, dealings
from flagstate.report.filings.document import Cell, Document, Grid, Row, Section, cell, row
from flagstate.report.filings.ground import Ground, values
from flagstate.report.filings.head import document, unseen

OBJECTIVES = tuple(f"sov_{n}" for n in range(1, 9))
TOP = 100.0
"""The highest score of an objective."""


def build(ground: Ground) -> Document:
    """Return the sheet of every offer or contract that names a SEAL or of which the rule speaks.

    A SEAL that a provider names is a claim. Evidence sets a ceiling for SOV-2 alone; for the other objectives what it
    allows is unknown, and stays so until somebody assessed them.
    """
    w = ground.w
    said = ground.findings("EU-CSF-")
    spoken = {one["counterparty"] for one in said}
    offers = [
        one for one in dealings(ground) if not one.implied and (one.id in spoken or isinstance(one.term("seal"), dict))
    ]
    sheets = [part for one in offers for part in _sheet(ground, one, [f for f in said if f["counterparty"] == one.id])]
    sections = (
        *(sheets or [Section(w("seal.none"), (w("seal.none_says"),))]),
        parts.findings(ground, said, "EU-CSF-01"),
        parts.missing(ground, said, Cell(w("seal.by_hand"))),
        unseen(ground, "agreement", "interest", "place", "control"),
    )
    return document(ground, "seal-sheet", notes=(w("seal.note"),), sections=sections)


@dataclass(frozen=True)
class Offer:
    """What an offer says of itself, what is asked of it, and what the rule found."""

    dealing: Dealing
    """The agreement or offer."""
    claims: Mapping[str, float]
    """SEAL that it names, by objective."""
    scores: Mapping[str, float]
    """Scores from 0 to 100, by objective."""
    least: Mapping[str, Record]
    """Rows of the policy that name a minimum, by objective."""
    said: tuple[Record, ...]
    """Findings of EU-CSF-01 about it."""

    def ceiling(self, objective: str) -> float | None:
        """Return the highest SEAL that the evidence allows; null: it sets none."""
        found = [_number(values(one["values"]).get("ceiling")) for one in self.said] if objective == "sov_2" else []
        return min((one for one in found if one is not None), default=None)


def _sheet(ground: Ground, dealing: Dealing, said: list[Record]) -> list[Section]:
    w = ground.w
    least = {one["policy"].removeprefix("min_seal:"): one for one in ground.rows("policy") if _is_least(one)}
    offer = Offer(dealing, _numbers(dealing.term("seal")), _numbers(dealing.term("score")), least, tuple(said))
    lines = tuple(_line(ground, offer, name) for name in OBJECTIVES)
    heads = parts.columns(ground, "offer", "objective", "weight", "offered", "evidence", "minimum", "result", "score")
    name = ground.said(dealing.id.removeprefix("est:"))
    title = w("seal.of", a=name, b=ground.call(dealing.to_id), c=ground.call(dealing.from_id))
    return [Section(title, (w("seal.sheet_says"),), Grid(heads, lines, "seal")), _total(ground, offer)]


def _is_least(one: Record) -> bool:
    return (one["policy"] or "").startswith("min_seal:")


def _numbers(told: Any) -> dict[str, float]:  # noqa: ANN401  a term of an agreement
    found = told if isinstance(told, Mapping) else {}
    return {str(key): number for key, one in found.items() if (number := _number(one)) is not None}


def _number(told: Any) -> float | None:  # noqa: ANN401  a term of an agreement
    try:
        return None if told is None or isinstance(told, bool) else float(told)
    except (TypeError, ValueError):
        return None


def _line(ground: Ground, offer: Offer, name: str) -> Row:
    w, facts = ground.w, offer.dealing.facts[:1]
    claim, most, weight = offer.claims.get(name), offer.ceiling(name), ground.weights.get(name)
    asked = offer.least.get(name)
    wanted = _number(asked["value"]) if asked else None
    allowed = cell(w("unknown"))
    if most is not None:
        rests = [fact for one in offer.said for fact in one["facts"] or ()]
        found = [one["finding_id"] for one in offer.said]
        allowed = cell(w("seal.at_most", n=f"{most:g}"), facts=rests, findings=found)
    return row(
        ground.said(offer.dealing.id.removeprefix("est:")),
        w(f"seal.{name}"),
        f"{weight:g} %" if weight is not None else w("unknown"),
        cell(f"{claim:g}", facts=facts) if claim is not None else cell(w("unknown")),
        allowed,
        cell(f"{wanted:g}", facts=[asked["fact_id"]]) if asked and wanted is not None else cell(w("seal.no_minimum")),
        w(f"seal.{_result(claim, most, wanted)}"),
        cell(f"{offer.scores[name]:g}", facts=facts) if name in offer.scores else cell(w("unknown")),
    )


def _result(claim: float | None, most: float | None, wanted: float | None) -> str:
    """Return what follows: below where claim or evidence is; a claim at or above the minimum is still only a claim."""
    if wanted is None:
        return "no_minimum"
    if (claim is not None and claim < wanted) or (most is not None and most < wanted):
        return "below"
    return "unknown_result" if claim is None else "claimed"


def _total(ground: Ground, offer: Offer) -> Section:
    """Return the weighted score with its bounds: an objective without a score counts from 0 to 100."""
    w, weights, scores = ground.w, ground.weights, offer.scores
    points: list[Cell] = []
    if set(weights) >= set(OBJECTIVES):
        low = sum(weights[name] * scores.get(name, 0.0) for name in OBJECTIVES) / TOP
        high = sum(weights[name] * scores.get(name, TOP) for name in OBJECTIVES) / TOP
        text = f"{low:.1f}" if low == high else w("between", low=f"{low:.1f}", high=f"{high:.1f}")
        lacking = [w(f"seal.{name}") for name in OBJECTIVES if name not in scores]
        points.append(cell(w("seal.total", score=text), facts=offer.dealing.facts[:1]))
        if lacking:
            points.append(cell(w("seal.lacking", names=", ".join(lacking))))
    else:
        points.append(cell(w("seal.no_weights")))
    rejected = [one for one in offer.said if one["verdict"] == "yes"]
    if rejected:
        points.append(cell(w("seal.rejected"), findings=[one["finding_id"] for one in rejected]))
    return Section(w("seal.score"), (w("seal.score_says"),), points=tuple(points), under=True)
