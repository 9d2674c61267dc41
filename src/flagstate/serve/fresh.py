"""What is new among adverse findings: each is told once, and again when it grew, became graver or came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flagstate import model
from flagstate.model.codes import LEVELS
from flagstate.report.exports import ocsf
from flagstate.report.exports.ocsf import Source

WATCH = "watch"
"""Rows of the ledger: one per round that changed something, with the alerts that it made."""

RETURN = timedelta(days=1)
"""A finding that was away for less is the same one: logs come and go while they are rotated."""

Row = Mapping[str, object]


@dataclass
class Known:
    """What was told of one finding."""

    level: str
    """The gravest level that was told."""
    away: str = ""
    """Why it does not count now: gone, or settled by a judgement; empty: it counts."""
    since: str = ""
    """Since when it is away (UTC)."""
    reopened: bool = False
    """It was told that its judgement no longer fits."""


@dataclass(frozen=True)
class Alert:
    """One alert."""

    uid: str
    """Its id."""
    finding_id: str
    """What it is about."""
    level: str
    """Its level."""
    why: str
    """Why it is told now."""
    event: Mapping[str, object]
    """The OCSF event."""


@dataclass(frozen=True)
class Change:
    """What a round changed."""

    alerts: tuple[Alert, ...] = ()
    """What is to be told."""
    back: tuple[str, ...] = ()
    """Findings that count again and need not be told."""
    away: Mapping[str, str] = field(default_factory=dict)
    """Findings that count no longer, each with why."""

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.alerts or self.back or self.away)

    def body(self, version: int, targets: Iterable[str]) -> dict[str, object]:
        """Return what the ledger keeps of it."""
        alerts = [
            {"uid": a.uid, "finding_id": a.finding_id, "level": a.level, "why": a.why, "event": dict(a.event)}
            for a in self.alerts
        ]
        row = {"version": version, "targets": list(targets), "alerts": alerts}
        return row | {"back": list(self.back), "away": dict(self.away)}


def base(rows: Iterable[Row], version: int) -> dict[str, object]:
    """Return the row from which watching begins: what was adverse before is known and is not told."""
    return {"version": version, "base": {str(row["finding_id"]): row["level"] for row in rows}}


def known(rows: Iterable[tuple[str, Row]]) -> dict[str, Known]:
    """Return what was told so far, by the rows of the ledger (each with its time)."""
    found: dict[str, Known] = {}
    for at, row in rows:
        for finding_id, level in _pairs(row.get("base")):
            found[finding_id] = Known(level)
        for alert in _rows(row.get("alerts")):
            name, level = str(alert.get("finding_id")), str(alert.get("level"))
            before = found.get(name)
            level = max(level, before.level, key=_rank) if before else level
            reopened = str(alert.get("why")).startswith("reopened:")
            found[name] = Known(level, reopened=reopened or (before is not None and before.reopened))
        for name in _texts(row.get("back")):
            if name in found:
                found[name].away = found[name].since = ""
        for name, why in _pairs(row.get("away")):
            if name in found:
                found[name].away, found[name].since, found[name].reopened = why, at, False
    return found


def change(
    findings: Iterable[Row], told: Mapping[str, Known], *, fail_on: str, source: Source, now: datetime
) -> Change:
    """Compare the findings of today with what was told.

    Args:
        findings: Rows of `finding` under the questions that are asked, with the judgements of today.
        told: What was told so far.
        fail_on: Adverse findings below this level do not count.
        source: Which case speaks.
        now: The time of the round.
    """
    alerts, back, adverse, settled = [], [], set(), set()
    for row in findings:
        name, judged = str(row["finding_id"]), str(row["judged"] or "")
        if row["verdict"] != "yes" or _rank(str(row["level"])) < _rank(fail_on):
            continue
        if judged.startswith(("explained:", "muted:")):
            settled.add(name)
            continue
        adverse.add(name)
        why = _why(row, judged, told.get(name), now)
        if why:
            alerts.append(_alert(row, why, source, now, again=name in told))
        elif told[name].away:
            back.append(name)
    away = {n: "settled" if n in settled else "gone" for n, one in told.items() if not one.away and n not in adverse}
    # What a judgement settles after it had gone is told when the judgement ends.
    away |= {n: "settled" for n, one in told.items() if one.away == "gone" and n in settled}
    alerts.sort(key=lambda one: (-_rank(one.level), one.finding_id))
    return Change(tuple(alerts), tuple(sorted(back)), dict(sorted(away.items())))


def _why(row: Row, judged: str, before: Known | None, now: datetime) -> str:
    """Return why a finding is told now; empty: it is known."""
    ended = "reopened: what was judged grew" if judged.startswith("reopened:") else ""
    ended = ended or ("its judgement expired" if judged.startswith("expired:") else "")
    if before is None:
        return ended or "new"
    if before.away == "settled":
        return ended or "its judgement no longer covers it"
    if judged.startswith("reopened:") and not before.reopened:
        return ended
    if _rank(str(row["level"])) > _rank(before.level):
        return f"level raised: {before.level} → {row['level']}"
    if before.away and now - datetime.fromisoformat(before.since) >= RETURN:
        return "returned"
    return ""


def _alert(row: Row, why: str, source: Source, now: datetime, *, again: bool) -> Alert:
    name, level = str(row["finding_id"]), str(row["level"])
    uid = model.digest("alert", source.case_id, name, level, why, now.isoformat())
    activity = ocsf.UPDATED if again else ocsf.CREATED
    return Alert(uid, name, level, why, ocsf.event(row, source, now, uid=uid, activity=activity, why=why))


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def _rows(value: object) -> list[Row]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _pairs(value: object) -> list[tuple[str, str]]:
    return [(str(k), str(v)) for k, v in value.items()] if isinstance(value, dict) else []


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
