"""Relationships of BODS as interests: one row per interest, and the history of each over its statements.

A relationship that sums up others (`componentRecords`) is indirect, so that nothing is counted beside its parts. What
is not told stays untold: a reason instead of a holder makes a row without a holder, never a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from flagstate.catalog.interest_kinds import bods_kinds
from flagstate.read.bods_records import Records, Version
from flagstate.read.bods_statements import Statement, code
from flagstate.read.owners import OPEN, Flaws, Json, Row, day, listed, mapping, per_cent, text

DIRECTNESS = ("direct", "indirect", "unknown")
_SAME = ("holder_id", "subject_id", "kind", "interest_type", "directness", "unknown_reason")
_SHARE = ("share_lo_pct", "share_hi_pct")


@dataclass
class Interests:
    """Turns the relationships of one file into rows."""

    records: Records
    name: str
    """Name of the artefact; already masked."""
    waiting: dict[str, dict[int, list[Row]]] = field(default_factory=dict)
    """Rows of relationships with several statements, until all of them are there."""

    def rows(self, said: Statement, chain: Sequence[Version]) -> list[Row]:
        """Return what a statement says; nothing, while others about the same relationship are to come."""
        made = self._rows(said)
        if len(chain) == 1:
            return self._ended(made, said.date, said.line) if said.status == "closed" else made
        parts = self.waiting.setdefault(said.record, {})
        parts[said.number] = made
        if len(parts) < len(chain):
            return []
        del self.waiting[said.record]
        return self._history([(version, parts[version.number]) for version in chain])

    def _rows(self, said: Statement) -> list[Row]:
        found = self._ends(said)
        if found is None:
            return []
        base = found | {"status": "sourced", "source": f"{self.name}:{said.line}"}
        summary = bool(listed(said.details.get("componentRecords")))
        interests = said.details.get("interests")
        if interests is not None and not isinstance(interests, list):
            self.records.flaws.note(
                said.line, "[list|lists] of interests that [is|are] none: the interest is of unknown kind"
            )
        flaws, mask = self.records.flaws, self.records.context.mask
        made = (interest(each, said.line, flaws, summary=summary, mask=mask) for each in listed(interests))
        rows = [row for row in made if row is not None]
        if not listed(interests):
            # Whoever is not told, and why, is somebody who may control it: an interest of unknown kind says less.
            kind = "unnamed" if "holder_id" in found else "controls"
            rows = [{"kind": kind, "directness": "indirect" if summary else "unknown"}]
        return [base | row for row in rows]

    def _ends(self, said: Statement) -> Row | None:
        """Holder and subject, or why nobody is named; None: the relationship cannot be taken."""
        flaws, line = self.records.flaws, said.line
        subject, holder = said.details.get("subject"), said.details.get("interestedParty")
        if isinstance(subject, dict):
            flaws.note(line, "[relationship does|relationships do] not tell whom [it concerns|they concern]: left out")
            return None
        if not isinstance(subject, str) or not isinstance(holder, str | dict):
            flaws.reject(line, "The relationship does not say between whom it is")
            return None
        owned = self.records.party(subject, line)
        if owned.person:
            flaws.reject(line, "A person is said to be owned or controlled: the relationship was not taken")
            return None
        if isinstance(holder, dict):
            reason = text(holder.get("reason"))
            if reason is None:
                flaws.reject(line, "The relationship names neither a holder nor why there is none")
                return None
            return {"subject_id": owned.entity_id, "unknown_reason": self.records.context.mask(reason)}
        owner = self.records.party(holder, line)
        if owner.entity_id == owned.entity_id:
            flaws.reject(line, "An entity is said to own or control itself: the relationship was not taken")
            return None
        row: Row = {"holder_id": owner.entity_id, "subject_id": owned.entity_id}
        return row | {"unknown_reason": owner.reason} if owner.reason else row

    def _ended(self, rows: list[Row], at: datetime | None, line: int) -> list[Row]:
        """Rows that hold until a day at the latest; without any day they are left out."""
        kept: list[Row] = []
        for row in rows:
            end = row.get("valid_to") or at
            if end is None:
                self.records.flaws.note(
                    line, "[interest|interests] ended on a day that is not told: left out", lost=False
                )
                continue
            begun = row.get("valid_from")
            kept.append(row | {"valid_to": max(end, begun, key=str) if begun else end})
        return kept

    def _history(self, parts: list[tuple[Version, list[Row]]]) -> list[Row]:
        """What follows from one another: what changed holds until the day of the statement that changes it.

        A statement of the same day corrects the one before, which was never true.
        """
        done: list[Row] = []
        for (before, rows), (version, following) in pairwise(parts):
            at = version.date if version.date.year > 1 else None
            new = {tuple(row.get(k) for k in _SAME): row for row in following}
            gone: list[Row] = []
            for row in rows:
                again = new.get(tuple(row.get(k) for k in _SAME))
                if again is not None and all(row.get(k) == again.get(k) for k in _SHARE):
                    if row.get("valid_from"):
                        again.setdefault("valid_from", row["valid_from"])
                elif at is None or version.date > before.date:
                    gone.append(row)
                    if again is not None and at is not None:
                        # The same interest with another share: the old one ends where the new one begins.
                        again["valid_from"] = max(at, again.get("valid_from") or at, key=str)
            ended = self._ended(gone, at, version.line)
            done += [row for row in ended if str(row.get("valid_from") or "") < str(row["valid_to"])]
        last, rows = parts[-1]
        if last.status != "closed":
            return done + rows
        return done + self._ended(rows, last.date if last.date.year > 1 else None, last.line)


def interest(value: object, line: int, flaws: Flaws, *, summary: bool, mask: Callable[[str], str]) -> Row | None:
    """Return kind, type, share and validity of one interest, or None where it is none.

    Args:
        value: As it stands in the file.
        line: Where.
        flaws: Is told what cannot be taken.
        summary: Whether the relationship sums up others.
        mask: Masks types that the standard does not know.
    """
    if not isinstance(value, dict):
        flaws.reject(line, "An interest is no JSON object")
        return None
    word = text(value.get("type"))
    kind = bods_kinds().get(code(word)) if word else None
    if word is None:
        flaws.note(line, "[interest has|interests have] no type: kept as of unknown kind")
    elif kind is None:
        flaws.note(
            line, "[interest is|interests are] of a type that the standard does not know: kept as of unknown kind"
        )
    said = value.get("directOrIndirect", value.get("interestLevel"))
    row: Row = {"kind": kind or "unnamed", "interest_type": word and (word if kind else mask(word))}
    row["directness"] = "indirect" if summary else said if isinstance(said, str) and said in DIRECTNESS else "unknown"
    if isinstance(value.get("beneficialOwnershipOrControl"), bool):
        row["beneficial"] = value["beneficialOwnershipOrControl"]
    return row | _share(value, line, flaws) | validity(value, line, flaws)


def _share(value: Json, line: int, flaws: Flaws) -> Row:
    """Bounds of the share; one that cannot be makes the interest contested, of unknown size."""
    share = value.get("share")
    if share is None:
        return {}
    bounds = _bounds(mapping(share))
    if bounds is None:
        flaws.note(
            line,
            "[share|shares] cannot be: under 0 or over 100 per cent, no number, or a minimum over the maximum; "
            "the interest is kept without its share, as contested",
            "Correct the share",
        )
        return {"contested": True}
    low, high = bounds
    return {name: at for name, at in (("share_lo_pct", low), ("share_hi_pct", high)) if at is not None}


def _bounds(share: Json) -> tuple[float | None, float | None] | None:
    lows: list[float] = []
    highs: list[float] = []
    for key, bounds in (("exact", (lows, highs)), ("minimum", (lows,)), ("maximum", (highs,))):
        if share.get(key) is None:
            continue
        number = per_cent(share[key])
        if number is None:
            return None
        exclusive = share.get(f"exclusive{key.title()}") is True
        for bound in bounds:
            bound.append(number + (OPEN if bound is lows else -OPEN) * exclusive)
    for key, bound, step in (("exclusiveMinimum", lows, OPEN), ("exclusiveMaximum", highs, -OPEN)):
        if share.get(key) is None or isinstance(share[key], bool):
            continue
        number = per_cent(share[key])
        if number is None:
            return None
        bound.append(number + step)
    low, high = max(lows, default=None), min(highs, default=None)
    if (not lows and not highs) or (low is not None and high is not None and low > high):
        return None
    if (low is not None and low > 100) or (high is not None and high < 0):
        return None
    return low, high


def validity(value: Json, line: int, flaws: Flaws) -> Row:
    """Return from when until when an interest holds, as far as it says; days that cannot be make it contested."""
    row: Row = {}
    for name, key in (("valid_from", "startDate"), ("valid_to", "endDate")):
        if value.get(key) is None:
            continue
        at = day(value[key])
        if at is None:
            flaws.note(
                line, "[day is no date|days are no dates]: left out, the interest is contested", "Write YYYY-MM-DD"
            )
            row["contested"] = True
        else:
            row[name] = at
    begun, ended = row.get("valid_from"), row.get("valid_to")
    if isinstance(begun, datetime) and isinstance(ended, datetime) and ended < begun:
        flaws.note(
            line,
            "[interest|interests] with an end before the beginning: both days were left out, the interest is contested",
        )
        return {"contested": True}
    return row
