"""Lays judgements over findings when they are shown: which settle, which expired, and which no longer fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from flagstate.assess import explained
from flagstate.assess.explained import Cover
from flagstate.assess.explained_flows import Went
from flagstate.case import Case, Told
from flagstate.model.codes import LEVELS

SETTLING = ("explained", "muted")
REOPENED, EXPIRED = "reopened", "expired"

Tables = Mapping[str, pa.Table]
Row = Mapping[str, object]


@dataclass
class Standing:
    """A judgement, and what it says of the findings of today."""

    row: Mapping[str, object]
    """A record of the noun `judgement`."""
    state: str
    """standing, expired or reopened."""
    grown: list[str] = field(default_factory=list)
    """What grew since it was made, in words."""
    on: list[Row] = field(default_factory=list)
    """The adverse findings that it decides."""
    over: list[Row] = field(default_factory=list)
    """Adverse findings that it would cover, but that are graver than anything that was judged."""

    @property
    def settles(self) -> bool:
        """Whether it takes its findings out of the exit code."""
        return self.state == "standing" and self.row["kind"] in SETTLING

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row["judgement_id"])

    @property
    def said(self) -> str:
        """What it says, in one line."""
        by = str(self.row["explained_by"] or "")
        reason = str(self.row["reason"] or "")
        words = [f"by {by.replace(':', ' ', 1)}" if by else "", reason]
        return "; ".join(word for word in words if word)

    @property
    def shown(self) -> str:
        """Return how a finding shows it."""
        kind, until = str(self.row["kind"]), self.row["until"]
        if self.state == REOPENED:
            return f"{REOPENED}: {kind}, but grown since: {', '.join(self.grown)} ({self.said})"
        if self.state == EXPIRED:
            return f"{EXPIRED}: {kind} until {until}: {self.said}"
        return f"{kind}: {self.said}" + (f" (until {until})" if until else "")


@dataclass(frozen=True)
class Judged:
    """Findings with their judgements."""

    finding: pa.Table
    """The findings, each with the judgement that decides it."""
    standing: tuple[Standing, ...]
    """Judgements that stand, expired or were reopened, in the order in which they were made."""
    others: Mapping[str, int]
    """How many were replaced or withdrawn."""

    def counts(self) -> dict[str, int]:
        """Return how many adverse findings are explained, by how many judgements, expired and reopened."""
        settled = [one for one in self.standing if one.settles and one.on]
        return {
            "explained": sum(len(one.on) for one in settled),
            "judgements": len(settled),
            "expired": sum(len(one.on) for one in self.standing if one.state == EXPIRED),
            "reopened": sum(len(one.over) + len(one.on) * (one.state == REOPENED) for one in self.standing),
        }


def judged(tables: dict[str, pa.Table], case: Case, as_of: date) -> dict[str, pa.Table]:
    """Show on each finding the judgement that decides it; a finding is never removed by one."""
    laid = lay(tables, case.told(as_of), as_of)
    return tables | {"finding": laid.finding, "judgement": case.judgements(as_of)}


def counts(tables: Tables, case: Case) -> dict[str, int]:
    """Return how many adverse findings judgements explain today, and how many expired or were reopened."""
    today = date.today()
    told = case.told(today)
    return lay(tables, told, today).counts() if told else dict.fromkeys(NONE, 0)


NONE = ("explained", "judgements", "expired", "reopened")
"""The figures about judgements."""


def lay(tables: Tables, told: list[Told], as_of: date) -> Judged:
    """Lay judgements over findings.

    Args:
        tables: finding, flow, behaviour, and what says who runs a far end.
        told: Every judgement with what became of it.
        as_of: Today.
    """
    findings = tables["finding"]
    went = Went(tables, as_of)
    live = [Standing(one.row, one.state) for one in told if one.state in ("standing", EXPIRED)]
    by_id: dict[str, list[Standing]] = {}
    covers: list[tuple[Cover, Standing]] = []
    for one in live:
        if (cover := explained.cover(_text(one.row["covers"]))) is None:
            by_id.setdefault(str(one.row["on_id"]), []).append(one)
            continue
        covers.append((cover, one))
        if one.settles:
            _reopen(one, went.figures(went.covered(cover)))
    shown: list[str | None] = [None] * findings.num_rows
    if live:
        for at, row in enumerate(findings.to_pylist()):
            shown[at] = _decide(row, by_id.get(str(row["finding_id"]), []), covers, went)
    others = {state: sum(one.state == state for one in told) for state in ("replaced", "withdrawn")}
    at = findings.column_names.index("judged")
    return Judged(findings.set_column(at, "judged", pa.array(shown, pa.string())), tuple(live), others)


def _decide(row: Row, direct: list[Standing], covers: list[tuple[Cover, Standing]], went: Went) -> str | None:
    """Return what a finding shows; the narrowest judgement that stands decides."""
    adverse = row["verdict"] == "yes"
    wide = [(cover.rank, one) for cover, one in covers if adverse and went.fits(cover, row)]
    # Of equals the later one: a stable sort keeps the order in which they were made.
    ranked = [one for _, one in sorted(wide, key=lambda pair: pair[0])] + direct
    deciding = [one for one in ranked if one.row["kind"] in SETTLING]
    standing = [one for one in deciding if one.state != EXPIRED]
    expired = [one for one in deciding if one.state == EXPIRED and adverse]
    said = [one for one in ranked if one.row["kind"] not in SETTLING and one.state != EXPIRED]
    chosen = next((some[-1] for some in (standing, expired, said) if some), None)
    if chosen is None:
        return None
    if adverse and chosen.settles and chosen in direct:
        _reopen(chosen, measure(row, went))
    if adverse and chosen.settles and (higher := _higher(chosen, row)):
        chosen.over.append(row)
        return Standing(chosen.row, REOPENED, [higher]).shown
    if adverse:
        chosen.on.append(row)
    return chosen.shown


def _higher(one: Standing, row: Row) -> str:
    was, now = _figures(one).get("level"), row["level"]
    if was in LEVELS and now in LEVELS and LEVELS.index(str(now)) > LEVELS.index(str(was)):
        return f"{was} → {now}"
    return ""


def _reopen(one: Standing, now: Mapping[str, object]) -> None:
    up_to = one.row["up_to_bytes"]
    one.grown = explained.grown(_figures(one), now, up_to if isinstance(up_to, int) else None)
    if one.grown:
        one.state = REOPENED


def _figures(one: Standing) -> dict[str, object]:
    try:
        found = json.loads(_text(one.row["figures"]) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def measure(finding: Row, went: Went) -> dict[str, object]:
    """Return the figures of a finding, by which its growth is told."""
    made = went.figures(went.about(finding)) or explained.figures_of(_text(finding["values"]))
    return made | ({"level": finding["level"]} if finding["verdict"] == "yes" and finding["level"] in LEVELS else {})


def measure_cover(cover: Cover, tables: Tables, went: Went) -> dict[str, object]:
    """Return the figures of all that a cover has, with the gravest level among its findings; empty: it has nothing."""
    made = went.figures(went.covered(cover))
    rows = [row for row in tables["finding"].to_pylist() if row["verdict"] == "yes" and row["level"] in LEVELS]
    levels = [LEVELS.index(row["level"]) for row in rows if row["question"] == "flows" and went.fits(cover, row)]
    return made | ({"level": LEVELS[max(levels)]} if levels else {})


def _text(value: object) -> str | None:
    return str(value) if value is not None else None
